"""Finished pictures: their lineage, and deleting them."""

from __future__ import annotations

from dataclasses import replace

from db.database import Database
from db.gallery import Gallery
from db.jobs import Job, Jobs, JobState
from tests.db.conftest import Clock, new_job, paint


async def child_of(jobs: Jobs, parent: Job | None, action: str) -> Job:
    """A painted and delivered job that went on from another."""
    image = parent.images[0].id if parent else None
    job = await jobs.create(replace(new_job(), action=action, parent_image_id=image))
    await paint(jobs, job.images[0].id)
    await jobs.set_message(job.id, 11, 1000 + job.id)
    await jobs.delivered(job.id, None)
    found = await jobs.get(job.id)
    assert found is not None
    return found


async def test_the_line_is_followed_back(db: Database, jobs: Jobs) -> None:
    """The nearest first, as far as asked, with what made each and where it is shown."""
    first = await child_of(jobs, None, "imagine")
    second = await child_of(jobs, first, "reroll")
    third = await child_of(jobs, second, "edit")
    assert (third.action, third.parent_image_id) == ("edit", second.images[0].id)
    line = await Gallery(db).ancestors(second.images[0].id, 8)
    assert [(each.job_id, each.action, each.message_id) for each in line] == [
        (second.id, "reroll", 1000 + second.id),
        (first.id, "imagine", 1000 + first.id),
    ]
    assert len(await Gallery(db).ancestors(second.images[0].id, 1)) == 1
    assert await Gallery(db).ancestors(999, 8) == ()


async def test_a_deleted_job_leaves_its_files_to_be_swept(db: Database, jobs: Jobs, clock: Clock) -> None:
    """Once; its number and its place in the line stay."""
    gallery = Gallery(db)
    job = await child_of(jobs, None, "imagine")
    kept = await child_of(jobs, job, "reroll")
    clock.time = 5000
    assert await gallery.delete(job.id)
    assert not await gallery.delete(job.id)
    [left] = await gallery.left_files(10)
    assert (left.image_id, left.file) == (job.images[0].id, job.images[0].file)
    await gallery.swept([left.image_id])
    assert await gallery.left_files(10) == ()
    stored = await jobs.get(job.id)
    assert stored is not None
    assert stored.deleted_at == 5000
    [parent] = await gallery.ancestors(kept.parent_image_id or 0, 8)
    assert parent.deleted


async def test_what_waits_cannot_be_deleted(db: Database, jobs: Jobs) -> None:
    """It is cancelled first."""
    job = await jobs.create(new_job())
    assert not await Gallery(db).delete(job.id)
    assert not await Gallery(db).delete(99)


async def test_a_deleted_job_is_not_delivered_any_more(db: Database, jobs: Jobs) -> None:
    """Rendered, and deleted before it was posted: the next start must not post it."""
    job = await jobs.create(new_job())
    await paint(jobs, job.images[0].id)
    assert await Gallery(db).delete(job.id)
    stored = await jobs.get(job.id)
    assert stored is not None
    assert stored.state is JobState.DELIVERED
    assert (await jobs.recover("discord")).undelivered == ()


async def test_a_file_is_found_by_its_hash_until_it_is_deleted(db: Database, jobs: Jobs) -> None:
    """What another picture starts from."""
    gallery = Gallery(db)
    job = await child_of(jobs, None, "imagine")
    image = job.images[0]
    stored = await gallery.file_of(image.sha256 or "")
    assert stored is not None
    assert (stored.file, stored.swept) == (image.file, False)
    assert await gallery.file_of("cd" * 32) is None
    await gallery.delete(job.id)
    assert await gallery.file_of(image.sha256 or "") is None


async def test_what_went_on_from_a_picture_is_counted(db: Database, jobs: Jobs) -> None:
    """By pictures, whatever became of them."""
    first = await child_of(jobs, None, "imagine")
    assert await Gallery(db).offspring(first.images[0].id) == 0
    await jobs.create(replace(new_job(images=3), action="subtle", parent_image_id=first.images[0].id))
    await child_of(jobs, first, "strong")
    assert await Gallery(db).offspring(first.images[0].id) == 4
