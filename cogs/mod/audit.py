"""`/mod audit`: who decided what."""

from __future__ import annotations

from typing import Any, Final

import discord
from discord import app_commands

from cogs.errors import defer_privately, guarded, whisper
from cogs.text import clean, inline, trim
from cogs.who import Who, may
from cogs.words import say
from db.audit import Audit, Written

SHOWN: Final = 15


def line(written: Written) -> str:
    """One entry as members read it."""
    entry = written.entry
    who = f"<@{entry.actor_id}>" if entry.actor_id else say("by itself")
    parts = [f"`#{written.id}` <t:{int(written.at)}:R>", f"**{clean(entry.action)}**", who]
    if entry.user_id:
        parts.append(f"→ <@{entry.user_id}>")
    if entry.job_id:
        parts.append(say("job #{number}", number=entry.job_id))
    if entry.target:
        parts.append(inline(trim(entry.target, 80)))
    if entry.reason:
        parts.append(f"“{clean(trim(entry.reason, 80))}”")
    return " · ".join(parts)


class AuditCommands(app_commands.Group):
    """The log of this server, for its moderators."""

    def __init__(self, audit: Audit) -> None:
        super().__init__(name="audit", description="Who decided what")
        self._audit = audit

    @may(Who.MODERATOR)
    @app_commands.command(name="recent", description="The newest decisions in this server")
    async def recent(self, interaction: discord.Interaction[Any]) -> None:
        """Show the newest entries to this moderator only."""
        async with guarded(interaction, "reading the audit log"):
            await defer_privately(interaction)
            found = await self._audit.newest(interaction.guild_id or 0, SHOWN)
            if not found:
                await whisper(interaction, say("Nothing has been decided in this server yet."))
                return
            await whisper(interaction, "\n".join(line(each) for each in found))
