"""What counts towards a quota."""

from __future__ import annotations

import pytest

from db.database import Database
from db.jobs import Jobs
from db.usage import Usage
from tests.db.conftest import Clock, new_job


@pytest.fixture
def usage(db: Database) -> Usage:
    """The queries."""
    return Usage(db)


async def pictures(usage: Usage, user: int = 7, guild: int = 1, since: float = 0.0) -> list[int]:
    """The counted pictures of each job."""
    return [each.pictures for each in await usage.of_member(guild, user, since)]


async def test_only_their_own_jobs_here_and_lately_count(jobs: Jobs, usage: Usage, clock: Clock) -> None:
    """Of this member, in this guild, after that moment."""
    old = await jobs.create(new_job(user=7, guild=1))
    clock.time += 100
    await jobs.create(new_job(user=7, guild=1))
    await jobs.create(new_job(user=8, guild=1))
    await jobs.create(new_job(user=7, guild=2))
    assert len(await pictures(usage)) == 2
    assert len(await pictures(usage, since=old.created_at)) == 1
    assert len(await usage.of_guild(1, 0.0)) == 3


async def test_what_was_cancelled_before_it_started_does_not_count(jobs: Jobs, usage: Usage) -> None:
    """What had started has taken its time."""
    waiting, started = await jobs.create(new_job()), await jobs.create(new_job())
    await jobs.image_started(started.images[0].id)
    await jobs.cancel(waiting.id)
    await jobs.cancel(started.id)
    found = await usage.of_member(waiting.guild_id, waiting.user_id, 0.0)
    assert [each.pictures > 0 for each in found] == [False, True]


async def test_what_failed_does_not_count(jobs: Jobs, usage: Usage) -> None:
    """It is nobody's fault."""
    job = await jobs.create(new_job())
    for image in job.images:
        await jobs.image_failed(image.id, "no", "REF")
    [asked] = await usage.of_member(job.guild_id, job.user_id, 0.0)
    assert asked.pictures == 0


async def test_a_picture_takes_its_own_share_of_the_engine(jobs: Jobs, usage: Usage) -> None:
    """Not the time that others beside it took as well; what waits is known by its cost."""
    job = await jobs.create(new_job())
    [before] = await usage.of_member(job.guild_id, job.user_id, 0.0)
    assert before.waiting == pytest.approx(sum(image.cost for image in job.images))
    for image in job.images:
        await jobs.image_started(image.id)
        await jobs.image_painted(
            image.id, file="f", sha256=str(image.id), seconds=9.0, weights="", recipe="{}", share=0.25
        )
    [after] = await usage.of_member(job.guild_id, job.user_id, 0.0)
    assert after.waiting == 0
    assert after.seconds == pytest.approx(0.25 * len(job.images))
