"""Taking a job's pictures away wherever they were posted, with all that was made from them where that is asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass

from db.audit import Entry, add_entry
from db.bans import Stopped
from db.database import Database
from db.posts import take_all_down
from db.review_ends import drop_reviews
from db.transitions import cancel_job

# A job's pictures, what went on from them, and so on; in this server only.
_FAMILY = """
    WITH RECURSIVE family (id) AS (
        SELECT id FROM jobs WHERE id = ?1 AND guild_id = ?2
        UNION
        SELECT jobs.id FROM family JOIN images ON images.job_id = family.id
        JOIN jobs ON jobs.parent_image_id = images.id WHERE ?3 AND jobs.guild_id = ?2
    )
    SELECT id FROM family ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Removed:
    """What went: jobs by number, those of them that were still to be painted, and how many messages are to go."""

    job_ids: tuple[int, ...]
    stopped: tuple[Stopped, ...]
    messages: int


class Removals:
    """The queries. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def family(self, job_id: int, guild_id: int, *, offspring: bool) -> tuple[int, ...]:
        """The job, and with `offspring` all that was made from its pictures; nothing for one of another server."""
        rows = await self._db.rows(_FAMILY, job_id, guild_id, int(offspring))
        return tuple(row["id"] for row in rows)

    async def newest(self, guild_id: int, starting: str, most: int) -> tuple[int, ...]:
        """The newest jobs of a server that are not deleted, among its last thousands; numbers may have to start so."""
        rows = await self._db.rows(
            """
            SELECT id FROM (
                SELECT id FROM jobs WHERE guild_id = ? AND deleted_at IS NULL ORDER BY created_at DESC LIMIT 5000
            ) WHERE substr(id, 1, length(?)) = ? ORDER BY id DESC LIMIT ?
            """,
            guild_id,
            starting,
            starting,
            most,
        )
        return tuple(row["id"] for row in rows)

    async def remove(self, job_id: int, entry: Entry, *, offspring: bool) -> Removed:
        """Delete a job of the entry's server in one transaction, with the messages and files noted that are to go.

        From the commit on nothing of it is shown, posted or painted, and every start goes on with what is left. What
        was deleted before is noted again, for a message that stayed.
        """
        async with self._db.transaction() as tx:
            now = self._db.now()
            rows = await tx.rows(_FAMILY, job_id, entry.guild_id, int(offspring))
            ids = tuple(row["id"] for row in rows)
            stopped = [Stopped(each, await cancel_job(tx, each, now)) for each in ids]
            for each in ids:
                await drop_reviews(tx, each, now)
            own = json.dumps(ids)
            # Whoever painted their files again shows them, too.
            again = await tx.rows(
                """
                SELECT DISTINCT copies.job_id FROM images JOIN images AS copies ON copies.restores = images.id
                WHERE images.job_id IN (SELECT value FROM json_each(?))
                """,
                own,
            )
            messages = await take_all_down(tx, json.dumps([*ids, *(row["job_id"] for row in again)]))
            await tx.execute(
                """
                UPDATE jobs SET deleted_at = coalesce(deleted_at, ?),
                                state = CASE state WHEN 'rendered' THEN 'delivered' ELSE state END
                WHERE id IN (SELECT value FROM json_each(?))
                """,
                now,
                own,
            )
            await tx.execute("DELETE FROM job_texts WHERE rowid IN (SELECT value FROM json_each(?))", own)
            await add_entry(tx, entry, now)
        return Removed(ids, tuple(each for each in stopped if each.image_ids), messages)
