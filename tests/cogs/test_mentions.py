"""`notify`: the author is mentioned when the wait was long, and nobody else ever."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from db.jobs import JobState
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, discord_world
from tests.support.wire import Sent


@pytest.fixture
async def world(tmp_path: Path, engine: ScriptedEngine) -> AsyncIterator[World]:
    """A world in which every wait is a long one."""
    async with discord_world(tmp_path, make_engine=lambda _: engine, notify_after=0) as opened:
        opened.wire.may_ping = {opened.alice.id}
        yield opened


def mentions(world: World) -> list[Sent]:
    """What notified somebody."""
    return [sent for sent in world.wire.messages() if (sent.body.get("allowed_mentions") or {}).get("users")]


async def test_the_author_is_mentioned_below_the_pictures(world: World) -> None:
    """By a reply, because an edit notifies nobody; once, also after a restart."""
    await world.imagine(notify=True)
    await world.finished()
    [sent] = mentions(world)
    assert [int(each) for each in sent.body["allowed_mentions"]["users"]] == [world.alice.id]
    assert f"<@{world.alice.id}>" in sent.text
    assert int(sent.body["message_reference"]["message_id"]) == world.galleries()[0].id
    await world.restart()
    await world.finished()
    assert len(mentions(world)) == 1


async def test_nobody_is_mentioned_unasked(world: World) -> None:
    """It is an option, and a reroll by somebody else does not inherit it."""
    await world.imagine()
    await world.imagine(notify=True)
    await world.finished()
    await world.bob.click(world.galleries()[0], label="Reroll")
    await world.finished()
    assert len(mentions(world)) == 1


async def test_a_short_wait_mentions_nobody(tmp_path: Path, engine: ScriptedEngine) -> None:
    """A minute is what members wait anyway."""
    async with discord_world(tmp_path, make_engine=lambda _: engine) as world:
        world.wire.may_ping = {world.alice.id}
        await world.imagine(notify=True)
        await world.finished()
        assert mentions(world) == []
        engine.hold_at = 5
        await world.imagine(notify=True)
        async with world.app.jobs._db.transaction() as tx:
            await tx.execute("UPDATE jobs SET created_at = created_at - 61 WHERE id = 2")
        engine.hold_at = None
        await world.finished()
        assert len(mentions(world)) == 1


async def test_a_mention_that_was_made_is_not_made_again(
    world: World, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the mention, before the delivery was written down."""

    async def killed(*_: object) -> bool:
        raise ConnectionAbortedError

    engine.hold_at = 5
    await world.imagine(notify=True)
    monkeypatch.setattr(world.app.studio, "delivered", killed)
    engine.hold_at = None
    await world.until(lambda: bool(mentions(world)), "the mention")
    await world.restart(world.wire.forget_nonces)
    await world.finished()
    assert len(mentions(world)) == 1
    job = await world.app.studio.job(1)
    assert job is not None
    assert job.state is JobState.DELIVERED


async def test_after_a_restart_in_the_middle_it_is_still_made(world: World, engine: ScriptedEngine) -> None:
    """The job knows that it was asked for."""
    engine.hold_at = 5
    await world.imagine(notify=True)
    await world.restart(lambda: setattr(engine, "hold_at", None))
    await world.finished()
    assert len(mentions(world)) == 1


async def test_a_mention_that_cannot_be_sent_costs_no_pictures(world: World, engine: ScriptedEngine) -> None:
    """They are delivered all the same."""
    engine.hold_at = 5
    await world.imagine(notify=True)
    world.env.inject_error("POST", f"/channels/{world.channel.id}/messages", status=503, times=None)
    engine.hold_at = None
    await world.finished()
    assert len(world.galleries()) == 1
    job = await world.app.studio.job(1)
    assert job is not None
    assert job.state is JobState.DELIVERED


async def test_a_failure_is_mentioned_too(world: World, engine: ScriptedEngine) -> None:
    """Whoever waited for long wants to know that, too."""
    engine.fault = lambda _: RuntimeError("no")
    await world.imagine(notify=True)
    await world.finished()
    [sent] = mentions(world)
    assert "could not be painted" in sent.text


async def test_a_private_draft_notifies_privately(world: World) -> None:
    """By a direct message that says nothing of the picture; the channel stays silent."""
    await world.imagine(private=True, notify=True, prompt="1girl, secret")
    await world.finished()
    [sent] = [
        sent
        for sent in world.wire.messages()
        if sent.method == "POST" and "/channels/" in sent.path and str(world.channel.id) not in sent.path
    ]
    assert "Your pictures are ready" in sent.text
    assert "secret" not in sent.text
    assert world.channel.history(viewer=world.bob) == []


async def test_each_job_of_a_batch_is_mentioned(world: World) -> None:
    """Each below its own message."""
    asked: Any = await world.imagine(prompt="{a|b}", notify=True)
    await world.alice.click(asked.response, label="Paint 2 pictures")
    await world.finished()
    assert len(mentions(world)) == 2
