"""Reviews end with the jobs that they are about. Inside others' transactions."""

from __future__ import annotations

from db.database import Transaction


async def drop_reviews(tx: Transaction, job_id: int, now: float) -> None:
    """A job is deleted or cancelled: what was withheld of it goes, too, and nobody has to look at it any more."""
    await tx.execute(
        """
        INSERT OR IGNORE INTO doomed_files (file)
        SELECT file FROM reviews WHERE job_id = ? AND file IS NOT NULL
        """,
        job_id,
    )
    await tx.execute(
        """
        UPDATE reviews SET file = NULL, stale = message_id IS NOT NULL,
                           decided_at = coalesce(decided_at, ?),
                           state = CASE state WHEN 'open' THEN 'gone' ELSE state END
        WHERE job_id = ? AND (state = 'open' OR file IS NOT NULL)
        """,
        now,
        job_id,
    )


async def erase_reviews(tx: Transaction, job_ids: str) -> None:
    """Jobs are about to be erased, and their reviews with them: what moderators have of them is noted to go.

    Args:
        tx: the transaction that erases them.
        job_ids: their numbers, as JSON.
    """
    await tx.execute(
        """
        INSERT OR IGNORE INTO doomed_files (file)
        SELECT file FROM reviews WHERE job_id IN (SELECT value FROM json_each(?)) AND file IS NOT NULL
        """,
        job_ids,
    )
    await tx.execute(
        """
        INSERT OR IGNORE INTO takedowns (message_id, guild_id, channel_id)
        SELECT message_id, guild_id, channel_id FROM reviews
        WHERE job_id IN (SELECT value FROM json_each(?)) AND message_id IS NOT NULL
        """,
        job_ids,
    )
