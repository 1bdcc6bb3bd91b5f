"""`/mod settings`: everything that is set in this server, on one page."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands, ui

from cogs.errors import defer_privately, guarded
from cogs.fate import NOBODY
from cogs.layouts import WORKING, layout
from cogs.mod.page import Page
from cogs.text import LAYOUT_LIMIT, length
from cogs.who import Who, may
from cogs.words import say


def page_text(lines: tuple[str, ...]) -> str:
    """The lines within Discord's limit; how many are left out is said."""
    text = say("### What is set in this server")
    for number, line in enumerate(lines):
        longer = f"{text}\n{line}"
        if length(longer) > LAYOUT_LIMIT - 100:
            return f"{text}\n{say('-# and {count} more', count=len(lines) - number)}"
        text = longer
    return text


def settings_command(page: Page) -> app_commands.Command[Any, ..., None]:
    """The command, for the page that all areas have added to."""

    @may(Who.MODERATOR)
    @app_commands.command(name="settings", description="Everything that is set in this server, on one page")
    async def settings(interaction: discord.Interaction[Any]) -> None:
        """Answer this moderator only."""
        async with guarded(interaction, "showing the settings"):
            await defer_privately(interaction)
            text = page_text(page.text(interaction.guild_id or 0))
            await interaction.edit_original_response(
                view=layout(WORKING, ui.TextDisplay(text)), allowed_mentions=NOBODY
            )

    return settings
