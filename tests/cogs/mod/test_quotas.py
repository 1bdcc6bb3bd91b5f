"""`/mod quota` and what members notice of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.orders import Origin, QueueFull
from tests.bot.conftest import request
from tests.support.places import thread_of
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of

DAY = 86_400


async def mod(world: World, name: str, **options: Any) -> str:
    """What a moderator is told."""
    result = await world.mod.slash(world.channel, f"mod quota {name}", **options)
    assert result.ephemeral
    return answer_of(result)


async def later(world: World, seconds: float) -> None:
    """Let what was asked for be so much older."""
    async with world.app.studio._jobs._db.transaction() as tx:
        await tx.execute("UPDATE jobs SET created_at = created_at - ?", seconds)


async def painted(world: World, actor: Any = None, **options: Any) -> bool:
    """Whether a request was taken."""
    before = (await world.app.jobs.counts()).values()
    await world.imagine(actor, **options)
    return sum((await world.app.jobs.counts()).values()) > sum(before)


async def test_pictures_a_day(world: World) -> None:
    """What is over is refused, with the moment at which it is possible, and what is left is said."""
    assert "3 pictures a day" in await mod(world, "set", pictures=3)
    await world.imagine(count=2)
    await world.until(lambda: bool(world.galleries()))
    told = answer_of(await world.imagine(count=2))
    assert "1 are left" in told
    assert "<t:" in told
    assert world.app.studio.waiting_jobs() == ()
    assert await painted(world)
    assert "0 of 3" in answer_of(await world.alice.slash(world.channel, "quota"))
    await later(world, DAY + 1)
    assert await painted(world, count=3)
    await world.finished()


async def test_what_is_left_is_shown_while_it_waits(world: World, engine: ScriptedEngine) -> None:
    """Below the progress, so that nobody has to ask."""
    engine.hold_at = 1
    await mod(world, "set", pictures=5, gpu_seconds=1000)
    await world.imagine(count=2)
    await world.until(lambda: "3 of 5 pictures left today" in world.shown())
    assert "GPU seconds left today" in world.shown()


async def test_more_than_a_day_allows_is_never_possible(world: World) -> None:
    """So it names no moment."""
    await mod(world, "set", pictures=3)
    assert "Ask for fewer" in answer_of(await world.imagine(count=4))


async def test_it_is_charged_to_the_one_who_presses(world: World) -> None:
    """Whose picture it goes on from does not matter."""
    await mod(world, "set", pictures=1)
    await world.imagine()
    await world.finished()
    [message] = world.galleries()
    await world.bob.click(message, label="Reroll")
    await world.finished()
    assert len(world.galleries()) == 2
    refused = answer_of(await world.bob.click(message, label="Reroll"))
    assert "0 are left" in refused


async def test_seconds_of_the_gpu(world: World) -> None:
    """What is painted counts as it was measured."""
    await mod(world, "set", gpu_seconds=1000)
    assert await painted(world)
    await world.finished()
    async with world.app.studio._jobs._db.transaction() as tx:
        await tx.execute("UPDATE images SET share = 999.99")
    told = answer_of(await world.imagine(count=4))
    assert "seconds of the GPU a day here; 0 are left" in told
    await later(world, DAY + 1)
    assert await painted(world)
    await world.finished()


async def test_pictures_waiting_at_a_time(world: World, engine: ScriptedEngine) -> None:
    """Some have to be done first."""
    engine.hold_at = 1
    await mod(world, "set", pending=2)
    await world.imagine(count=2)
    assert "2 pictures waiting here at a time; you have 2" in answer_of(await world.imagine())
    engine.hold_at = None
    await world.finished()
    assert await painted(world)
    await world.finished()


async def test_requests_a_minute(world: World) -> None:
    """Those of the last sixty seconds."""
    await mod(world, "set", per_minute=2)
    assert await painted(world)
    assert await painted(world)
    assert "next request is possible <t:" in answer_of(await world.imagine())
    await later(world, 61)
    assert await painted(world)
    await world.finished()


async def test_of_several_roles_the_most_generous_counts(world: World) -> None:
    """Each kind of limit by itself; what no role sets holds for everybody."""
    patron, guest = world.guild.create_role("patron"), world.guild.create_role("guest")
    carol = world.guild.add_member(world.env.create_user("carol"), roles=[patron, guest])
    dave = world.guild.add_member(world.env.create_user("dave"), roles=[guest])
    await world.env.settle()
    await mod(world, "set", pictures=2, pending=9)
    await mod(world, "set", role=patron, pictures=5)
    await mod(world, "set", role=guest, pictures=1, per_minute=7)
    for actor, pictures in ((carol, 5), (dave, 1), (world.alice, 2)):
        told = answer_of(await actor.slash(world.channel, "quota"))
        assert f"{pictures} of {pictures} pictures today" in told
        assert "9 of 9 pictures waiting" in told
    told = answer_of(await world.mod.slash(world.channel, "mod settings"))
    assert "Quota of everybody: **2 pictures a day · 9 pictures waiting at a time**" in told
    assert f"Quota of <@&{patron.id}>: **5 pictures a day**" in told


async def test_moderators_have_none_unless_they_are_told_so(world: World) -> None:
    """By default nothing is limited for them."""
    await mod(world, "set", pictures=0)
    assert await painted(world, world.mod)
    await world.finished()
    assert "like everybody" in await mod(world, "moderators", exempt=False)
    assert "0 a day is the most" in answer_of(await world.imagine(world.mod))
    assert "no quota" in await mod(world, "moderators", exempt=True)
    assert await painted(world, world.mod)
    await world.finished()


@pytest.mark.parametrize("value", [-1, 10**12])
async def test_below_zero_is_refused(world: World, value: int) -> None:
    """And beyond reason; nothing is set then."""
    assert "must be from 0" in await mod(world, "set", pictures=5, pending=value)
    assert "no limits" in await mod(world, "show")
    assert await world.app.moderation.audit.newest(world.guild.id, 5) == ()


async def test_nothing_to_set_or_to_clear_is_said(world: World) -> None:
    """Instead of an empty answer."""
    assert "at least one limit" in await mod(world, "set")
    assert "nothing to clear" in await mod(world, "clear")


async def test_what_is_cleared_limits_nothing_and_the_log_knows_it_all(world: World) -> None:
    """What was named before stays until then."""
    await mod(world, "set", pictures=0)
    assert "9 pictures waiting" in await mod(world, "set", pending=9)
    await mod(world, "clear")
    assert await painted(world)
    await world.finished()
    found = await world.app.moderation.audit.newest(world.guild.id, 5)
    assert [each.entry.action for each in found] == ["quota.clear", "quota.set", "quota.set"]
    assert found[1].entry.details["after"] == {"pictures": 0, "pending": 9}


async def test_it_survives_a_restart(world: World) -> None:
    """Limits, and what was used of them."""
    await mod(world, "set", pictures=1)
    await world.imagine()
    await world.finished()
    await world.restart()
    assert "0 are left" in answer_of(await world.imagine())


async def test_another_server_counts_for_itself(world: World) -> None:
    """What is painted there uses up nothing here."""
    await mod(world, "set", pictures=1)
    other = world.env.create_guild("Elsewhere")
    elsewhere = other.create_text_channel("painting")
    there = other.add_member(world.alice.user)
    await there.slash(elsewhere, "imagine", prompt="1girl")
    await world.finished()
    assert await painted(world)
    await world.finished()


async def test_two_requests_at_once_never_use_the_same_room(world: World, engine: ScriptedEngine) -> None:
    """Of ten at the same moment exactly as many are taken as the quota has room for."""
    await mod(world, "set", pictures=3)
    origin = Origin(
        kind="discord",
        guild_id=world.guild.id,
        guild_name="g",
        channel_id=world.channel.id,
        user_id=77,
        user_name="m",
    )
    asked = [world.app.studio.submit(origin, request()) for _ in range(10)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(each, QueueFull) for each in answers) == 7
    assert sum(not isinstance(each, BaseException) for each in answers) == 3


async def test_in_a_thread_it_is_the_same(world: World) -> None:
    """A thread belongs to its server."""
    thread = await thread_of(world)
    await mod(world, "set", pictures=0)
    assert "0 a day" in answer_of(await world.alice.slash(thread, "imagine", prompt="1girl"))


@pytest.mark.parametrize("name", ["set", "clear", "show", "moderators"])
async def test_members_do_not_have_the_commands(world: World, name: str) -> None:
    """Discord hides them."""
    with pytest.raises(Exception, match=r"(?i)permission"):
        await world.alice.slash(
            world.channel, f"mod quota {name}", **({"exempt": True} if name == "moderators" else {})
        )


async def test_without_limits_quota_says_so(world: World) -> None:
    """An empty answer would look like a fault."""
    assert "Nothing is limited" in answer_of(await world.alice.slash(world.channel, "quota"))
