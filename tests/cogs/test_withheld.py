"""What the check takes for too much, or cannot check, is shown to nobody."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import discord
import pytest

from db.audit import Entry
from db.jobs import ImageState, JobState
from pipeline.profiles.types import Rating
from pipeline.work import Preview, Work
from tests.support.pictures import saved, two_colours
from tests.support.results import files
from tests.support.scripted_classifier import Pixels, ScriptedClassifier, sure
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of, discord_world, text_of


@pytest.fixture
def classifier() -> ScriptedClassifier:
    """The classifier of `world`."""
    return ScriptedClassifier()


@pytest.fixture
async def world(tmp_path: Path, engine: ScriptedEngine, classifier: ScriptedClassifier) -> AsyncIterator[World]:
    """The real bot, whose classifier says what a test wants."""
    async with discord_world(
        tmp_path, make_engine=lambda _: engine, make_classifier=lambda: classifier
    ) as opened:
        yield opened


def colour_of(seed: int) -> tuple[int, ...]:
    """What the scripted engine paints with a seed."""
    return tuple((seed * 37 + part * 80) % 256 for part in range(3))


def takes_seed(
    seed: int, rating: Rating = Rating.EXPLICIT, probability: float = 1.0
) -> Callable[[Pixels], Any]:
    """Takes the picture of one seed for something, and all others for general."""

    def answer(pixels: Pixels) -> Any:
        mine = tuple(int(part) for part in pixels[0, 0]) == colour_of(seed)
        return sure(rating, probability) if mine else sure(Rating.GENERAL)

    return answer


def log_entry(world: World) -> Entry:
    """Something a moderator decides."""
    return Entry(guild_id=world.guild.id, actor_id=world.mod.id, actor_name="mod", action="test")


async def job_of(world: World, number: int = 1) -> Any:
    """A job."""
    job = await world.app.studio.job(number)
    assert job is not None
    return job


async def thread_of(world: World) -> Any:
    """A thread in the channel."""
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await world.alice.send(world.channel, "here")
    await channel.create_thread(name="sketches", type=discord.ChannelType.public_thread)
    await world.env.settle()
    return world.channel.threads[0]


# -- finished pictures -------------------------------------------------------------------------------------------


async def test_what_is_too_much_is_shown_to_nobody(world: World, classifier: ScriptedClassifier) -> None:
    """Its member is told why and what can be done; the file stays for the moderators."""
    classifier.answer = lambda _: sure(Rating.EXPLICIT)
    await world.imagine()
    await world.finished()
    assert world.galleries() == []
    assert "1 picture withheld" in world.shown()
    assert "age-restricted channel" in world.shown()
    job = await job_of(world)
    assert job.state is JobState.WITHHELD
    assert job.delivered_at is not None
    assert [(i.state, i.file, i.sha256) for i in job.images] == [(ImageState.WITHHELD, None, None)]
    assert len(files(world)) == 1


async def test_good_pictures_of_a_job_are_shown(world: World, classifier: ScriptedClassifier) -> None:
    """Three of four, with a sentence about the fourth, and no button that leads to it."""
    classifier.answer = takes_seed(9)
    await world.imagine(count=4, seed=7)
    await world.finished()
    [result] = world.galleries()
    assert [each.filename for each in result.attachments] == [f"tagbrush-1-{n}.png" for n in (1, 2, 4)]
    assert "1 picture withheld" in text_of(result)
    assert "could not be painted" not in text_of(result)
    assert "U3" not in buttons_of(result)
    assert (await job_of(world)).state is JobState.DELIVERED


async def test_the_check_runs_on_a_thread_of_its_own(world: World, classifier: ScriptedClassifier) -> None:
    """Neither the loop's nor the engine's nor the picture pool's, and each picture once."""
    await world.imagine(count=2)
    await world.finished()
    assert len(classifier.looked) == 2
    [name] = classifier.threads
    assert name.startswith("tagbrush-check")


async def test_what_was_said_is_kept_with_the_picture(world: World, classifier: ScriptedClassifier) -> None:
    """Scores and state are there before anything is delivered."""
    classifier.answer = lambda _: sure(Rating.SENSITIVE, 0.4)
    await world.imagine()
    await world.finished()
    [image] = (await job_of(world)).images
    assert image.check_state == "passed"
    assert '"sensitive": 0.4' in image.scores


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: 1 / 0,
        lambda _: None,
        lambda _: {"general": 1.0},
        lambda _: object.__new__(type(sure("general"))),
    ],
    ids=["throws", "nothing", "another type", "never validated"],
)
async def test_what_cannot_be_checked_is_withheld(
    world: World,
    classifier: ScriptedClassifier,
    answer: Callable[[Pixels], Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And says so, with the reference under which the log tells why."""
    classifier.answer = answer
    await world.imagine()
    await world.finished()
    assert world.galleries() == []
    assert "could not be checked" in world.shown()
    [image] = (await job_of(world)).images
    assert image.check_state == "unchecked"
    assert image.reference in world.shown()
    assert any(image.reference in record.getMessage() for record in caplog.records)
    classifier.answer = lambda _: sure(Rating.GENERAL)
    await world.imagine()
    await world.finished()
    assert len(world.galleries()) == 1


async def test_a_hanging_classifier_does_not_hold_up_the_queue(
    tmp_path: Path, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is left behind after a while, what it looked at is withheld, and a new one looks at the next."""
    monkeypatch.setattr("bot.moderation.looking.LOOK_SECONDS", 1.0)
    held, made = threading.Event(), list[ScriptedClassifier]()

    def make() -> ScriptedClassifier:
        made.append(ScriptedClassifier())
        made[-1].hold = held if len(made) == 1 else None
        return made[-1]

    async with discord_world(tmp_path, make_engine=lambda _: engine, make_classifier=make) as world:
        await world.imagine()
        await world.until(lambda: bool(made and made[0].looked), "it hangs")
        await world.imagine(world.bob)
        assert world.galleries() == []
        await world.finished()
        assert len(made) == 2
        assert "could not be checked" in world.shown()
        assert len(world.galleries()) == 1
        assert (await job_of(world, 1)).state is JobState.WITHHELD
        assert (await job_of(world, 2)).state is JobState.DELIVERED
        held.set()


async def test_a_classifier_that_cannot_be_made_withholds(tmp_path: Path, engine: ScriptedEngine) -> None:
    """Such as one whose weights are missing."""

    def make() -> Any:
        raise OSError("no weights")

    async with discord_world(tmp_path, make_engine=lambda _: engine, make_classifier=make) as world:
        await world.imagine()
        await world.finished()
        assert "could not be checked" in world.shown()
        assert world.galleries() == []


async def test_the_check_can_be_switched_off_loudly(
    tmp_path: Path, engine: ScriptedEngine, classifier: ScriptedClassifier, caplog: pytest.LogCaptureFixture
) -> None:
    """Only by the instance's own setting, and whoever reads the log or asks is told."""
    # Another test of this process may have set up the program's own logs.
    caplog.set_level(logging.WARNING, logger="bot")
    classifier.answer = lambda _: sure(Rating.EXPLICIT)
    async with discord_world(
        tmp_path, make_engine=lambda _: engine, make_classifier=lambda: classifier, output_check="off"
    ) as world:
        await world.imagine()
        await world.finished()
        assert len(world.galleries()) == 1
        assert classifier.looked == []
        assert "WITHOUT ANY CHECK" in caplog.text
        assert "check is off" in answer_of(await world.mod.slash(world.channel, "mod check show"))


async def test_the_real_classifier_looks_at_a_real_picture(tmp_path: Path) -> None:
    """The one that comes with the program, on what the built-in model paints."""
    async with discord_world(tmp_path, make_classifier=None) as world:
        await world.imagine(prompt="1girl, green hair, city", seed=7, steps=12)
        await world.finished(180)
        [image] = (await job_of(world)).images
        assert image.check_state in {"passed", "withheld"}
        reviews = await world.app.reviewing.waiting(world.guild.id)
        assert image.scores or reviews[0][0].scores


# -- ceilings and thresholds -------------------------------------------------------------------------------------


async def test_more_is_allowed_in_an_age_restricted_channel(
    world: World, classifier: ScriptedClassifier
) -> None:
    """Its ceiling is questionable, and so only explicit pictures are too much there."""
    classifier.answer = lambda _: sure(Rating.QUESTIONABLE)
    world.bot.get_channel(world.channel.id).nsfw = True  # type: ignore[union-attr]
    await world.imagine()
    await world.finished()
    assert len(world.galleries()) == 1
    classifier.answer = lambda _: sure(Rating.EXPLICIT)
    await world.imagine()
    await world.finished()
    assert len(world.galleries()) == 1
    assert "age-restricted channel" not in world.shown()


async def test_thresholds_differ_between_channels(world: World, classifier: ScriptedClassifier) -> None:
    """One of its own, the server's for all others, and the default when both are taken back."""
    other = world.guild.create_text_channel("other")
    classifier.answer = lambda _: sure(Rating.SENSITIVE, 0.5)
    told = await world.mod.slash(world.channel, "mod check threshold", channel=world.channel, value=0.4)
    assert told.ephemeral
    await world.imagine()
    await world.alice.slash(other, "imagine", prompt="1girl")
    await world.finished()
    assert [(await job_of(world, n)).state for n in (1, 2)] == [JobState.WITHHELD, JobState.DELIVERED]
    await world.mod.slash(world.channel, "mod check threshold", channel=world.channel)
    await world.imagine()
    await world.finished()
    assert (await job_of(world, 3)).state is JobState.DELIVERED
    actions = [each.entry.action for each in await world.app.moderation.audit.newest(world.guild.id, 9)]
    assert actions == ["check.threshold", "check.threshold"]
    log = answer_of(await world.mod.slash(world.channel, "mod audit recent"))
    assert f"#{world.channel.name}: 40%" in log
    assert f"#{world.channel.name}: default" in log


async def test_a_thread_has_its_channels_threshold(world: World, classifier: ScriptedClassifier) -> None:
    """Unless it has one of its own."""
    thread = await thread_of(world)
    classifier.answer = lambda _: sure(Rating.SENSITIVE, 0.5)
    await world.app.moderation.thresholds.set(0.4, log_entry(world), world.channel.id)
    await world.alice.slash(thread, "imagine", prompt="1girl")
    await world.finished()
    assert (await job_of(world)).state is JobState.WITHHELD
    await world.app.moderation.thresholds.set(0.6, log_entry(world), thread.id)
    await world.alice.slash(thread, "imagine", prompt="1girl")
    await world.finished()
    assert (await job_of(world, 2)).state is JobState.DELIVERED


async def test_thresholds_survive_a_restart_and_are_shown(world: World) -> None:
    """On one page."""
    await world.mod.slash(world.channel, "mod check threshold", channel=world.channel, value=0.4)
    await world.restart()
    shown = answer_of(await world.mod.slash(world.channel, "mod check show"))
    assert f"<#{world.channel.id}>: 40%" in shown
    assert "nsfwjs" in shown


async def test_what_passed_in_one_channel_is_looked_at_again_in_another(
    world: World, classifier: ScriptedClassifier
) -> None:
    """What was painted where more is allowed is not shown, listed with its picture or exported where less is."""
    classifier.answer = lambda _: sure(Rating.QUESTIONABLE)
    world.bot.get_channel(world.channel.id).nsfw = True  # type: ignore[union-attr]
    await world.imagine()
    await world.finished()
    assert len(world.galleries()) == 1
    other = world.guild.create_text_channel("other")
    shown: Any = await world.alice.slash(other, "show", job="#1")
    assert "rated `questionable`" in answer_of(shown)
    listed: Any = await world.alice.slash(other, "history")
    assert listed.response.attachments == []
    assert "not to be shown" in answer_of(listed)
    again: Any = await world.alice.slash(world.channel, "show", job="#1")
    assert len(again.response.attachments) == 1


# -- everything else that shows pictures ---------------------------------------------------------------------------


async def test_nothing_else_shows_a_withheld_picture(world: World, classifier: ScriptedClassifier) -> None:
    """Not to its own member either: by number, in the history, compared, exported, enlarged, varied or as a file."""
    classifier.answer = takes_seed(8)
    await world.imagine(count=2, seed=7)
    await world.finished()
    [result] = world.galleries()
    labels = set(buttons_of(result))
    assert {"U1", "Subtle 1"} <= labels
    assert not {"U2", "Subtle 2", "Strong 2"} & labels
    shown: Any = await world.alice.slash(world.channel, "show", job="#1")
    assert [each.filename for each in shown.response.attachments] == ["tagbrush-1-1.png"]
    listed: Any = await world.alice.slash(world.channel, "history")
    assert len(listed.response.attachments) == 1
    compared = await world.alice.slash(
        world.channel, "compare", one="#1", two="#1", picture_one=1, picture_two=2
    )
    assert "has no picture 2" in answer_of(compared)
    exported: Any = await world.alice.slash(world.channel, "export")
    assert "1 picture" in text_of(exported.followups[-1] if exported.followups else exported.response)
    job = await job_of(world)
    for position in (0, 1):
        found = world.app.enlarger.upscaled
        if position:
            with pytest.raises(Exception, match="not painted"):
                found(job, position, 2)
            with pytest.raises(Exception, match="not painted"):
                await world.app.album.mark(job, position, world.alice.id, "alice")
    details: Any = await world.alice.click(result, label="Details")
    assert "withheld" in text_of(details.response)


async def test_a_withheld_job_has_no_pictures_to_go_on_from(
    world: World, classifier: ScriptedClassifier
) -> None:
    """But it can be edited, looked up and deleted; then its file goes, too."""
    classifier.answer = lambda _: sure(Rating.EXPLICIT)
    await world.imagine()
    await world.finished()
    message = world.history()[-1]
    assert buttons_of(message) == ["Edit", "Details", "Delete"]
    assert "withheld" in answer_of(await world.alice.slash(world.channel, "show", job="#1"))
    assert "withheld" in answer_of(await world.alice.slash(world.channel, "rerun", job="#1"))
    asked: Any = await world.alice.click(message, label="Delete")
    await world.alice.click(asked.response, label="Delete for good")
    assert (await world.app.reviewing.waiting(world.guild.id))[1] == 0
    await world.restart()
    assert files(world) == []


async def test_a_forgotten_members_withheld_pictures_go(world: World, classifier: ScriptedClassifier) -> None:
    """With their reviews."""
    classifier.answer = lambda _: sure(Rating.EXPLICIT)
    await world.imagine()
    await world.finished()
    await world.app.forgetter.begin(world.alice.id)
    await world.app.forgetter.erase(world.alice.id)
    assert files(world) == []
    assert await world.app.reviewing.waiting(world.guild.id) == ((), 0)


async def test_what_comes_of_an_upscale_is_checked(world: World, classifier: ScriptedClassifier) -> None:
    """A picture is looked at at its own size, whatever it was made of."""
    await world.imagine(count=1)
    await world.finished()
    first = classifier.looked[-1]
    classifier.answer = lambda pixels: sure(Rating.EXPLICIT if pixels.shape[:2] != first else Rating.GENERAL)
    await world.bob.click(world.galleries()[0], label="Upscale x2")
    await world.finished()
    assert classifier.looked[-1] == (first[0] * 2, first[1] * 2)
    assert (await job_of(world, 2)).state is JobState.WITHHELD
    assert len(world.galleries()) == 1


# -- previews ----------------------------------------------------------------------------------------------------


def sketch(work: Work, step: int) -> Preview:
    """A red square."""
    return Preview(work.id, step, 32, 32, bytes((200, 0, 0)) * 32 * 32)


def previews(world: World) -> list[str]:
    """The names of the previews that were sent."""
    return [name for sent in world.wire.messages() for name in sent.files if name.startswith("preview-")]


async def at_step(world: World, engine: ScriptedEngine, step: int) -> None:
    """Until the job is shown at this step."""
    engine.hold_at = step
    deadline = time.perf_counter() + 60
    while f"step {step} of" not in world.shown():
        assert time.perf_counter() < deadline, world.shown()
        await world.env.advance_time(0.5)
        await world.env.settle()
        await asyncio.sleep(0.01)


async def test_previews_of_the_second_half_are_looked_at(
    world: World, engine: ScriptedEngine, classifier: ScriptedClassifier
) -> None:
    """Those of the first half are shown as they come; what is too much later is not shown forming any more."""
    engine.sketch = sketch
    classifier.answer = lambda pixels: sure(Rating.EXPLICIT if pixels.shape[0] == 32 else Rating.GENERAL)
    engine.hold_at = 10
    await world.imagine(steps=20)
    await at_step(world, engine, 10)
    assert previews(world)
    assert classifier.looked == []
    shown = len(previews(world))
    await at_step(world, engine, 14)
    await at_step(world, engine, 18)
    assert classifier.looked == [(32, 32)]
    assert len(previews(world)) == shown
    assert world.galleries() == []
    engine.hold_at = None
    await world.finished()
    assert [a.filename for a in world.galleries()[0].attachments] == ["tagbrush-1-1.png"]


async def test_previews_that_pass_are_shown(
    world: World, engine: ScriptedEngine, classifier: ScriptedClassifier
) -> None:
    """Each that is shown was looked at."""
    engine.sketch = sketch
    engine.hold_at = 14
    await world.imagine(steps=20)
    await at_step(world, engine, 14)
    assert previews(world)[-1] == "preview-14.jpg"
    assert (32, 32) in classifier.looked
    engine.hold_at = None
    await world.finished()


async def test_previews_that_cannot_be_checked_are_not_shown(
    world: World, engine: ScriptedEngine, classifier: ScriptedClassifier
) -> None:
    """The result is another matter."""
    engine.sketch = sketch
    classifier.answer = lambda pixels: 1 / 0 if pixels.shape[0] == 32 else sure(Rating.GENERAL)
    engine.hold_at = 14
    await world.imagine(steps=20)
    await at_step(world, engine, 14)
    assert "preview-14.jpg" not in previews(world)
    engine.hold_at = None
    await world.finished()
    assert len(world.galleries()) == 1


# -- what members hand in ------------------------------------------------------------------------------------------


async def test_a_picture_above_the_ceiling_is_not_painted_from(
    world: World, classifier: ScriptedClassifier
) -> None:
    """It is refused before anything is queued or kept."""
    classifier.answer = lambda _: sure(Rating.QUESTIONABLE)
    result = await world.imagine(image=("me.png", saved(two_colours())))
    assert "more than `general`" in answer_of(result)
    assert await world.app.studio.job(1) is None
    assert files(world) == []
    assert len(classifier.looked) == 1


async def test_a_picture_that_cannot_be_checked_is_not_painted_from(
    world: World, classifier: ScriptedClassifier
) -> None:
    """And says so."""
    classifier.answer = lambda _: 1 / 0
    result = await world.imagine(image=("me.png", saved(two_colours())))
    assert "could not be checked" in answer_of(result)
    assert await world.app.studio.job(1) is None
    assert files(world) == []


async def test_the_rating_of_what_was_handed_in_is_kept(world: World, classifier: ScriptedClassifier) -> None:
    """What passes where more is allowed is refused where less is, whatever the prompt says."""
    classifier.answer = lambda _: sure(Rating.QUESTIONABLE)
    world.bot.get_channel(world.channel.id).nsfw = True  # type: ignore[union-attr]
    await world.imagine(image=("me.png", saved(two_colours())))
    await world.finished()
    assert len(world.galleries()) == 1
    other = world.guild.create_text_channel("other")
    refused = await world.alice.slash(other, "rerun", job="#1")
    assert "questionable" in answer_of(refused)
    assert await world.app.studio.job(2) is None


# -- private drafts ------------------------------------------------------------------------------------------------


async def test_a_private_draft_that_is_withheld_is_told_privately(
    world: World, classifier: ScriptedClassifier
) -> None:
    """Nothing of it is said in the channel."""
    classifier.answer = lambda _: sure(Rating.EXPLICIT)
    result = await world.imagine(private=True)
    await world.finished()
    assert world.history() == []
    assert "withheld" in text_of(result.response)


# -- a restart -----------------------------------------------------------------------------------------------------


async def test_a_kill_between_painting_and_checking_delivers_nothing_unchecked(
    world: World, classifier: ScriptedClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was painted but not looked at counts as not painted: it is painted again, and looked at."""
    monkeypatch.setattr("bot.moderation.looking.CLOSE_SECONDS", 0.05)
    held = threading.Event()
    classifier.hold = held
    await world.imagine()
    await world.until(lambda: len(classifier.looked) == 1, "it is being looked at")
    [image] = (await job_of(world)).images
    assert image.state is ImageState.RUNNING
    assert image.file is None
    classifier.hold = None
    classifier.answer = lambda _: sure(Rating.EXPLICIT)
    await world.restart()
    await world.finished()
    held.set()
    assert len(classifier.looked) == 2
    assert world.galleries() == []
    assert (await job_of(world)).state is JobState.WITHHELD


async def test_what_nobody_looked_at_is_checked_before_it_is_delivered(
    world: World, classifier: ScriptedClassifier
) -> None:
    """Such as what an earlier version had painted, or while the check was off."""
    world.wire.upload_limit = 1  # not delivered yet
    classifier.answer = takes_seed(8)
    await world.imagine(count=2, seed=7)
    await world.until(lambda: not world.app.studio.waiting_jobs(), "painted")

    def as_before() -> None:
        connection = sqlite3.connect(world.app.settings.database)
        connection.execute("UPDATE images SET check_state = NULL, scores = NULL WHERE state = 'painted'")
        connection.execute("UPDATE jobs SET state = 'rendered', delivered_at = NULL")
        connection.commit()
        connection.close()

    classifier.answer = lambda _: sure(Rating.EXPLICIT)
    await world.restart(as_before)
    world.wire.upload_limit = 10**7
    await world.finished()
    assert world.galleries() == []
    assert (await job_of(world)).state is JobState.WITHHELD
    assert (await world.app.reviewing.waiting(world.guild.id))[1] == 2
