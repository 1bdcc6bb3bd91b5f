"""The Cancel button: who may press it, and when."""

from __future__ import annotations

import pytest

from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of


@pytest.fixture
async def painting(world: World, engine: ScriptedEngine) -> World:
    """A world in which alice's four pictures are being painted and held."""
    engine.hold_at = 5
    await world.imagine(count=4, prompt="1girl, secret garden")
    await world.env.advance_time(3)
    await world.until(lambda: "step" in world.shown(), "progress")
    return world


async def test_the_author_cancels_and_the_message_says_so(painting: World, engine: ScriptedEngine) -> None:
    """Nothing is painted any more, and other buttons take its place."""
    result = await painting.alice.click(painting.history()[0], label="Cancel")
    await painting.finished()
    assert answer_of(result) == "Cancelled."
    assert result.ephemeral
    assert "### Cancelled" in painting.shown()
    assert buttons_of(painting.history()[0]) == ["Try again", "Edit"]
    assert engine.painted == []


async def test_a_stranger_may_not(painting: World, engine: ScriptedEngine) -> None:
    """They are told why, and the job goes on."""
    result = await painting.bob.click(painting.history()[0], label="Cancel")
    assert "Only the member who asked" in answer_of(result)
    assert result.ephemeral
    engine.hold_at = None
    await painting.finished()
    assert len(painting.galleries()) == 1


async def test_a_moderator_may(painting: World) -> None:
    """Who may delete messages here may stop jobs here."""
    result = await painting.mod.click(painting.history()[0], label="Cancel")
    await painting.finished()
    assert answer_of(result) == "Cancelled."
    assert painting.galleries() == []


async def test_pressing_on_a_message_that_is_out_of_date_is_harmless(painting: World) -> None:
    """The job was cancelled, but its message could not be updated: the button says so."""
    painting.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=404, code=10008)
    await painting.app.studio.cancel(1)
    await painting.finished()
    result = await painting.alice.click(painting.history()[0], label="Cancel")
    assert answer_of(result) == "This job was already cancelled."


async def test_pressing_when_the_pictures_are_done_is_harmless(painting: World, engine: ScriptedEngine) -> None:
    """Rendered in the same moment: there is nothing left to cancel, and the pictures come."""
    painting.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=503)
    engine.hold_at = None
    await painting.until(lambda: not painting.app.studio.waiting_jobs())
    result = await painting.alice.click(painting.history()[0], label="Cancel")
    assert "already finished" in answer_of(result)
    await painting.env.advance_time(10)
    await painting.finished()
    assert len(painting.galleries()) == 1


async def test_it_works_after_a_restart(painting: World, engine: ScriptedEngine) -> None:
    """The button knows its job by its custom id alone."""
    await painting.restart()
    result = await painting.alice.click(painting.history()[0], label="Cancel")
    await painting.finished()
    assert answer_of(result) == "Cancelled."
    assert "### Cancelled" in painting.shown()
    assert engine.painted == []


async def test_a_job_that_waits_can_be_cancelled(world: World, engine: ScriptedEngine) -> None:
    """A job that never started leaves the queue."""
    engine.hold_at = 1
    await world.imagine(count=4)
    await world.imagine(world.bob)
    await world.until(lambda: "place 1 of 1" in world.shown(), "the place")
    waiting = next(m for m in world.history() if m.id == max(m.id for m in world.history()))
    await world.bob.click(waiting, label="Cancel")
    engine.hold_at = None
    await world.finished()
    assert len(world.galleries()) == 1
    assert len(engine.painted) == 4


async def test_pictures_that_were_finished_before_are_named(world: World, engine: ScriptedEngine) -> None:
    """They are kept, and the member learns how to paint them again."""
    engine.fault = lambda _: setattr(engine, "hold_at", 5)  # the first is finished, the others wait
    await world.imagine(count=4, seed=7)
    progress = world.app.studio.progress
    await world.until(lambda: (now := progress(1)) is not None and now.images_done == 1, "the first picture")
    await world.env.advance_time(3)
    await world.until(lambda: "1 done" in world.shown(), "its being shown")
    await world.alice.click(world.history()[0], label="Cancel")
    await world.finished()
    assert "1 of 4 pictures had been painted already (seed 7)" in world.shown()
    assert world.galleries() == []
