"""What can go wrong on the way from a finished job to its member, and that each is answered once."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.studio import Studio
from cogs import watching
from db.errors import DatabaseError
from db.jobs import JobState
from tests.cogs.test_delivery import hold, state
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World

LOCKED = "The database is locked."


def failing(times: int, error: Exception, real: Any) -> Any:
    """An async method that raises the first times."""
    left = [times]

    async def call(*args: Any, **kwargs: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise error
        return await real(*args, **kwargs)

    return call


async def test_a_locked_database_while_showing_progress_costs_only_the_progress(
    world: World, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The follower lives on and posts what was painted."""
    engine.hold_at = 5
    monkeypatch.setattr(world.app.studio, "job", failing(1, DatabaseError(LOCKED), world.app.studio.job))
    await world.imagine()
    await world.env.advance_time(3)
    engine.hold_at = None
    await world.finished()
    assert len(world.galleries()) == 1
    assert await state(world) is JobState.DELIVERED


async def test_a_fault_in_drawing_the_progress_costs_only_the_progress(
    world: World, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in a view must not keep the pictures from their member; no apology is needed."""

    def broken(*_: object) -> discord.ui.LayoutView:
        raise ZeroDivisionError

    monkeypatch.setattr(watching, "progress_view", broken)
    engine.hold_at = 5
    await world.imagine()
    await world.env.advance_time(3)
    engine.hold_at = None
    await world.finished()
    assert len(world.galleries()) == 1
    assert "went wrong" not in world.shown()


async def test_a_fault_in_the_snapshots_is_outlived(
    world: World, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the stream of progress itself breaks in the middle of the job."""
    monkeypatch.setattr(world.app.studio, "_snapshot", lambda _: 1 / 0)
    engine.hold_at = 5
    await world.imagine()
    await world.env.settle()
    engine.hold_at = None
    await world.until(lambda: not world.app.studio.waiting_jobs())
    await world.env.advance_time(10)
    await world.finished()
    assert len(world.galleries()) == 1


@pytest.mark.parametrize("method", ["get", "delivered"])
async def test_a_database_locked_at_the_end_is_waited_out(
    world: World, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """Whatever is read or written last is tried again, and nothing is posted twice."""
    await hold(world, engine)
    jobs = world.app.studio._jobs
    monkeypatch.setattr(world.app.studio, "_jobs", _Stubborn(jobs, method, 2))
    engine.hold_at = None
    await world.until(lambda: not world.app.studio.waiting_jobs())
    await world.env.advance_time(6)
    await world.env.advance_time(16)
    await world.finished()
    assert len(world.galleries()) == 1
    assert await state(world) is JobState.DELIVERED


class _Stubborn:
    """The jobs of the database, one method of which fails a few times."""

    def __init__(self, jobs: Any, method: str, times: int) -> None:
        self._jobs = jobs
        setattr(self, method, failing(times, DatabaseError(LOCKED), getattr(jobs, method)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._jobs, name)


async def test_a_message_that_discord_refuses_is_answered_once_for_all_starts(
    world: World, engine: ScriptedEngine
) -> None:
    """A fault of ours: the apology is not repeated by every restart."""
    await hold(world, engine)
    world.env.inject_error("PATCH", "*", status=400, code=50035, times=None)
    engine.hold_at = None
    await world.finished()
    assert world.shown().count("went wrong on our side") == 1
    assert await state(world) is JobState.DELIVERED
    await world.restart(world.env.backend.faults.clear)
    await world.finished()
    assert world.shown().count("went wrong on our side") == 1


async def test_an_apology_that_cannot_be_sent_now_is_sent_later(world: World, engine: ScriptedEngine) -> None:
    """A job is settled only when its member knows."""
    await hold(world, engine)
    world.env.inject_error("PATCH", "*", status=400, code=50035, times=None)
    world.env.inject_error("POST", "/channels/*/messages", status=503, times=1)
    engine.hold_at = None
    await world.until(lambda: not world.app.studio.waiting_jobs())
    await world.env.advance_time(6)
    await world.finished()
    assert world.shown().count("went wrong on our side") == 1
    assert await state(world) is JobState.DELIVERED


async def closed_channel(world: World, engine: ScriptedEngine) -> None:
    """The job is painted while the bot loses its way into the channel."""
    await hold(world, engine)
    await world.env.advance_time(16 * 60)
    world.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50001, times=None)
    world.env.inject_error("POST", f"/channels/{world.channel.id}/messages", status=403, code=50013, times=None)


def private(world: World) -> list[Any]:
    """What the bot has sent anywhere but in the channel of the guild."""
    return [
        sent
        for sent in world.wire.messages()
        if sent.method == "POST" and "/channels/" in sent.path and str(world.channel.id) not in sent.path
    ]


async def test_who_cannot_be_answered_in_the_channel_gets_a_direct_message(
    world: World, engine: ScriptedEngine
) -> None:
    """With the pictures, once, whatever starts come after it."""
    await closed_channel(world, engine)
    engine.hold_at = None
    await world.finished()
    [sent] = private(world)
    assert f"<#{world.channel.id}>" in sent.text
    assert len(sent.files) == 1
    assert await state(world) is JobState.DELIVERED
    await world.restart()
    await world.finished()
    assert len(private(world)) == 1


async def test_who_takes_no_direct_messages_is_not_tried_forever(world: World, engine: ScriptedEngine) -> None:
    """Nobody can be told, so nothing is left to do."""
    await closed_channel(world, engine)
    world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007, times=None)
    engine.hold_at = None
    await world.finished()
    assert await state(world) is JobState.DELIVERED


async def test_recovered_jobs_wait_without_snapshots(
    world: World, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands may wait after a restart, and each snapshot looks through the whole queue."""
    engine.hold_at = 5
    for _ in range(4):
        await world.imagine(count=3)
    snapshots: list[int] = []
    real = Studio._snapshot

    def snapshot(studio: Studio, live: Any) -> Any:
        snapshots.append(live.id)
        return real(studio, live)

    monkeypatch.setattr(Studio, "_snapshot", snapshot)
    await world.restart()
    await world.env.settle()
    assert len(world.app.studio.waiting_jobs()) == 4
    assert not {3, 4} & set(snapshots)
    engine.hold_at = None
    await world.finished()
    assert len(world.galleries()) == 4
