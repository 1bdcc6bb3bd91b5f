"""Batches: kept until they are confirmed, queued whole and once."""

from __future__ import annotations

import asyncio

import pytest

from db.confirmations import KEPT_SECONDS, MOST_OF_A_MEMBER, Confirmations
from db.database import Database
from db.errors import DatabaseError
from db.jobs import CapReached, Jobs, NotWaiting
from tests.db.conftest import Clock, new_image, new_job


@pytest.fixture
def kept(db: Database) -> Confirmations:
    """The queries on the same database as `jobs`."""
    return Confirmations(db)


async def pending(jobs: Jobs) -> int:
    """How many pictures of the member wait."""
    return (await jobs.counts_pending(7, 9)).user


async def test_a_batch_is_queued_once(jobs: Jobs, kept: Confirmations) -> None:
    """However often and fast it is confirmed."""
    number = await kept.keep(9, 7, "[]")
    news = [new_job(images=2, cap_user=3), new_job(images=1, cap_user=3)]
    first, second = await asyncio.gather(
        jobs.create_all(news, number), jobs.create_all(news, number), return_exceptions=True
    )
    assert isinstance(first, tuple)
    assert [job.id for job in first] == [1, 2]
    assert isinstance(second, NotWaiting)
    assert await pending(jobs) == 3
    assert await kept.get(number) is None


async def test_a_batch_above_the_cap_queues_nothing_and_stays(jobs: Jobs, kept: Confirmations) -> None:
    """It can be confirmed again when there is room."""
    number = await kept.keep(9, 7, "[]")
    await jobs.create(new_job(images=2))
    news = [new_job(images=2, cap_user=5)] * 2
    with pytest.raises(CapReached):
        await jobs.create_all(news, number)
    assert await pending(jobs) == 2
    assert await kept.get(number) is not None
    assert len(await jobs.create_all([new_job(images=3, cap_user=5)], number)) == 1


async def test_a_batch_that_cannot_be_written_leaves_nothing(
    jobs: Jobs, kept: Confirmations, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a part of it; and the confirmation waits on."""
    number = await kept.keep(9, 7, "[]")
    with pytest.raises(DatabaseError):
        await jobs.create_all([new_job(), new_job(user_name="\ud800")], number)
    assert await pending(jobs) == 0
    assert await kept.get(number) is not None


async def test_a_batch_and_single_jobs_of_others_share_a_transaction(jobs: Jobs) -> None:
    """Each has its own numbers and pictures."""
    batch, single = await asyncio.gather(
        jobs.create_all([new_job(images=2), new_job(images=3)]), jobs.create(new_job(user=8))
    )
    images = [image.id for job in (*batch, single) for image in job.images]
    assert sorted(images) == [1, 2, 3, 4, 5, 6]
    for job in (*batch, single):
        assert await jobs.get(job.id) == job


async def test_too_old_is_gone(jobs: Jobs, kept: Confirmations, clock: Clock) -> None:
    """For the button, for the queue, and from the disk when the next one is kept."""
    number = await kept.keep(9, 7, "[]")
    clock.time += KEPT_SECONDS
    assert await kept.get(number) is None
    with pytest.raises(NotWaiting):
        await jobs.create_all([new_job()], number)
    assert await pending(jobs) == 0
    other = await kept.keep(9, 7, "[]")
    assert not await kept.drop(number)
    assert await kept.drop(other)
    assert not await kept.drop(other)


async def test_only_the_newest_of_a_member_are_kept(kept: Confirmations) -> None:
    """And nobody else's are touched."""
    others = await kept.keep(9, 8, "[]")
    numbers = [await kept.keep(9, 7, "[]") for _ in range(MOST_OF_A_MEMBER + 3)]
    left = [number for number in numbers if await kept.get(number)]
    assert left == numbers[-MOST_OF_A_MEMBER:]
    assert await kept.get(others) is not None


async def test_the_mention_is_claimed_once_and_only_after_the_wait(jobs: Jobs, clock: Clock) -> None:
    """And only where it was asked for."""
    from dataclasses import replace

    asked = await jobs.create(replace(new_job(), notify=True))
    other = await jobs.create(new_job())
    clock.time += 59
    assert not await jobs.notify(asked.id, 60)
    clock.time += 1
    assert await jobs.notify(asked.id, 60)
    assert not await jobs.notify(asked.id, 60)
    assert not await jobs.notify(other.id, 60)
    found = await jobs.get(asked.id)
    assert found is not None
    assert found.notify


async def test_a_draft_is_shared_once(jobs: Jobs) -> None:
    """What is not private, or deleted, is not shared."""
    from dataclasses import replace

    draft = await jobs.create(replace(new_job(), private=True, images=(new_image(),)))
    public = await jobs.create(new_job())
    assert await jobs.share(draft.id, 5, 6)
    assert not await jobs.share(draft.id, 7, 8)
    assert not await jobs.share(public.id, 7, 8)
    found = await jobs.get(draft.id)
    assert found is not None
    assert (found.private, found.channel_id, found.message_id) == (False, 5, 6)
