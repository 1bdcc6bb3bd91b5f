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
from dataclasses import asdict, dataclass
from typing import Final

from db.database import Database, Transaction
from db.errors import DatabaseError
from db.records import CapReached, Image, ImageState, Job, JobState, NewJob
from db.transitions import cancel_job

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 500
"""Jobs in one transaction; bounds how long the first of them waits for the last."""


@dataclass(slots=True)
class _Arrival:
    """One job that somebody waits for, or has stopped waiting for."""

    new: NewJob
    answer: asyncio.Future[Job]
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
        """Write one job with its pictures, all queued. When this returns, the job is on the disk.

        Cancelled, it leaves nothing in the queue: nobody was told that the job is queued, and nobody would
        feed it to the engine before the next start.

        Raises:
            CapReached: the member or the guild has too much waiting.
            DatabaseError: it could not be written; nothing was queued.
            ValueError: a job without pictures.
        """
        if not new.images:
            raise ValueError("a job needs at least one picture")
        arrival = _Arrival(new, asyncio.get_running_loop().create_future())
        self._arrivals.append(arrival)
        self._wake()
        try:
            # Shielded, so that the writer's answer arrives even when nobody waits for it any more.
            return await asyncio.shield(arrival.answer)
        except asyncio.CancelledError:
            arrival.given_up = True
            if arrival.answer.done() and not arrival.answer.cancelled() and arrival.answer.exception() is None:
                self._orphans.append(arrival.answer.result().id)
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
                answers = await _insert(tx, [arrival.new for arrival in batch], self._db.now())
                if self.first_id is None:
                    self.first_id = next((answer.id for answer in answers if isinstance(answer, Job)), None)
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

    def _answer(self, arrival: _Arrival, answer: Job | Exception) -> None:
        if arrival.given_up:
            if isinstance(answer, Job):
                self._orphans.append(answer.id)
        elif isinstance(answer, Job):
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

    def admit(self, new: NewJob) -> CapReached | None:
        """Count the job in, or say whose cap stands against it."""
        member, count = (new.guild_id, new.user_id), len(new.images)
        if self._members[member] + count > new.pending_cap_user:
            return CapReached("user", new.pending_cap_user, self._members[member])
        if self._guilds[new.guild_id] + count > new.pending_cap_guild:
            return CapReached("guild", new.pending_cap_guild, self._guilds[new.guild_id])
        self._members[member] += count
        self._guilds[new.guild_id] += count
        return None


async def _insert(tx: Transaction, news: list[NewJob], now: float) -> list[Job | CapReached]:
    """Write what the caps allow, in the order of arrival, with a fixed number of statements."""
    caps = await _Caps.read(tx, {new.guild_id for new in news})
    # Numbers are given out here and not by SQLite, so that all rows can be written with one statement each.
    # The transaction holds the write lock, so nobody else takes them.
    last = {
        row["name"]: row["seq"]
        for row in await tx.rows("SELECT name, seq FROM sqlite_sequence WHERE name IN ('jobs', 'images')")
    }
    job_id, image_id = last.get("jobs", 0), last.get("images", 0)
    answers: list[Job | CapReached] = []
    for new in news:
        refusal = caps.admit(new)
        if refusal is None:
            job_id += 1
            answers.append(_as_job(new, job_id, image_id + 1, now))
            image_id += len(new.images)
        else:
            answers.append(refusal)
    accepted = [(new, answer) for new, answer in zip(news, answers, strict=True) if isinstance(answer, Job)]
    if accepted:
        await _write_rows(tx, accepted, now)
    return answers


def _as_job(new: NewJob, job_id: int, first_image_id: int, now: float) -> Job:
    images = tuple(
        Image(
            id=first_image_id + position,
            job_id=job_id,
            position=position,
            state=ImageState.QUEUED,
            **asdict(image),
        )
        for position, image in enumerate(new.images)
    )
    return Job(
        id=job_id,
        origin=new.origin,
        guild_id=new.guild_id,
        channel_id=new.channel_id,
        user_id=new.user_id,
        user_name=new.user_name,
        state=JobState.QUEUED,
        private=new.private,
        message_id=None,
        request=new.request,
        notes=new.notes,
        error=None,
        reference=None,
        created_at=now,
        started_at=None,
        rendered_at=None,
        delivered_at=None,
        images=images,
        action=new.action,
        parent_image_id=new.parent_image_id,
    )


async def _write_rows(tx: Transaction, accepted: list[tuple[NewJob, Job]], now: float) -> None:
    for table, names in (
        ("guilds", {new.guild_id: new.guild_name for new, _ in accepted}),
        ("users", {new.user_id: new.user_name for new, _ in accepted}),
    ):
        await tx.execute_many(
            f"""
            INSERT INTO {table} (id, name, first_seen, last_seen) VALUES (?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, last_seen = excluded.last_seen
            """,
            [(row_id, name, now, now) for row_id, name in names.items()],
        )
    await tx.execute_many(
        """
        INSERT INTO jobs (id, origin, guild_id, user_id, channel_id, private, state, request, notes, created_at,
                          action, parent_image_id)
        VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, (SELECT id FROM images WHERE id = ?))
        """,
        # The picture that one goes on from may have been erased, with its owner, since it was looked up.
        [
            (
                *(j.id, j.origin, j.guild_id, j.user_id, j.channel_id, int(j.private), j.request, j.notes, now),
                *(j.action, j.parent_image_id),
            )
            for _, j in accepted
        ],
    )
    await tx.execute_many(
        """
        INSERT INTO job_texts (rowid, owner, prompt)
        VALUES (?, ?, CASE WHEN json_valid(?3) THEN coalesce(json_extract(?3, '$.prompt'), '') ELSE '' END)
        """,
        [(job.id, f"u{job.user_id}", job.request) for _, job in accepted],
    )
    await tx.execute_many(
        """
        INSERT INTO images (id, job_id, position, state, recipe, profile, prompt, negative_prompt, seed,
                            width, height, steps, cost)
        VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            (
                *(i.id, i.job_id, i.position, i.recipe, i.profile, i.prompt, i.negative_prompt),
                *(i.seed, i.width, i.height, i.steps, i.cost),
            )
            for _, job in accepted
            for i in job.images
        ],
    )
