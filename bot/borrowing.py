"""Settings found in a file, as something that one of our models can be asked for. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from bot.asked import Edit
from pipeline.metadata_reading import FoundSettings
from pipeline.profiles.types import Profile, Range
from pipeline.request import ImagineRequest
from pipeline.samplers import SAMPLERS
from pipeline.sentence import Sentence
from pipeline.sizes import is_allowed, nearest_sizes

_NONE: Final = "none"
"""The negative preset that adds nothing."""
_LEAST_NAME: Final = 5
"""Characters in common from which on a file's name for a model says which of ours it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What of the settings has no field in a form of five: it travels in the form's own name.

    None or empty is the model's default. `profile` is the model that these numbers are for.
    """

    profile: str
    sampler: str = ""
    steps: int | None = None
    guidance: float | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Borrowed:
    """Settings as a form takes them, and what of them could not be taken over."""

    edit: Edit
    kept: Kept
    remarks: tuple[Sentence, ...]


def borrow(found: FoundSettings, profiles: Mapping[str, Profile], default: str) -> Borrowed:
    """Settings for one of our models: the file's own where it is one of ours, else the default one."""
    profile = _model(found.model, profiles)
    remarks = []
    if profile is None:
        profile = profiles[default]
        if found.model:
            remarks.append(
                Sentence(
                    "It was painted by another model ({found}). {model} will draw it in its own way.",
                    found=found.model[:60],
                    model=profile.name,
                )
            )
    sampler = _sampler(found.sampler, profile)
    if found.sampler and not sampler:
        remarks.append(
            Sentence(
                "{model} does not have the sampler {sampler}; its own is used.",
                model=profile.name,
                sampler=found.sampler[:40],
            )
        )
    steps = found.steps if _within(found.steps, profile.steps) else None
    guidance = found.guidance if _within(found.guidance, profile.guidance_scale) else None
    size = ""
    if found.width and found.height:
        nearest = nearest_sizes(profile, found.width, found.height, 1)[0]
        if is_allowed(profile, found.width, found.height):
            size = f"{found.width}x{found.height}"
        else:
            size = f"{nearest.width}x{nearest.height}"
            remarks.append(
                Sentence(
                    "{width} x {height} is no size of {model}; {size} is the nearest.",
                    width=found.width,
                    height=found.height,
                    model=profile.name,
                    size=size,
                )
            )
    edit = Edit(prompt=found.prompt, negative=found.negative, profile=profile.id, aspect=size, count="1")
    kept = Kept(profile=profile.id, sampler=sampler, steps=steps, guidance=guidance, seed=found.seed)
    return Borrowed(edit, kept, tuple(remarks))


def borrowed_request(kept: Kept, edit: Edit, aspect: str | None, size: str | None) -> ImagineRequest:
    """What a form asks for. Nothing is added to prompts that have all of it already.

    Another model than the one the numbers are for starts from its own defaults; the seed stays.
    """
    request = ImagineRequest(
        prompt=edit.prompt,
        negative=edit.negative,
        profile=edit.profile,
        aspect=aspect,
        size=size,
        count=edit.count,
        seed=kept.seed,
    )
    if edit.profile != kept.profile:
        return request
    return replace(
        request,
        quality=(),
        negative_preset=_NONE,
        sampler=kept.sampler or None,
        steps=kept.steps,
        guidance_scale=kept.guidance,
    )


def _model(name: str, profiles: Mapping[str, Profile]) -> Profile | None:
    """`animagineXLV31_v31`, `animagine-xl-4.0-opt`: the longest of our names that it begins with."""
    if name in profiles:
        return profiles[name]
    key = _letters(name)
    fitting = [
        (len(own), profile)
        for profile in profiles.values()
        for own in {_letters(profile.id), _letters(profile.name)}
        if len(own) >= _LEAST_NAME and key.startswith(own)
    ]
    return max(fitting, key=lambda each: each[0])[1] if fitting else None


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _sampler(name: str, profile: Profile) -> str:
    key = name.casefold()
    found = next((s.id for s in SAMPLERS.values() if key in {s.name.casefold(), s.id}), "")
    return found if found in profile.samplers else ""


def _within(value: float | None, limits: Range) -> bool:
    return value is not None and limits.minimum <= value <= limits.maximum
