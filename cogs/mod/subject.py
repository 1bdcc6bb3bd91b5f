"""Whom moderators may ban or warn, and how members and times are named to them."""

from __future__ import annotations

from typing import Any

import discord
from discord.ext import commands

from bot.moderation.durations import DAY, HOUR, WEEK, parts
from cogs.text import plural
from cogs.words import say
from pipeline.errors import MemberError

AnyInteraction = discord.Interaction[Any]


async def check_subject(interaction: AnyInteraction, user: discord.User | discord.Member) -> None:
    """Refuse those who can be neither banned nor warned.

    Raises:
        MemberError: a bot, the moderator themselves, or an owner.
    """
    if user.bot:
        raise MemberError("This is a bot. Bots cannot use me, so there is nothing to ban or to warn.")
    if user.id == interaction.user.id:
        raise MemberError("You can neither ban nor warn yourself.")
    if interaction.guild is not None and user.id == interaction.guild.owner_id:
        raise MemberError("The owner of this server can be neither banned nor warned.")
    client = interaction.client
    if isinstance(client, commands.Bot) and await client.is_owner(user):
        raise MemberError("The owner of this bot can be neither banned nor warned.")


def until_text(until: float | None) -> str:
    """When something ends."""
    return say("for good") if until is None else say("until <t:{until}:f>", until=int(until))


def length_text(seconds: int) -> str:
    """How long something lasts, in the largest unit that fits; 0 is for good."""
    if not seconds:
        return say("for good")
    count, unit = parts(seconds)
    if unit == WEEK:
        return plural(count, "week")
    if unit == DAY:
        return plural(count, "day")
    if unit == HOUR:
        return plural(count, "hour")
    return plural(count, "minute")
