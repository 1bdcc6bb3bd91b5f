"""Who owns the instance, and how the audit log knows them."""

from __future__ import annotations

from typing import Any

import discord
from discord.app_commands import Choice
from discord.ext import commands

from bot.moderation.policies import INSTANCE
from cogs.text import CHOICE_LIMIT, clean, trim
from db.audit import Entry
from pipeline.errors import MemberError

AnyInteraction = discord.Interaction[Any]


async def check_owner(interaction: AnyInteraction) -> None:
    """Refuse everybody else, whatever Discord has shown them.

    Raises:
        MemberError: they do not own this instance.
    """
    client = interaction.client
    if not isinstance(client, commands.Bot) or not await client.is_owner(interaction.user):
        raise MemberError(
            "Only the owner of this bot can do this: the application's owner or team, or OWNER_IDS."
        )


def entry(interaction: AnyInteraction, action: str, **what: Any) -> Entry:
    """An entry of the instance's own log by whoever uses this command or button; `what` as in `Entry`."""
    user = interaction.user
    return Entry(guild_id=INSTANCE, actor_id=user.id, actor_name=user.name, action=action, **what)


def name_of(client: discord.Client, guild_id: int) -> str:
    """A server's name, empty for one that the bot is not in."""
    guild = client.get_guild(guild_id)
    return clean(guild.name) if guild is not None else ""


def suggest(client: discord.Client, ids: list[int], typed: str) -> list[Choice[str]]:
    """Servers by name and number."""
    wanted, found = typed.strip().casefold(), []
    for guild_id in ids:
        label = " · ".join(filter(None, (name_of(client, guild_id), str(guild_id))))
        if wanted in label.casefold():
            found.append(Choice(name=trim(label, CHOICE_LIMIT), value=str(guild_id)))
    return found[:25]


async def suggest_servers(interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
    """Those that the bot is in."""
    client = interaction.client
    return suggest(client, [guild.id for guild in client.guilds], typed)
