"""Erasing a member: which tables know members, and how their rows go.

This is the one place that lists them. A table that names members must stand in `OWNED` or `KEPT`, or be one of those
that `Forgetting` treats by itself (`jobs` with everything below it, `users`, `forgetting`, `audit`); a test looks at
the schema.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from db.audit import FORGOTTEN
from db.database import Database, Transaction
from db.posts import take_all_down
from db.review_ends import erase_reviews

OWNED: Final[tuple[str, ...]] = (
    "favourites",
    "confirmations",
    "preferences",
    "presets",
    "sources",
    "strikes",
    "reports",
)
"""Tables whose rows with a member's `user_id` are theirs alone and are deleted; those that refer to others first."""
OWNED_FILES: Final[tuple[str, ...]] = (
    """
    SELECT DISTINCT file FROM sources AS own WHERE user_id = ? AND NOT EXISTS (
        SELECT 1 FROM sources WHERE sources.sha256 = own.sha256 AND sources.user_id <> own.user_id
    )
    """,
)
"""Queries for the files, in the pictures' folder, of a member's rows in `OWNED`; the one parameter is the member."""
KEPT: Final = MappingProxyType[str, str](
    {
        "bans": "a ban stays as long as it holds, with your id, its reason and when it ends. What moderators have "
        "decided stays in their log, where nothing names you any more."
    }
)
"""Tables whose rows stay although they name a member, and why. The member is told of each."""

MERGED_PAGES: Final = 500
"""Pages of the search index that are written anew in one transaction (a few milliseconds)."""
_MOST_MERGES: Final = 100_000
REFUSALS: Final = 3
"""Starts of the program at which a message is tried that Discord would not let go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """What the database holds of a member. `owned` counts the rows of each table of `OWNED` that has any.

    `decisions` are entries of the audit log that name them.
    """

    known: bool
    jobs: int
    waiting: int
    pictures: int
    messages: int
    owned: tuple[tuple[str, int], ...]
    decisions: int = 0

    def __bool__(self) -> bool:
        """Whether there is anything at all."""
        return self.known or self.jobs > 0 or bool(self.owned) or self.decisions > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Takedown:
    """A message on Discord that is to go."""

    message_id: int
    guild_id: int
    channel_id: int


class Forgetting:
    """What erasing a member takes, in steps that a crash may come between. Raises `DatabaseError` if unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def belongings(self, user_id: int) -> Belongings:
        """Count what there is of a member, in all guilds."""
        async with self._db.reading() as tx:
            row = await tx.row(
                """
                SELECT count(*) AS jobs, count(message_id) AS messages,
                       coalesce(sum(state IN ('queued', 'running')), 0) AS waiting,
                       (SELECT count(*) FROM users WHERE id = ?1) AS known,
                       (SELECT count(*) FROM audit WHERE user_id = ?1)
                       + (SELECT count(*) FROM audit WHERE actor_id = ?1) AS decisions,
                       (SELECT count(*) FROM jobs AS every JOIN images ON images.job_id = every.id
                        WHERE every.user_id = ?1 AND images.file IS NOT NULL AND images.swept_at IS NULL) AS pictures
                FROM jobs WHERE user_id = ?1
                """,
                user_id,
            )
            owned = [(table, await _count(tx, table, user_id)) for table in OWNED]
        assert row is not None  # noqa: S101 - an aggregate always has a row
        return Belongings(
            known=row["known"] > 0,
            jobs=row["jobs"],
            waiting=row["waiting"],
            pictures=row["pictures"],
            messages=row["messages"],
            owned=tuple((table, count) for table, count in owned if count),
            decisions=row["decisions"],
        )

    # -- erasing ---------------------------------------------------------------------------------------------

    async def begin(self, user_id: int) -> None:
        """Write down that a member is to be forgotten, and erase at once what is not a job.

        From here on every start goes on with it until `finish`. Their history is empty with the same commit.
        """
        async with self._db.transaction() as tx:
            now = self._db.now()
            await tx.execute(
                """
                INSERT INTO forgetting (user_id, last_job, since)
                VALUES (?, (SELECT coalesce(max(id), 0) FROM jobs), ?)
                ON CONFLICT (user_id) DO UPDATE SET last_job = excluded.last_job
                """,
                user_id,
                now,
            )
            for query in OWNED_FILES:
                await _doom(tx, [row[0] for row in await tx.rows(query, user_id)])
            for table in OWNED:
                await tx.execute(f"DELETE FROM {table} WHERE user_id = ?", user_id)
            await _unname(tx, user_id)
            # What is rendered is not delivered any more, and nothing of it is shown to anybody from now on.
            await tx.execute(
                """
                UPDATE jobs SET deleted_at = coalesce(deleted_at, ?),
                                state = CASE state WHEN 'rendered' THEN 'delivered' ELSE state END
                WHERE user_id = ? AND state NOT IN ('queued', 'running')
                """,
                now,
                user_id,
            )

    async def pending(self) -> tuple[int, ...]:
        """Members whose erasing was begun and is not finished."""
        return tuple(
            row["user_id"] for row in await self._db.rows("SELECT user_id FROM forgetting ORDER BY since")
        )

    async def unfinished(self, user_id: int) -> tuple[int, ...]:
        """Their jobs that wait or run and are to go, and others' that paint their pictures again."""
        rows = await self._db.rows(
            """
            SELECT jobs.id FROM jobs JOIN forgetting ON forgetting.user_id = jobs.user_id
            WHERE jobs.user_id = ?1 AND jobs.id <= forgetting.last_job AND jobs.state IN ('queued', 'running')
            UNION
            SELECT again.id FROM jobs JOIN forgetting ON forgetting.user_id = jobs.user_id
            JOIN images ON images.job_id = jobs.id JOIN images AS copies ON copies.restores = images.id
            JOIN jobs AS again ON again.id = copies.job_id
            WHERE jobs.user_id = ?1 AND jobs.id <= forgetting.last_job AND again.state IN ('queued', 'running')
            """,
            user_id,
        )
        return tuple(row["id"] for row in rows)

    async def erase_some(self, user_id: int, limit: int) -> int:
        """Erase some of their jobs with all that hangs on them. Returns how many; 0 when none is left.

        The files and messages are noted in the same transaction. Numbers are never given out again: SQLite keeps
        the largest one of the table. Others' jobs that went on from these pictures lose the link to them.
        """
        async with self._db.transaction() as tx:
            rows = await tx.rows(
                """
                SELECT jobs.id FROM jobs JOIN forgetting ON forgetting.user_id = jobs.user_id
                WHERE jobs.user_id = ? AND jobs.id <= forgetting.last_job ORDER BY jobs.id LIMIT ?
                """,
                user_id,
                limit,
            )
            if not rows:
                return 0
            own = json.dumps([row["id"] for row in rows])
            # Whoever painted their pictures again shows them, too: that goes with them.
            copies = await tx.rows(
                """
                SELECT DISTINCT copies.job_id FROM images JOIN images AS copies ON copies.restores = images.id
                WHERE images.job_id IN (SELECT value FROM json_each(?))
                """,
                own,
            )
            ids = json.dumps([row["id"] for row in rows] + [row["job_id"] for row in copies])
            await tx.execute(
                """
                INSERT OR IGNORE INTO doomed_files (file)
                SELECT file FROM images
                WHERE job_id IN (SELECT value FROM json_each(?)) AND file IS NOT NULL AND swept_at IS NULL
                """,
                ids,
            )
            await erase_reviews(tx, ids)
            await take_all_down(tx, ids)
            await tx.execute("DELETE FROM job_texts WHERE rowid IN (SELECT value FROM json_each(?))", ids)
            await tx.execute("DELETE FROM jobs WHERE id IN (SELECT value FROM json_each(?))", ids)
        return len(rows)

    async def finish(self, user_id: int) -> None:
        """Nothing of theirs is left to erase: their name goes too, unless they have come back meanwhile."""
        async with self._db.transaction() as tx:
            back = [table for table in ("jobs", *OWNED) if await _count(tx, table, user_id)]
            if not back:
                await tx.execute("DELETE FROM users WHERE id = ?", user_id)
                await _unname(tx, user_id)  # what was decided meanwhile, and since
            await tx.execute("DELETE FROM forgetting WHERE user_id = ?", user_id)

    async def compact(self) -> None:
        """Make sure that nothing of what was erased can be read from the database's files any more.

        Deleted rows are overwritten by SQLite itself (`secure_delete`). But the search index only notes that a text
        is gone and keeps its words until it is merged, and the write-ahead log holds old pages until it is emptied.
        """
        command, pages = "merge", -MERGED_PAGES  # below zero: everything shall end in one piece
        for _ in range(_MOST_MERGES):
            async with self._db.transaction() as tx:
                before = await _changes(tx)
                await tx.execute("INSERT INTO job_texts (job_texts, rank) VALUES (?, ?)", command, pages)
                # As SQLite documents it: fewer than two changes mean that there was nothing left to merge.
                if await _changes(tx) - before < 2:
                    break
            pages = MERGED_PAGES
        await self._db.empty_log()

    # -- files -----------------------------------------------------------------------------------------------

    async def doomed_files(self, limit: int, after: str = "") -> tuple[str, ...]:
        """Files that are to be taken from the disk, in order of their names, after one of them."""
        rows = await self._db.rows(
            "SELECT file FROM doomed_files WHERE file > ? ORDER BY file LIMIT ?", after, limit
        )
        return tuple(row["file"] for row in rows)

    async def files_gone(self, files: Sequence[str]) -> None:
        """These are."""
        async with self._db.transaction() as tx:
            await tx.execute_many("DELETE FROM doomed_files WHERE file = ?", [(file,) for file in files])

    # -- messages --------------------------------------------------------------------------------------------

    async def takedowns(self, limit: int, after: int = 0) -> tuple[Takedown, ...]:
        """Messages that are to go, the oldest first, after one of them."""
        rows = await self._db.rows(
            """
            SELECT message_id, guild_id, channel_id FROM takedowns WHERE message_id > ?
            ORDER BY message_id LIMIT ?
            """,
            after,
            limit,
        )
        return tuple(Takedown(**row) for row in rows)

    async def taken_down(self, message_id: int) -> None:
        """The message is gone."""
        async with self._db.transaction() as tx:
            await tx.execute("DELETE FROM takedowns WHERE message_id = ?", message_id)

    async def refused(self, message_id: int) -> None:
        """Discord does not let it be taken down; after `REFUSALS` of these it is given up."""
        async with self._db.transaction() as tx:
            await tx.execute("UPDATE takedowns SET refused = refused + 1 WHERE message_id = ?", message_id)
            await tx.execute(
                "DELETE FROM takedowns WHERE message_id = ? AND refused >= ?", message_id, REFUSALS
            )


async def _unname(tx: Transaction, user_id: int) -> None:
    """Take a member out of the log of decisions, as the one that they are about and as the one who made them.

    A ban that stands needs the member's id itself, and is told to leave it out of the log when it ends.
    """
    await tx.execute("UPDATE audit SET user_id = NULL WHERE user_id = ?", user_id)
    await tx.execute("UPDATE audit SET actor_id = ?, actor_name = '' WHERE actor_id = ?", FORGOTTEN, user_id)
    await tx.execute("UPDATE bans SET forgotten = 1 WHERE user_id = ?", user_id)


async def _count(tx: Transaction, table: str, user_id: int) -> int:
    row = await tx.row(f"SELECT count(*) AS n FROM {table} WHERE user_id = ?", user_id)
    return int(row["n"]) if row else 0


async def _changes(tx: Transaction) -> int:
    row = await tx.row("SELECT total_changes() AS n")
    return int(row["n"]) if row else 0


async def _doom(tx: Transaction, files: Sequence[str | None]) -> None:
    await tx.execute_many(
        "INSERT OR IGNORE INTO doomed_files (file) VALUES (?)", [(file,) for file in files if file]
    )
