"""What a job was asked for, as it was written down, and the same with a form's changes. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from db.jobs import Job
from pipeline.errors import InvalidRequest
from pipeline.request import ImagineRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What a member may change about a job in one form. An empty aspect is the model's default."""

    prompt: str
    negative: str
    profile: str
    aspect: str
    count: str


def asked(job: Job) -> ImagineRequest:
    """What the member asked for.

    Raises:
        InvalidRequest: an old or damaged row.
    """
    try:
        data = json.loads(job.request)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise InvalidRequest("What was asked for can no longer be read. Use `/imagine` instead.")
    return ImagineRequest.from_dict(data)


def edit_of(job: Job, profile: str) -> Edit:
    """What the form of an edit starts with; `profile` is the model that it names.

    Raises:
        InvalidRequest: an old or damaged row.
    """
    request = asked(job)
    return Edit(
        prompt=request.prompt,
        negative=request.negative,
        profile=profile,
        aspect=request.size or request.aspect or "",
        count=str(request.count),
    )


def edited(job: Job, before: Edit, edit: Edit, aspect: str | None, size: str | None) -> ImagineRequest:
    """What was asked, with the form's changes; the other options stay.

    Another model takes none of the options that the old one's card documents, such as its quality tags, and
    not the old aspect either, unless the member has changed that. A variation stays one of its picture as long
    as model and aspect do. The seed stays, too.

    Args:
        job: what is gone on from.
        before: the form as it was opened.
        edit: the form as it was sent.
        aspect: what its aspect names, or None.
        size: the size that it spells out instead, or None.

    Raises:
        InvalidRequest: an old or damaged row.
    """
    request = asked(job)
    # The same noise, so that what changes is what was edited.
    request = replace(request, seed=job.images[0].seed if request.seed is None else request.seed)
    if edit.profile != job.images[0].profile:
        request = ImagineRequest(prompt="", seed=request.seed, rating=request.rating, order=request.order)
        if edit.aspect == before.aspect:
            aspect = size = None
    request = replace(
        request,
        prompt=edit.prompt,
        negative=edit.negative,
        profile=edit.profile,
        aspect=aspect,
        size=size,
        count=edit.count,
    )
    if edit.aspect != before.aspect:
        request = replace(request, init_image="", strength=None, mask="")
    return request
