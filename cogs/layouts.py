"""What all messages share: the container with its colours, and how one job names another."""

from __future__ import annotations

from typing import Any, Final

import discord
from discord import ui

from cogs.words import say, translated
from db.records import Ancestor

WORKING: Final = discord.Colour.blurple()
DONE: Final = discord.Colour.green()
STOPPED: Final = discord.Colour.light_grey()
BROKEN: Final = discord.Colour.red()
ACTIONS: Final = {
    "reroll": "reroll",
    "retry": "another try",
    "edit": "edit",
    "rerun": "rerun",
    "subtle": "subtle variation",
    "strong": "strong variation",
    "upscale": "enlarged picture",
    "redraw": "redrawing",
    "restore": "painted again",
    "inpaint": "repainting",
    "expand": "expansion",
}
"""What a job is called by what was pressed."""


def layout(colour: discord.Colour, *items: ui.Item[Any]) -> ui.LayoutView:
    """One container that never times out, so that its buttons never do."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*items, accent_colour=colour))
    return view


def made_from(action: str, parent: Ancestor) -> str:
    """What a job is of which other one, as a link to its message where there is one: `reroll of [#12](...)`."""
    message_id = None if parent.deleted else parent.message_id
    link = message_link(f"#{parent.job_id}", parent.guild_id, parent.channel_id, message_id)
    return say("{made} of {job}", made=translated(ACTIONS.get(action, action)), job=link)


def message_link(text: str, guild_id: int, channel_id: int, message_id: int | None) -> str:
    """The text, as a link to a message where there is one. Angle brackets keep Discord from unfolding it."""
    if message_id is None:
        return text
    return f"[{text}](<https://discord.com/channels/{guild_id}/{channel_id}/{message_id}>)"
