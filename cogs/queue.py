"""`/queue`: what waits in this server, and nobody else's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.moderation.queue_control import QueueControl
from bot.orders import QueueEntry
from bot.studio import Studio
from cogs.errors import guarded
from cogs.layouts import WORKING, layout
from cogs.text import clean, plural, time_left, trim
from cogs.views import paused_text
from cogs.who import Who, may
from cogs.words import say
from db.jobs import JobState

SHOWN: Final = 20


def queue_text(entries: Sequence[QueueEntry], names: dict[str, str], paused: str | None = None) -> str:
    """The queue as lines: what paints first, then in the order it will start."""
    if paused is not None and not entries:
        return say("### The queue is empty") + f"\n{paused_text(paused)}"
    if not entries:
        return say("### The queue is empty\nNothing waits in this server. `/imagine` paints at once.")
    waiting = sum(entry.state is JobState.QUEUED for entry in entries)
    painting = plural(len(entries) - waiting, "job")
    lines = [say("### {jobs} painting, {waiting} waiting in this server", jobs=painting, waiting=waiting)]
    if paused is not None:
        lines.append(paused_text(paused))
    for entry in entries[:SHOWN]:
        queued = entry.state is JobState.QUEUED
        place = say("place {place}", place=entry.place) if queued else say("painting")
        left = f" · {time_left(entry.eta_seconds)}" if entry.eta_seconds is not None else ""
        model = trim(clean(names.get(entry.profile, entry.profile)), 60)
        lines.append(f"**{place}** · <@{entry.user_id}> · {plural(entry.images, 'picture')} · {model}{left}")
    if len(entries) > SHOWN:
        lines.append(say("-# and {count} more", count=len(entries) - SHOWN))
    return trim("\n".join(lines), 3900)


class Queue(commands.Cog):
    """Shows the queue to the member who asks."""

    def __init__(self, studio: Studio, control: QueueControl) -> None:
        self._studio = studio
        self._control = control

    @may(Who.EVERYBODY)
    @app_commands.command(name="queue", description="Show what waits in this server")
    @app_commands.guild_only()
    async def queue(self, interaction: discord.Interaction[Any]) -> None:
        """Answer for this server only."""
        async with guarded(interaction, "showing the queue"):
            guild = interaction.guild_id or 0
            entries = self._studio.queue_of(guild)
            names = {profile.id: profile.name for profile in self._studio.profiles.values()}
            await interaction.response.send_message(
                view=layout(WORKING, ui.TextDisplay(queue_text(entries, names, self._control.paused(guild)))),
                ephemeral=True,
                allowed_mentions=discord.AllowedMentions.none(),
            )
