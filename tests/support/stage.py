"""A world with somebody for each role and something of every kind to act on, for tests that try everything there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import discord
from discord import app_commands

from cogs.who import BANNED_TOO, EXTRA, OPEN_TO_BANNED, Who
from db.audit import Entry
from db.jobs import Job
from tests.support.moderating import decision, owner_of, restricted_channel, thread_of
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of


class Role(StrEnum):
    """Who tries."""

    MEMBER = "member"
    AUTHOR = "author"
    MODERATOR = "moderator"
    SERVER_OWNER = "server owner"
    INSTANCE_OWNER = "instance owner"
    BANNED = "banned member"


MODERATING = frozenset({Role.MODERATOR, Role.SERVER_OWNER, Role.INSTANCE_OWNER})


def allowed(who: Who, role: Role, *, banned_too: bool = False) -> bool:
    """What a declaration means for somebody, where the job in question is public."""
    if role is Role.BANNED and who not in OPEN_TO_BANNED and not banned_too:
        return False
    match who:
        case Who.EVERYBODY | Who.SEEING | Who.OWN:
            return True
        case Who.AUTHOR:
            return role is Role.AUTHOR
        case Who.AUTHOR_OR_MODERATOR:
            return role is Role.AUTHOR or role in MODERATING
        case Who.MODERATOR:
            return role in MODERATING
        case Who.OWNER:
            return role is Role.INSTANCE_OWNER


@dataclass
class Stage:
    """The world, who acts in it, and where.

    Attributes:
        place: the channel or thread in which everything happens.
        carol: a member on whom moderators try things.
        role: a role for options that want one.
        desk: a channel that not everybody sees.
        job: a job with a finished picture in that place, of the author.
        message: the message that shows it.
        review: a report of it.
    """

    world: World
    engine: ScriptedEngine
    actors: dict[Role, Any]
    place: Any
    carol: Any
    role: Any
    desk: Any
    job: int = 0
    message: Any = None
    review: int = 0
    png: bytes = field(default=b"", repr=False)

    @property
    def author(self) -> Any:
        """Whose job it is."""
        return self.actors[Role.AUTHOR]

    async def paint(self, **options: Any) -> int:
        """A finished job of the author, in the place. Its number."""
        before = len(self.pictures())
        asked = await self.author.slash(self.place, "imagine", **{"prompt": "1girl", "steps": 4, **options})
        await self.world.finished()
        if not options.get("private"):
            assert len(self.pictures()) > before, answer_of(asked)
        return await newest_job(self.world)

    async def wait(self) -> int:
        """A job of the author that is being painted. Its number."""
        self.engine.hold_at = 0
        await self.author.slash(self.place, "imagine", prompt="1girl, waiting", steps=4)
        return await newest_job(self.world)

    async def the_job(self, number: int = 0) -> Job:
        """A job as it is in the database; the one of the stage unless another is named."""
        job = await self.world.app.studio.job(number or self.job)
        assert job is not None
        return job

    async def report(self, number: int) -> int:
        """Carol reports a job's first picture. The number of the review."""
        world = self.world
        what = Entry(guild_id=world.guild.id, actor_id=self.carol.id, actor_name="carol", action="report.add")
        await world.app.reviewing.report(await self.the_job(number), 0, "odd", what)
        found, _ = await world.app.reviewing.waiting(world.guild.id)
        return next(each.id for each in found if each.job_id == number)

    def pictures(self) -> list[Any]:
        """The messages with pictures, the newest first."""
        return [m for m in self.place.history() if m.attachments]

    async def calm(self) -> None:
        """Take back what a command of moderators has changed, and stop what waits."""
        world = self.world
        moderation = world.app.moderation
        for guild in (0, world.guild.id):
            for key in list(moderation.policies.of_guild(guild)):
                what = Entry(guild_id=guild, actor_id=0, actor_name="test", action="test.reset")
                await moderation.policies.unset(key.name, what, scope=key.scope, target=key.target_id)  # type: ignore[arg-type]
            if moderation.bans.of(guild, self.carol.id):
                await world.app.enforcement.sanctions.unban(
                    decision(world, "ban.remove", guild_id=guild, user_id=self.carol.id)
                )
            for rule in moderation.words.of(guild):
                await moderation.words.remove(rule.number, decision(world, "rule.remove", guild_id=guild))
        for job in world.app.studio.queue_of(world.guild.id):
            await world.app.studio.cancel(job.job_id)
        self.engine.hold_at = None


async def newest_job(world: World) -> int:
    """The number of the job that was asked for last."""
    number = 0
    while await world.app.studio.job(number + 1) is not None:
        number += 1
    return number


async def set_stage(world: World, engine: ScriptedEngine, place: str = "channel") -> Stage:
    """Everybody and everything, in an ordinary channel, an age-restricted one or a thread."""
    guild, env = world.guild, world.env
    admins = guild.create_role("admin", permissions=discord.Permissions(administrator=True))
    boss = guild.add_member(env.create_user("boss"), roles=[admins])
    dave = guild.add_member(env.create_user("dave"))
    carol = guild.add_member(env.create_user("carol"))
    world._settings |= {"control_guild": guild.id, "owner_ids": (boss.id,)}
    await world.restart()
    where = {"channel": None, "restricted": restricted_channel, "thread": thread_of}[place]
    cached = world.bot.get_guild(guild.id)
    assert cached is not None
    seen = discord.PermissionOverwrite(
        view_channel=True, send_messages=True, embed_links=True, attach_files=True, read_message_history=True
    )
    moderators = next(each for each in cached.roles if each.name == "mod")
    desk = guild.create_text_channel(
        "desk",
        overwrites={
            cached.default_role: discord.PermissionOverwrite(view_channel=False),
            moderators: seen,
            cached.me: seen,
        },
    )
    stage = Stage(
        world=world,
        engine=engine,
        actors={
            Role.MEMBER: world.bob,
            Role.AUTHOR: world.alice,
            Role.MODERATOR: world.mod,
            Role.SERVER_OWNER: owner_of(world),
            Role.INSTANCE_OWNER: boss,
            Role.BANNED: dave,
        },
        place=await where(world) if where else world.channel,
        carol=carol,
        role=guild.create_role("painters"),
        desk=desk,
    )
    await env.settle()
    stage.job = await stage.paint()
    stage.message = stage.pictures()[0]
    stage.png = await stage.message.attachments[0].read()
    stage.review = await stage.report(stage.job)
    await world.app.enforcement.sanctions.ban(decision(world, user_id=dave.id, reason="spam"))
    return stage


# -- commands ------------------------------------------------------------------------------------------------------


def commands_of(world: World) -> Iterator[Any]:
    """Every command and menu of the bot, also those of the control server."""
    for scope in (None, discord.Object(world.guild.id)):
        for kind in discord.AppCommandType:
            found = world.bot.tree.walk_commands(guild=scope, type=kind)
            yield from (each for each in found if not isinstance(each, app_commands.Group))


def who_of(command: Any) -> Who:
    """What a command declares."""
    who = command.extras[EXTRA]
    assert isinstance(who, Who)
    return who


def banned_too(command: Any) -> bool:
    """Whether those who are banned have it, too."""
    return bool(command.extras.get(BANNED_TOO))
