"""Jobs and their pictures: the queries that the use cases are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from db.audit import Entry, add_entry
from db.database import Database, Transaction
from db.intake import Intake
from db.job_queries import JobQueries
from db.posts import note_message
from db.reading import read_job, read_promoted, read_undelivered, read_waiting
from db.records import (
    CapReached,
    Image,
    ImageState,
    Job,
    JobState,
    NewImage,
    NewJob,
    NotWaiting,
    Pending,
    Recovery,
    WaitingImage,
)
from db.transitions import (
    abandon_jobs,
    cancel_job,
    hand_over,
    requeue_running,
    settle_job,
    start_image,
    withhold_job,
)
from db.withholding import Verdict, change_job, note_verdict

__all__ = [
    "CapReached",
    "Image",
    "ImageState",
    "Job",
    "JobState",
    "Jobs",
    "NewImage",
    "NewJob",
    "NotWaiting",
    "Pending",
    "Recovery",
    "WaitingImage",
]


NEVER: Final = 2**63 - 1
"""A job number that SQLite will not reach."""


class Jobs(JobQueries):
    """Typed queries. Each is one transaction, and raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self._intake = Intake(db)

    async def create(self, new: NewJob) -> Job:
        """Write a job with its pictures, all queued. When this returns, the job is on the disk.

        Raises:
            CapReached: the member or the guild has too much waiting; nothing was queued.
            DatabaseError: it could not be written; nothing was queued.
            ValueError: a job without pictures.
        """
        return await self._intake.create(new)

    async def create_all(self, news: Sequence[NewJob], confirmation_id: int | None = None) -> tuple[Job, ...]:
        """Write jobs of one member, all or none; with them goes the confirmation that they answer.

        Raises:
            CapReached: the member or the guild has too much waiting for all of them; nothing was queued.
            NotWaiting: the confirmation was answered before, or is too old; nothing was queued.
            DatabaseError: they could not be written; nothing was queued.
            ValueError: no job, or one without pictures.
        """
        return await self._intake.create_all(news, confirmation_id)

    # -- what happens to a job -------------------------------------------------------------------------------

    async def set_message(self, job_id: int, channel_id: int, message_id: int) -> None:
        """Remember which message shows this job."""
        async with self._db.transaction() as tx:
            await tx.execute(
                "UPDATE jobs SET channel_id = ?, message_id = ? WHERE id = ?", channel_id, message_id, job_id
            )

    async def posted(self, job_id: int, guild_id: int, channel_id: int, message_id: int) -> None:
        """A message besides the job's own shows its pictures: a direct message (guild 0), or one for moderators."""
        async with self._db.transaction() as tx:
            await note_message(tx, job_id, guild_id, channel_id, message_id)

    async def image_started(self, image_id: int) -> bool:
        """The picture goes to the engine: it and its job are running now. False when it was not queued."""
        async with self._db.transaction() as tx:
            return await start_image(tx, image_id, self._db.now())

    async def image_painted(
        self,
        image_id: int,
        *,
        file: str,
        sha256: str,
        seconds: float,
        weights: str,
        recipe: str,
        size: int | None = None,
        share: float | None = None,
        verdict: Verdict | None = None,
    ) -> Job:
        """The picture is on the disk. Its job becomes rendered when nothing of it is left to paint.

        What must not be shown by the `verdict` on it goes into a review in the same transaction.
        Changes nothing when the picture was not running, such as when it was cancelled meanwhile. A picture that
        brings back another one's file hands it over.

        Raises:
            LookupError: there is no such picture.
        """
        async with self._db.transaction() as tx:
            now = self._db.now()
            rows = await tx.rows(
                """
                UPDATE images SET state = 'painted', file = ?, sha256 = ?, seconds = ?, weights = ?, recipe = ?,
                                  bytes = ?, ended_at = ?
                WHERE id = ? AND state = 'running' RETURNING restores
                """,
                file,
                sha256,
                seconds,
                weights,
                recipe,
                size,
                now,
                image_id,
            )
            if rows and share is not None:
                await tx.execute("UPDATE images SET share = ? WHERE id = ?", share, image_id)
            if rows and verdict is not None:
                await note_verdict(tx, image_id, verdict, now)
            if rows and rows[0]["restores"] is not None:
                await hand_over(tx, image_id, now)
            return await _after(tx, image_id, len(rows), now)

    async def image_checked(self, image_id: int, verdict: Verdict) -> None:
        """The verdict on a painted picture that nobody had looked at. Its job changes where that is withheld."""
        async with self._db.transaction() as tx:
            now = self._db.now()
            row = await tx.row(
                "SELECT job_id FROM images WHERE id = ? AND state = 'painted' AND check_state IS NULL", image_id
            )
            if row is not None:
                await note_verdict(tx, image_id, verdict, now)
                if verdict.held:
                    await change_job(tx, row["job_id"], now)

    async def approved(self, image_id: int) -> str | None:
        """How a moderator has released a picture: `approved` or `spoiler`; None when none has."""
        rows = await self._db.rows("SELECT check_state FROM images WHERE id = ?", image_id)
        found = rows[0]["check_state"] if rows else None
        return found if found in {"approved", "spoiler"} else None

    async def image_failed(
        self, image_id: int, error: str, reference: str, error_said: str | None = None
    ) -> Job:
        """The picture cannot be painted. Its job fails when none of its pictures is left and none was painted.

        Changes nothing when the picture was neither queued nor running.

        Args:
            image_id: which one.
            error: why, in English.
            reference: of the log.
            error_said: what the sentence is made of, as JSON, so that it can be said in other languages.

        Raises:
            LookupError: there is no such picture.
        """
        async with self._db.transaction() as tx:
            now = self._db.now()
            changed = await tx.execute(
                """
                UPDATE images SET state = 'failed', error = ?, reference = ?, ended_at = ?
                WHERE id = ? AND state IN ('queued', 'running')
                """,
                error,
                reference,
                now,
                image_id,
            )
            if changed:
                await tx.execute(
                    """
                    UPDATE jobs SET error = ?, reference = ?, error_said = ?
                    WHERE id = (SELECT job_id FROM images WHERE id = ?) AND error IS NULL
                    """,
                    error,
                    reference,
                    error_said,
                    image_id,
                )
            return await _after(tx, image_id, changed, now)

    async def cancel(self, job_id: int, entry: Entry | None = None) -> tuple[int, ...]:
        """Cancel what waits or runs. Returns the ids of the pictures that did; painted ones stay recorded.

        Nothing happens, and the result is empty, when the job is final or rendered or does not exist.

        Args:
            job_id: the job.
            entry: for the audit log, when that is a moderator's decision; written only if something happens.
        """
        async with self._db.transaction() as tx:
            cancelled = await cancel_job(tx, job_id, self._db.now())
            if cancelled and entry is not None:
                await add_entry(tx, entry, self._db.now())
            return cancelled

    async def cancel_all(self, user_id: int, entry: Entry) -> dict[int, tuple[int, ...]]:
        """Cancel all that a member has waiting or running in the entry's guild. Returns the pictures of each job."""
        async with self._db.transaction() as tx:
            rows = await tx.rows(
                """
                SELECT id FROM jobs WHERE guild_id = ? AND user_id = ? AND state IN ('queued', 'running') ORDER BY id
                """,
                entry.guild_id,
                user_id,
            )
            now = self._db.now()
            cancelled = {row["id"]: await cancel_job(tx, row["id"], now) for row in rows}
            if cancelled:
                await add_entry(tx, replace(entry, details={**entry.details, "jobs": [*cancelled]}), now)
            return cancelled

    async def promote(self, job_id: int, entry: Entry) -> None:
        """Write down that a waiting job goes before the others of its guild, also after a restart."""
        async with self._db.transaction() as tx:
            now = self._db.now()
            changed = await tx.execute(
                "UPDATE jobs SET promoted_at = ? WHERE id = ? AND state IN ('queued', 'running')", now, job_id
            )
            if changed:
                await add_entry(tx, entry, now)

    async def delivered(self, job_id: int, message_id: int | None, revision: int | None = None) -> bool:
        """The pictures were posted, in this message. False if it was not rendered, so also the second time.

        Of a failed or withheld job: its member was told. It stays what it is. Where moderators have changed the job
        since that `revision` was read, only the message is remembered: it is to be shown anew.
        """
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                UPDATE jobs SET message_id = coalesce(?1, message_id)
                WHERE id = ?2 AND revision <> coalesce(?3, revision)
                """,
                message_id,
                job_id,
                revision,
            )
            changed = await tx.execute(
                """
                UPDATE jobs SET state = CASE state WHEN 'rendered' THEN 'delivered' ELSE state END, delivered_at = ?,
                                message_id = coalesce(?, message_id)
                WHERE id = ? AND revision = coalesce(?, revision)
                  AND (state = 'rendered' OR (state IN ('failed', 'withheld') AND delivered_at IS NULL))
                """,
                self._db.now(),
                message_id,
                job_id,
                revision,
            )
        return changed > 0

    async def withhold(self, job_id: int, why: str, said: str | None = None) -> bool:
        """The pictures are not to be shown, and their member was told. False when it was not rendered (any more).

        `said` is what the sentence is made of, as JSON.
        """
        async with self._db.transaction() as tx:
            return await withhold_job(tx, job_id, why, said, self._db.now())

    async def claim_release(self, job_id: int) -> bool:
        """Claim telling the member that moderators have released something. False when that was done."""
        async with self._db.transaction() as tx:
            changed = await tx.execute("UPDATE jobs SET released = 0 WHERE id = ? AND released = 1", job_id)
        return changed > 0

    async def notify(self, job_id: int, waited: float) -> bool:
        """Claim the one mention of the member. False when none was asked for, it was made, or the wait was short."""
        async with self._db.transaction() as tx:
            now = self._db.now()
            changed = await tx.execute(
                """
                UPDATE jobs SET notified_at = ?
                WHERE id = ? AND notify = 1 AND notified_at IS NULL AND created_at <= ? AND state <> 'cancelled'
                """,
                now,
                job_id,
                now - waited,
            )
        return changed > 0

    async def share(self, job_id: int, channel_id: int, message_id: int) -> bool:
        """A private draft is everybody's now, in this message. False when it is none (any more) or was deleted."""
        async with self._db.transaction() as tx:
            changed = await tx.execute(
                """
                UPDATE jobs SET private = 0, channel_id = ?, message_id = ?
                WHERE id = ? AND private = 1 AND deleted_at IS NULL
                """,
                channel_id,
                message_id,
                job_id,
            )
        return changed > 0

    # -- the start -------------------------------------------------------------------------------------------

    async def recover(self, origin: str) -> Recovery:
        """Take stock after a stop of any kind: what was running is queued again.

        Only of jobs that were there before this object wrote its first one. So members may ask while the bot is
        still connecting, and what they have in the engine is not taken for something that the last run left.
        To be called once, before anything that it returns is painted.
        """
        async with self._db.transaction() as tx:
            before = NEVER if self._intake.first_id is None else self._intake.first_id
            await requeue_running(tx, origin, before)
            return Recovery(
                await read_waiting(tx, origin, before),
                await read_undelivered(tx, origin, before),
                await read_promoted(tx, origin, before),
            )

    async def abandon(self, origin: str) -> int:
        """Cancel what nobody waits for any more: every job of an origin that is not final. Returns how many."""
        async with self._db.transaction() as tx:
            return await abandon_jobs(tx, origin, self._db.now())


async def _after(tx: Transaction, image_id: int, changed: int, now: float) -> Job:
    """The job of a picture, settled when the picture has just changed."""
    row = await tx.row("SELECT job_id FROM images WHERE id = ?", image_id)
    if row is None:
        raise LookupError(f"no picture {image_id}")
    if changed:
        await settle_job(tx, row["job_id"], now)
    job = await read_job(tx, row["job_id"])
    if job is None:
        raise LookupError(f"no job {row['job_id']}")
    return job
