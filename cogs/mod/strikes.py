"""`/mod warn` and `/mod strikes`: warnings, how long they count, and what follows from several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.moderation.durations import SUGGESTED, read_duration
from bot.moderation.sanctions import Sanctions
from bot.moderation.strikes import DAYS, DEFAULT_DAYS, DEFAULT_STEPS, STEPS
from cogs.door import warning
from cogs.errors import defer_privately, guarded, whisper
from cogs.fate import NOBODY, TROUBLE
from cogs.mod.acting import MAX_REASON, entry
from cogs.mod.page import Page, setting, some
from cogs.mod.subject import check_subject, length_text, until_text
from cogs.text import CHOICE_LIMIT, clean, plain, plural, trim
from cogs.who import Who, may
from cogs.words import say, speak
from db.errors import DatabaseError
from db.strikes import Counted, Strike
from pipeline.errors import InvalidRequest

AnyInteraction = discord.Interaction[Any]
Reason = app_commands.Range[str, 1, MAX_REASON]

FOR_GOOD: Final = "for good"
NOTHING: Final = "nothing"
_SHOWN: Final = 15


def warn_command(sanctions: Sanctions) -> app_commands.Command[Any, ..., Any]:
    """A fresh `/mod warn`."""

    @may(Who.MODERATOR)
    @app_commands.command(name="warn", description="Warn a member: they are told, and it counts as a strike")
    @app_commands.describe(member="Whom", reason="Why; they are told, but not by whom")
    async def warn(interaction: AnyInteraction, member: discord.User, reason: Reason) -> None:
        """Write it down, tell them, and do what the server's rules make of so many strikes."""
        async with guarded(interaction, "warning a member"):
            await defer_privately(interaction)
            await check_subject(interaction, member)
            what = entry(interaction, "strike.add", user_id=member.id, reason=clean(reason))
            counted = await sanctions.warn(what)
            told = await _tell(interaction, sanctions, counted.strike)
            await whisper(interaction, _outcome(counted, told=told))

    return warn


async def _tell(interaction: AnyInteraction, sanctions: Sanctions, strike: Strike) -> bool:
    """Write to them. False when their direct messages are closed: then they are told when they next use me."""
    guild = interaction.guild
    try:
        speak(guild.preferred_locale if guild else None)
        text = warning((strike,), guild.name if guild else "")
        direct = await interaction.client.create_dm(discord.Object(strike.user_id))
        await direct.send(text, nonce=f"tbw{strike.id}", allowed_mentions=NOBODY)
        await sanctions.told(strike.guild_id, strike.user_id, (strike,))
    except (*TROUBLE, DatabaseError):
        return False
    finally:
        speak(interaction.locale)
    return True


def _outcome(counted: Counted, *, told: bool) -> str:
    parts = [
        say(
            "<@{member}> is warned. That makes {strikes} here.",
            member=counted.strike.user_id,
            strikes=plural(counted.count, "strike"),
        ),
        say("They were told by direct message.")
        if told
        else say("Their direct messages are closed, so they are told when they next use me."),
    ]
    if counted.ban is not None:
        parts.append(
            say(
                "By this server's rules they are banned from using me, {until}.",
                until=until_text(counted.ban.until),
            )
        )
    return " ".join(parts)


class StrikeCommands(app_commands.Group):
    """Strikes of this server, for its moderators."""

    def __init__(self, sanctions: Sanctions, page: Page) -> None:
        super().__init__(name="strikes", description="Warnings that members have been given")
        self._sanctions = sanctions
        page.add((DAYS, STEPS), self._lines)

    def _lines(self, guild_id: int) -> Iterable[str]:
        days, steps = self._sanctions.rules.days(guild_id), self._sanctions.rules.steps(guild_id)
        counted = None if days == DEFAULT_DAYS else plural(days, "day") if days else say("for ever")
        yield setting(say("Strikes count"), counted, plural(DEFAULT_DAYS, "day"))
        follows = None if steps == DEFAULT_STEPS else some(_steps(steps)) or say("nothing")
        yield setting(say("Bans that follow from strikes"), follows, some(_steps(DEFAULT_STEPS)) or "")

    @may(Who.MODERATOR)
    @app_commands.command(name="list", description="A member's strikes")
    @app_commands.describe(member="Whose")
    async def show(self, interaction: AnyInteraction, member: discord.User) -> None:
        """Show those that count, to this moderator only."""
        async with guarded(interaction, "listing strikes"):
            await defer_privately(interaction)
            strikes = await self._sanctions.strikes(interaction.guild_id or 0, member.id)
            if not strikes:
                await whisper(interaction, say("<@{member}> has no strikes here.", member=member.id))
                return
            await whisper(interaction, "\n".join(strike_lines(member.id, strikes)))

    @may(Who.MODERATOR)
    @app_commands.command(name="pardon", description="Take a strike of a member away, or all of them")
    @app_commands.describe(
        member="Whose", strike="Its number; all when left out", reason="Why, for the audit log"
    )
    async def pardon(
        self,
        interaction: AnyInteraction,
        member: discord.User,
        strike: app_commands.Range[int, 1, 2**53 - 1] | None = None,
        reason: Reason | None = None,
    ) -> None:
        """A ban that followed stays, and the answer says so."""
        async with guarded(interaction, "taking a strike away"):
            await defer_privately(interaction)
            what = entry(interaction, "strike.pardon", user_id=member.id, reason=clean(reason or ""))
            lifted = await self._sanctions.pardon(what, strike)
            said = say(
                "Taken away: {gone} of <@{member}>. What is left: {left}.",
                gone=plural(len(lifted.strikes), "strike"),
                member=member.id,
                left=plural(lifted.left, "strike"),
            )
            if self._sanctions.bans.of(interaction.guild_id or 0, member.id):
                said += " " + say("They are still banned: `/mod ban remove` lifts that.")
            await whisper(interaction, said)

    @pardon.autocomplete("strike")
    async def _numbers(self, interaction: AnyInteraction, typed: int | str) -> list[Choice[int]]:
        member = getattr(interaction.namespace, "member", None)
        if member is None:
            return []
        found = await self._sanctions.strikes(interaction.guild_id or 0, member.id)
        return [
            Choice(name=trim(clean(f"#{each.id} · {each.reason}"), CHOICE_LIMIT), value=each.id)
            for each in found
            if str(typed).strip().removeprefix("#") in str(each.id)
        ][:25]

    @may(Who.MODERATOR)
    @app_commands.command(name="rules", description="How long strikes count and what follows from several")
    @app_commands.describe(
        days="How many days a strike counts; 0 for ever",
        strikes="From so many strikes on ...",
        then="... each one bans for so long: such as 1d, for good, or nothing",
    )
    async def rules(
        self,
        interaction: AnyInteraction,
        days: int | None = None,
        strikes: int | None = None,
        then: str | None = None,
    ) -> None:
        """Set what is given, and show what holds."""
        async with guarded(interaction, "changing the rules of strikes"):
            if (strikes is None) != (then is None):
                raise InvalidRequest("`strikes` and `then` belong together: give both, such as 3 and 1d.")
            seconds = _then(then) if then is not None else None
            await defer_privately(interaction)
            rules = self._sanctions.rules
            if days is not None:
                await rules.set_days(days, entry(interaction, "strike.days", target=str(days)))
            if strikes is not None:
                target = f"{strikes}: {clean(then or '')}"
                await rules.set_step(strikes, seconds, entry(interaction, "strike.step", target=target))
            await whisper(interaction, self._shown(interaction.guild_id or 0))

    @rules.autocomplete("then")
    async def _thens(self, _: AnyInteraction, typed: str) -> list[Choice[str]]:
        known = (*SUGGESTED, FOR_GOOD, NOTHING)
        return [Choice(name=each, value=each) for each in known if each.startswith(typed.strip().casefold())]

    def _shown(self, guild_id: int) -> str:
        rules = self._sanctions.rules
        days = rules.days(guild_id)
        lines = [
            say("A strike counts for {days}.", days=plural(days, "day"))
            if days
            else say("Strikes count for ever.")
        ]
        lines += [
            say(
                "From {strikes} on, each one bans: {length}.",
                strikes=plural(count, "strike"),
                length=length_text(seconds),
            )
            for count, seconds in rules.steps(guild_id).items()
        ]
        if len(lines) == 1:
            lines.append(say("Nothing follows from them by itself."))
        return "\n".join(lines)


def _steps(steps: Mapping[int, int]) -> list[str]:
    return [
        say("from {strikes} on {length}", strikes=count, length=length_text(each))
        for count, each in steps.items()
    ]


def strike_lines(user_id: int, strikes: tuple[Strike, ...]) -> list[str]:
    """A heading, and a line for each of the newest."""
    lines = [say("**{strikes}** of <@{member}>", strikes=plural(len(strikes), "strike"), member=user_id)]
    for each in strikes[:_SHOWN]:
        untold = "" if each.told_at is not None else f" · {say('not told yet')}"
        lines.append(f"`#{each.id}` <t:{int(each.at)}:R> · {plain(trim(each.reason, 80))}{untold}")
    if len(strikes) > _SHOWN:
        lines.append(say("-# and {count} more", count=len(strikes) - _SHOWN))
    return lines


def _then(text: str) -> int | None:
    folded = " ".join(text.casefold().split())
    if folded == NOTHING:
        return None
    return 0 if folded == FOR_GOOD else read_duration(text)
