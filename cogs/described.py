"""What a file says of how it was painted, shown to one member, and the button that opens it as a form."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import ui

from bot.borrowing import borrow
from cogs.borrow_form import borrow_form
from cogs.buttons import AnyInteraction, GuardedButton
from cogs.downloads import download
from cogs.layouts import DONE, layout
from cogs.patience import in_time, open_form
from cogs.text import block, clean, plain, shown, trim
from cogs.who import Who
from cogs.words import say
from pipeline.errors import MemberError
from pipeline.metadata_reading import FoundSettings
from pipeline.profiles.types import Profile

if TYPE_CHECKING:
    from cogs.buttons import Front

FILE: Final = "settings.json"
"""Attached to the answer: the whole of what was found, and what the button reads back."""


class UseButton(GuardedButton, template=r"tb:use"):
    """Opens what was found as a form. It reads the file beside it, so it works as long as the message is there."""

    who = Who.EVERYBODY
    doing = "opening the form"

    def __init__(self) -> None:
        super().__init__(
            ui.Button(label=say("Use these settings"), style=discord.ButtonStyle.primary, custom_id="tb:use")
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], ___: re.Match[str], /) -> Self:
        """The button again."""
        return cls()

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Show the form; `cogs.editing` takes what comes back."""
        attached = interaction.message.attachments if interaction.message else []
        if not attached:
            raise MemberError("The settings are no longer attached to this message. Use `/describe` again.")
        async with in_time(interaction):
            found = _read(await download(attached[0]))
        borrowed = borrow(found, front.studio.profiles, front.studio.default_profile)
        await open_form(interaction, borrow_form(borrowed, front.studio.profiles))


def described_view(
    found: FoundSettings,
    profiles: Mapping[str, Profile],
    default: str,
    buttons: Sequence[GuardedButton],
    head: str = "",
) -> ui.LayoutView:
    """Prompt, numbers, what could not be taken over, the file, and buttons to go on with."""
    items: list[ui.Item[Any]] = [
        ui.TextDisplay(head or say("### Painted with {source}", source=found.source)),
        ui.TextDisplay(block(found.prompt, 1500)),
    ]
    if found.negative:
        items += [ui.TextDisplay(say("**Negative prompt**")), ui.TextDisplay(block(found.negative, 900))]
    facts = [
        say("model {model}", model=found.model) if found.model else "",
        f"{found.width} x {found.height}" if found.width and found.height else "",
        found.sampler,
        say("{steps} steps", steps=found.steps) if found.steps is not None else "",
        say("guidance {guidance:g}", guidance=found.guidance) if found.guidance is not None else "",
        say("seed {seed}", seed=found.seed) if found.seed is not None else "",
    ]
    told = " · ".join(plain(clean(fact)) for fact in facts if fact)
    remarks = borrow(found, profiles, default).remarks
    lines = [told, *(f"-# {shown(each)}" for each in remarks)]
    if any(lines):
        items.append(ui.TextDisplay(trim("\n".join(filter(None, lines)), 1000)))
    items += [ui.File(f"attachment://{FILE}"), ui.ActionRow(*buttons)]
    return layout(DONE, *items)


def settings_file(found: FoundSettings) -> discord.File:
    """The whole of it, however long."""
    return discord.File(io.BytesIO(json.dumps(asdict(found), ensure_ascii=False, indent=2).encode()), FILE)


def _read(data: bytes) -> FoundSettings:
    try:
        return FoundSettings(**json.loads(data))
    except (ValueError, TypeError):
        raise MemberError("The settings beside this button cannot be read. Use `/describe` again.") from None
