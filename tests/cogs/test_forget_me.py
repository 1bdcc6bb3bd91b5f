"""`/forget-me`: asked first, by the member alone, and then nothing is left, whatever comes between."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cogs.forget_me import question_view
from db.errors import DatabaseError
from db.forgetting import Belongings
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of, text_of

BUTTON = "Delete everything of mine"


@pytest.fixture
async def known(world: World) -> World:
    """Two jobs of alice's with three pictures, a favourite, and one of bob's that went on from hers."""
    await world.imagine(prompt="1girl, green hair")
    await world.imagine(prompt="1girl, red hair", count=2)
    await world.finished()
    first = min(world.galleries(), key=lambda message: message.id)
    await world.bob.click(first, label="Reroll")
    await world.finished()
    await world.alice.click(first, label="Favourite")
    return world


async def ask(world: World) -> Any:
    """`/forget-me` by alice."""
    return await world.alice.slash(world.channel, "forget-me")


async def cleared(world: World) -> None:
    """Let the bot erase, and take down one message a second."""
    for _ in range(300):
        await world.env.settle()
        if not world.bot.erasing.busy:
            return
        await world.env.advance_time(1)
        await asyncio.sleep(0.01)
    raise AssertionError("the bot is still at it")


async def left_of(world: World, member: Any) -> Belongings:
    """What the database has of a member."""
    return await world.app.forgetter.belongings(member.id)


def files(world: World) -> list[Path]:
    """The originals on the disk."""
    return sorted(world.app.settings.pictures.rglob("*.*"))


async def test_nothing_is_known_of_a_newcomer(world: World) -> None:
    """So there is no button."""
    result = await ask(world)
    assert "I know nothing of you" in answer_of(result)
    assert buttons_of(result.response) == []


async def test_the_question_says_what_goes_and_what_stays(known: World) -> None:
    """In numbers, for the member's eyes only, and nothing has happened yet."""
    result = await ask(known)
    assert result.ephemeral
    text = text_of(result.response)
    for words in (
        "2 jobs in all servers", "3 picture files", "1 row of your favourites", "your user name", "2 messages",
        "cannot be undone", "numbers of your jobs are never given out again", "lose the link", "Backups",
    ):  # fmt: skip
        assert words in text
    assert buttons_of(result.response) == [BUTTON]
    assert (await left_of(known, known.alice)).jobs == 2
    assert len(files(known)) == 4


@pytest.mark.parametrize("restarted", [False, True])
async def test_everything_of_the_member_goes(known: World, *, restarted: bool) -> None:
    """Rows, files and messages; another's picture stays and names no source any more."""
    result = await ask(known)
    if restarted:
        await known.restart()
    await known.alice.click(result.response, label=BUTTON)
    await cleared(known)
    text = text_of(result.response)
    assert "### Forgotten" in text
    assert "2 jobs in all servers" in text
    assert buttons_of(result.response) == []
    assert not await left_of(known, known.alice)
    [message] = known.history()
    assert f"for <@{known.bob.id}>" in text_of(message)
    assert [file.name.split("-")[0] for file in files(known)] == ["00000003"]
    theirs = await known.app.studio.job(3)
    assert theirs is not None
    assert theirs.parent_image_id is None
    details = await known.bob.click(message, label="Details")
    assert "Job #3" in text_of(details.response)
    assert "reroll" not in text_of(details.response).lower()
    history = await known.alice.slash(known.channel, "history")
    assert "No pictures here" in text_of(history.response)


async def test_another_s_press_does_nothing(known: World) -> None:
    """Even where the question can be seen by all."""
    await known.bot.get_partial_messageable(known.channel.id).send(
        view=question_view(known.alice.id, await left_of(known, known.alice))
    )
    question = next(message for message in known.history() if BUTTON in buttons_of(message))
    result = await known.bob.click(question, label=BUTTON)
    assert "Only the member themselves" in answer_of(result)
    assert result.ephemeral
    assert (await left_of(known, known.alice)).jobs == 2


async def test_a_second_press_finds_nothing(known: World) -> None:
    """Of a question that was asked before the first."""
    questions = [await ask(known), await ask(known)]
    for question in questions:
        await known.alice.click(question.response, label=BUTTON)
    await cleared(known)
    assert "already gone" in text_of(questions[1].response)
    assert "2 jobs" in text_of(questions[0].response)


async def test_two_presses_at_once_are_one_erasing(known: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both wait for the same task, which a locked database holds up; what was promised happens in the end."""
    locked(known, monkeypatch)
    questions = [await ask(known), await ask(known)]
    for question in questions:
        await known.alice.click(question.response, label=BUTTON)
        assert "It is written down" in text_of(question.response)
    assert (await left_of(known, known.alice)).jobs == 2
    assert len(known.bot.erasing._members) == 1
    await cleared(known)
    for question in questions:
        assert "### Forgotten" in text_of(question.response)
    assert not await left_of(known, known.alice)


def locked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first attempt to erase a job finds the database locked."""
    forgetting = world.app.forgetter._forgetting
    erase_some, failures = forgetting.erase_some, [1]

    async def erase(user_id: int, limit: int) -> int:
        if failures:
            failures.pop()
            raise DatabaseError("The database is locked.")
        return await erase_some(user_id, limit)

    monkeypatch.setattr(forgetting, "erase_some", erase)


async def test_what_waits_and_runs_is_cancelled_first(known: World, engine: ScriptedEngine) -> None:
    """It leaves the engine and the queue, and its message goes too."""
    engine.hold_at = 3
    for _ in range(3):
        await known.imagine(count=4)
    await known.until(lambda: bool(engine._running))
    result = await ask(known)
    assert "3 jobs that still waits or runs is cancelled first" in text_of(result.response)
    await known.alice.click(result.response, label=BUTTON)
    await cleared(known)
    await known.finished()
    await known.until(lambda: not engine._running)
    assert not await left_of(known, known.alice)
    assert len(known.history()) == 1
    assert known.app.studio.waiting_jobs() == ()
    engine.hold_at = None
    await known.imagine(known.bob)
    await known.finished()
    assert len(known.galleries()) == 2


async def erase_now(world: World) -> None:
    """What a press of alice's does, in the middle of something else."""
    await world.app.forgetter.begin(world.alice.id)
    await world.app.forgetter.erase(world.alice.id)
    world.bot.erasing.take_down()


async def test_a_picture_that_is_being_saved_leaves_no_file(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row is erased between the file and the note of it."""
    pictures = world.app.studio._pictures
    save, erased = pictures.save, list[bool]()

    async def saved(*args: Any) -> Any:
        done = await save(*args)
        assert len(files(world)) == 1
        await erase_now(world)
        erased.append(True)
        return done

    monkeypatch.setattr(pictures, "save", saved)
    await world.imagine()
    await world.until(lambda: bool(erased) and not files(world), "removing the file")
    await world.finished()
    await cleared(world)
    assert world.history() == []
    assert not await left_of(world, world.alice)


async def test_a_picture_that_is_being_posted_is_taken_down(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row is erased while Discord takes the message."""
    studio = world.app.studio
    delivered = studio.delivered

    async def note(job_id: int, message_id: int | None, revision: int | None = None) -> bool:
        assert len(world.galleries()) == 1
        async with world.app.jobs._db.transaction() as tx:
            # As if nobody had known of the message when the member was erased.
            await tx.execute("UPDATE jobs SET message_id = NULL")
        await erase_now(world)
        return await delivered(job_id, message_id, revision)

    monkeypatch.setattr(studio, "delivered", note)
    await world.imagine()
    await world.finished()
    await cleared(world)
    assert world.history() == []
    assert files(world) == []


async def test_a_kill_right_after_the_press_changes_nothing(known: World, engine: ScriptedEngine) -> None:
    """The next start erases before it takes anything up, and then takes the messages down."""
    engine.hold_at = 3
    await known.imagine(count=2)
    await known.until(lambda: bool(engine._running))
    await known.app.forgetter.begin(known.alice.id)
    await known.restart()
    await cleared(known)
    assert not await left_of(known, known.alice)
    assert known.app.studio.waiting_jobs() == ()
    assert len(known.history()) == 1
    assert len(files(known)) == 1


async def test_messages_go_one_a_second_and_after_a_restart_too(known: World) -> None:
    """Discord limits how fast; what is left is in the database."""
    for _ in range(3):
        await known.imagine()
    await known.finished()
    result = await ask(known)
    await known.alice.click(result.response, label=BUTTON)
    await known.env.settle()
    assert len(known.history()) == 5
    await known.env.advance_time(1)
    assert len(known.history()) == 4
    await known.restart()
    await cleared(known)
    assert len(known.history()) == 1


async def test_while_discord_is_down_the_messages_wait(known: World) -> None:
    """And go when it is back."""
    known.env.inject_error("DELETE", "/channels/*/messages/*", status=503, times=None)
    result = await ask(known)
    await known.alice.click(result.response, label=BUTTON)
    for _ in range(10):
        await known.env.advance_time(1)
    assert "### Forgotten" in text_of(result.response)
    assert len(known.history()) == 3
    known.env.backend.faults.clear()
    await cleared(known)
    assert len(known.history()) == 1


async def test_a_message_that_may_not_be_deleted_is_tried_at_the_next_start(known: World) -> None:
    """The others are not held up by it."""
    known.env.inject_error("DELETE", "/channels/*/messages/*", status=403, code=50001, times=1)
    result = await ask(known)
    await known.alice.click(result.response, label=BUTTON)
    await cleared(known)
    assert len(known.history()) == 2
    await known.restart()
    await cleared(known)
    assert len(known.history()) == 1


async def test_a_file_that_cannot_be_removed_goes_at_the_next_start(
    known: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name is kept until then."""

    async def refuse(_: str) -> bool:
        return False

    monkeypatch.setattr(known.app.studio._pictures, "remove", refuse)
    result = await ask(known)
    await known.alice.click(result.response, label=BUTTON)
    await cleared(known)
    assert len(files(known)) == 4
    await known.restart()
    assert len(files(known)) == 1


async def test_who_comes_back_begins_anew(known: World) -> None:
    """With the next number, and a history of that alone."""
    result = await ask(known)
    await known.alice.click(result.response, label=BUTTON)
    await cleared(known)
    await known.imagine(prompt="1girl, hat")
    await known.finished()
    found = await left_of(known, known.alice)
    assert (found.jobs, found.pictures) == (1, 1)
    assert await known.app.studio.job(4) is not None


async def test_who_has_left_the_server_asks_in_a_direct_message(known: World) -> None:
    """The bot may be the only way to reach its owner."""
    user = known.alice.user
    result = await user.slash("forget-me")
    assert "2 jobs in all servers" in text_of(result.response)
    await user.click(result.response, label=BUTTON)
    await cleared(known)
    assert not await left_of(known, known.alice)
