"""A full disk, a locked database, a broken recipe, a killed file: delayed and said, and nothing is lost."""

from __future__ import annotations

import dataclasses
import errno
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.app import App, open_app
from bot.board import Board
from bot.orders import Origin
from bot.pictures import DiskFull, Pictures
from bot.settings import Settings
from db.errors import DatabaseError
from db.jobs import Job, Jobs, JobState
from pipeline.errors import InvalidRequest
from pipeline.recipe import Recipe
from tests.bot.conftest import request
from tests.support.scripted_classifier import ScriptedClassifier
from tests.support.scripted_engine import ScriptedEngine


async def end_of(app: App, job_id: int) -> tuple[Job, list[str]]:
    """Follow a job to its end: the job, and every note its member was shown."""
    notes = [p.note async for p in app.studio.changes(job_id)]
    job = await app.studio.job(job_id)
    assert job is not None
    return job, notes


def failing(times: int, error: Exception, real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """A method that raises the first few times."""
    left = [times]

    async def method(*args: Any, **kwargs: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise error
        return await real(*args, **kwargs)

    return method


LOCKED = DatabaseError("The database is busy.")


@pytest.mark.parametrize("method", ["get", "image_started", "image_painted"])
async def test_a_locked_database_delays_and_loses_nothing(
    app: App, member: Origin, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """However often it is locked, the picture is painted once and written down in the end."""
    accepted = await app.studio.submit(member, request(count=2))
    monkeypatch.setattr(Jobs, method, failing(5, LOCKED, getattr(Jobs, method)))
    while (progress := app.studio.progress(accepted.job.id)) is not None and not progress.final:
        async for _ in app.studio.changes(accepted.job.id):
            pass
    monkeypatch.undo()
    job, _ = await end_of(app, accepted.job.id)
    assert job.state is JobState.RENDERED
    assert sorted(engine.painted) == [image.id for image in job.images]


async def test_the_member_is_told_what_holds_the_job_up(
    app: App, member: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence stays until it is over."""
    monkeypatch.setattr(Jobs, "image_painted", failing(3, LOCKED, Jobs.image_painted))
    accepted = await app.studio.submit(member, request())
    job, notes = await end_of(app, accepted.job.id)
    assert any("busy" in note for note in notes)
    assert job.state is JobState.RENDERED


async def test_a_failure_that_cannot_be_written_down_is_written_later(
    app: App, member: Origin, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the job would count as running for ever."""
    engine.fault = lambda _: InvalidRequest("No.")
    monkeypatch.setattr(Jobs, "image_failed", failing(3, LOCKED, Jobs.image_failed))
    accepted = await app.studio.submit(member, request())
    job, _ = await end_of(app, accepted.job.id)
    assert (job.state, job.error) == (JobState.FAILED, "No.")


async def test_a_full_disk_paints_once_and_saves_when_there_is_space(
    app: App, member: Origin, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pixels are kept: the GPU does not paint the same picture again and again."""
    real, left = Pictures._save, [4]

    def full(self: Pictures, *args: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise DiskFull("The disk of this bot is full.")
        return real(self, *args)

    monkeypatch.setattr(Pictures, "_save", full)
    accepted = await app.studio.submit(member, request())
    job, notes = await end_of(app, accepted.job.id)
    assert job.state is JobState.RENDERED
    assert len(engine.painted) == 1
    assert any("disk" in note for note in notes)


async def test_nothing_new_is_accepted_on_a_full_disk(
    settings: Settings, member: Origin, engine: ScriptedEngine
) -> None:
    """The member is told before the picture is painted."""
    async with open_app(
        dataclasses.replace(settings, min_free_mb=10**7),
        make_engine=lambda _: engine,
        make_classifier=ScriptedClassifier,
    ) as app:
        with pytest.raises(DiskFull):
            await app.studio.submit(member, request())
        assert app.studio.waiting_jobs() == ()


def test_a_write_error_of_the_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ENOSPC in the middle: the partial file goes, the sentence comes."""

    def no_space(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    pictures = Pictures(tmp_path)
    recipe = Recipe("p", "a", "", 8, 8, "euler_a", 1, 1.0, 0)
    with pytest.raises(DiskFull):
        pictures._save(1, 0, recipe, bytes(192))
    pictures.close()
    assert [f for f in tmp_path.rglob("*") if f.is_file()] == []


def test_a_recorded_path_cannot_lead_outside(tmp_path: Path) -> None:
    """Not even when the database was tampered with."""
    pictures = Pictures(tmp_path / "pictures")
    with pytest.raises(ValueError, match="outside"):
        pictures.path("../../etc/passwd")
    pictures.close()


async def test_a_recipe_that_cannot_be_read_fails_its_own_job_only(
    app: App, member: Origin, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue goes on."""
    engine.hold_at = 1
    broken = await app.studio.submit(member, request(seed=1))
    monkeypatch.setattr(
        "pipeline.recipe.Recipe.from_json",
        classmethod(lambda cls, text: (_ for _ in ()).throw(InvalidRequest("This recipe cannot be read."))),
    )
    job, _ = await end_of(app, broken.job.id)
    assert (job.state, job.error) == (JobState.FAILED, "This recipe cannot be read.")
    monkeypatch.undo()
    engine.hold_at = None
    sound = await app.studio.submit(member, request(seed=2))
    job, _ = await end_of(app, sound.job.id)
    assert job.state is JobState.RENDERED


async def test_a_picture_cancelled_while_it_is_saved_leaves_no_file(
    app: App, member: Origin, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would ever ask for it."""
    real = Pictures.save

    async def save(self: Pictures, job_id: int, *args: Any) -> Any:
        saved = await real(self, job_id, *args)
        await app.studio.cancel(job_id)
        return saved

    monkeypatch.setattr(Pictures, "save", save)
    accepted = await app.studio.submit(member, request())
    job, _ = await end_of(app, accepted.job.id)
    assert job.state is JobState.CANCELLED
    other = await app.studio.submit(member, request(seed=9))
    await end_of(app, other.job.id)
    # A job ends for its member before its file is removed: wait for what is still being written down.
    await app.studio._dispatcher.close()
    assert [f for f in settings.pictures.rglob("*") if f.is_file()] == []


async def test_the_program_ends_although_the_database_is_locked(
    settings: Settings, member: Origin, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be written is painted at the next start."""
    async with open_app(settings, make_engine=lambda _: engine, make_classifier=ScriptedClassifier) as app:
        monkeypatch.setattr(Jobs, "image_painted", failing(10**9, LOCKED, Jobs.image_painted))
        accepted = await app.studio.submit(member, request())
        async for progress in app.studio.changes(accepted.job.id):
            if "busy" in progress.note:
                break
    monkeypatch.undo()
    async with open_app(settings, make_engine=lambda _: engine, make_classifier=ScriptedClassifier) as app:
        await app.studio.recover("discord")
        job, _ = await end_of(app, accepted.job.id)
        assert job.state is JobState.RENDERED


def test_the_board_tells_everybody_what_holds_them_up() -> None:
    """And that it is over."""
    board = Board()
    live = board.open(1, 1, 1, "miniature", 1)
    before = live.event
    board.set_trouble("The disk is full.")
    assert before.is_set()
    board.set_trouble("")
    assert board.trouble == ""
