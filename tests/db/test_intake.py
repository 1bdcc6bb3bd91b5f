"""Many jobs at once: grouped, but each with its own answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from db.database import Database
from db.errors import DatabaseError
from db.intake import Intake
from db.jobs import CapReached, Job, Jobs
from tests.db.conftest import new_job


async def test_a_crowd_is_written_in_few_transactions(jobs: Jobs, db: Database) -> None:
    """Those that arrive together share a commit; every one is there, with a number of its own."""
    before = db._connection.total_changes
    made = await asyncio.gather(*(jobs.create(new_job(user=user)) for user in range(1, 201)))
    assert len({job.id for job in made}) == 200
    assert [job.user_id for job in made] == list(range(1, 201))
    for job in made[::40]:
        assert await jobs.get(job.id) == job
    # 200 jobs and 200 images, 200 users and one guild, and three changes for each text in the index of words: had
    # each been alone, the guild would count 200 times.
    assert db._connection.total_changes - before < 1300


async def test_a_cap_holds_within_a_crowd(jobs: Jobs) -> None:
    """A member who presses Enter ten times at once gets what the cap allows."""
    results = await asyncio.gather(
        *(jobs.create(new_job(cap_user=4)) for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(result, Job) for result in results) == 4
    refused = [result for result in results if isinstance(result, CapReached)]
    assert [error.pending for error in refused] == [4] * 6


async def test_one_bad_job_does_not_spoil_the_others(jobs: Jobs) -> None:
    """Text that cannot be stored is refused alone."""
    results = await asyncio.gather(
        *(jobs.create(new_job(prompt="\ud83d" if number == 3 else "ok")) for number in range(8)),
        return_exceptions=True,
    )
    assert [type(result).__name__ for result in results] == ["Job"] * 3 + ["DatabaseError"] + ["Job"] * 4


async def test_a_full_disk_is_told_to_everyone(jobs: Jobs, db: Database) -> None:
    """Nobody is told that their job is queued, and nothing is."""
    pages = (await db.rows("PRAGMA page_count"))[0][0]
    await db.rows(f"PRAGMA max_page_count = {pages}")
    results = await asyncio.gather(
        *(jobs.create(new_job(prompt="x" * 5000)) for _ in range(50)), return_exceptions=True
    )
    assert {type(result) for result in results[20:]} == {DatabaseError}
    stored = {job.id for job in await jobs.waiting_jobs(9, 100)}
    assert stored == {result.id for result in results if isinstance(result, Job)}


async def test_a_job_needs_pictures(jobs: Jobs) -> None:
    """An empty one would never end."""
    with pytest.raises(ValueError, match="at least one picture"):
        await jobs.create(new_job(images=0))


@pytest.mark.parametrize("turns", range(0, 40, 3))
async def test_who_gives_up_leaves_nothing_in_the_queue(jobs: Jobs, turns: int) -> None:
    """Cancelled before, while or after it is written, the job waits for no painter who never heard of it."""
    task = asyncio.create_task(jobs.create(new_job()))
    for _ in range(turns):
        if task.done():
            break
        await asyncio.sleep(0)
        await asyncio.to_thread(lambda: None)
    given_up = task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    while (writer := jobs._intake._writer) is not None:
        await asyncio.wait([writer])
    assert len(await jobs.waiting_jobs(9, 10)) == (0 if given_up else 1)
    await jobs.create(new_job())


async def test_who_gives_up_in_the_very_moment_of_the_answer(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job is written and the answer given, but its task is cancelled before it has read it."""
    answer = Intake._answer

    def answer_and_cancel(intake: Intake, arrival: Any, given: Any) -> None:
        answer(intake, arrival, given)
        task.cancel()

    monkeypatch.setattr(Intake, "_answer", answer_and_cancel)
    task = asyncio.create_task(jobs.create(new_job()))
    with pytest.raises(asyncio.CancelledError):
        await task
    while (writer := jobs._intake._writer) is not None:
        await asyncio.wait([writer])
    assert await jobs.waiting_jobs(9, 10) == ()


async def test_who_gives_up_does_not_take_others_along(jobs: Jobs) -> None:
    """The neighbours in the same transaction get their jobs."""
    tasks = [asyncio.create_task(jobs.create(new_job())) for _ in range(5)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(result, Job) for result in results] == [True, True, False, True, True]
