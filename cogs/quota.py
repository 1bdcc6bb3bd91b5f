"""`/quota`: what a member may still paint."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.moderation.quotas import Quotas, Standing
from cogs.access import origin_of
from cogs.errors import defer_privately, guarded, whisper
from cogs.who import Who, may
from cogs.words import say


def standing_text(standing: Standing) -> str:
    """Every limit with what is left of it."""
    if not standing.quota:
        return say("Nothing is limited for you in this server, beyond what may wait at a time.")
    return "\n".join([say("### What is left for you here"), *standing_lines(standing)])


def standing_lines(standing: Standing) -> list[str]:
    """A line for each limit."""
    quota = standing.quota
    lines = []
    if quota.pictures is not None:
        left = max(0, quota.pictures - standing.pictures)
        lines.append(say("- {left} of {limit} pictures today", left=left, limit=quota.pictures))
    if quota.gpu_seconds is not None:
        seconds = max(0.0, quota.gpu_seconds - standing.seconds)
        lines.append(
            say("- about {left:.0f} of {limit} GPU seconds today", left=seconds, limit=quota.gpu_seconds)
        )
    if quota.pending is not None:
        left = max(0, quota.pending - standing.pending)
        lines.append(say("- {left} of {limit} pictures waiting at a time", left=left, limit=quota.pending))
    if quota.per_minute is not None:
        left = max(0, quota.per_minute - standing.requests)
        lines.append(say("- {left} of {limit} requests this minute", left=left, limit=quota.per_minute))
    if standing.soon is not None and (quota.pictures is not None or quota.gpu_seconds is not None):
        lines.append(
            say(
                "-# Each picture counts for a day. The oldest stops counting {when}.",
                when=f"<t:{int(standing.soon) + 1}:R>",
            )
        )
    return lines


class QuotaCog(commands.Cog):
    """Tells members what they have left."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas

    @may(Who.OWN)
    @app_commands.command(name="quota", description="How much you may still paint in this server")
    @app_commands.guild_only()
    async def quota(self, interaction: discord.Interaction[Any]) -> None:
        """Answer this member only."""
        async with guarded(interaction, "counting what is left"):
            await defer_privately(interaction)
            await whisper(interaction, standing_text(await self._quotas.standing(origin_of(interaction))))
