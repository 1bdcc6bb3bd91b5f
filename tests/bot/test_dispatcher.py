"""Who paints when: the engine is full, shared, left and taken up again."""

from __future__ import annotations

import dataclasses

import pytest

from bot.app import App, open_app
from bot.orders import Origin, QueueFull
from bot.settings import Settings
from db.jobs import JobState
from tests.bot.conftest import request
from tests.support.scripted_classifier import ScriptedClassifier
from tests.support.scripted_engine import ScriptedEngine


async def until(app: App, job_id: int, state: JobState) -> None:
    """Follow a job until it is in a state."""
    async for progress in app.studio.changes(job_id):
        if progress.state is state:
            return
    job = await app.studio.job(job_id)
    assert job is not None
    assert job.state is state


async def until_full(app: App, job_id: int, pictures: int) -> None:
    """Follow a job of 3 steps a picture until all its pictures are in the engine."""
    async for progress in app.studio.changes(job_id):
        if progress.steps == 3 * pictures:
            return


async def test_a_short_job_joins_although_a_long_one_fills_the_engine(
    app: App, member: Origin, engine: ScriptedEngine
) -> None:
    """Somebody with nothing in the engine never waits for somebody else's job to end."""
    engine.hold_at = 2
    long = await app.studio.submit(member, request(count=4))
    await until_full(app, long.job.id, 4)
    short = await app.studio.submit(dataclasses.replace(member, user_id=99), request())
    await until(app, short.job.id, JobState.RUNNING)
    progress = app.studio.progress(long.job.id)
    assert progress is not None
    assert progress.images_done == 0


async def test_a_member_who_fills_the_engine_gets_no_place_beside(
    app: App, member: Origin, engine: ScriptedEngine
) -> None:
    """The spare place is for the others."""
    engine.hold_at = 2
    first = await app.studio.submit(member, request(count=4))
    await until_full(app, first.job.id, 4)
    second = await app.studio.submit(member, request())
    other = await app.studio.submit(dataclasses.replace(member, user_id=99), request())
    await until(app, other.job.id, JobState.RUNNING)
    waiting = app.studio.progress(second.job.id)
    assert waiting is not None
    assert (waiting.state, waiting.place) == (JobState.QUEUED, 1)
    engine.hold_at = None
    await until(app, second.job.id, JobState.RENDERED)


async def test_two_models_are_not_painted_side_by_side_when_one_fits(
    app: App, member: Origin, engine: ScriptedEngine
) -> None:
    """The second model's picture waits for the first model's to end, and nobody overtakes it."""
    engine.hold_at = 2
    first = await app.studio.submit(member, request())
    await until(app, first.job.id, JobState.RUNNING)
    other = await app.studio.submit(dataclasses.replace(member, user_id=99), request(profile="animeboys-xl"))
    third = await app.studio.submit(dataclasses.replace(member, user_id=98), request())
    assert [e.state for e in app.studio.queue_of(1)] == [JobState.RUNNING, JobState.QUEUED, JobState.QUEUED]
    engine.hold_at = None
    for accepted in (first, other, third):
        await until(app, accepted.job.id, JobState.RENDERED)


async def test_a_download_keeps_nobody_else_waiting(app: App, member: Origin, engine: ScriptedEngine) -> None:
    """Another model's pictures are painted while one model's weights are fetched."""
    engine.loading, engine.hold_at = "Downloading", 0
    fetching = await app.studio.submit(member, request(profile="animeboys-xl"))
    async for progress in app.studio.changes(fetching.job.id):
        if "Downloading" in progress.note:
            break
    engine.loading = ""
    other = await app.studio.submit(dataclasses.replace(member, user_id=99), request())
    await until(app, other.job.id, JobState.RUNNING)


async def test_cancelling_frees_the_place(app: App, member: Origin, engine: ScriptedEngine) -> None:
    """Running and waiting pictures of the job leave, and the next one starts."""
    engine.hold_at = 2
    first = await app.studio.submit(member, request(count=4))
    await until_full(app, first.job.id, 4)
    second = await app.studio.submit(member, request())
    assert await app.studio.cancel(first.job.id)
    assert not await app.studio.cancel(first.job.id)
    await until(app, second.job.id, JobState.RUNNING)
    await until(app, first.job.id, JobState.CANCELLED)


async def test_a_guild_sees_only_its_own_queue(app: App, member: Origin, engine: ScriptedEngine) -> None:
    """Positions count this guild's jobs."""
    engine.hold_at = 2
    mine = await app.studio.submit(member, request(count=4))
    theirs = await app.studio.submit(dataclasses.replace(member, guild_id=2, user_id=5), request(count=4))
    await until(app, mine.job.id, JobState.RUNNING)
    assert [entry.job_id for entry in app.studio.queue_of(1)] == [mine.job.id]
    assert [entry.job_id for entry in app.studio.queue_of(2)] == [theirs.job.id]


async def test_an_estimate_comes_from_measured_speed(
    settings: Settings, member: Origin, engine: ScriptedEngine
) -> None:
    """None before the first picture ever, then seconds; a restart keeps what was measured."""
    async with open_app(settings, make_engine=lambda _: engine, make_classifier=ScriptedClassifier) as app:
        first = await app.studio.submit(member, request())
        assert (p := app.studio.progress(first.job.id)) is None or p.eta_seconds is None
        await until(app, first.job.id, JobState.RENDERED)
    engine.hold_at = 2
    async with open_app(settings, make_engine=lambda _: engine, make_classifier=ScriptedClassifier) as app:
        await app.studio.recover("discord")
        second = await app.studio.submit(member, request())
        progress = app.studio.progress(second.job.id)
        assert progress is not None
        assert progress.eta_seconds is not None
        assert progress.eta_seconds > 0


async def test_the_cap_says_when_to_come_back(
    settings: Settings, member: Origin, engine: ScriptedEngine
) -> None:
    """Refused with a number and a time, and nothing is queued."""
    engine.hold_at = 2
    changed = dataclasses.replace(settings, max_pending_per_member=5)
    async with open_app(changed, make_engine=lambda _: engine, make_classifier=ScriptedClassifier) as app:
        await app.studio.submit(member, request(count=4))
        with pytest.raises(QueueFull, match=r"4 pictures waiting, and 5 is the most here\. Come back"):
            await app.studio.submit(member, request(count=2))
        assert len(app.studio.waiting_jobs()) == 1
