"""The form that opens with settings found in a file. What it has no field for travels in its custom id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from discord import ui

from bot.borrowing import Borrowed, Kept
from cogs.edit_form import form_of
from cogs.words import say
from pipeline.profiles.types import Profile

BORROW_FORM: Final = re.compile(
    r"tb:use:(?P<profile>[^:]{1,45}):(?P<sampler>[a-z0-9_]{0,20}):(?P<steps>[0-9]{0,4}):"
    r"(?P<guidance>[0-9.e+-]{0,10}):(?P<seed>[0-9]{0,10})"
)


def borrow_form(borrowed: Borrowed, profiles: Mapping[str, Profile]) -> ui.Modal:
    """The form of an edit, with these settings.

    Raises:
        InvalidRequest: a text is too long for Discord's forms.
    """
    kept = borrowed.kept
    steps = "" if kept.steps is None else kept.steps
    guidance = "" if kept.guidance is None else f"{kept.guidance:.5g}"
    seed = "" if kept.seed is None else kept.seed
    custom_id = f"tb:use:{kept.profile}:{kept.sampler}:{steps}:{guidance}:{seed}"
    return form_of(say("Use these settings"), custom_id, borrowed.edit, profiles)


def kept_of(custom_id: str) -> Kept | None:
    """What travels in a form's custom id; None for another form."""
    found = BORROW_FORM.fullmatch(custom_id)
    if found is None:
        return None
    return Kept(
        profile=found["profile"],
        sampler=found["sampler"],
        steps=int(found["steps"]) if found["steps"] else None,
        guidance=float(found["guidance"]) if found["guidance"] else None,
        seed=int(found["seed"]) if found["seed"] else None,
    )
