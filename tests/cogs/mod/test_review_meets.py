"""The check and the review, when bans, ceilings, deleting, forgetting and the end of the program come between."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.recorder import MOST_WAITING
from db.jobs import JobState
from db.reviews import Decision
from pipeline.profiles.types import Rating
from tests.cogs.mod.test_review import desk, posted, settled, withheld
from tests.support.moderating import ban, state
from tests.support.moderating import decision as decision_of
from tests.support.results import files
from tests.support.scripted_classifier import ScriptedClassifier, sure
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of, discord_world, text_of

__all__ = ["desk"]


@pytest.fixture
def classifier() -> ScriptedClassifier:
    """The classifier of `world`: everything is too much."""
    made = ScriptedClassifier()
    made.answer = lambda _: sure(Rating.EXPLICIT)
    return made


@pytest.fixture
async def world(tmp_path: Path, engine: ScriptedEngine, classifier: ScriptedClassifier) -> AsyncIterator[World]:
    """The real bot, whose classifier says what a test wants."""
    async with discord_world(
        tmp_path, make_engine=lambda _: engine, make_classifier=lambda: classifier
    ) as opened:
        yield opened


async def pictures_gone(world: World, desk: Any) -> None:
    """Until the moderators' message has lost its picture and the file is gone."""
    await world.until(lambda: desk.history()[-1].attachments == [], "the desk knows")
    await world.until(lambda: files(world) == [], "the file goes")


# -- bans --------------------------------------------------------------------------------------------------------


async def test_a_banned_members_picture_is_not_released(world: World, desk: Any) -> None:
    """It can be rejected, and approved when the ban is over."""
    message = await withheld(world, desk)
    await ban(world)
    told = await world.mod.click(message, label="Approve")
    assert "This member is banned" in answer_of(told)
    await settled(world)
    assert world.galleries() == []
    assert buttons_of(desk.history()[-1])[-1] == "Reject"
    await world.mod.slash(world.channel, "mod ban remove", member=str(world.alice.id))
    await world.mod.click(message, label="Approve")
    await settled(world)
    assert len(world.galleries()) == 1


@pytest.mark.parametrize("how", ["ban", "cancel"])
async def test_what_is_stopped_during_its_check_is_gone(
    world: World, desk: Any, classifier: ScriptedClassifier, how: str
) -> None:
    """Whatever the check says of it then: nothing is posted, reviewed or kept."""
    classifier.hold = threading.Event()
    await world.imagine()
    await world.until(lambda: bool(classifier.looked), "it is looked at")
    progress = world.app.studio.progress(1)
    assert progress is not None
    assert (progress.state, progress.images_done) == (JobState.RUNNING, 1)
    if how == "ban":
        await ban(world)
    else:
        await world.alice.click(world.history()[-1], label="Cancel")
    classifier.hold.set()
    await settled(world)
    await world.until(lambda: files(world) == [], "the file goes")
    assert await state(world) is JobState.CANCELLED
    assert await world.app.reviewing.waiting(world.guild.id) == ((), 0)
    assert [m for m in desk.history() if m.attachments] == []


# -- places ------------------------------------------------------------------------------------------------------


async def test_what_is_approved_under_a_lower_ceiling_stays_unseen(
    world: World, desk: Any, classifier: ScriptedClassifier
) -> None:
    """A release says that the check was wrong, not that the channel allows what the prompt asks for."""
    channel = world.bot.get_channel(world.channel.id)
    channel.nsfw = True  # type: ignore[union-attr]
    message = await withheld(world, desk, prompt="1girl, cleavage, bikini, nude, breasts")
    channel.nsfw = False  # type: ignore[union-attr]
    await world.mod.click(message, label="Approve")
    await settled(world)
    assert world.galleries() == []
    assert "### Not shown" in world.shown()
    assert await state(world) is JobState.WITHHELD
    assert "withheld" in answer_of(await world.alice.slash(world.channel, "show", job="#1"))
    await world.restart()
    await settled(world)
    assert world.galleries() == []
    job = await world.app.studio.job(1)
    assert job is not None
    assert job.error_said is not None


async def test_what_is_approved_when_its_channel_is_gone_comes_directly(world: World, desk: Any) -> None:
    """To its member alone."""
    message = await withheld(world, desk)
    channel = world.bot.get_channel(world.channel.id)
    await channel.delete()  # type: ignore[union-attr]
    await world.env.settle()
    await world.mod.click(message, label="Approve")
    await settled(world)
    assert await state(world) is JobState.DELIVERED
    sent = [files for each in world.wire.messages() if (files := each.files)]
    assert [f for each in sent for f in each if f.startswith("tagbrush-1v1-")]


# -- deleting ----------------------------------------------------------------------------------------------------


async def test_a_deleted_withheld_picture_leaves_the_desk_and_the_disk(world: World, desk: Any) -> None:
    """At once, and not when something else happens there or at the next start."""
    await withheld(world, desk)
    notice = next(m for m in world.history() if "Delete" in buttons_of(m))
    asked: Any = await world.alice.click(notice, label="Delete")
    await world.alice.click(asked.response, label="Delete for good")
    await pictures_gone(world, desk)


async def test_deleting_everywhere_reaches_the_desk(world: World, desk: Any) -> None:
    """What was withheld of the job goes from there, too, and nothing is left to decide."""
    await withheld(world, desk)
    await world.mod.slash(world.channel, "mod delete", job="#1")
    await pictures_gone(world, desk)
    assert "deleted meanwhile" in text_of(desk.history()[-1])
    assert "Nothing waits" in answer_of(await world.mod.slash(world.channel, "mod review list"))


async def test_a_cancelled_jobs_withheld_picture_leaves_the_desk(
    world: World, desk: Any, classifier: ScriptedClassifier
) -> None:
    """Nobody will ever see it, so nobody has to decide."""
    held = threading.Event()

    def answer(_: Any) -> Any:
        classifier.hold = held  # for the second one
        return sure(Rating.EXPLICIT)

    classifier.answer = answer
    await world.imagine(count=2)
    assert (await posted(world, desk)).attachments
    await world.alice.click(world.history()[-1], label="Cancel")
    held.set()
    await pictures_gone(world, desk)
    assert await state(world) is JobState.CANCELLED


# -- the end of the program ----------------------------------------------------------------------------------------


async def test_what_was_not_checked_at_the_end_is_painted_again(
    world: World, classifier: ScriptedClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hanging classifier delays neither the end nor the next start, and nothing is shown unchecked."""
    monkeypatch.setattr("bot.moderation.looking.CLOSE_SECONDS", 0.05)
    held = classifier.hold = threading.Event()
    await world.imagine(count=2)
    await world.until(lambda: bool(classifier.looked), "it is looked at")
    classifier.answer = lambda _: sure(Rating.GENERAL)
    began = asyncio.get_running_loop().time()

    def again() -> None:
        classifier.hold = None

    await world.restart(again)
    assert asyncio.get_running_loop().time() - began < 10
    await world.finished()
    assert [len(each.attachments) for each in world.galleries()] == [2]
    assert await state(world) is JobState.DELIVERED
    held.set()


async def test_the_end_leaves_no_task_behind(
    world: World, desk: Any, classifier: ScriptedClassifier, caplog: pytest.LogCaptureFixture
) -> None:
    """With a picture in its check, one in review and a job that is followed, nothing runs on or is destroyed."""
    await withheld(world, desk)
    classifier.answer = lambda _: sure(Rating.GENERAL)
    held = classifier.hold = threading.Event()
    await world.imagine(count=2)
    await world.until(lambda: len(classifier.looked) == 2, "it is looked at")
    held.set()
    await world.bot.close()
    await world._app_stack.aclose()
    gc.collect()
    left = {each.get_name() for each in asyncio.all_tasks() if each is not asyncio.current_task()}
    ours = {"dispatcher", "the moderators' desk", "recovery and sweeps", "moderation sweeps", "broadcasts"}
    ours |= {"forgetting", "forgetting again", "taking down"}
    assert not {each for each in left if each in ours or each.startswith(("job ", "picture-", "check of"))}
    assert "was destroyed" not in caplog.text
    assert "never retrieved" not in caplog.text
    assert not [each for each in threading.enumerate() if each.name.startswith("tagbrush") and each.is_alive()]


async def test_a_slow_check_holds_the_engine_back(
    world: World, engine: ScriptedEngine, classifier: ScriptedClassifier
) -> None:
    """What waits to be looked at lies in memory, so it does not become more and more."""
    classifier.answer = lambda _: sure(Rating.GENERAL)
    held = classifier.hold = threading.Event()
    for actor in (world.alice, world.bob, world.mod):
        for _ in range(3):
            await world.imagine(actor, count=4, steps=1)
    await world.until(lambda: len(engine.painted) >= MOST_WAITING, "much is painted")
    for _ in range(20):
        await world.env.settle()
        await asyncio.sleep(0.01)
    settings = world.app.settings
    assert len(engine.painted) <= MOST_WAITING + settings.max_running + settings.spare
    held.set()
    await world.finished()
    assert len(engine.painted) == 36
    assert sum(len(each.attachments) for each in world.galleries()) == 36


# -- at once -----------------------------------------------------------------------------------------------------


async def test_ten_presses_at_once_decide_once(world: World, desk: Any) -> None:
    """One post and one entry in the log; the others are told."""
    await withheld(world, desk)
    told = await asyncio.gather(
        *(
            world.app.reviewing.decide(1, decision, decision_of(world, f"review.{decision.value}"))
            for decision in [Decision.APPROVE, Decision.REJECT] * 5
        ),
        return_exceptions=True,
    )
    assert sum("decided before" in str(each) for each in told) == 9
    newest = await world.app.moderation.audit.newest(world.guild.id, 50)
    decisions = [each.entry.action for each in newest if each.entry.action.startswith("review.")]
    assert len(decisions) == 2  # with the choice of the channel
    await world.restart()
    await settled(world)
    assert len(world.galleries()) == ("review.approve" in decisions)


# -- forgetting --------------------------------------------------------------------------------------------------


def naming(path: Path, user_id: int) -> set[str]:
    """Every column, of whatever table and type, that holds a member's id."""
    with closing(sqlite3.connect(path)) as database:
        tables = [
            row[0]
            for row in database.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            )
        ]
        return {
            f"{table}.{column[1]}"
            for table in tables
            for column in database.execute(f"PRAGMA table_info({table})").fetchall()
            if database.execute(
                f'SELECT 1 FROM {table} WHERE instr(CAST("{column[1]}" AS TEXT), ?) LIMIT 1', (str(user_id),)
            ).fetchone()
        }


async def test_a_forgotten_member_is_named_by_nothing_but_the_ban(
    world: World, desk: Any, classifier: ScriptedClassifier
) -> None:
    """With a picture in review, a report of their own, strikes, and something posted."""
    await withheld(world, desk)
    classifier.answer = lambda _: sure(Rating.GENERAL)
    await world.imagine(world.bob)
    await world.finished()
    opened = await world.alice.context_menu(world.channel, "Report this picture", world.galleries()[0])
    await world.alice.submit_modal(opened, {"reason": "ugly"})
    await world.imagine()
    await world.finished()
    await world.mod.slash(world.channel, "mod warn", member=world.alice, reason="spam")
    await ban(world)
    await world.mod.slash(world.channel, "mod delete", job="#3")
    await world.env.settle()
    path = world.app.settings.database
    assert {"jobs.user_id", "bans.user_id", "audit.user_id", "reports.user_id"} <= naming(path, world.alice.id)
    await world.app.forgetter.begin(world.alice.id)
    await world.bot.erasing.erase(world.alice.id)
    await world.until(lambda: not world.bot.erasing.busy, "all is taken down")
    assert naming(path, world.alice.id) == {"bans.user_id"}
    # Somebody else's picture that they reported is still to be decided about.
    [review] = (await world.app.reviewing.waiting(world.guild.id))[0]
    assert (review.user_id, review.reports) == (world.bob.id, 0)
    assert len([m for m in desk.history() if m.attachments]) == 1
