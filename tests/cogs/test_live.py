"""The picture forming in the progress message, as Discord sees it."""

from __future__ import annotations

import asyncio
import io
import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from pipeline.work import Preview, Work
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, alt_texts, buttons_of, discord_world, text_of
from tests.support.wire import Sent


def sketch(work: Work, step: int) -> Preview:
    """Two colours side by side, told by the picture's seed and the step."""
    left, right = bytes((work.recipe.seed % 256, 0, 200)), bytes((0, step * 8, 0))
    return Preview(work.id, step, 32, 32, (left * 16 + right * 16) * 32)


@pytest.fixture
def engine(engine: ScriptedEngine) -> Iterator[ScriptedEngine]:
    """One that shows how far it is, held at step 6."""
    engine.sketch = sketch
    engine.hold_at = 6
    yield engine
    engine.hold_at = None


async def later(world: World, condition: Callable[[], bool], what: str = "it") -> None:
    """Let the bot work and time pass until the condition holds."""
    deadline = time.perf_counter() + 60
    while not condition():
        assert time.perf_counter() < deadline, f"{what} did not happen\n{world.shown()}"
        await world.env.advance_time(0.5)
        await world.env.settle()
        await asyncio.sleep(0.01)


async def forming(world: World) -> None:
    """Until a preview of step 6 is shown."""
    await later(world, lambda: "step 6 " in world.shown() and bool(world.galleries()), "a preview")


def at_step(world: World, step: int) -> Callable[[], bool]:
    """Whether the job is shown at this step."""
    return lambda: f"step {step} " in world.shown()


def reached(world: World, step: int) -> Callable[[], bool]:
    """Whether the job's engine is at this step."""
    return lambda: (now := world.app.studio.progress(1)) is not None and now.step == step


def uploads(world: World) -> list[Sent]:
    """All edits with a preview."""
    return [sent for sent in world.wire.messages() if any(n.startswith("preview-") for n in sent.files)]


async def picture(world: World) -> Image.Image:
    """The one picture that is shown."""
    [message] = world.galleries()
    [attachment] = message.attachments
    return Image.open(io.BytesIO(await attachment.read())).convert("RGB")


async def test_the_progress_message_shows_the_picture_forming(world: World, engine: ScriptedEngine) -> None:
    """Small, as JPEG, with step and Cancel, and a text for who cannot see it."""
    await world.imagine(seed=100, prompt="1girl, secret garden")
    await forming(world)
    [message] = world.galleries()
    assert [a.filename for a in message.attachments] == ["preview-6.jpg"]
    assert "step 6 of 25" in text_of(message)
    assert buttons_of(message) == ["Cancel"]
    assert alt_texts(message) == ["Preview: 1girl, secret garden"]
    seen = await picture(world)
    assert seen.size == (256, 256)
    assert seen.getpixel((40, 40)) == pytest.approx((100, 0, 200), abs=12)
    assert seen.getpixel((210, 40)) == pytest.approx((0, 48, 0), abs=12)
    assert uploads(world)[-1].files["preview-6.jpg"] < 30_000


async def test_each_edit_replaces_the_preview_and_the_result_the_last(
    world: World, engine: ScriptedEngine
) -> None:
    """Never two files, and none of the previews is left in the end."""
    await world.imagine()
    await forming(world)
    engine.hold_at = 12
    await later(world, at_step(world, 12))
    assert [a.filename for a in world.galleries()[0].attachments] == ["preview-12.jpg"]
    engine.hold_at = None
    await world.finished()
    [message] = world.history()
    assert [a.filename for a in message.attachments] == ["tagbrush-1-1.png"]


async def test_pictures_of_a_job_are_shown_side_by_side(world: World, engine: ScriptedEngine) -> None:
    """Each in its place; the finished one stays to be seen while the others are painted."""
    engine.fault = lambda _: setattr(engine, "hold_at", 6)
    engine.hold_at = None
    await world.imagine(seed=100, count=4)
    await later(world, lambda: "1 done" in world.shown() and bool(world.galleries()))
    seen = await picture(world)
    assert seen.size == (512, 512)
    for place, corner in enumerate([(40, 40), (296, 40), (40, 296), (296, 296)]):
        assert seen.getpixel(corner) == pytest.approx((100 + place, 0, 200), abs=12)
    engine.fault = lambda _: None


async def test_between_two_edits_of_a_message_are_two_and_a_half_seconds(
    world: World, engine: ScriptedEngine
) -> None:
    """However quickly the picture forms."""
    await world.imagine()
    for step in range(7, 24):
        engine.hold_at = step
        await world.env.advance_time(0.5)
        await world.until(reached(world, step))
    times = [sent.at for sent in world.wire.messages() if sent.method == "PATCH"]
    assert len(times) >= 3
    assert all(second - first >= 2.5 for first, second in itertools.pairwise(times))


async def test_many_jobs_stay_within_what_discord_allows(world: World, engine: ScriptedEngine) -> None:
    """Twenty jobs, from the first place in the queue to the last result: never six edits in five seconds."""
    engine.hold_at = 3
    members = [world.guild.add_member(world.env.create_user(f"painter{n}")) for n in range(20)]
    for member in members:
        await world.imagine(member)
    for step in range(4, 24):
        engine.hold_at = step
        await world.env.advance_time(1)
        await world.env.settle()
    engine.hold_at = None
    await world.finished()
    times = [sent.at for sent in world.wire.messages() if sent.method == "PATCH"]
    assert max(sum(start <= at < start + 5 for at in times) for start in times) <= 5
    assert len(uploads(world)) > 3
    assert len(world.galleries()) == 20


async def test_after_a_restart_it_forms_again_in_the_same_message(world: World, engine: ScriptedEngine) -> None:
    """By editing through the channel, as there is no interaction any more."""
    await world.imagine()
    await forming(world)
    before, [message] = len(uploads(world)), world.galleries()
    await world.restart()
    await later(world, lambda: len(uploads(world)) > before, "a preview")
    assert uploads(world)[-1].path.endswith(f"/channels/{world.channel.id}/messages/{message.id}")
    engine.hold_at = None
    await world.finished()
    [shown] = world.history()
    assert (shown.id, [a.filename for a in shown.attachments]) == (message.id, ["tagbrush-1-1.png"])


async def test_a_preview_is_never_taken_for_a_result(world: World, engine: ScriptedEngine) -> None:
    """The job is rendered and not posted when the process ends: the next start looks for its result by name."""
    await world.imagine()
    await forming(world)
    world.env.inject_error("PATCH", "*", status=503, times=None)
    engine.hold_at = None
    await world.until(lambda: not world.app.studio.waiting_jobs())
    await world.restart(world.env.backend.faults.clear)
    await world.finished()
    assert [a.filename for a in world.galleries()[0].attachments] == ["tagbrush-1-1.png"]


async def test_where_the_file_is_refused_progress_goes_on_without(world: World, engine: ScriptedEngine) -> None:
    """One refusal (413) is enough; the result comes as always."""
    world.wire.upload_limit = 100
    await world.imagine()
    await later(world, lambda: len(uploads(world)) == 1, "a refused preview")
    for step in (9, 12):
        engine.hold_at = step
        await later(world, at_step(world, step))
    assert len(uploads(world)) == 1
    world.wire.upload_limit = 10**7
    engine.hold_at = None
    await world.finished()
    assert len(world.galleries()) == 1


async def test_a_missing_permission_for_files_costs_only_the_preview(
    world: World, engine: ScriptedEngine
) -> None:
    """When the token has died edits go through the channel, where it may be missing: the message is not given up."""
    await world.imagine()
    await forming(world)
    [message] = world.galleries()
    await world.env.advance_time(16 * 60)
    world.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50013, times=1)
    before = len(uploads(world))
    engine.hold_at = 9
    await later(world, lambda: len(uploads(world)) > before)
    engine.hold_at = 12
    await later(world, at_step(world, 12))
    assert len(uploads(world)) == before + 1
    engine.hold_at = None
    await world.finished()
    assert [shown.id for shown in world.galleries()] == [message.id]


async def test_a_broken_preview_costs_only_the_preview(world: World, engine: ScriptedEngine) -> None:
    """Pixels that do not fit their size: progress is shown without, and the picture comes."""
    engine.sketch = lambda work, step: Preview(work.id, step, 32, 32, b"short")
    await world.imagine()
    await later(world, at_step(world, 6))
    assert world.galleries() == []
    engine.hold_at = None
    await world.finished()
    assert len(world.galleries()) == 1


async def test_cancelling_takes_the_preview_away(world: World, engine: ScriptedEngine) -> None:
    """By a moderator: nothing of the picture is left."""
    await world.imagine()
    await forming(world)
    await world.mod.click(world.galleries()[0], label="Cancel")
    await world.finished()
    assert world.galleries() == []
    assert "### Cancelled" in world.shown()


async def test_the_owner_can_switch_them_off(tmp_path: Path) -> None:
    """Then the engine is not even asked for them."""
    engine = ScriptedEngine()
    engine.sketch, engine.hold_at = sketch, 6
    async with discord_world(tmp_path, make_engine=lambda _: engine, live_previews=False) as world:
        await world.imagine()
        await later(world, at_step(world, 6))
        assert world.galleries() == []
        engine.hold_at = None
        await world.finished()
        assert uploads(world) == []
