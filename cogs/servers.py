"""Servers as the bot comes and goes: it leaves those that it is not to be in, with a word."""

from __future__ import annotations

import logging

import discord
from discord.ext import commands

from bot.moderation.instance_settings import InstanceSettings
from cogs.fate import NOBODY, TROUBLE
from cogs.words import say, speak

log = logging.getLogger(__name__)


def first_writable(guild: discord.Guild) -> discord.TextChannel | None:
    """Where a server hears of something: its system channel, or the first one in which the bot may write."""
    channels = sorted(guild.text_channels, key=lambda channel: (channel.position, channel.id))
    for channel in (guild.system_channel, *channels):
        if channel is None:
            continue
        allowed = channel.permissions_for(guild.me)
        if allowed.view_channel and allowed.send_messages:
            return channel
    return None


class Servers(commands.Cog):
    """Looks at servers when the bot joins them, and at all of them at the start."""

    def __init__(self, client: discord.Client, settings: InstanceSettings) -> None:
        self._client = client
        self._settings = settings

    async def leave(self, guild: discord.Guild) -> None:
        """Say why, where that is possible, and go."""
        speak(guild.preferred_locale)
        channel = first_writable(guild)
        try:
            if channel is not None:
                text = say("The owner of this bot does not offer it in this server, so it leaves. Goodbye!")
                await channel.send(text, allowed_mentions=NOBODY)
        except TROUBLE as error:
            log.info("no goodbye in server %s: %s", guild.id, error)
        try:
            await guild.leave()
        except TROUBLE as error:
            log.warning("server %s could not be left: %s", guild.id, error)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Stay only where that is wanted."""
        if not self._settings.welcome(guild.id):
            await self.leave(guild)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Leave banned servers that could not be left before, or that invited the bot while it was away."""
        for guild in list(self._client.guilds):
            if guild.id in self._settings.banned():
                await self.leave(guild)
