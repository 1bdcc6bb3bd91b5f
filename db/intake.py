"""Taking in new jobs: those that arrive together share one transaction, and so one wait for the disk.

The first job is written at once. Those that arrive while it is being written are collected and written
together when it is done, each with its own caps and its own answer, and nobody is answered before the commit.
One after the other, 200 members who press Enter in the same second would wait for 200 syncs of the disk and
1,600 visits to the database thread, and share that thread with a GPU thread that holds the interpreter.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from db.database import Database, Transaction
from db.errors import DatabaseError
from db.new_rows import as_job, write_rows
from db.records import CapReached, Job, NewJob, NotWaiting
from db.transitions import cancel_job

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 500
"""Jobs in one transaction; bounds how long the first of them waits for the last."""


_Answer: TypeAlias = tuple[Job, ...] | CapReached | NotWaiting


@dataclass(slots=True)
class _Arrival:
    """Jobs that somebody waits for, or has stopped waiting for. They are written together or not at all.

    `confirmation_id` is the confirmation that they answer, and that is taken away with them.
    """

    news: tuple[NewJob, ...]
    confirmation_id: int | None
    answer: asyncio.Future[tuple[Job, ...]]
    given_up: bool = False


class Intake:
    """Writes new jobs, grouping those that arrive while the database is busy."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._arrivals: list[_Arrival] = []
        self._orphans: list[int] = []
        self._writer: asyncio.Task[None] | None = None
        self.first_id: int | None = None
        """Number of the first job that this process wrote; whatever is older was left by an earlier one."""

    async def create(self, new: NewJob) -> Job:
        """`create_all` of a single job."""
        [job] = await self.create_all((new,))
        return job

    async def create_all(self, news: Sequence[NewJob], confirmation_id: int | None = None) -> tuple[Job, ...]:
        """Write jobs of one member with their pictures, all queued. When this returns, they are on the disk.

        Cancelled, it leaves nothing in the queue: nobody was told that the jobs are queued, and nobody would
        feed them to the engine before the next start.

        Args:
            news: all of them are written, or none.
            confirmation_id: what they answer; it is taken away with them.

        Raises:
            CapReached: the member or the guild has too much waiting for all of them.
            NotWaiting: the confirmation was answered before, or is too old.
            DatabaseError: they could not be written; nothing was queued.
            ValueError: no job, or one without pictures.
        """
        if not news or not all(new.images for new in news):
            raise ValueError("a job needs at least one picture")
        arrival = _Arrival(tuple(news), confirmation_id, asyncio.get_running_loop().create_future())
        self._arrivals.append(arrival)
        self._wake()
        try:
            # Shielded, so that the writer's answer arrives even when nobody waits for it any more.
            return await asyncio.shield(arrival.answer)
        except asyncio.CancelledError:
            arrival.given_up = True
            if arrival.answer.done() and not arrival.answer.cancelled() and arrival.answer.exception() is None:
                self._orphans += [job.id for job in arrival.answer.result()]
                self._wake()
            raise

    def _wake(self) -> None:
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write(), name="job intake")

    async def _write(self) -> None:
        """Write until nothing is left. The task ends then, so an idle database has no task at all."""
        try:
            while self._arrivals or self._orphans:
                batch, self._arrivals = self._arrivals[:MOST_AT_ONCE], self._arrivals[MOST_AT_ONCE:]
                await self._write_batch([arrival for arrival in batch if not arrival.given_up])
                await self._drop_orphans()
        finally:
            self._writer = None
            for arrival in self._arrivals:  # only when this task itself was cancelled
                arrival.answer.cancel()
            self._arrivals = []

    async def _write_batch(self, batch: list[_Arrival]) -> None:
        if not batch:
            return
        try:
            async with self._db.transaction() as tx:
                answers = await _insert(tx, batch, self._db.now())
                if self.first_id is None:
                    written = [answer for answer in answers if isinstance(answer, tuple)]
                    self.first_id = written[0][0].id if written else None
        except asyncio.CancelledError:
            for arrival in batch:
                arrival.answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the answer
            if len(batch) == 1:
                self._answer(batch[0], error)
                return
            # One of them is at fault, or the disk is full for all: each alone finds out which.
            for arrival in batch:
                await self._write_batch([arrival])
            return
        for arrival, answer in zip(batch, answers, strict=True):
            self._answer(arrival, answer)

    def _answer(self, arrival: _Arrival, answer: _Answer | Exception) -> None:
        if arrival.given_up:
            if isinstance(answer, tuple):
                self._orphans += [job.id for job in answer]
        elif isinstance(answer, tuple):
            arrival.answer.set_result(answer)
        else:
            arrival.answer.set_exception(answer)

    async def _drop_orphans(self) -> None:
        orphans, self._orphans = self._orphans, []
        if not orphans:
            return
        try:
            async with self._db.transaction() as tx:
                for job_id in orphans:
                    await cancel_job(tx, job_id, self._db.now())
        except DatabaseError:
            log.warning("%d given-up jobs could not be cancelled; the next start paints them", len(orphans))


class _Caps:
    """How many pictures are pending in the guilds of a batch, kept up to date while it is admitted."""

    def __init__(self, rows: list[sqlite3.Row]) -> None:
        self._members: Counter[tuple[int, int]] = Counter()
        self._guilds: Counter[int] = Counter()
        for row in rows:
            self._members[row["guild_id"], row["user_id"]] += row["pending"]
            self._guilds[row["guild_id"]] += row["pending"]

    @classmethod
    async def read(cls, tx: Transaction, guild_ids: set[int]) -> _Caps:
        """Count what is pending in these guilds now."""
        return cls(
            await tx.rows(
                """
                SELECT jobs.guild_id, jobs.user_id, count(*) AS pending
                FROM jobs JOIN images ON images.job_id = jobs.id
                WHERE jobs.state IN ('queued', 'running')
                  AND images.state IN ('queued', 'running')
                  AND jobs.guild_id IN (SELECT value FROM json_each(?))
                GROUP BY jobs.guild_id, jobs.user_id
                """,
                json.dumps(sorted(guild_ids)),
            )
        )

    def admit(self, news: tuple[NewJob, ...]) -> CapReached | None:
        """Count the jobs of one member in, or say whose cap stands against them."""
        new, count = news[0], sum(len(each.images) for each in news)
        member = (new.guild_id, new.user_id)
        if self._members[member] + count > new.pending_cap_user:
            return CapReached("user", new.pending_cap_user, self._members[member])
        if self._guilds[new.guild_id] + count > new.pending_cap_guild:
            return CapReached("guild", new.pending_cap_guild, self._guilds[new.guild_id])
        self._members[member] += count
        self._guilds[new.guild_id] += count
        return None


async def _insert(tx: Transaction, batch: list[_Arrival], now: float) -> list[_Answer]:
    """Write what the caps allow, in the order of arrival, with a fixed number of statements."""
    caps = await _Caps.read(tx, {new.guild_id for arrival in batch for new in arrival.news})
    # Numbers are given out here and not by SQLite, so that all rows can be written with one statement each.
    # The transaction holds the write lock, so nobody else takes them.
    last = {
        row["name"]: row["seq"]
        for row in await tx.rows("SELECT name, seq FROM sqlite_sequence WHERE name IN ('jobs', 'images')")
    }
    job_id, image_id = last.get("jobs", 0), last.get("images", 0)
    answers: list[_Answer] = []
    accepted: list[tuple[NewJob, Job]] = []
    for arrival in batch:
        # In this order: whoever presses twice hears that it is queued, and a full queue leaves the confirmation.
        refusal = NotWaiting() if not await _waits(tx, arrival, now) else caps.admit(arrival.news)
        if refusal is not None:
            answers.append(refusal)
            continue
        if arrival.confirmation_id is not None:
            await tx.execute("DELETE FROM confirmations WHERE id = ?", arrival.confirmation_id)
        jobs = []
        for new in arrival.news:
            job_id += 1
            jobs.append(as_job(new, job_id, image_id + 1, now))
            image_id += len(new.images)
        accepted += zip(arrival.news, jobs, strict=True)
        answers.append(tuple(jobs))
    if accepted:
        await write_rows(tx, accepted, now)
    return answers


async def _waits(tx: Transaction, arrival: _Arrival, now: float) -> bool:
    """Whether the confirmation that the jobs answer is still there; so for jobs that answer none."""
    if arrival.confirmation_id is None:
        return True
    number = arrival.confirmation_id
    return bool(await tx.rows("SELECT id FROM confirmations WHERE id = ? AND expires_at > ?", number, now))
