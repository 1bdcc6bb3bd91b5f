"""A finished job shown again to one member: originals, facts and buttons."""

from __future__ import annotations

from typing import Any

import discord

from bot.afterwards import Afterwards
from bot.studio import Studio
from cogs.access import origin_of
from cogs.fate import NOBODY
from cogs.text import alt
from cogs.uploads import limit_of, prepare, remark_of
from cogs.views import asked_prompt, result_view
from db.jobs import Job
from pipeline.errors import MemberError


async def originals(studio: Studio, job: Job) -> list[tuple[int, bytes]]:
    """Position and file of each of a job's pictures that is still there.

    Raises:
        MemberError: none is.
    """
    pictures = []
    for image in job.images:
        if image.file is not None:
            try:
                pictures.append((image.position, await studio.picture_bytes(image)))
            except MemberError:
                continue
    if not pictures:
        raise MemberError("The files of these pictures are no longer on the disk.")
    return pictures


async def send_result(
    interaction: discord.Interaction[Any], studio: Studio, afterwards: Afterwards, job: Job
) -> None:
    """Put a job's pictures into the deferred answer of an interaction.

    Raises:
        MemberError: none of its files is left, or its rating is above what may be shown here.
    """
    afterwards.check_rating(job, origin_of(interaction))
    pictures = await originals(studio, job)
    uploads, used = await prepare(job.id, pictures, limit_of(interaction.guild, interaction))
    parents = await afterwards.lineage(job)
    names = [upload.name for upload in uploads]
    view = result_view(job, names, afterwards.profile_of(job), remark_of(used), parents[:1])
    files = [upload.file(alt(asked_prompt(job))) for upload in uploads]
    await interaction.edit_original_response(view=view, attachments=files, allowed_mentions=NOBODY)
