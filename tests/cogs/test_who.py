"""Everything a member can use says who may, and asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import discord
import pytest
from discord import app_commands

from cogs.buttons import GuardedButton
from cogs.selects import GuardedSelect
from cogs.who import EXTRA, Who
from tests.support.simcord_env import World


def below(kind: Any) -> Iterator[Any]:
    """Every class that inherits from this one, except for further bases."""
    for each in kind.__subclasses__():
        if each.__name__ != "JobButton":
            yield each
        yield from below(each)


def commands_of(tree: app_commands.CommandTree[Any]) -> Iterator[Any]:
    """Every command and menu, with those inside groups."""
    yield from (c for c in tree.walk_commands() if not isinstance(c, app_commands.Group))
    for kind in (discord.AppCommandType.user, discord.AppCommandType.message):
        yield from tree.walk_commands(type=kind)


@pytest.mark.parametrize("item", sorted({*below(GuardedButton), *below(GuardedSelect)}, key=str))
def test_every_button_and_menu_says_who_may(item: Any) -> None:
    """Each for itself: nothing is inherited, so that a new one has to be thought about."""
    assert isinstance(vars(item).get("who"), Who)


async def test_every_command_says_who_may(world: World) -> None:
    """Subcommands and the menus of messages and members as well."""
    undeclared = [
        c.qualified_name for c in commands_of(world.bot.tree) if not isinstance(c.extras.get(EXTRA), Who)
    ]
    assert undeclared == []


async def test_what_is_for_moderators_is_hidden_from_everybody_else(world: World) -> None:
    """Discord shows it by default to nobody who may not time members out."""
    for command in commands_of(world.bot.tree):
        if command.extras[EXTRA] is Who.MODERATOR:
            top = getattr(command, "root_parent", None) or command
            assert top.default_permissions is not None
            assert top.default_permissions.moderate_members
            assert top.guild_only
