"""After a stop of any kind: nothing acknowledged is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from db.database import Database
from db.jobs import Jobs, JobState, WaitingImage
from db.reading import PAGE
from tests.db.conftest import new_job, paint

ROOT = Path(__file__).parents[2]

WRITER = """
import asyncio, sys
from pathlib import Path
from db.database import Database
from db.jobs import Jobs
from tests.db.conftest import new_job

async def ask(jobs):
    while True:
        job = await jobs.create(new_job(images=2, cap_user=10**6, cap_guild=10**6))
        print(job.id, flush=True)

async def main():
    async with Database.open(Path(sys.argv[1])) as db:
        jobs = Jobs(db)
        await asyncio.gather(*(ask(jobs) for _ in range(5)))

asyncio.run(main())
"""
"""Five members who ask without end, each acknowledged with a line."""


async def test_what_was_acknowledged_survives_kill_9(path: Path) -> None:
    """Every job whose number was printed before the process was killed is there, whole, and waits."""
    writer = await asyncio.to_thread(
        subprocess.Popen, [sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    lines = [await asyncio.to_thread(writer.stdout.readline) for _ in range(60)]
    os.kill(writer.pid, signal.SIGKILL)
    rest, _ = await asyncio.to_thread(writer.communicate)
    acknowledged = {int(line) for line in [*lines, *rest.splitlines(keepends=True)] if line.endswith("\n")}
    assert len(acknowledged) >= 60
    async with Database.open(path) as db:
        await db.check()
        recovery = await Jobs(db).recover("discord")
    waiting = [image.job_id for image in recovery.waiting]
    assert acknowledged <= set(waiting)
    assert all(waiting.count(job_id) == 2 for job_id in acknowledged)


async def test_what_was_running_waits_again(db: Database, jobs: Jobs) -> None:
    """In the order of creation; painted pictures are not painted again."""
    first = await jobs.create(new_job(images=2, user=1))
    second = await jobs.create(new_job(user=2, cost=9.0))
    await paint(jobs, first.images[0].id)
    await jobs.image_started(first.images[1].id)
    await jobs.image_started(second.images[0].id)
    recovery = await Jobs(db).recover("discord")
    assert recovery.waiting == (
        WaitingImage(
            image_id=first.images[1].id,
            job_id=first.id,
            guild_id=9,
            user_id=1,
            profile="miniature",
            cost=2.5,
            images=2,
        ),
        WaitingImage(
            image_id=second.images[0].id,
            job_id=second.id,
            guild_id=9,
            user_id=2,
            profile="miniature",
            cost=9.0,
            images=1,
        ),
    )
    stored = await jobs.get(second.id)
    assert stored is not None
    assert stored.state is JobState.QUEUED
    assert await jobs.image_started(second.images[0].id)


async def test_rendered_jobs_are_to_be_delivered(db: Database, jobs: Jobs) -> None:
    """And failed ones of which nobody was told; not what was delivered, told or cancelled."""
    made = [await jobs.create(new_job()) for _ in range(5)]
    for job in made[:2]:
        await paint(jobs, job.images[0].id)
    await jobs.delivered(made[0].id, 1)
    await jobs.image_failed(made[2].images[0].id, "x", "y")
    await jobs.cancel(made[3].id)
    await jobs.image_failed(made[4].images[0].id, "x", "y")
    assert await jobs.delivered(made[4].id, None)
    recovery = await Jobs(db).recover("discord")
    assert (recovery.waiting, recovery.undelivered) == ((), (made[1].id, made[2].id))
    told = await jobs.get(made[4].id)
    assert told is not None
    assert told.state is JobState.FAILED


async def test_recovering_twice_changes_nothing(db: Database, jobs: Jobs) -> None:
    """A start that was cut short is simply repeated."""
    job = await jobs.create(new_job(images=2))
    await jobs.image_started(job.images[0].id)
    first = await Jobs(db).recover("discord")
    assert len(first.waiting) == 2
    assert await Jobs(db).recover("discord") == first


async def test_what_this_run_has_begun_is_not_taken_for_a_leftover(db: Database, jobs: Jobs) -> None:
    """Members ask while the bot is still connecting: theirs is not painted or delivered twice."""
    left = await jobs.create(new_job())
    await jobs.image_started(left.images[0].id)
    this_run = Jobs(db)
    waits, runs, rendered = [await this_run.create(new_job()) for _ in range(3)]
    await this_run.image_started(runs.images[0].id)
    await paint(this_run, rendered.images[0].id)
    recovery = await this_run.recover("discord")
    assert [image.job_id for image in recovery.waiting] == [left.id]
    assert recovery.undelivered == ()
    states = [stored.state for job in (waits, runs, rendered) if (stored := await this_run.get(job.id))]
    assert states == [JobState.QUEUED, JobState.RUNNING, JobState.RENDERED]


async def test_the_command_line_and_the_bot_keep_out_of_each_others_way(db: Database, jobs: Jobs) -> None:
    """Each takes up only its own."""
    mine, other = await jobs.create(new_job(origin="cli")), await jobs.create(new_job())
    await jobs.image_started(mine.images[0].id)
    assert [image.job_id for image in (await Jobs(db).recover("discord")).waiting] == [other.id]
    running = await jobs.get(mine.id)
    assert running is not None
    assert running.state is JobState.RUNNING


async def test_abandoned_jobs_are_cancelled(jobs: Jobs) -> None:
    """Of one origin, rendered ones too, because nobody waits for them; what is final stays as it is."""
    made = [await jobs.create(new_job(origin="cli")) for _ in range(3)]
    other = await jobs.create(new_job())
    for job in made[:2]:
        await paint(jobs, job.images[0].id)
    await jobs.delivered(made[0].id, None)
    assert await jobs.abandon("cli") == 2
    states = [stored.state for job in (*made, other) if (stored := await jobs.get(job.id))]
    assert states == [JobState.DELIVERED, JobState.CANCELLED, JobState.CANCELLED, JobState.QUEUED]


async def test_many_waiting_pictures_come_back_whole(db: Database, jobs: Jobs) -> None:
    """More than are read at a time, none twice, none left out."""
    made = await asyncio.gather(
        *(jobs.create(new_job(images=4, cap_user=10**6, cap_guild=10**6)) for _ in range(PAGE // 4 + 20))
    )
    expected = [image.id for job in made for image in job.images]
    assert [image.image_id for image in (await Jobs(db).recover("discord")).waiting] == expected


async def test_a_start_does_not_walk_through_the_history(db: Database) -> None:
    """What waits is found through indices, however many finished jobs there are."""
    for sql in (
        "SELECT id FROM jobs WHERE origin = 'x' AND state = 'rendered' ORDER BY id",
        "SELECT id FROM jobs WHERE origin = 'x' AND state IN ('queued', 'running')",
        "SELECT id FROM jobs WHERE guild_id = 1 AND state IN ('queued', 'running')",
        "SELECT id FROM jobs WHERE message_id = 1",
    ):
        plan = " ".join(row["detail"] for row in await db.rows(f"EXPLAIN QUERY PLAN {sql}"))
        assert "SEARCH jobs USING" in plan, (sql, plan)
