"""Withheld pictures when something else happens to their job at the same time."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from db.audit import Entry
from db.bans import Ban, BanTable
from db.database import Database
from db.expiring import Expiring
from db.forgetting import Forgetting
from db.jobs import Job, Jobs, JobState
from db.removal import Removals
from db.reviews import Decision, Reviews
from db.usage import Usage
from db.withholding import Verdict
from tests.db.conftest import Clock, new_job

GUILD, MIA = 9, 7
TOO_MUCH = Verdict(state="withheld", scores=json.dumps({"explicit": 1.0}), classifier="scripted@1")


@pytest.fixture
def reviews(db: Database) -> Reviews:
    """The queries."""
    return Reviews(db)


def entry(action: str = "review.approve") -> Entry:
    """What a moderator decides."""
    return Entry(guild_id=GUILD, actor_id=5, actor_name="mod", action=action, user_id=MIA)


async def paint(jobs: Jobs, image_id: int, verdict: Verdict | None = TOO_MUCH) -> Job:
    """Take a picture from queued to painted, or withheld."""
    assert await jobs.image_started(image_id)
    return await jobs.image_painted(
        image_id,
        file=f"{image_id}.png",
        sha256=f"{image_id:064}",
        seconds=1.5,
        weights="hub:x",
        recipe='{"done": true}',
        share=1.5,
        verdict=verdict,
    )


async def withheld(jobs: Jobs, images: int = 1) -> Job:
    """A job of which everything was withheld, and its member told."""
    job = await jobs.create(new_job(images=images, user=MIA, guild=GUILD))
    for image in job.images:
        job = await paint(jobs, image.id)
    await jobs.delivered(job.id, 500 + job.id)
    return job


async def state(jobs: Jobs, job: Job) -> JobState:
    """As it is now."""
    found = await jobs.get(job.id)
    assert found is not None
    return found.state


async def doomed(db: Database) -> set[str]:
    """Files that are to be taken from the disk."""
    return set(await Forgetting(db).doomed_files(100))


async def test_deleting_everywhere_ends_reviews(db: Database, jobs: Jobs, reviews: Reviews) -> None:
    """Their files go, nothing is left to decide, and the moderators' message is to change."""
    job = await withheld(jobs)
    review = await reviews.get(1)
    assert review is not None
    await reviews.shown(review, 3, 4)
    await Removals(db).remove(job.id, entry("job.delete"), offspring=False)
    assert await doomed(db) == {"1.png"}
    assert await reviews.count(GUILD) == 0
    assert await reviews.stale(10) == (1,)
    assert await reviews.decide(1, Decision.APPROVE, entry()) is None


async def test_cancelling_ends_reviews(db: Database, jobs: Jobs, reviews: Reviews) -> None:
    """What is cancelled is never posted, so nobody has to decide about it."""
    job = await jobs.create(new_job(images=2, user=MIA, guild=GUILD))
    await paint(jobs, job.images[0].id)
    assert await reviews.count(GUILD) == 1
    await jobs.cancel(job.id)
    assert await reviews.count(GUILD) == 0
    assert await doomed(db) == {"1.png"}


async def test_a_ban_ends_reviews_of_what_it_stops(
    db: Database, jobs: Jobs, reviews: Reviews, clock: Clock
) -> None:
    """What is painted and not posted yet never is, so what was withheld of it is not either."""
    job = await jobs.create(new_job(images=2, user=MIA, guild=GUILD))
    await paint(jobs, job.images[0].id)
    job = await paint(jobs, job.images[1].id, Verdict(state="passed"))
    assert job.state is JobState.RENDERED
    ban = Ban(guild_id=GUILD, user_id=MIA, since=clock.time, until=None, reason="spam")
    [stopped] = await BanTable(db).put(ban, entry("ban.add"))
    assert stopped.job_id == job.id
    assert await state(jobs, job) is JobState.CANCELLED
    assert await reviews.count(GUILD) == 0
    assert await doomed(db) == {"1.png"}


async def test_a_ban_leaves_what_is_taken_out_of_a_posted_job(
    db: Database, jobs: Jobs, reviews: Reviews, clock: Clock
) -> None:
    """A picture that was reported goes from its message, whatever becomes of its member meanwhile."""
    job = await jobs.create(new_job(images=2, user=MIA, guild=GUILD))
    for image in job.images:
        await paint(jobs, image.id, Verdict(state="passed"))
    await jobs.delivered(job.id, 500, 0)
    reported = await reviews.report(1, "bad", 1, entry("report.add"))
    assert reported is not None
    assert reported.taken_down
    assert await state(jobs, job) is JobState.RENDERED
    ban = Ban(guild_id=GUILD, user_id=MIA, since=clock.time, until=None, reason="spam")
    assert await BanTable(db).put(ban, entry("ban.add")) == ()
    assert await BanTable(db).stop_all() == 0
    assert await state(jobs, job) is JobState.RENDERED


async def test_a_ban_stops_what_was_approved_and_not_posted(
    db: Database, jobs: Jobs, reviews: Reviews, clock: Clock
) -> None:
    """As it stops all that was never posted."""
    job = await withheld(jobs)
    await reviews.decide(1, Decision.APPROVE, entry())
    assert await state(jobs, job) is JobState.RENDERED
    ban = Ban(guild_id=GUILD, user_id=MIA, since=clock.time, until=None, reason="spam")
    assert len(await BanTable(db).put(ban, entry("ban.add"))) == 1
    assert await state(jobs, job) is JobState.CANCELLED


async def test_history_takes_reviews_with_files_and_messages(
    db: Database, jobs: Jobs, reviews: Reviews, clock: Clock
) -> None:
    """An erased job leaves neither its withheld picture nor the moderators' message that shows it."""
    await withheld(jobs)
    review = await reviews.get(1)
    assert review is not None
    await reviews.shown(review, 3, 4)
    assert await Expiring(db).expire(clock.time + 1, 10) == 1
    assert await doomed(db) == {"1.png"}
    assert [each.message_id for each in await Forgetting(db).takedowns(10)] == [4]
    assert await reviews.get(1) is None


async def test_history_keeps_what_its_member_was_not_told(db: Database, jobs: Jobs, clock: Clock) -> None:
    """A job that was withheld while nobody could be told."""
    job = await jobs.create(new_job(user=MIA, guild=GUILD))
    await paint(jobs, job.images[0].id)
    assert await Expiring(db).expire(clock.time + 1, 10) == 0
    await jobs.delivered(job.id, None)
    assert await Expiring(db).expire(clock.time + 1, 10) == 1


async def test_a_job_of_which_all_is_rejected_early_is_withheld(jobs: Jobs, reviews: Reviews) -> None:
    """A moderator may be faster than the engine: the member hears of the rejection, and of no fault of ours."""
    job = await jobs.create(new_job(images=2, user=MIA, guild=GUILD))
    await paint(jobs, job.images[0].id)
    await reviews.decide(1, Decision.REJECT, entry("review.reject"))
    await jobs.image_started(job.images[1].id)
    job = await jobs.image_failed(job.images[1].id, "no", "REF")
    assert job.state is JobState.WITHHELD


async def test_what_is_approved_early_is_no_release(path: Path, jobs: Jobs, reviews: Reviews) -> None:
    """While others are painted nobody was told that anything is withheld."""
    job = await jobs.create(new_job(images=2, user=MIA, guild=GUILD))
    await paint(jobs, job.images[0].id)
    await reviews.decide(1, Decision.APPROVE, entry())
    job = await paint(jobs, job.images[1].id, Verdict(state="passed"))
    assert (job.state, job.revision) == (JobState.RENDERED, 0)
    assert all(image.file for image in job.images)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT released FROM jobs").fetchall() == [(0,)]


async def test_withheld_pictures_count_towards_quotas(db: Database, jobs: Jobs, clock: Clock) -> None:
    """They took the engine's time, and whoever asks for such ones must not get more than others."""
    await withheld(jobs, images=2)
    [asked] = await Usage(db).of_member(GUILD, MIA, clock.time - 1)
    assert (asked.pictures, asked.seconds) == (2, 3.0)
