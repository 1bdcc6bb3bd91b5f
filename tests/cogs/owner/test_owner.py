"""`/owner`: for the owner of the instance, in the control server alone."""

from __future__ import annotations

import logging
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.discord_bot import CONTROL_KEY
from bot.moderation.policies import INSTANCE
from cogs.who import EXTRA, Who
from tests.cogs.owner.conftest import Owned
from tests.support.places import thread_of
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of

COMMANDS: dict[str, dict[str, Any]] = {
    "status": {},
    "audit": {},
    "maintenance": {"on": True},
    "broadcast": {"text": "hello"},
    "server ban": {"server": "5", "reason": "spam"},
    "server unban": {"server": "5"},
    "server banned": {},
    "server only-listed": {"on": True},
    "server list-add": {"server": "5"},
    "server list-remove": {"server": "5"},
    "server listed": {},
    "server limit": {"pictures": 5},
    "server unlimit": {},
    "server limits": {},
    "member list": {},
}


def leaves(world: World) -> list[Any]:
    """Every command of the control server."""
    found = world.bot.tree.walk_commands(guild=discord.Object(world.guild.id))
    return [c for c in found if not isinstance(c, app_commands.Group)]


async def actions(world: World) -> list[str]:
    """What the instance's log says, newest first."""
    return [each.entry.action for each in await world.app.moderation.audit.newest(INSTANCE, 20)]


async def painted(channel: Any, member: Any) -> str:
    """What a member is told who asks for a picture."""
    return answer_of(await member.slash(channel, "imagine", prompt="1girl"))


async def test_every_command_is_the_owner_s(owned: Owned) -> None:
    """Declared, and hidden from whoever does not administrate the control server."""
    found = leaves(owned.world)
    assert {c.qualified_name.removeprefix("owner ") for c in found} == {*COMMANDS, "member ban", "member unban"}
    for command in found:
        assert command.extras[EXTRA] is Who.OWNER
        assert command.root_parent.default_permissions.administrator


@pytest.mark.parametrize("name", [*COMMANDS])
async def test_everybody_else_is_refused_even_where_discord_shows_it(owned: Owned, name: str) -> None:
    """An administrator of the control server is not the owner of the instance."""
    world = owned.world
    admins = world.guild.create_role("admin", permissions=discord.Permissions(administrator=True))
    admin = world.guild.add_member(world.env.create_user("admin"), roles=[admins])
    await world.env.settle()
    result = await admin.slash(world.channel, f"owner {name}", **COMMANDS[name])
    assert "Only the owner" in answer_of(result)
    assert await actions(world) == []
    with pytest.raises(Exception, match=r"(?i)permission"):
        await world.mod.slash(world.channel, f"owner {name}", **COMMANDS[name])


async def test_other_servers_do_not_have_it(owned: Owned) -> None:
    """It is a command of the control server alone."""
    guild, channel, _ = owned.add("Elsewhere")
    there = guild.add_member(owned.boss.user)
    await owned.world.env.settle()
    assert not any(name.startswith("owner") for name in there.available_commands(channel))
    with pytest.raises(Exception, match=r"(?i)owner"):
        await there.slash(channel, "owner status")


async def test_without_a_control_server_there_is_no_such_command(world: World) -> None:
    """As long as nobody sets one."""
    assert world.bot.tree.get_commands(guild=discord.Object(world.guild.id)) == []


async def test_it_is_sent_to_discord_once(owned: Owned, monkeypatch: pytest.MonkeyPatch) -> None:
    """And taken away where the control server was before."""
    world, sent = owned.world, list[int]()
    sync = app_commands.CommandTree.sync

    async def noted(tree: Any, *, guild: Any = None) -> Any:
        sent.append(guild.id if guild else 0)
        return await sync(tree, guild=guild)

    monkeypatch.setattr(app_commands.CommandTree, "sync", noted)
    await world.restart()
    assert sent == []
    other, _, _ = owned.add("Elsewhere")
    world._settings["control_guild"] = other.id
    await world.restart()
    assert sent == [world.guild.id, other.id]
    assert (await world.app.store.get(CONTROL_KEY) or "").startswith(f"{other.id} ")
    with pytest.raises(Exception, match=r"(?i)owner"):
        await owned.boss.slash(world.channel, "owner status")


async def test_maintenance_takes_nothing_new_and_loses_nothing(owned: Owned, engine: ScriptedEngine) -> None:
    """What runs is finished; the message is shown to those who try, also after a restart."""
    world = owned.world
    engine.hold_at = 1
    await world.imagine(world.bob)
    await owned.owner("maintenance", on=True, message="Back at **noon**.")
    assert r"Back at \*\*noon\*\*." in answer_of(await world.imagine(world.bob))
    engine.hold_at = None
    await world.finished()
    assert len(world.galleries()) == 1
    await world.restart()
    assert "noon" in answer_of(await world.imagine(world.bob))
    assert "noon" in await owned.owner("status")
    await owned.owner("maintenance", on=False)
    await world.imagine(world.bob)
    await world.finished()
    assert len(world.galleries()) == 2
    assert "not on" in await owned.owner("maintenance", on=False)
    assert await actions(world) == ["maintenance.off", "maintenance.on"]


async def test_a_banned_server_is_left_and_its_queue_cancelled(owned: Owned, engine: ScriptedEngine) -> None:
    """Invited again it is left again, until the ban is lifted."""
    world = owned.world
    guild, channel, member = owned.add("Spammers")
    engine.hold_at = 1
    await member.slash(channel, "imagine", prompt="1girl")
    await world.until(lambda: len(world.app.studio.waiting_jobs()) == 1)
    told = await owned.owner("server ban", server=str(guild.id), reason="spam")
    assert "Spammers" in told
    assert world.app.studio.waiting_jobs() == ()
    await world.env.settle()
    assert world.bot.get_guild(guild.id) is None
    assert "Spammers" in await owned.owner("server banned")
    assert "banned already" in await owned.owner("server ban", server=str(guild.id), reason="spam")
    await owned.owner("server unban", server=str(guild.id))
    assert "not banned" in await owned.owner("server unban", server=str(guild.id))
    assert await actions(world) == ["server.unban", "server.ban"]


async def test_the_control_server_cannot_be_banned(owned: Owned) -> None:
    """Nobody could lift that again."""
    assert "control server" in await owned.owner("server ban", server=str(owned.world.guild.id), reason="x")


@pytest.mark.parametrize("server", ["abc", "0", "-5", "9" * 30, "１２"])
async def test_what_is_no_server_is_refused(owned: Owned, server: str) -> None:
    """With a sentence."""
    assert "no server's id" in await owned.owner("server list-add", server=server)


async def test_only_listed_servers(owned: Owned) -> None:
    """Others are refused at once; those that invite the bot are left with a word."""
    world = owned.world
    guild, channel, member = owned.add("Elsewhere")
    await world.env.settle()
    assert "1 of 2 are refused" in await owned.owner("server only-listed", on=True)
    assert "certain servers only" in await painted(channel, member)
    await owned.owner("server list-add", server=str(guild.id))
    assert "already" in await owned.owner("server list-add", server=str(guild.id))
    assert "certain servers" not in await painted(channel, member)
    assert str(guild.id) in await owned.owner("server listed")
    await world.finished()
    other, _, _ = owned.add("Strangers")
    await world.env.settle()
    # simcord's servers are there without having invited the bot.
    world.bot.dispatch("guild_join", world.bot.get_guild(other.id))
    await world.until(lambda: world.bot.get_guild(other.id) is None, "leaving")
    await owned.owner("server list-remove", server=str(guild.id))
    assert "certain servers only" in await painted(channel, member)
    await owned.owner("server only-listed", on=False)
    assert "certain servers" not in await painted(channel, member)
    await world.finished()


async def test_limits_of_a_server_hold_for_all_its_members_together(owned: Owned) -> None:
    """Those of every server hold where it has none of its own."""
    world = owned.world
    _, channel, member = owned.add("Elsewhere")
    await owned.owner("server limit", pictures=1)
    await owned.owner("server limit", server=str(world.guild.id), pictures=2)
    await world.imagine(world.bob)
    await world.imagine(owned.boss)
    assert "This server has used" in answer_of(await world.imagine(world.bob))
    await painted(channel, member)
    assert "This server has used" in await painted(channel, member)
    await world.finished()
    assert "2 pictures a day" in await owned.owner("server limits")
    await owned.owner("server unlimit")
    assert "nothing to clear" in await owned.owner("server unlimit")
    assert "This server" not in await painted(channel, member)
    await world.finished()
    assert "must be from 0" in await owned.owner("server limit", pending=-1)


async def test_pictures_that_a_server_may_have_waiting(owned: Owned, engine: ScriptedEngine) -> None:
    """Of all its members."""
    engine.hold_at = 1
    await owned.owner("server limit", pending=2)
    await owned.world.imagine(owned.world.bob, count=2)
    assert "2 pictures waiting at a time, and has 2" in answer_of(await owned.world.imagine())


async def test_a_member_is_banned_everywhere(owned: Owned) -> None:
    """Until that is lifted, and the log of the instance has it."""
    world = owned.world
    guild, channel, _ = owned.add("Elsewhere")
    there = guild.add_member(world.bob.user)
    assert "banned in every server" in await owned.owner("member ban", member=world.bob, reason="spam")
    for place, actor in ((world.channel, world.bob), (channel, there)):
        assert "in every server" in await painted(place, actor)
    assert f"<@{world.bob.id}>" in await owned.owner("member list")
    await owned.owner("member unban", member=world.bob)
    assert "banned" not in await painted(channel, there)
    await world.finished()
    assert await actions(world) == ["ban.remove", "ban.add"]
    assert "neither ban nor warn" in await owned.owner("member ban", member=owned.boss, reason="x")


async def test_the_status_page(owned: Owned, engine: ScriptedEngine) -> None:
    """Servers, queue, disk and errors, without secrets."""
    engine.hold_at = 1
    await owned.world.imagine(world_of(owned).bob)
    await owned.world.until(lambda: len(owned.world.app.studio._board.images) == 1)
    logging.getLogger("bot.x").error("something %s", "broke")
    text = await owned.owner("status")
    assert "1 server" in text
    assert "1 painting, 0 waiting" in text
    assert "GB free" in text
    assert "something broke" in text


def world_of(owned: Owned) -> World:
    """For short lines."""
    return owned.world


async def test_the_log_of_the_instance_is_not_that_of_the_server(owned: Owned) -> None:
    """Each has its own."""
    world = owned.world
    await owned.owner("maintenance", on=True)
    assert "maintenance.on" in await owned.owner("audit")
    assert "maintenance" not in answer_of(await world.mod.slash(world.channel, "mod audit search"))


async def test_it_works_in_a_thread(owned: Owned) -> None:
    """Of the control server."""
    thread = await thread_of(owned.world)
    assert "This instance" in answer_of(await owned.boss.slash(thread, "owner status"))


async def test_the_application_s_owner_owns_it_without_a_setting(
    owned: Owned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Discord knows them."""
    world = owned.world
    world._settings["owner_ids"] = ()
    await world.restart()
    assert "Only the owner" in await owned.owner("status")
    monkeypatch.setattr(world.bot, "owner_id", owned.boss.id)
    assert "This instance" in await owned.owner("status")
