"""A world with a control server whose administrator boss owns the instance, and two others beside it."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from tests.support.simcord_env import World, answer_of


class Owned:
    """The world, with shortcuts for its owner."""

    def __init__(self, world: World, boss: Any) -> None:
        self.world = world
        self.boss = boss
        self.others: list[Any] = []

    async def owner(self, name: str, **options: Any) -> str:
        """What the owner is told by `/owner ...`."""
        result = await self.boss.slash(self.world.channel, f"owner {name}", **options)
        assert result.ephemeral
        return answer_of(result)

    def add(self, name: str) -> Any:
        """Another server with a channel and a member who can paint there: (guild, channel, member)."""
        guild = self.world.env.create_guild(name)
        channel = guild.create_text_channel("painting")
        member = guild.add_member(self.world.env.create_user(f"{name}-member"))
        self.others.append((guild, channel, member))
        return self.others[-1]


@pytest.fixture
async def owned(world: World) -> Owned:
    """The bot, started again with the settings of an owner."""
    admins = world.guild.create_role("admin", permissions=discord.Permissions(administrator=True))
    boss = world.guild.add_member(world.env.create_user("boss"), roles=[admins])
    world._settings |= {"control_guild": world.guild.id, "owner_ids": (boss.id,)}
    await world.restart()
    return Owned(world, boss)
