"""Every job is posted exactly once, whatever happens to tokens, messages, permissions and the process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import discord
import pytest

from db.jobs import JobState
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, alt_texts, text_of


async def state(world: World, job_id: int = 1) -> JobState:
    """Where the job stands in the database."""
    job = await world.app.studio.job(job_id)
    assert job is not None
    return job.state


async def hold(world: World, engine: ScriptedEngine, **options: object) -> None:
    """Queue a job and let it stop in the middle."""
    engine.hold_at = 5
    await world.imagine(**options)
    await world.env.advance_time(3)
    await world.until(lambda: "step" in world.shown(), "progress")


async def test_pictures_come_after_the_token_has_died(world: World, engine: ScriptedEngine) -> None:
    """Interaction tokens live for 15 minutes; the same message is then edited through the channel."""
    await hold(world, engine)
    await world.env.advance_time(16 * 60)
    engine.hold_at = None
    await world.finished()
    [message] = world.history()
    assert len(message.attachments) == 1
    assert await state(world) is JobState.DELIVERED


async def test_after_an_hour_the_result_is_a_new_message(world: World, engine: ScriptedEngine) -> None:
    """Old messages are edited no more; the progress bar does not stay behind."""
    await hold(world, engine)
    await world.env.advance_time(2 * 3600)
    engine.hold_at = None
    await world.finished()
    [message] = world.history()
    assert len(message.attachments) == 1


async def test_a_deleted_message_is_replaced(world: World, engine: ScriptedEngine) -> None:
    """Whoever deletes the progress message still gets the pictures, once."""
    await hold(world, engine)
    await world.mod.delete(world.history()[0])
    engine.hold_at = None
    await world.finished()
    assert len(world.galleries()) == 1
    assert await state(world) is JobState.DELIVERED


async def test_a_restart_in_the_middle_paints_and_posts_once(world: World, engine: ScriptedEngine) -> None:
    """The same message shows progress again and then the pictures."""
    await hold(world, engine, count=2, seed=3)
    before = world.history()[0].id
    await world.restart(lambda: setattr(engine, "hold_at", None))
    await world.finished()
    [message] = world.history()
    assert message.id == before
    assert len(message.attachments) == 2
    assert "seeds 3 to 4" in text_of(message)


async def test_what_was_rendered_but_not_posted_is_posted_at_the_next_start(
    world: World, engine: ScriptedEngine
) -> None:
    """Discord is down at the end; the next process delivers."""
    await hold(world, engine)
    world.env.inject_error("PATCH", "*", status=503, times=None)
    engine.hold_at = None
    await world.until(lambda: not world.app.studio.waiting_jobs())
    assert await state(world) is JobState.RENDERED
    assert world.galleries() == []
    await world.restart(world.env.backend.faults.clear)
    await world.finished()
    assert len(world.galleries()) == 1
    assert await state(world) is JobState.DELIVERED


async def test_a_short_outage_is_waited_out(world: World, engine: ScriptedEngine) -> None:
    """Two refusals, then the pictures: no restart is needed."""
    await hold(world, engine)
    world.env.inject_error("PATCH", "*", status=503, times=2)
    engine.hold_at = None
    await world.until(lambda: not world.app.studio.waiting_jobs())
    await world.env.advance_time(60)
    await world.finished()
    assert len(world.galleries()) == 1


async def test_posted_but_not_written_down_is_not_posted_again(
    world: World, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between posting and recording: the next start finds the message instead of sending another."""
    await hold(world, engine)

    async def killed(*_: object) -> bool:
        raise ConnectionAbortedError

    monkeypatch.setattr(world.app.studio, "delivered", killed)
    engine.hold_at = None
    await world.until(lambda: bool(world.galleries()), "the gallery")
    assert await state(world) is JobState.RENDERED
    uploads = sum(bool(sent.files) for sent in world.wire.messages())
    await world.restart()
    await world.finished()
    assert await state(world) is JobState.DELIVERED
    assert len(world.galleries()) == 1
    assert sum(bool(sent.files) for sent in world.wire.messages()) == uploads


async def test_a_new_message_that_was_not_written_down_is_found_too(
    world: World, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same when the pictures had to be a new message, whose id the database does not know."""
    await hold(world, engine)
    await world.mod.delete(world.history()[0])

    async def killed(*_: object) -> bool:
        raise ConnectionAbortedError

    monkeypatch.setattr(world.app.studio, "delivered", killed)
    engine.hold_at = None
    await world.until(lambda: bool(world.galleries()), "the gallery")
    await world.restart()
    await world.finished()
    assert await state(world) is JobState.DELIVERED
    assert len(world.galleries()) == 1


@pytest.mark.parametrize("days", [0.0, 3.0], ids=["at once", "after days"])
@pytest.mark.parametrize("before", [0, 320], ids=["late attempt", "first attempt"])
async def test_a_result_in_a_busy_channel_is_found(
    world: World, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch, days: float, before: int
) -> None:
    """More was written after it, or before it, than one look takes in; the bot was down for days."""
    await hold(world, engine)
    await world.mod.delete(world.history()[0])
    if not before:
        # The first attempts fail; what is written meanwhile stands before the pictures.
        world.env.inject_error("POST", "/channels/*/messages", status=503, times=1)

    async def killed(*_: object) -> bool:
        raise ConnectionAbortedError

    monkeypatch.setattr(world.app.studio, "delivered", killed)
    engine.hold_at = None
    await world.until(lambda: not world.app.studio.waiting_jobs())
    if not before:
        chat(world, 320)
        await world.env.advance_time(6)
    await world.until(lambda: bool(world.galleries()), "the gallery")
    chat(world, before)
    await world.restart(lambda: forget_nonces(world, days))
    await world.finished()
    assert await state(world) is JobState.DELIVERED
    assert len(world.galleries()) == 1


def chat(world: World, lines: int) -> None:
    """Let people talk."""
    for number in range(lines):
        world.env.backend.create_message(world.channel.id, world.bob.id, f"line {number}")


def forget_nonces(world: World, days: float) -> None:
    """Discord knows a nonce for minutes only."""
    world.env.backend.clock.advance(days * 86400)
    world.wire.forget_nonces()


async def test_a_failed_job_tells_its_member_after_the_token_has_died(
    world: World, engine: ScriptedEngine
) -> None:
    """The sentence takes the same ways as pictures do."""
    engine.fault = lambda _: RuntimeError("no")
    await hold(world, engine)
    await world.env.advance_time(16 * 60)
    engine.hold_at = None
    await world.finished()
    assert "Not painted" in world.shown()


@pytest.mark.parametrize("permission", ["send_messages", "attach_files", "embed_links", "read_message_history"])
async def test_without_permission_nothing_is_queued(world: World, permission: str) -> None:
    """The channel is checked before queueing, not after painting."""
    bot = world.guild.me
    assert bot is not None
    closed = world.guild.create_text_channel(
        "closed", overwrites={bot: discord.PermissionOverwrite(**{permission: False})}
    )
    result = await world.alice.slash(closed, "imagine", prompt="1girl")
    assert result.response is not None
    assert "nothing was queued" in result.response.content
    assert permission.replace("_", " ").title() in result.response.content
    assert result.ephemeral
    assert world.app.studio.waiting_jobs() == ()


async def test_files_over_the_limit_are_encoded_smaller(world: World, tmp_path: Path) -> None:
    """Discord answers 413: the picture goes out as WebP, the original stays on the disk."""
    world.wire.upload_limit = 300
    await world.imagine()
    await world.finished()
    [message] = world.galleries()
    assert message.attachments[0].filename.rpartition(".")[2] in {"webp", "jpg"}
    assert "the original is kept" in text_of(message)
    assert len(await asyncio.to_thread(lambda: list(tmp_path.rglob("*.png")))) == 1


async def test_the_alt_text_is_the_prompt_within_its_limit(world: World) -> None:
    """Screen readers get the prompt, cut to what Discord takes."""
    await world.imagine(prompt="long hair, " * 200)
    await world.finished()
    [text] = alt_texts(world.galleries()[0])
    assert text.startswith("long hair, long hair")
    assert len(text) <= 256


async def test_an_undisturbed_job_costs_no_look_through_the_channel(world: World) -> None:
    """Reading earlier messages is for restarts; otherwise it would be two requests a job for nothing."""
    await world.imagine()
    await world.finished()
    assert not [sent for sent in world.wire.sent if sent.method == "GET" and "/messages" in sent.path]


async def test_pictures_deleted_from_the_disk_are_told_once(
    world: World, engine: ScriptedEngine, tmp_path: Path
) -> None:
    """There is nothing left to post, and no start tries it again."""
    await hold(world, engine)
    world.env.inject_error("PATCH", "*", status=503, times=None)
    engine.hold_at = None
    await world.until(lambda: not world.app.studio.waiting_jobs())

    def lose() -> None:
        world.env.backend.faults.clear()
        for file in tmp_path.rglob("*.png"):
            file.unlink()

    await world.restart(lose)
    await world.finished()
    assert "no longer on the disk" in world.shown()
    assert await state(world) is JobState.DELIVERED


async def test_many_jobs_at_once_are_each_posted_once(world: World, engine: ScriptedEngine) -> None:
    """Several members, a restart in the middle, and nobody's pictures are lost or doubled."""
    engine.hold_at = 5
    for member in (world.alice, world.bob, world.mod):
        for _ in range(3):
            await world.imagine(member, count=2)
    await world.restart(lambda: setattr(engine, "hold_at", None))
    await world.finished()
    assert len(world.galleries()) == 9
    names = [a.filename for message in world.galleries() for a in message.attachments]
    assert len(names) == len(set(names)) == 18
