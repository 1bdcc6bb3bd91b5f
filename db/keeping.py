"""How long original files are kept: which may go, how much room they take, and which were taken and come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from db.database import Database

# INDEXED BY: walks from the oldest file on, and never through the pictures whose files are gone.
# What somebody is still waiting for stays: pictures that were not posted yet, and those that a waiting one starts from.
_SWEEPABLE: Final = """
    WITH wanted (sha256) AS (
        SELECT coalesce(json_extract(recipe, '$.init_image'), '') FROM images AS waiting INDEXED BY images_pending
        WHERE waiting.state IN ('queued', 'running') AND json_valid(waiting.recipe)
        UNION
        SELECT coalesce(json_extract(recipe, '$.mask'), '') FROM images AS waiting INDEXED BY images_pending
        WHERE waiting.state IN ('queued', 'running') AND json_valid(waiting.recipe)
    )
    SELECT images.id AS image_id, images.file, coalesce(images.bytes, 0) AS bytes, images.ended_at
    FROM images INDEXED BY images_kept CROSS JOIN jobs ON jobs.id = images.job_id
    WHERE images.state = 'painted' AND images.swept_at IS NULL
      AND images.ended_at < ?1 AND (images.ended_at, images.id) > (?2, ?3)
      AND jobs.origin = 'discord' AND jobs.deleted_at IS NULL
      AND jobs.state NOT IN ('queued', 'running', 'rendered')
      AND EXISTS (SELECT 1 FROM favourites WHERE image_id = images.id) = ?4
      AND images.sha256 NOT IN (SELECT sha256 FROM wanted)
      AND NOT EXISTS (
          SELECT 1 FROM former_hashes AS former
          WHERE former.image_id = images.id AND former.sha256 IN (SELECT sha256 FROM wanted)
      )
      AND NOT EXISTS (
          SELECT 1 FROM images AS child INDEXED BY images_restoring JOIN jobs AS other ON other.id = child.job_id
          WHERE child.restores = images.id AND other.state IN ('queued', 'running', 'rendered')
      )
    ORDER BY images.ended_at, images.id LIMIT ?5
"""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file on the disk that may go. `bytes` is 0 while its size is not known; `ended_at` is when it was made."""

    image_id: int
    file: str
    bytes: int
    ended_at: float


class Keeping:
    """Queries on files. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def sweepable(
        self, before: float, limit: int, after: tuple[float, int] = (0.0, 0), *, favourites: bool = False
    ) -> tuple[KeptFile, ...]:
        """Files that nobody waits for, the oldest first.

        Args:
            before: made before this moment (Unix seconds).
            limit: at most so many.
            after: beyond this one, as `(ended_at, image_id)`.
            favourites: only those that somebody has marked, else only the others.
        """
        rows = await self._db.rows(_SWEEPABLE, before, *after, int(favourites), limit)
        return tuple(KeptFile(**row) for row in rows)

    async def total(self) -> int:
        """Bytes of all files on the disk whose sizes are known."""
        rows = await self._db.rows(
            """
            SELECT coalesce(sum(bytes), 0) AS total FROM images INDEXED BY images_kept
            WHERE state = 'painted' AND swept_at IS NULL
            """
        )
        return int(rows[0]["total"])

    async def unmeasured(self, limit: int, after: int = 0) -> tuple[KeptFile, ...]:
        """Files of earlier versions, whose sizes were not written down, beyond a picture's number."""
        rows = await self._db.rows(
            """
            SELECT id AS image_id, file, 0 AS bytes, coalesce(ended_at, 0.0) AS ended_at FROM images
            WHERE state = 'painted' AND swept_at IS NULL AND bytes IS NULL AND id > ? ORDER BY id LIMIT ?
            """,
            after,
            limit,
        )
        return tuple(KeptFile(**row) for row in rows)

    async def measured(self, sizes: Sequence[tuple[int, int]]) -> None:
        """Write sizes down, as pairs of a picture's number and bytes."""
        async with self._db.transaction() as tx:
            await tx.execute_many(
                "UPDATE images SET bytes = ? WHERE id = ?", [(size, image_id) for image_id, size in sizes]
            )

    async def swept(self, image_ids: Sequence[int]) -> None:
        """These files are gone from the disk. Nothing changes for those that were known to be."""
        if not image_ids:
            return
        async with self._db.transaction() as tx:
            await tx.execute_many(
                "UPDATE images SET swept_at = ? WHERE id = ? AND swept_at IS NULL",
                [(self._db.now(), each) for each in image_ids],
            )

    async def restoring(self, job_id: int) -> int | None:
        """The waiting or running job that brings back files of this one; None when there is none."""
        rows = await self._db.rows(
            """
            SELECT child.job_id FROM images AS old
            JOIN images AS child INDEXED BY images_restoring ON child.restores = old.id
            JOIN jobs ON jobs.id = child.job_id
            WHERE old.job_id = ? AND jobs.state IN ('queued', 'running') LIMIT 1
            """,
            job_id,
        )
        return int(rows[0]["job_id"]) if rows else None

    async def changed(self, image_ids: Sequence[int]) -> int:
        """How many of these have another file than when they were painted first."""
        found = 0
        for image_id in image_ids:
            rows = await self._db.rows(
                "SELECT count(*) AS n FROM former_hashes WHERE image_id = ? LIMIT 1", image_id
            )
            found += bool(rows[0]["n"])
        return found
