"""What tests do as moderators."""

from __future__ import annotations

from typing import Any

import discord
from simcord.actors import MemberActor

from db.audit import Entry
from db.jobs import JobState
from tests.support.simcord_env import World, answer_of


async def ban(world: World, member: Any = None, /, actor: Any = None, **options: Any) -> str:
    """`/mod ban add`, of alice unless somebody else is named: what the moderator is told."""
    options = {"member": member or world.alice, "reason": "spam", **options}
    result = await (actor or world.mod).slash(world.channel, "mod ban add", **options)
    assert result.ephemeral
    return answer_of(result)


async def state(world: World, job_id: int = 1) -> JobState:
    """Of a job, as it is in the database."""
    job = await world.app.studio.job(job_id)
    assert job is not None
    return job.state


async def last_entry(world: World) -> Entry:
    """The newest decision."""
    (newest,) = await world.app.moderation.audit.newest(world.guild.id, 1)
    return newest.entry


def decision(world: World, action: str = "ban.add", *, guild_id: int | None = None, **what: Any) -> Entry:
    """By the moderator, about alice."""
    return Entry(
        guild_id=world.guild.id if guild_id is None else guild_id,
        actor_id=world.mod.id,
        actor_name="mod",
        action=action,
        **{"user_id": world.alice.id, "reason": "spam", **what},
    )


def owner_of(world: World) -> MemberActor:
    """The server's owner, acting."""
    return MemberActor(world.env, world.guild, world.guild.owner)


async def restricted_channel(world: World) -> Any:
    """A channel for adults."""
    channel = world.guild.create_text_channel("late")
    await world.env.settle()
    cached = world.bot.get_channel(channel.id)
    assert isinstance(cached, discord.TextChannel)
    cached.nsfw = True  # simcord knows no such channels
    return channel


async def thread_of(world: World) -> Any:
    """A thread of the channel."""
    message = await world.bob.send(world.channel, "look")
    cached = world.bot.get_channel(world.channel.id)
    assert isinstance(cached, discord.TextChannel)
    await cached.get_partial_message(message.id).create_thread(name="aside")
    await world.env.settle()
    return world.channel.threads[-1]
