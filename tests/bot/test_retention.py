"""The retention rule: what goes, in which order, and what never does."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.app import App, open_app
from bot.orders import LOCAL, Lineage, Origin, PictureGone
from bot.pictures import Pictures
from bot.retention import Retention
from bot.settings import Settings
from db.jobs import Image, Job
from tests.bot.conftest import request
from tests.support.scripted_classifier import ScriptedClassifier
from tests.support.scripted_engine import ScriptedEngine

DAY = 86_400.0
GIGABYTE = 1024**3


@pytest.fixture
async def keeping(
    settings: Settings, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[App]:
    """An app that keeps originals for ten days, and two gigabytes of them."""
    monkeypatch.setattr("bot.retention.BATCH", 2)
    rule = dataclasses.replace(settings, retention_days=10, retention_gb=2)
    async with open_app(rule, make_engine=lambda _: engine, make_classifier=ScriptedClassifier) as opened:
        yield opened


async def painted(app: App, member: Origin, count: int = 1, *, delivered: bool = True, seed: int = 1) -> Job:
    """A job whose pictures are on the disk."""
    job = (await app.studio.submit(member, request(count=count, seed=seed))).job
    async for _ in app.studio.changes(job.id):
        pass
    if delivered:
        await app.studio.delivered(job.id, None)
    found = await app.studio.job(job.id)
    assert found is not None
    return found


def note(app: App, image: Image, *, days: float = 0.0, size: int | None = 10) -> None:
    """Make a picture older or larger in the database than it is."""
    with closing(sqlite3.connect(app.settings.database)) as database, database:
        database.execute(
            "UPDATE images SET ended_at = ended_at - ?, bytes = ? WHERE id = ?", (days * DAY, size, image.id)
        )


async def left(app: App) -> list[int]:
    """Jobs with files on the disk."""
    found = []
    for number in range(1, 20):
        job = await app.studio.job(number)
        if job is not None and any(i.file and app.studio.picture_path(i).is_file() for i in job.images):
            found.append(number)
    return found


async def test_old_originals_go_and_favourites_stay(keeping: App, member: Origin) -> None:
    """Whoever's favourites. The others' rows say when they went."""
    jobs = [await painted(keeping, member) for _ in range(5)]
    for job, days in zip(jobs, (11, 11, 11, 11, 9), strict=True):
        note(keeping, job.images[0], days=days)
    await keeping.album.mark(jobs[1], 0, member.user_id, "m")
    assert await keeping.retention.sweep() == 3
    assert await left(keeping) == [2, 5]
    for number, swept in ((1, True), (2, False), (5, False)):
        job_now = await keeping.studio.job(number)
        assert job_now is not None
        assert (job_now.images[0].swept_at is not None) == swept
    assert await keeping.retention.sweep() == 0


async def test_beyond_the_gigabytes_the_oldest_go_and_favourites_last(keeping: App, member: Origin) -> None:
    """No more than needed."""
    jobs = [await painted(keeping, member) for _ in range(4)]
    for place, job in enumerate(jobs):
        note(keeping, job.images[0], days=4 - place, size=GIGABYTE)
    await keeping.album.mark(jobs[0], 0, member.user_id, "m")
    assert await keeping.retention.sweep() == 2
    assert await left(keeping) == [1, 4]
    note(keeping, jobs[3].images[0], size=3 * GIGABYTE)
    assert await keeping.retention.sweep() == 1
    note(keeping, jobs[0].images[0], size=3 * GIGABYTE)
    assert await left(keeping) == [1]
    assert await keeping.retention.sweep() == 1
    assert await left(keeping) == []


async def test_what_somebody_waits_for_stays(keeping: App, member: Origin, engine: ScriptedEngine) -> None:
    """Not posted yet, the source of a waiting picture, being brought back, and the owner's own at the command line."""
    undelivered = await painted(keeping, member, delivered=False)
    source = await painted(keeping, member, seed=2)
    own = await painted(keeping, LOCAL, seed=3)
    old = await painted(keeping, member, seed=4)
    engine.hold_at = 0
    digest = source.images[0].sha256 or ""
    await keeping.studio.submit(member, request(init_image=digest, strength=0.5))
    for job in (undelivered, source, own, old):
        note(keeping, job.images[0], days=100, size=3 * GIGABYTE)
    assert await keeping.retention.sweep() == 1
    assert await left(keeping) == [1, 2, 3]
    engine.hold_at = None


async def test_a_source_that_is_waited_for_by_its_former_hash_stays(
    keeping: App, member: Origin, engine: ScriptedEngine
) -> None:
    """Painted again with other bytes, it is still what the waiting picture starts from."""
    source = await painted(keeping, member, seed=2)
    engine.hold_at = 0
    digest = "f" * 64
    async with keeping.jobs._db.transaction() as tx:
        await tx.execute(
            "INSERT INTO former_hashes (sha256, image_id) VALUES (?, ?)", digest, source.images[0].id
        )
    await keeping.studio.submit(member, request(init_image=digest, strength=0.5))
    note(keeping, source.images[0], days=100, size=3 * GIGABYTE)
    assert await keeping.retention.sweep() == 0
    engine.hold_at = None


async def test_a_file_that_cannot_be_removed_is_passed_by(
    keeping: App, member: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others go, and the next sweep tries it again."""
    jobs = [await painted(keeping, member) for _ in range(5)]
    for job in jobs:
        note(keeping, job.images[0], days=11)
    stuck, remove = jobs[0].images[0].file, Pictures._remove
    with monkeypatch.context() as patched:
        patched.setattr(Pictures, "_remove", lambda self, file: file != stuck and remove(self, file))
        assert await keeping.retention.sweep() == 4
    assert await left(keeping) == [1]
    assert await keeping.retention.sweep() == 1


async def test_one_sweep_is_bounded(keeping: App, member: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that was just made does not keep the disk busy for an hour."""
    monkeypatch.setattr("bot.retention.MOST_AT_ONCE", 3)
    for image in [(await painted(keeping, member)).images[0] for _ in range(5)]:
        note(keeping, image, days=11, size=GIGABYTE)
    assert [await keeping.retention.sweep() for _ in range(3)] == [3, 2, 0]


async def test_sizes_of_earlier_versions_are_looked_up(keeping: App, member: Origin) -> None:
    """And what is not there any more counts as swept, so that it is offered to be painted again."""
    first, second = await painted(keeping, member), await painted(keeping, member, count=4)
    for image in (*first.images, *second.images):
        note(keeping, image, size=None)
    keeping.studio.picture_path(first.images[0]).unlink()
    assert await keeping.retention.sweep() == 0
    gone = await keeping.studio.job(1)
    assert gone is not None
    assert gone.images[0].swept_at is not None
    sizes = [keeping.studio.picture_path(image).stat().st_size for image in second.images]
    assert await keeping.retention._keeping.total() == sum(sizes)


async def test_the_sizes_of_new_files_are_written_down(app: App, member: Origin) -> None:
    """So that adding up needs no look at the disk."""
    job = await painted(app, member, count=2)
    sizes = [app.studio.picture_path(image).stat().st_size for image in job.images]
    assert await app.retention._keeping.total() == sum(sizes)
    assert await app.retention._keeping.unmeasured(10) == ()


async def test_what_starts_from_a_swept_picture_is_refused_with_the_way_out(
    keeping: App, member: Origin
) -> None:
    """Also where a front end has not asked before."""
    job = await painted(keeping, member)
    note(keeping, job.images[0], days=11)
    await keeping.retention.sweep()
    with pytest.raises(PictureGone) as caught:
        await keeping.studio.submit(
            member, request(init_image=job.images[0].sha256, strength=0.5), None, Lineage("subtle", 1)
        )
    assert caught.value.job_id == job.id


async def test_without_a_rule_nothing_is_swept(app: App, member: Origin) -> None:
    """The default; the background task ends at once."""
    job = await painted(app, member)
    note(app, job.images[0], days=10_000, size=100 * GIGABYTE)
    await asyncio.wait_for(app.retention.run(), 1)
    assert await left(app) == [1]


async def test_it_sweeps_at_once_and_every_hour(keeping: App, member: Origin, tmp_path: Path) -> None:
    """A sweep that fails does not end it."""
    job = await painted(keeping, member)
    note(keeping, job.images[0], days=11)
    rests: list[str] = []

    async def park(awaitable: object, *, reason: str) -> None:
        awaitable.close()  # type: ignore[attr-defined]
        rests.append(reason)
        if len(rests) == 1:
            raised.clear()
        if len(rests) == 3:
            raise asyncio.CancelledError

    raised = [OSError("the disk is away")]

    class Failing(Retention):
        async def sweep(self) -> int:
            if raised:
                raise raised[0]
            return await super().sweep()

    retention = Failing(
        settings=keeping.settings,
        keeping=keeping.retention._keeping,
        pictures=keeping.retention._pictures,
        expiring=keeping.retention._expiring,
        forgetter=keeping.forgetter,
        park=park,
    )
    with pytest.raises(asyncio.CancelledError):
        await retention.run()
    assert len(rests) == 3
    assert await left(keeping) == []
