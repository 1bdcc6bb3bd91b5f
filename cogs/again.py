"""`/show` and `/rerun`: any job again, by its number or a link to its message."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.afterwards import Afterwards
from bot.album import Album
from bot.studio import Studio
from cogs.errors import defer_privately, guarded
from cogs.finding import find_painted
from cogs.painting import Painting
from cogs.patience import in_time
from cogs.showing import send_result
from cogs.who import Who, may

Name = app_commands.Range[str, 1, 200]


class Again(commands.Cog):
    """Finds one job and shows or paints it."""

    def __init__(self, studio: Studio, afterwards: Afterwards, album: Album, painting: Painting) -> None:
        self._studio = studio
        self._afterwards = afterwards
        self._album = album
        self._painting = painting

    @may(Who.SEEING)
    @app_commands.command(name="show", description="Show pictures again, by number or message link")
    @app_commands.guild_only()
    @app_commands.describe(job="The number, such as #12, or the link of the message")
    async def show(self, interaction: discord.Interaction[Any], job: Name) -> None:
        """Answer for the member's eyes only."""
        async with guarded(interaction, "showing pictures"):
            await defer_privately(interaction)
            found = await find_painted(interaction, self._album, self._afterwards, job)
            await send_result(interaction, self._studio, self._afterwards, found)

    @may(Who.SEEING)
    @app_commands.command(name="rerun", description="Paint a job again with the very same recipe and seeds")
    @app_commands.guild_only()
    @app_commands.describe(job="The number, such as #12, or the link of the message")
    async def rerun(self, interaction: discord.Interaction[Any], job: Name) -> None:
        """Queue it as a job of whoever asks; the result says whether it came out the same."""
        async with guarded(interaction, "painting that again"):
            async with in_time(interaction):
                found = await find_painted(interaction, self._album, self._afterwards, job)
            request, planned, lineage = self._afterwards.again(found)
            await self._painting.paint(interaction, request, lineage, planned)
