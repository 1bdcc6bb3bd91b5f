"""Every message that shows a job's pictures, wherever the bot has posted it.

A job's own messages are written down by a trigger of the database, whoever changes them; others by `Jobs.posted`.
"""

from __future__ import annotations

from db.database import Transaction


async def take_all_down(tx: Transaction, job_ids: str) -> int:
    """Note that every message of these jobs is to go; whoever takes messages down finds them (`db.forgetting`).

    Args:
        tx: the transaction of what they go for.
        job_ids: numbers of jobs, as JSON.

    Returns:
        How many messages that are.
    """
    rows = await tx.rows(
        """
        INSERT OR IGNORE INTO takedowns (message_id, guild_id, channel_id)
        SELECT message_id, guild_id, channel_id FROM posts WHERE job_id IN (SELECT value FROM json_each(?1))
        UNION
        SELECT message_id, guild_id, channel_id FROM jobs
        WHERE id IN (SELECT value FROM json_each(?1)) AND message_id IS NOT NULL AND origin = 'discord'
        RETURNING message_id
        """,
        job_ids,
    )
    return len(rows)


async def note_message(tx: Transaction, job_id: int, guild_id: int, channel_id: int, message_id: int) -> None:
    """Write down a message that shows a job's pictures; nothing happens when the job is gone by now."""
    await tx.execute(
        """
        INSERT OR IGNORE INTO posts (message_id, guild_id, channel_id, job_id)
        SELECT ?, ?, ?, id FROM jobs WHERE id = ?
        """,
        message_id,
        guild_id,
        channel_id,
        job_id,
    )
