"""`/owner member`: who may not use the bot in any server."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.moderation.durations import SUGGESTED, read_duration
from bot.moderation.policies import INSTANCE
from bot.moderation.sanctions import Sanctions
from cogs.errors import defer_privately, guarded, whisper
from cogs.mod.acting import MAX_REASON
from cogs.mod.subject import check_subject, until_text
from cogs.owner.acting import check_owner, entry
from cogs.text import clean, plain, plural, trim
from cogs.who import Who, may

AnyInteraction = discord.Interaction[Any]
SHOWN = 20


class MemberCommands(app_commands.Group):
    """Bans of the instance."""

    def __init__(self, sanctions: Sanctions) -> None:
        super().__init__(name="member", description="Members that may not use this bot in any server")
        self._sanctions = sanctions

    @may(Who.OWNER)
    @app_commands.command(name="ban", description="Ban a member in every server, for a time or for good")
    @app_commands.describe(
        member="Whom; also by id",
        reason="Why; they are told",
        duration="How long, such as 2h, 3 days or 1w; for good when left out",
    )
    async def ban(
        self,
        interaction: AnyInteraction,
        member: discord.User,
        reason: Range[str, 1, MAX_REASON],
        duration: str | None = None,
    ) -> None:
        """What they have waiting or painting stops."""
        async with guarded(interaction, "banning a member"):
            await defer_privately(interaction)
            await check_owner(interaction)
            seconds = read_duration(duration) if duration is not None else None
            await check_subject(interaction, member)
            what = entry(interaction, "ban.add", user_id=member.id, reason=clean(reason))
            ban, stopped = await self._sanctions.ban(what, seconds)
            jobs = plural(stopped, "job")
            await whisper(
                interaction,
                f"<@{member.id}> is banned in every server, {until_text(ban.until)}. Stopped: {jobs}.",
            )

    @may(Who.OWNER)
    @app_commands.command(name="unban", description="Lift a ban that holds in every server")
    @app_commands.describe(member="Whose; also by id")
    async def unban(self, interaction: AnyInteraction, member: discord.User) -> None:
        """Bans of single servers stay."""
        async with guarded(interaction, "lifting a ban"):
            await defer_privately(interaction)
            await check_owner(interaction)
            await self._sanctions.unban(entry(interaction, "ban.remove", user_id=member.id))
            await whisper(
                interaction, f"<@{member.id}> may use this bot again, where no server has banned them."
            )

    @may(Who.OWNER)
    @app_commands.command(name="list", description="Who is banned in every server")
    async def show(self, interaction: AnyInteraction) -> None:
        """The newest first."""
        async with guarded(interaction, "listing bans"):
            await defer_privately(interaction)
            await check_owner(interaction)
            bans = self._sanctions.bans.of_guild(INSTANCE)
            lines = [
                f"- <@{b.user_id}> · {until_text(b.until)} · {plain(trim(b.reason, 50))}" for b in bans[:SHOWN]
            ]
            if len(bans) > SHOWN:
                lines.append(f"-# and {len(bans) - SHOWN} more")
            await whisper(interaction, "\n".join(lines) or "Nobody is banned in every server.")

    @ban.autocomplete("duration")
    async def _durations(self, _: AnyInteraction, typed: str) -> list[Choice[str]]:
        return [Choice(name=each, value=each) for each in SUGGESTED if each.startswith(typed.strip())]
