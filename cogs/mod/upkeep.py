"""What goes on by itself: sweeps, and telling those who were warned."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
from discord.ext import commands

from bot.moderation.upkeep import Upkeep
from cogs.door import Door
from cogs.words import speak


class UpkeepTask(commands.Cog):
    """One task, from the first connection on."""

    def __init__(self, bot: commands.Bot, upkeep: Upkeep, door: Door) -> None:
        self._bot = bot
        self._upkeep = upkeep
        self._door = door
        self._task: asyncio.Task[None] | None = None

    async def cog_load(self) -> None:
        """Start in the background."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="moderation sweeps")

    async def cog_unload(self) -> None:
        """Stop it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        await self._bot.wait_until_ready()
        await self._upkeep.run()

    @commands.Cog.listener()
    async def on_app_command_completion(self, interaction: discord.Interaction[Any], _: object) -> None:
        """Whoever was warned hears of it after their next command."""
        speak(interaction.locale)
        await self._door.remind(interaction)
