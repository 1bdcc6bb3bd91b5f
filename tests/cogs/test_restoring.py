"""Pictures whose original files were swept: told, painted again from their recipes, and as they were."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import discord
import pytest

from db.jobs import Job
from tests.support.results import ask_to_delete, files
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of, discord_world, raw_components, text_of
from tests.support.wire import walk

AGAIN = "Paint it again"


@pytest.fixture
async def painted(world: World) -> World:
    """A world with one result of alice's: job 1."""
    await world.imagine(prompt="1girl, green hair", seed=7, steps=20)
    await world.finished()
    return world


async def job_of(world: World, job_id: int) -> Job:
    """A job as it is in the database."""
    job = await world.app.studio.job(job_id)
    assert job is not None
    return job


async def sweep(world: World, job_id: int, positions: Sequence[int] = (0,)) -> None:
    """Take the files of a job from the disk, as the retention rule does."""
    job = await job_of(world, job_id)
    images = [job.images[position] for position in positions]
    for image in images:
        assert image.file is not None
        assert await world.app.retention._pictures.remove(image.file)
    await world.app.retention._keeping.swept([image.id for image in images])


async def show(world: World, actor: Any, job: str = "1") -> Any:
    """`/show` by a member."""
    return await actor.slash(world.channel, "show", job=job)


def newest(world: World) -> discord.Message:
    """The message with pictures that was posted last."""
    return max(world.galleries(), key=lambda message: message.id)


async def press_again(world: World, actor: Any, told: Any) -> Any:
    """Press the offered button under a private answer, and let it paint."""
    answer = told.followups[-1] if told.followups else told.response
    assert buttons_of(answer) == [AGAIN]
    result = await actor.click(answer, label=AGAIN)
    await world.finished()
    return result


@pytest.mark.parametrize("label", ["Upscale x2", "Vary (subtle)", "Original file"])
@pytest.mark.parametrize("lost", ["swept", "lost by hand"])
async def test_a_button_offers_to_paint_it_again(painted: World, label: str, lost: str) -> None:
    """And does what it is for after that. Nothing is queued before."""
    if lost == "swept":
        await sweep(painted, 1)
    else:
        files(painted)[0].unlink()
    told = await painted.bob.click(painted.galleries()[0], label=label)
    assert told.ephemeral
    assert "no longer on the disk" in answer_of(told)
    assert painted.app.studio.waiting_jobs() == ()
    await press_again(painted, painted.bob, told)
    assert len(files(painted)) == 1
    result = await painted.bob.click(painted.galleries()[0], label=label)
    await painted.finished()
    if label == "Original file":
        assert "As it was painted" in answer_of(result)
    else:
        assert (await job_of(painted, 3)).parent_image_id == 1


async def test_show_brings_the_file_back_to_the_same_job(painted: World) -> None:
    """The same hash, the same number; the new message has the old job's buttons and says whose it is."""
    before = await job_of(painted, 1)
    await sweep(painted, 1)
    told = await show(painted, painted.bob)
    await press_again(painted, painted.bob, told)
    after, restoring = await job_of(painted, 1), await job_of(painted, 2)
    assert after.images[0].sha256 == before.images[0].sha256
    assert after.images[0].swept_at is None
    assert (restoring.user_id, restoring.action) == (painted.bob.id, "restore")
    message = newest(painted)
    assert "the very same file as before" in text_of(message)
    assert f"for <@{painted.alice.id}>" in text_of(message)
    assert ids(message) >= {"tb:reroll:1", "tb:delete:1"}
    shown = await show(painted, painted.alice)
    assert len(shown.response.attachments) == 1


def ids(message: Any) -> set[str]:
    """Custom ids of the buttons of a message or response."""
    return {str(each["custom_id"]) for each in walk(raw_components(message)) if each.get("custom_id")}


async def test_only_what_is_missing_is_painted_again(world: World, engine: ScriptedEngine) -> None:
    """Of four pictures one was swept: `/show` shows the others and offers that one."""
    await world.imagine(count=4, seed=10)
    await world.finished()
    await sweep(world, 1, [2])
    shown = await show(world, world.alice)
    assert len(shown.response.attachments) == 3
    assert "1 of the files are no longer on the disk" in text_of(shown.response)
    painted = len(engine.painted)
    await world.alice.click(shown.response, label=AGAIN)
    await world.finished()
    assert len(engine.painted) == painted + 1
    assert len(newest(world).attachments) == 4
    assert (await job_of(world, 2)).images[0].seed == 12


async def test_it_is_charged_to_who_presses(painted: World, engine: ScriptedEngine) -> None:
    """A full queue of theirs stands against it, as against any other picture."""
    await sweep(painted, 1)
    engine.hold_at = 1
    for _ in range(3):
        await painted.imagine(painted.bob, count=4)
    told = await show(painted, painted.bob)
    refused = await painted.bob.click(told.response, label=AGAIN)
    assert "You already have 12 pictures waiting" in answer_of(refused)
    engine.hold_at = None
    await painted.finished()


async def test_pressing_twice_paints_once(painted: World, engine: ScriptedEngine) -> None:
    """The second one is told where it is; when it is there, too."""
    await sweep(painted, 1)
    engine.hold_at = 1
    told = await show(painted, painted.alice)
    await painted.alice.click(told.response, label=AGAIN)
    second = await show(painted, painted.bob)
    assert "painted again already, as #2" in answer_of(await painted.bob.click(second.response, label=AGAIN))
    engine.hold_at = None
    await painted.finished()
    assert "`/show job:1` shows them" in answer_of(await painted.bob.click(second.response, label=AGAIN))


async def test_a_restart_in_the_middle_brings_it_back_too(painted: World, engine: ScriptedEngine) -> None:
    """Painted after the restart, to the same message."""
    await sweep(painted, 1)
    told = await show(painted, painted.alice)
    engine.hold_at = 1
    await painted.alice.click(told.response, label=AGAIN)
    await painted.restart(lambda: setattr(engine, "hold_at", None))
    await painted.finished()
    assert len(painted.galleries()) == 2
    assert (await job_of(painted, 1)).images[0].swept_at is None


async def test_deleted_meanwhile_nothing_comes_back(painted: World, engine: ScriptedEngine) -> None:
    """Whoever deleted it was told that it is gone for good."""
    await sweep(painted, 1)
    engine.hold_at = 1
    told = await show(painted, painted.bob)
    await painted.bob.click(told.response, label=AGAIN)
    await ask_to_delete(painted, painted.alice)
    engine.hold_at = None
    await painted.finished()
    assert painted.galleries() == []
    assert files(painted) == []
    assert "deleted meanwhile" in painted.shown()


async def test_the_number_of_a_repainting_means_the_job_it_brought_back(painted: World) -> None:
    """`/show` of it, and deleting it: there is one file, and it goes once."""
    await sweep(painted, 1)
    await press_again(painted, painted.bob, await show(painted, painted.bob))
    shown = await show(painted, painted.bob, "2")
    assert "tb:reroll:1" in ids(shown.response)
    page: Any = await painted.bob.slash(painted.channel, "history")
    assert "No pictures here" in text_of(page.response)
    asked: Any = await painted.alice.click(newest(painted), label="Delete")
    await painted.alice.click(asked.response, label="Delete for good")
    assert files(painted) == []
    assert "These pictures were deleted" in answer_of(await show(painted, painted.bob, "2"))


async def test_another_file_keeps_its_place_in_the_line(
    painted: World, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other pixels on another machine: its hash is new, and variations that name the old one can be repainted."""
    await painted.alice.click(painted.galleries()[0], label="Vary (subtle)")
    await painted.finished()
    before = await job_of(painted, 1)
    await sweep(painted, 1)
    await sweep(painted, 2)
    monkeypatch.setattr(
        ScriptedEngine, "colours", staticmethod(lambda r: bytes((r.seed,)) * (r.width * r.height * 3))
    )
    first = await show(painted, painted.alice, "2")
    offer = await press_again(painted, painted.alice, first)
    assert "job #1 are no longer on the disk" in answer_of(offer)
    await press_again(painted, painted.alice, offer)
    assert "not bit for bit" in text_of(newest(painted))
    after = await job_of(painted, 1)
    assert after.images[0].sha256 != before.images[0].sha256
    await painted.alice.click(first.response, label=AGAIN)
    await painted.finished()
    variation = await job_of(painted, 2)
    assert variation.images[0].swept_at is None
    assert f'"init_image": "{after.images[0].sha256}"' in variation.images[0].recipe
    assert variation.parent_image_id == 1


async def test_a_failed_repainting_can_be_tried_again(painted: World, engine: ScriptedEngine) -> None:
    """Its message has the one button that fits."""
    await sweep(painted, 1)
    engine.fault = lambda _: RuntimeError("no")
    await press_again(painted, painted.alice, await show(painted, painted.alice))
    message = next(each for each in painted.history() if "Not painted" in text_of(each))
    assert buttons_of(message) == [AGAIN]
    engine.fault = lambda _: None
    await painted.alice.click(message, label=AGAIN)
    await painted.finished()
    assert len(files(painted)) == 1


async def test_a_rerun_of_a_swept_picture_is_not_called_different(painted: World) -> None:
    """What cannot be compared is not judged; the same hash still is the same picture."""
    await sweep(painted, 1)
    await painted.alice.slash(painted.channel, "rerun", job="1")
    await painted.finished()
    assert "pixel for pixel" in text_of(newest(painted))


async def test_the_bot_sweeps_at_its_start_and_every_hour(tmp_path: Path, engine: ScriptedEngine) -> None:
    """By the rule of its settings, what was posted; the pictures stay on Discord."""
    async with discord_world(tmp_path, make_engine=lambda _: engine, retention_days=2) as world:
        for number in range(2):
            await world.imagine(seed=number)
        await world.finished()

        def age(job_id: int) -> None:
            with closing(sqlite3.connect(world.app.settings.database)) as database, database:
                database.execute("UPDATE images SET ended_at = ended_at - 200000 WHERE job_id = ?", (job_id,))

        age(1)
        await world.env.advance_time(3700)
        await world.until(lambda: len(files(world)) == 1, "the sweep of the hour")
        age(2)
        await world.restart()
        await world.until(lambda: files(world) == [], "the sweep of the start")
        assert len(world.galleries()) == 2


async def test_deleting_takes_down_every_message_that_shows_it(painted: World) -> None:
    """Also the one of whoever painted it again."""
    await sweep(painted, 1)
    told = await show(painted, painted.bob)
    await painted.bob.click(told.response, label=AGAIN)
    await painted.finished()
    assert len(painted.galleries()) == 2
    await ask_to_delete(painted, painted.alice)
    assert painted.galleries() == []


async def test_a_private_draft_is_painted_again_in_private(world: World) -> None:
    """For its member alone; nothing of it comes into the channel."""
    await world.imagine(prompt="1girl, secret", private=True)
    await world.finished()
    await sweep(world, 1)
    told = await show(world, world.alice)
    await world.alice.click(told.response, label=AGAIN)
    await world.finished()
    restored = await job_of(world, 2)
    assert (restored.private, restored.action) == (True, "restore")
    assert (await job_of(world, 1)).images[0].swept_at is None
    assert world.galleries() == []
