"""`/mod queue`: what moderators see and do in their server's queue."""

from __future__ import annotations

from typing import Any

import pytest

from db.jobs import JobState
from tests.support.places import thread_of
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of

COMMANDS: dict[str, dict[str, Any]] = {
    "list": {},
    "cancel": {"job": 1},
    "clear": {},
    "pause": {},
    "resume": {},
    "priority": {"job": 1},
}


async def mod(world: World, name: str, **options: Any) -> str:
    """What a moderator is told."""
    result = await world.mod.slash(world.channel, f"mod queue {name}", **options)
    assert result.ephemeral
    return answer_of(result)


async def state(world: World, job_id: int) -> JobState:
    """Where a job stands."""
    job = await world.app.studio.job(job_id)
    assert job is not None
    return job.state


async def actions(world: World) -> list[str]:
    """What the audit log of the server says, newest first."""
    return [each.entry.action for each in await world.app.moderation.audit.newest(world.guild.id, 20)]


@pytest.fixture
async def busy(world: World, engine: ScriptedEngine) -> World:
    """Four pictures of alice's painting, one of bob's joined, and jobs 3 and 5 of hers and 4 of bob's waiting."""
    engine.hold_at = 1
    await world.imagine(count=4)
    await world.until(lambda: len(world.app.studio._board.images) == 4, "a full engine")
    await world.imagine(world.bob, count=2)
    await world.imagine(prompt="a fox")
    await world.imagine(world.bob, prompt="a hidden thing", private=True)
    await world.imagine(prompt="a bird")
    await world.until(lambda: len(world.app.studio.waiting_jobs()) == 5)
    await world.until(lambda: len(world.app.studio._board.images) == 5, "a joined picture")
    return world


async def test_the_list_shows_all_but_the_prompts_of_drafts(busy: World) -> None:
    """A private draft is its author's alone, and is counted."""
    text = await mod(busy, "list")
    assert "5 jobs" in text
    assert "a fox" in text
    assert "a hidden thing" not in text
    assert "private draft" in text


async def test_job_numbers_are_suggested(busy: World) -> None:
    """Without the words of a draft."""
    found = await busy.mod.autocomplete(busy.channel, "mod queue cancel", "job", "")
    assert {each["value"] for each in found} == {1, 2, 3, 4, 5}
    assert not any("hidden" in each["name"] for each in found)


@pytest.mark.parametrize("job", [1, 3])
async def test_a_job_is_cancelled_whether_it_waits_or_runs(
    busy: World, engine: ScriptedEngine, job: int
) -> None:
    """Its message says so, and the log who did it."""
    assert "cancelled" in await mod(busy, "cancel", job=job, reason="spam")
    assert await state(busy, job) is JobState.CANCELLED
    assert await actions(busy) == ["queue.cancel"]
    engine.hold_at = None
    await busy.finished()
    assert "Cancelled" in busy.shown()
    assert "already finished" in await mod(busy, "cancel", job=job)
    assert await actions(busy) == ["queue.cancel"]


async def test_unknown_jobs_and_those_of_other_servers_are_refused(busy: World) -> None:
    """With a sentence, and nothing happens."""
    other = busy.env.create_guild("Elsewhere")
    elsewhere = other.create_text_channel("painting")
    carol = other.add_member(busy.env.create_user("carol"))
    await carol.slash(elsewhere, "imagine", prompt="1girl")
    await busy.until(lambda: len(busy.app.studio.waiting_jobs()) == 6)
    for job in (6, 99):
        assert "no job" in await mod(busy, "cancel", job=job)
        assert "no job" in await mod(busy, "priority", job=job)
    assert len(busy.app.studio.waiting_jobs()) == 6
    assert await actions(busy) == []


async def test_all_of_a_member_is_cancelled_at_once(busy: World) -> None:
    """One entry of the log names the jobs."""
    assert "3 jobs" in await mod(busy, "clear", member=busy.alice)
    assert busy.app.studio.waiting_jobs() == (2, 4)
    [written] = await busy.app.moderation.audit.newest(busy.guild.id, 5)
    assert written.entry.details == {"jobs": [1, 3, 5]}
    assert "nothing waiting" in await mod(busy, "clear", member=busy.alice)


async def test_a_job_moved_forward_is_next(busy: World, engine: ScriptedEngine) -> None:
    """Before the others of its server."""
    assert "next" in await mod(busy, "priority", job=5)
    progress = busy.app.studio.progress(5)
    assert progress is not None
    assert progress.place == 1
    assert "being painted" in await mod(busy, "priority", job=1)
    assert await actions(busy) == ["queue.priority"]


async def test_a_job_moved_forward_stays_so_over_a_restart(busy: World, engine: ScriptedEngine) -> None:
    """Also before what was being painted."""
    await mod(busy, "pause")
    await mod(busy, "priority", job=5)
    await busy.restart()
    await busy.until(lambda: len(busy.app.studio.waiting_jobs()) == 5)
    progress = busy.app.studio.progress(5)
    assert progress is not None
    assert progress.place == 1


async def test_a_paused_queue_starts_nothing_and_loses_nothing(world: World, engine: ScriptedEngine) -> None:
    """What is new waits, its message says why, and so does the queue; then it goes on."""
    assert "Paused" in await mod(world, "pause", reason="**wait** for it")
    await world.imagine()
    await world.until(lambda: "Paused by moderators" in world.shown())
    assert r"\*\*wait\*\* for it" in world.shown()
    assert engine.painted == []
    assert await state(world, 1) is JobState.QUEUED
    assert "Paused by moderators" in answer_of(await world.alice.slash(world.channel, "queue"))
    assert "goes on" in await mod(world, "resume")
    await world.finished()
    assert len(world.galleries()) == 1
    assert "not paused" in await mod(world, "resume")
    assert await actions(world) == ["queue.resume", "queue.pause"]


async def test_what_runs_goes_on_to_its_end(world: World, engine: ScriptedEngine) -> None:
    """Only what waits is held back."""
    engine.hold_at = 1
    await world.imagine()
    await world.until(lambda: world.app.studio.waiting_jobs() == (1,))
    await mod(world, "pause")
    await world.imagine()
    engine.hold_at = None
    await world.until(lambda: world.app.studio.waiting_jobs() == (2,))
    assert len(engine.painted) == 1
    assert await state(world, 2) is JobState.QUEUED


async def test_a_pause_survives_a_restart(world: World, engine: ScriptedEngine) -> None:
    """Other servers are not touched by it."""
    await mod(world, "pause", reason="tidying up")
    await world.imagine()
    await world.restart()
    await world.until(lambda: world.app.studio.waiting_jobs() == (1,))
    other = world.env.create_guild("Elsewhere")
    elsewhere = other.create_text_channel("painting")
    carol = other.add_member(world.env.create_user("carol"))
    await carol.slash(elsewhere, "imagine", prompt="1girl")
    await world.until(lambda: len(engine.painted) == 1 and world.app.studio.waiting_jobs() == (1,))
    assert await state(world, 1) is JobState.QUEUED
    assert "tidying up" in await mod(world, "list")
    await mod(world, "resume")
    await world.finished()
    assert len(world.galleries()) == 1


async def test_what_was_painting_at_a_restart_waits_for_the_pause_to_end(
    world: World, engine: ScriptedEngine
) -> None:
    """It begins anew, so it is held back like all that waits; nothing of it is lost."""
    engine.hold_at = 1
    await world.imagine(count=2)
    await world.until(lambda: len(world.app.studio._board.images) == 2, "painting")
    await mod(world, "pause")
    await world.restart()
    engine.hold_at = None
    await world.until(lambda: world.app.studio.waiting_jobs() == (1,))
    await mod(world, "priority", job=1)
    await world.env.settle()
    assert await state(world, 1) is JobState.QUEUED
    assert engine.painted == []
    await mod(world, "resume")
    await world.finished()
    assert [len(each.attachments) for each in world.galleries()] == [2]


async def test_the_settings_page_tells_of_the_pause(world: World) -> None:
    """And that it is the default where nothing is set."""
    text = answer_of(await world.mod.slash(world.channel, "mod settings"))
    assert "Queue paused: no *(default)*" in text
    await mod(world, "pause", reason="tidying up")
    assert "Queue paused: **tidying up**" in answer_of(await world.mod.slash(world.channel, "mod settings"))


async def test_settings_that_no_area_tells_of_are_shown_as_they_are(world: World) -> None:
    """Nothing that is set is hidden."""
    from db.audit import Entry

    entry = Entry(guild_id=world.guild.id, actor_id=1, actor_name="m", action="x")
    await world.app.moderation.policies.set("some.thing", 7, entry)
    assert "`some.thing`: `7`" in answer_of(await world.mod.slash(world.channel, "mod settings"))


@pytest.mark.parametrize("name", [*COMMANDS])
async def test_members_do_not_have_the_commands(world: World, name: str) -> None:
    """Discord hides them."""
    options = {**COMMANDS[name], **({"member": world.bob} if name == "clear" else {})}
    with pytest.raises(Exception, match=r"(?i)permission"):
        await world.alice.slash(world.channel, f"mod queue {name}", **options)


async def test_it_works_in_a_thread_too(world: World) -> None:
    """A thread belongs to the same server."""
    thread = await thread_of(world)
    result = await world.mod.slash(thread, "mod queue list")
    assert "queue" in answer_of(result)
