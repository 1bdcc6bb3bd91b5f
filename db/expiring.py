"""How long jobs are kept: those that are over and old go with their prompts, recipes, notes and files."""

from __future__ import annotations

import json
from typing import Final

from db.database import Database
from db.review_ends import erase_reviews

# What somebody has marked stays, and what a waiting picture starts from or brings back.
_EXPIRED: Final = """
    WITH wanted (sha256) AS (
        SELECT coalesce(json_extract(recipe, '$.init_image'), '') FROM images AS waiting INDEXED BY images_pending
        WHERE waiting.state IN ('queued', 'running') AND json_valid(waiting.recipe)
        UNION
        SELECT coalesce(json_extract(recipe, '$.mask'), '') FROM images AS waiting INDEXED BY images_pending
        WHERE waiting.state IN ('queued', 'running') AND json_valid(waiting.recipe)
    )
    SELECT jobs.id FROM jobs INDEXED BY jobs_over
    WHERE jobs.state IN ('delivered', 'failed', 'cancelled', 'withheld') AND jobs.origin = 'discord'
      AND jobs.created_at < ?1
      AND (jobs.state NOT IN ('failed', 'withheld') OR jobs.delivered_at IS NOT NULL)
      AND NOT EXISTS (
          SELECT 1 FROM images WHERE images.job_id = jobs.id AND (
              EXISTS (SELECT 1 FROM favourites WHERE favourites.image_id = images.id)
              OR images.sha256 IN (SELECT sha256 FROM wanted)
              OR EXISTS (
                  SELECT 1 FROM former_hashes AS former
                  WHERE former.image_id = images.id AND former.sha256 IN (SELECT sha256 FROM wanted)
              )
              OR EXISTS (
                  SELECT 1 FROM images AS child INDEXED BY images_restoring
                  JOIN jobs AS other ON other.id = child.job_id
                  WHERE child.restores = images.id AND other.state IN ('queued', 'running', 'rendered')
              )
          )
      )
    ORDER BY jobs.created_at, jobs.id LIMIT ?2
"""


class Expiring:
    """Queries on jobs that are over. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def expire(self, before: float, limit: int) -> int:
        """Erase the oldest jobs that were asked for before a moment, at most so many. Returns how many.

        Their files are noted in the same transaction, with the moderators' messages about what was withheld. Other
        messages on Discord stay; their buttons say that the job is not known any more. Numbers are never given out
        again.
        """
        async with self._db.transaction() as tx:
            rows = await tx.rows(_EXPIRED, before, limit)
            if not rows:
                return 0
            ids = json.dumps([row["id"] for row in rows])
            await tx.execute(
                """
                INSERT OR IGNORE INTO doomed_files (file)
                SELECT file FROM images
                WHERE job_id IN (SELECT value FROM json_each(?)) AND file IS NOT NULL AND swept_at IS NULL
                """,
                ids,
            )
            await erase_reviews(tx, ids)
            await tx.execute("DELETE FROM job_texts WHERE rowid IN (SELECT value FROM json_each(?))", ids)
            await tx.execute("DELETE FROM jobs WHERE id IN (SELECT value FROM json_each(?))", ids)
        return len(rows)
