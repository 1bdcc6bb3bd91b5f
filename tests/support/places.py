"""Places beside the ordinary channel: a thread, an age-restricted channel, a direct message."""

from __future__ import annotations

from typing import Any

import discord

from tests.support.simcord_env import World


async def thread_of(world: World) -> Any:
    """A public thread of the channel."""
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.create_thread(name="aside", type=discord.ChannelType.public_thread)
    await world.env.settle()
    [thread] = world.channel.threads
    return thread
