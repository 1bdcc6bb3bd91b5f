"""Finished pictures: where each came from, and deleting them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from db.database import Database
from db.reading import read_jobs
from db.records import Ancestor, Job
from db.review_ends import drop_reviews

_LINE: Final = """
    WITH RECURSIVE line (depth, image_id) AS (
        SELECT 0, ?
        UNION ALL
        SELECT line.depth + 1, jobs.parent_image_id
        FROM line JOIN images ON images.id = line.image_id JOIN jobs ON jobs.id = images.job_id
        WHERE jobs.parent_image_id IS NOT NULL AND line.depth + 1 < ?
    )
    SELECT images.id AS image_id, jobs.id AS job_id, images.position, jobs.action, jobs.user_id, jobs.guild_id,
           jobs.channel_id, jobs.message_id, jobs.deleted_at IS NOT NULL AS deleted
    FROM line JOIN images ON images.id = line.image_id JOIN jobs ON jobs.id = images.job_id
    ORDER BY line.depth
"""


@dataclass(frozen=True, slots=True)
class LeftFile:
    """A file of a deleted picture that is still on the disk, as far as the database knows."""

    image_id: int
    file: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A picture's file. `swept` says that it was taken from the disk; `job_id` is None for one handed in."""

    file: str
    sha256: str
    job_id: int | None
    swept: bool


class Gallery:
    """Queries on finished pictures. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def ancestors(self, image_id: int, limit: int) -> tuple[Ancestor, ...]:
        """A picture, the one it went on from, and so on: the nearest first, at most `limit`."""
        rows = await self._db.rows(_LINE, image_id, limit)
        return tuple(Ancestor(**(dict(row) | {"deleted": bool(row["deleted"])})) for row in rows)

    async def is_private(self, image_id: int) -> bool:
        """Whether a picture belongs to a private draft."""
        rows = await self._db.rows(
            "SELECT jobs.private FROM images JOIN jobs ON jobs.id = images.job_id WHERE images.id = ?", image_id
        )
        return bool(rows and rows[0]["private"])

    async def file_of(self, sha256: str) -> StoredFile | None:
        """The file that has this hash, of a picture that was not deleted or that was handed in; None if there is none.

        One that is on the disk rather than one that was swept, and one that has this hash now rather than one that
        had it before it was painted again.
        """
        rows = await self._db.rows(
            """
            SELECT images.file, images.sha256, images.job_id, images.swept_at IS NOT NULL AS swept
            FROM images JOIN jobs ON jobs.id = images.job_id
            WHERE (images.sha256 = ?1 OR images.id IN (SELECT image_id FROM former_hashes WHERE sha256 = ?1))
              AND jobs.deleted_at IS NULL AND images.file IS NOT NULL
            ORDER BY swept, jobs.action = 'restore', images.sha256 <> ?1, images.id LIMIT 1
            """,
            sha256,
        )
        if rows and not rows[0]["swept"]:
            return StoredFile(**(dict(rows[0]) | {"swept": False}))
        given = await self._db.rows("SELECT file FROM sources WHERE sha256 = ? LIMIT 1", sha256)
        if given:
            return StoredFile(given[0]["file"], sha256, None, swept=False)
        return StoredFile(**(dict(rows[0]) | {"swept": True})) if rows else None

    async def shown_by(self, sha256: str, *, deleted_too: bool = False) -> tuple[Job, ...]:
        """The jobs that painted a file with this hash and were not deleted; several if it was painted again.

        Also those whose file was swept: what is asked for is what they show.
        """
        async with self._db.reading() as tx:
            return await read_jobs(
                tx,
                """
                (?2 OR jobs.deleted_at IS NULL) AND jobs.id IN (
                    SELECT job_id FROM images WHERE sha256 = ?1
                    UNION ALL
                    SELECT images.job_id FROM former_hashes JOIN images ON images.id = former_hashes.image_id
                    WHERE former_hashes.sha256 = ?1
                ) ORDER BY jobs.id LIMIT 20
                """,
                sha256,
                deleted_too,
            )

    async def restorers(self, job_id: int) -> tuple[Job, ...]:
        """The jobs that painted pictures of this one again and were posted: their messages show the same pictures."""
        async with self._db.reading() as tx:
            return await read_jobs(
                tx,
                """
                jobs.message_id IS NOT NULL AND jobs.id IN (
                    SELECT again.job_id FROM images AS again JOIN images ON images.id = again.restores
                    WHERE images.job_id = ?
                ) ORDER BY jobs.id LIMIT 20
                """,
                job_id,
            )

    async def offspring(self, image_id: int) -> int:
        """How many pictures have gone on from this one."""
        rows = await self._db.rows(
            "SELECT count(*) AS n FROM jobs JOIN images ON images.job_id = jobs.id WHERE jobs.parent_image_id = ?",
            image_id,
        )
        return int(rows[0]["n"])

    async def delete(self, job_id: int) -> bool:
        """Mark a finished job as deleted. False when it is not finished, unknown or was deleted before.

        Its files are then among `left_files` until `swept` says otherwise. What was still to be posted no longer is.
        """
        async with self._db.transaction() as tx:
            changed = await tx.execute(
                """
                UPDATE jobs SET deleted_at = ?,
                                state = CASE state WHEN 'rendered' THEN 'delivered' ELSE state END
                WHERE id = ? AND deleted_at IS NULL AND state NOT IN ('queued', 'running')
                """,
                self._db.now(),
                job_id,
            )
            if changed:
                await tx.execute("DELETE FROM job_texts WHERE rowid = ?", job_id)
                await drop_reviews(tx, job_id, self._db.now())
        return changed > 0

    async def left_files(self, limit: int, after: int = 0) -> tuple[LeftFile, ...]:
        """Files of deleted jobs that were not taken from the disk yet, at most `limit`, after a picture's id."""
        rows = await self._db.rows(
            """
            SELECT images.id AS image_id, images.file
            FROM jobs INDEXED BY jobs_deleted JOIN images ON images.job_id = jobs.id
            WHERE jobs.deleted_at IS NOT NULL AND images.file IS NOT NULL AND images.swept_at IS NULL AND images.id > ?
            ORDER BY images.id LIMIT ?
            """,
            after,
            limit,
        )
        return tuple(LeftFile(row["image_id"], row["file"]) for row in rows)

    async def swept(self, image_ids: Sequence[int]) -> None:
        """These files are gone from the disk."""
        async with self._db.transaction() as tx:
            await tx.execute_many(
                "UPDATE images SET swept_at = ? WHERE id = ?", [(self._db.now(), each) for each in image_ids]
            )
