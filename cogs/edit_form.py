"""The form of an edit, and reading what comes back from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import discord
from discord import ui

from bot.asked import Edit
from cogs.text import CHOICE_LIMIT, clean, trim
from cogs.words import say
from pipeline.errors import InvalidRequest
from pipeline.profiles.types import Profile
from pipeline.sentence import Sentence

FORM: Final = re.compile(r"tb:edit:(?P<job>[0-9]{1,18})")
TEXT_LIMIT: Final = 4000
"""Characters that Discord lets a member type into one field of a form."""
MAX_MODELS: Final = 25
OPEN_SECONDS: Final = 900.0
"""How long discord.py remembers an open form; what is sent later arrives all the same."""


def edit_form(job_id: int, edit: Edit, profiles: Mapping[str, Profile]) -> ui.Modal:
    """A form with what was asked.

    Raises:
        InvalidRequest: a text is too long for Discord's forms.
    """
    return form_of(say("Edit job #{job}", job=job_id), f"tb:edit:{job_id}", edit, profiles)


def form_of(title: str, custom_id: str, edit: Edit, profiles: Mapping[str, Profile]) -> ui.Modal:
    """A form that starts with this.

    Raises:
        InvalidRequest: a text is too long for Discord's forms.
    """
    for name, text in (
        (Sentence("prompt"), edit.prompt),
        (Sentence("negative prompt"), edit.negative),
    ):
        if len(text) > TEXT_LIMIT:
            raise InvalidRequest(
                "The {name} has {count} characters, and Discord's form takes {limit}. Copy it from Details or from the "
                "file and use `/imagine`, which takes more.",
                name=name,
                count=len(text),
                limit=TEXT_LIMIT,
            )
    form = ui.Modal(title=title, custom_id=custom_id, timeout=OPEN_SECONDS)
    for label in _labels(edit, profiles):
        form.add_item(label)
    return form


def _labels(edit: Edit, profiles: Mapping[str, Profile]) -> list[ui.Label[Any]]:
    long = discord.TextStyle.paragraph
    shown = list(profiles.values())[:MAX_MODELS]
    models = [
        discord.SelectOption(
            label=trim(clean(profile.name), CHOICE_LIMIT), value=profile.id, default=profile.id == edit.profile
        )
        for profile in shown
    ]
    return [
        ui.Label(
            text=say("Prompt"),
            component=ui.TextInput(
                custom_id="prompt", style=long, default=edit.prompt or None, min_length=1, max_length=TEXT_LIMIT
            ),
        ),
        ui.Label(
            text=say("Negative prompt"),
            description=say("What to keep out, beside the model's own preset"),
            component=ui.TextInput(
                custom_id="negative",
                style=long,
                default=edit.negative or None,
                required=False,
                max_length=TEXT_LIMIT,
            ),
        ),
        ui.Label(
            text=say("Model"),
            description=say("Another model starts from its own card's defaults"),
            component=ui.Select(custom_id="model", options=models),
        ),
        ui.Label(
            text=say("Aspect"),
            description=say("By the model's own names, or a size such as 832x1216; empty is its default"),
            component=ui.TextInput(
                custom_id="aspect", default=edit.aspect or None, required=False, max_length=100
            ),
        ),
        ui.Label(
            text=say("Count"),
            description=say("1 to 4 pictures"),
            component=ui.TextInput(custom_id="count", default=edit.count, max_length=2),
        ),
    ]


def fields_of(data: Mapping[str, Any]) -> dict[str, str]:
    """What a submitted form holds, by the fields' custom ids; a choice is its first value."""
    found: dict[str, str] = {}
    for row in data.get("components") or ():
        for field in (row.get("component"), *(row.get("components") or ())):
            if field and "custom_id" in field:
                value = field.get("value", (field.get("values") or [""])[0])
                found[str(field["custom_id"])] = str(value or "")
    return found
