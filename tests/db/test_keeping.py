"""Files on the disk: handed back to the picture they are of, and found without reading the whole history."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from db.database import Database
from db.gallery import Gallery
from db.jobs import ImageState, Job, Jobs, JobState
from db.keeping import _SWEEPABLE, Keeping
from db.migrate import read_migrations
from tests.db.conftest import Clock, new_image, new_job, paint


async def posted(jobs: Jobs, images: int = 1) -> Job:
    """A delivered job with files."""
    job = await jobs.create(new_job(images=images))
    for image in job.images:
        await paint(jobs, image.id)
    await jobs.delivered(job.id, 1)
    return job


async def again(jobs: Jobs, image_id: int, sha256: str, file: str) -> Job:
    """Bring a picture's file back."""
    new = replace(new_job(), images=(replace(new_image(), restores=image_id),), action="restore")
    job = await jobs.create(new)
    await jobs.image_started(job.images[0].id)
    return await jobs.image_painted(
        job.images[0].id, file=file, sha256=sha256, seconds=1, weights="new", recipe='{"new": 1}', size=5
    )


async def test_a_file_is_handed_back(db: Database, jobs: Jobs, clock: Clock) -> None:
    """Its age begins anew, and only one picture owns it."""
    keeping, job = Keeping(db), await posted(jobs)
    await keeping.swept([job.images[0].id])
    clock.time = 5000
    done = await again(jobs, job.images[0].id, "cd" * 32, "new.png")
    assert done.state is JobState.RENDERED
    back = await jobs.get(job.id)
    assert back is not None
    image = back.images[0]
    assert (image.file, image.sha256, image.weights, image.swept_at) == ("new.png", "cd" * 32, "new", None)
    assert done.images[0].swept_at == 5000
    assert await keeping.total() == 5
    assert await keeping.sweepable(9999, 10) == ()  # its new message is not posted yet
    await jobs.delivered(done.id, 2)
    [kept] = await keeping.sweepable(9999, 10)
    assert (kept.image_id, kept.ended_at) == (image.id, 5000)


async def test_the_former_hash_leads_to_the_file(db: Database, jobs: Jobs) -> None:
    """Recipes of variations name it."""
    keeping, gallery, job = Keeping(db), Gallery(db), await posted(jobs)
    await keeping.swept([job.images[0].id])
    stored = await gallery.file_of("ab" * 32)
    assert stored is not None
    assert (stored.swept, stored.job_id) == (True, job.id)
    await again(jobs, job.images[0].id, "cd" * 32, "new.png")
    for digest in ("ab" * 32, "cd" * 32):
        stored = await gallery.file_of(digest)
        assert stored is not None
        assert (stored.file, stored.sha256, stored.swept, stored.job_id) == (
            "new.png",
            "cd" * 32,
            False,
            job.id,
        )
        assert job.id in {each.id for each in await gallery.shown_by(digest)}
    assert await keeping.changed([job.images[0].id]) == 1


async def test_who_comes_second_keeps_the_file(db: Database, jobs: Jobs) -> None:
    """Two that bring back the same picture: the first one's is taken."""
    keeping, job = Keeping(db), await posted(jobs)
    await keeping.swept([job.images[0].id])
    await again(jobs, job.images[0].id, "ab" * 32, "first.png")
    second = await again(jobs, job.images[0].id, "ab" * 32, "second.png")
    back = await jobs.get(job.id)
    assert back is not None
    assert back.images[0].file == "first.png"
    assert (second.images[0].file, second.images[0].swept_at) == ("second.png", None)


async def test_of_a_deleted_job_nothing_comes_back(db: Database, jobs: Jobs) -> None:
    """The picture fails with a sentence, and its file belongs to nobody."""
    job = await posted(jobs)
    await Keeping(db).swept([job.images[0].id])
    await Gallery(db).delete(job.id)
    done = await again(jobs, job.images[0].id, "ab" * 32, "new.png")
    assert (done.state, done.images[0].state) == (JobState.FAILED, ImageState.FAILED)
    assert done.images[0].file is None
    assert done.error == "These pictures were deleted meanwhile."


@pytest.mark.parametrize("favourites", [0, 1])
async def test_the_sweep_reads_from_the_oldest_file_on(db: Database, favourites: int) -> None:
    """By one index and without sorting, however many pictures there are."""
    plan = await db.rows("EXPLAIN QUERY PLAN " + _SWEEPABLE, 10.0, 0.0, 0, favourites, 5)
    details = [row["detail"] for row in plan]
    assert any("images USING INDEX images_kept" in detail for detail in details)
    assert not any("ORDER BY" in detail for detail in details)


async def test_adding_up_reads_an_index_only(db: Database) -> None:
    """Not the rows, which hold long texts."""
    plan = await db.rows(
        "EXPLAIN QUERY PLAN SELECT sum(bytes) FROM images INDEXED BY images_kept "
        "WHERE state = 'painted' AND swept_at IS NULL"
    )
    assert "COVERING INDEX" in plan[0]["detail"]


async def test_failed_jobs_of_earlier_versions_count_as_told(path: Path, clock: Clock) -> None:
    """Or the first start would apologise for years of failures."""
    versions = read_migrations()
    async with Database.open(path, clock, migrations=versions[:3]) as old, old.transaction() as tx:
        for table in ("guilds", "users"):
            await tx.execute(f"INSERT INTO {table} VALUES (9, 'x', 1.0, 1.0)")
        await tx.execute(
            """
            INSERT INTO jobs (origin, guild_id, user_id, channel_id, private, state, request, notes, created_at)
            VALUES ('discord', 9, 9, 1, 0, 'failed', '{}', '{}', 7.0)
            """
        )
    async with Database.open(path, clock) as db:
        assert (await Jobs(db).recover("discord")).undelivered == ()
