"""`/mod ban`: who may not use the bot in this server, until when and why."""

from __future__ import annotations

import re
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.moderation.durations import SUGGESTED, read_duration
from bot.moderation.sanctions import Sanctions
from cogs.errors import defer_privately, guarded, whisper
from cogs.mod.acting import MAX_REASON, entry
from cogs.mod.subject import check_subject, until_text
from cogs.text import CHOICE_LIMIT, clean, plain, plural, trim
from cogs.who import Who, may
from cogs.words import say
from db.bans import Ban
from db.members import Members
from pipeline.errors import InvalidRequest, MemberError

AnyInteraction = discord.Interaction[Any]
Reason = app_commands.Range[str, 1, MAX_REASON]

SHOWN: Final = 20
_ID: Final = re.compile(r"(?:<@!?)?([0-9]{1,20})>?")


class BanCommands(app_commands.Group):
    """Bans of this server, for its moderators."""

    def __init__(self, sanctions: Sanctions, members: Members) -> None:
        super().__init__(name="ban", description="Keep members from using me in this server")
        self._sanctions = sanctions
        self._members = members

    @may(Who.MODERATOR)
    @app_commands.command(name="add", description="Ban a member from using me here, for a time or for good")
    @app_commands.describe(
        member="Whom; also by id, for one who has left",
        reason="Why; they are told, but not by whom",
        duration="How long, such as 2h, 3 days or 1w; for good when left out",
    )
    async def add(
        self, interaction: AnyInteraction, member: discord.User, reason: Reason, duration: str | None = None
    ) -> None:
        """Ban at once: what they have waiting or painting stops, and nothing of theirs is posted any more."""
        async with guarded(interaction, "banning a member"):
            seconds = read_duration(duration) if duration is not None else None
            await defer_privately(interaction)
            await check_subject(interaction, member)
            what = entry(interaction, "ban.add", user_id=member.id, reason=clean(reason))
            ban, stopped = await self._sanctions.ban(what, seconds)
            said = say(
                "<@{member}> is banned from using me in this server, {until}.",
                member=member.id,
                until=until_text(ban.until),
            )
            if stopped:
                said += " " + say("Stopped: {jobs}.", jobs=plural(stopped, "job"))
            await whisper(interaction, said)

    @add.autocomplete("duration")
    async def _durations(self, _: AnyInteraction, typed: str) -> list[Choice[str]]:
        return [Choice(name=each, value=each) for each in SUGGESTED if each.startswith(typed.strip())]

    @may(Who.MODERATOR)
    @app_commands.command(name="remove", description="Lift a ban")
    @app_commands.describe(member="Whose: choose one, or type an id", reason="Why, for the audit log")
    async def remove(self, interaction: AnyInteraction, member: str, reason: Reason | None = None) -> None:
        """Lift it at once."""
        async with guarded(interaction, "lifting a ban"):
            user_id = _user_id(member)
            await defer_privately(interaction)
            if user_id == interaction.user.id:
                raise MemberError("Your own ban has to be lifted by another moderator.")
            what = entry(interaction, "ban.remove", user_id=user_id, reason=clean(reason or ""))
            await self._sanctions.unban(what)
            await whisper(interaction, say("<@{member}> may use me again.", member=user_id))

    @remove.autocomplete("member")
    async def _banned(self, interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
        bans = self._sanctions.bans.of_guild(interaction.guild_id or 0)[:200]
        names = await self._members.names(tuple(ban.user_id for ban in bans))
        wanted, found = typed.strip().casefold(), []
        for ban in bans:
            name = f"{names.get(ban.user_id, '')} {ban.user_id}".strip()
            if wanted in name.casefold():
                text = trim(clean(f"{name} · {ban.reason}"), CHOICE_LIMIT)
                found.append(Choice(name=text, value=str(ban.user_id)))
        return found[:25]

    @may(Who.MODERATOR)
    @app_commands.command(name="list", description="Who is banned from using me here")
    @app_commands.describe(page="Which page, the newest bans first")
    async def show(self, interaction: AnyInteraction, page: app_commands.Range[int, 1, 10_000] = 1) -> None:
        """Show bans, their reasons and ends, to this moderator only."""
        async with guarded(interaction, "listing bans"):
            await defer_privately(interaction)
            bans = self._sanctions.bans.of_guild(interaction.guild_id or 0)
            if not bans:
                await whisper(interaction, say("Nobody is banned in this server."))
                return
            pages = -(-len(bans) // SHOWN)
            if page > pages:
                raise InvalidRequest("The last page of bans is page {pages}.", pages=pages)
            lines = [
                say("**{bans}**, page {page} of {pages}", bans=plural(len(bans), "ban"), page=page, pages=pages)
            ]
            lines += [_line(ban) for ban in bans[(page - 1) * SHOWN : page * SHOWN]]
            await whisper(interaction, "\n".join(lines))


def _line(ban: Ban) -> str:
    return f"<@{ban.user_id}> · {until_text(ban.until)} · {plain(trim(ban.reason, 40))}"


def _user_id(text: str) -> int:
    found = _ID.fullmatch(text.strip())
    if found is None or int(found[1]) >= 2**63:
        raise InvalidRequest(
            "`{text}` is no member's id. Choose one of the list, or type the number that Discord copies as their id.",
            text=text[:40],
        )
    return int(found[1])
