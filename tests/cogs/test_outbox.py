"""Every route to a member times every failure: no picture is lost or doubled, and the member is told.

`ROUTES` are the REST routes of delivery, each with what makes the bot take it; time passes in the simulator only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.studio import Studio
from cogs.fate import RETRY_SECONDS
from cogs.painting import MAX_DELIVERIES
from db.jobs import JobState
from tests.cogs.test_delivery import hold, state
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, text_of
from tests.support.wire import Lost

FOR_GOOD = 10**6

Prepare = Callable[[World], Awaitable[None]]


async def fresh(world: World) -> None:
    """The interaction lives: its answer is edited."""


async def expired(world: World) -> None:
    """After 15 minutes the message is edited through the channel."""
    await world.env.advance_time(16 * 60)


async def unseated(world: World) -> None:
    """Token and message are gone: a new message."""
    await expired(world)
    await world.mod.delete(world.history()[0])


async def shut_out(world: World) -> None:
    """The channel is closed to the bot: a direct message."""
    await expired(world)
    world.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50001, times=None)
    path = f"/channels/{world.channel.id}/messages"
    world.env.inject_error("POST", path, status=403, code=50013, times=None)


async def doubtful(world: World) -> None:
    """An attempt has failed: before the next one the bot looks for what may have arrived."""
    world.env.inject_error("PATCH", "*", status=503, times=1)


ROUTES: dict[str, tuple[str, str, Prepare]] = {
    "interaction edit": ("PATCH", "/webhooks/*/messages/@original", fresh),
    "message edit": ("PATCH", "/channels/*/messages/*", expired),
    "message send": ("POST", "/channels/*/messages", unseated),
    "direct message open": ("POST", "/users/@me/channels", shut_out),
    "direct message send": ("POST", "/channels/*/messages", shut_out),
    "message fetch": ("GET", "/channels/*/messages/*", doubtful),
    "history": ("GET", "/channels/*/messages", doubtful),
}
FAILURES: dict[str, tuple[int, int]] = {
    "401": (401, 0),
    "401 webhook token": (401, 50027),
    "403": (403, 50013),
    "404": (404, 10008),
    "404 channel": (404, 10003),
    "404 token": (404, 10015),
    "413": (413, 40005),
    "429": (429, 0),
    "429 old message": (429, 30046),
    "500": (500, 0),
    "503": (503, 0),
}
TIMEOUTS = {"timeout": False, "timeout, but taken": True}
UPLOADS = {"interaction edit", "message edit", "message send", "direct message send"}
NOBODY_CAN_BE_TOLD = {"403", "404", "404 channel", "404 token", "401 webhook token", "429 old message"}
TABLE = [
    (route, failure)
    for route in ROUTES
    for failure in (*FAILURES, *TIMEOUTS)
    if failure != "413" or route in UPLOADS
]


def fail(world: World, route: str, failure: str, times: int = 1) -> None:
    """Let a route fail so many times."""
    method, path, _ = ROUTES[route]
    if failure in TIMEOUTS:
        world.wire.lost.append(Lost(method, path, TIMEOUTS[failure], times))
    else:
        status, code = FAILURES[failure]
        world.env.inject_error(method, path, status=status, code=code, times=times)


def repair(world: World) -> None:
    """Discord is well again."""
    world.env.backend.faults.clear()
    world.wire.lost.clear()
    world.wire.upload_limit = 10 * 1024 * 1024


async def hours(world: World, count: int) -> None:
    """Let so many hours of the simulator pass, in the steps of the retries."""
    for pause in (*RETRY_SECONDS, *[3600.0] * max(0, count - 2)):
        await world.env.advance_time(pause + 1)
        await world.env.settle()


def direct(world: World) -> list[Any]:
    """What the bot has written to alice alone."""
    channel = world.env.backend.get_dm_channel(world.alice.id)
    return list(world.env.backend.messages.get(channel.id, {}).values())


def pictures(world: World) -> int:
    """How many messages show pictures, in the channel and to alice alone."""
    return sum(bool(message.attachments) for message in [*world.history(), *direct(world)])


async def paint(world: World, engine: ScriptedEngine, route: str, failure: str, times: int = 1) -> None:
    """Paint a job that takes a route, which fails."""
    await hold(world, engine)
    await ROUTES[route][2](world)
    fail(world, route, failure, times)
    engine.hold_at = None
    await world.until(lambda: not world.app.studio.waiting_jobs(), "the painting")


@pytest.mark.parametrize(("route", "failure"), TABLE)
async def test_one_failure_neither_loses_nor_doubles(
    world: World, engine: ScriptedEngine, route: str, failure: str
) -> None:
    """One message with the pictures, here or there; only who takes no direct messages has to ask for them."""
    await paint(world, engine, route, failure)
    await hours(world, 1)
    await world.finished()
    assert not [fault for fault in world.env.backend.faults if fault["times"] is not None]
    assert not any(lost.times for lost in world.wire.lost)  # or it would not have been on the way
    assert await state(world) is JobState.DELIVERED
    refused = route.startswith("direct") and failure in NOBODY_CAN_BE_TOLD
    assert pictures(world) == (0 if refused else 1)
    repair(world)
    await world.restart(world.wire.forget_nonces)
    await world.finished()
    assert pictures(world) == (0 if refused else 1)
    shown: Any = await world.alice.slash(world.channel, "show", job="1")
    assert len(shown.response.attachments) == 1


@pytest.mark.parametrize("failure", ["401", "429", "503", "timeout"])
@pytest.mark.parametrize("route", [route for route in ROUTES if route not in {"message fetch", "history"}])
async def test_a_long_outage_is_waited_out(
    world: World, engine: ScriptedEngine, route: str, failure: str
) -> None:
    """For six hours a route does not work: another one is found, or the pictures come when it does again."""
    await paint(world, engine, route, failure, FOR_GOOD)
    await hours(world, 6)
    assert pictures(world) <= 1
    repair(world)
    await hours(world, 3)
    await world.finished()
    assert await state(world) is JobState.DELIVERED
    assert pictures(world) == 1 or "`/show job:1`" in told(world)


def told(world: World) -> str:
    """All words of the bot to alice, wherever."""
    return "\n".join([*(str(each.content) for each in direct(world)), world.shown()])


@pytest.mark.parametrize("prepare", [fresh, expired, unseated, shut_out])
async def test_what_is_too_large_however_small_is_told(
    world: World, engine: ScriptedEngine, prepare: Prepare
) -> None:
    """Each encoding is refused: words instead, the original kept, and no start tries it again."""
    await hold(world, engine)
    await prepare(world)
    world.wire.upload_limit = 1
    engine.hold_at = None
    await world.finished()
    assert await state(world) is JobState.DELIVERED
    assert told(world).count("`/show job:1`") == 1
    await world.restart(lambda: repair(world))
    await world.finished()
    assert pictures(world) == 0
    shown: Any = await world.alice.slash(world.channel, "show", job="1")
    assert shown.response.attachments[0].filename.endswith(".png")


@pytest.mark.parametrize("prepare", [fresh, expired, unseated, shut_out])
async def test_a_smaller_file_goes_the_same_way(world: World, engine: ScriptedEngine, prepare: Prepare) -> None:
    """Also as a direct message: the step down, and the remark that says so."""
    await hold(world, engine)
    await prepare(world)
    world.wire.upload_limit = 300
    engine.hold_at = None
    await world.finished()
    assert pictures(world) == 1
    assert "the original is kept" in told(world)


@pytest.mark.parametrize("prepare", [fresh, expired, unseated])
async def test_when_only_uploads_fail_the_member_is_told_after_hours(
    world: World, engine: ScriptedEngine, prepare: Prepare
) -> None:
    """Words still get through: where the pictures are, once, and then it is settled."""
    await hold(world, engine)
    await prepare(world)
    world.wire.lost.append(Lost("*", "*", times=FOR_GOOD, uploads=True))
    engine.hold_at = None
    await world.until(lambda: not world.app.studio.waiting_jobs(), "the painting")
    await hours(world, 3)
    await world.finished()
    assert "For hours Discord did not take" in told(world)
    assert told(world).count("`/show job:1`") == 1
    assert await state(world) is JobState.DELIVERED
    repair(world)
    await world.restart()
    await world.finished()
    assert pictures(world) == 0


async def test_killed_after_a_direct_message_it_is_not_sent_again(
    world: World, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days later Discord no longer knows the nonce; the bot looks what it has written."""
    await hold(world, engine)
    await shut_out(world)

    async def killed(*_: object) -> bool:
        raise ConnectionAbortedError

    monkeypatch.setattr(world.app.studio, "delivered", killed)
    engine.hold_at = None
    await world.until(lambda: not world.app.studio.waiting_jobs(), "the painting")
    await world.env.settle()
    assert pictures(world) == 1
    await world.restart(world.wire.forget_nonces)
    await world.finished()
    assert await state(world) is JobState.DELIVERED
    assert pictures(world) == 1


async def test_a_failed_job_of_which_nobody_was_told_is_told_after_a_restart(
    world: World, engine: ScriptedEngine
) -> None:
    """Its message must not show a progress bar for ever. Told once, the next start leaves it alone."""
    engine.fault = lambda _: RuntimeError("no")
    await hold(world, engine)
    world.env.inject_error("PATCH", "*", status=503, times=None)
    engine.hold_at = None
    await world.until(lambda: not world.app.studio.waiting_jobs(), "the failure")
    assert "Not painted" not in world.shown()
    await world.restart(lambda: repair(world))
    await world.finished()
    assert "Not painted" in world.shown()
    sent = len(world.wire.messages())
    await world.restart()
    await world.finished()
    assert len(world.wire.messages()) == sent


# -- `/show` -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def painted(world: World) -> World:
    """A world with one result of alice's: job 1."""
    await world.imagine()
    await world.finished()
    return world


@pytest.mark.parametrize("failure", [*FAILURES, *TIMEOUTS])
async def test_show_answers_whatever_fails(painted: World, failure: str) -> None:
    """A smaller encoding, or a sentence; and the next `/show` works."""
    fail(painted, "interaction edit", failure)
    result: Any = await painted.alice.slash(painted.channel, "show", job="1")
    if failure == "413":
        assert "the original is kept" in text_of(result.response)
        assert result.response.attachments[0].filename.endswith(".webp")
    elif failure == "timeout, but taken":
        assert len(result.response.attachments) == 1
    elif failure in {"401", "429", "500", "503", "timeout"}:
        assert "`/show job:1` shows them later" in answer_of(result)
    else:
        assert "went wrong on our side" in answer_of(result)
    repair(painted)
    again: Any = await painted.alice.slash(painted.channel, "show", job="1")
    assert len(again.response.attachments) == 1


async def test_show_of_what_is_too_large_however_small_is_told(painted: World) -> None:
    """Nothing is lost by it."""
    painted.wire.upload_limit = 1
    result = await painted.alice.slash(painted.channel, "show", job="1")
    assert "however small" in answer_of(result)
    assert "The originals are kept" in answer_of(result)


async def test_originals_that_are_refused_as_too_large_are_told(painted: World) -> None:
    """The server's real limit may be lower than the one it names."""
    painted.wire.upload_limit = 1
    result = await painted.alice.click(painted.galleries()[0], label="Original file")
    assert "larger than the 10 MB" in answer_of(result)


async def test_show_when_nothing_can_be_answered_harms_nothing(painted: World) -> None:
    """Discord is down for longer than the interaction lives: the attempt is logged, and the pictures stay."""
    fail(painted, "interaction edit", "503", FOR_GOOD)
    await painted.alice.slash(painted.channel, "show", job="1")
    repair(painted)
    fail(painted, "interaction edit", "timeout", FOR_GOOD)
    await painted.alice.slash(painted.channel, "show", job="1")
    repair(painted)
    assert await state(painted) is JobState.DELIVERED
    assert pictures(painted) == 1


@pytest.mark.parametrize("way", ["show", "original"])
async def test_few_hold_files_in_memory_at_the_same_time(
    painted: World, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """`/show` and originals take one of the few places that deliveries share."""
    free: list[int] = []
    read = Studio.picture_bytes

    async def counted(self: Studio, image: Any) -> bytes:
        free.append(painted.bot.painting.few._value)
        return await read(self, image)

    monkeypatch.setattr(Studio, "picture_bytes", counted)
    if way == "show":
        await painted.alice.slash(painted.channel, "show", job="1")
    else:
        await painted.alice.click(painted.galleries()[0], label="Original file")
    assert free == [MAX_DELIVERIES - 1]
    assert painted.bot.painting.few._value == MAX_DELIVERIES
