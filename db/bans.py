"""Bans: who may not use the bot, where, why and until when; and what stops with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from db.audit import Entry, add_entry
from db.database import Database, Transaction
from db.review_ends import drop_reviews
from db.transitions import cancel_job


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """One ban. Guild 0 is the whole instance; no `until` is for good; times are Unix seconds."""

    guild_id: int
    user_id: int
    since: float
    until: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """A job that was cancelled, with those of its pictures that waited or were being painted."""

    job_id: int
    image_ids: tuple[int, ...]


async def put_ban(tx: Transaction, ban: Ban, entry: Entry, now: float) -> tuple[Stopped, ...]:
    """Write a ban in place of an earlier one, with its entry in the log, and stop what the member has under way."""
    await tx.execute(
        """
        INSERT INTO bans (guild_id, user_id, since, until, reason) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (guild_id, user_id)
        DO UPDATE SET since = excluded.since, until = excluded.until, reason = excluded.reason, forgotten = 0
        """,
        ban.guild_id,
        ban.user_id,
        ban.since,
        ban.until,
        ban.reason,
    )
    await add_entry(tx, entry, now)
    rows = await tx.rows(
        """
        SELECT id FROM jobs
        WHERE user_id = ?1 AND origin = 'discord' AND (?2 = 0 OR guild_id = ?2)
          AND state IN ('queued', 'running', 'rendered')
        ORDER BY id
        """,
        ban.user_id,
        ban.guild_id,
    )
    return await _stop(tx, rows, now)


async def holds_ban(tx: Transaction, guild_id: int, user_id: int, now: float) -> bool:
    """Whether a member is banned in a server, or in all of them."""
    row = await tx.row(
        "SELECT 1 FROM bans WHERE user_id = ? AND guild_id IN (0, ?) AND (until IS NULL OR until > ?)",
        user_id,
        guild_id,
        now,
    )
    return row is not None


async def _stop(tx: Transaction, rows: Sequence[sqlite3.Row], now: float) -> tuple[Stopped, ...]:
    stopped = []
    for row in rows:
        ids = await cancel_job(tx, row["id"], now)
        # What is painted and not posted yet is never posted. What was posted and is changed by moderators is: it shows
        # less from now on.
        never = await tx.execute(
            """
            UPDATE jobs SET state = 'cancelled'
            WHERE id = ? AND state = 'rendered' AND (revision = 0 OR released = 1)
            """,
            row["id"],
        )
        if never:
            await drop_reviews(tx, row["id"], now)
        if never or ids:
            stopped.append(Stopped(row["id"], ids))
    return tuple(stopped)


class BanTable:
    """Queries on bans. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def now(self) -> float:
        """The clock, Unix seconds."""
        return self._db.now()

    async def all(self) -> tuple[Ban, ...]:
        """Every ban that is written down, also those that have ended and were not taken away yet."""
        rows = await self._db.rows("SELECT guild_id, user_id, since, until, reason FROM bans")
        return tuple(Ban(**row) for row in rows)

    async def put(self, ban: Ban, entry: Entry) -> tuple[Stopped, ...]:
        """See `put_ban`."""
        async with self._db.transaction() as tx:
            return await put_ban(tx, ban, entry, self._db.now())

    async def remove(self, ban: Ban, entry: Entry) -> None:
        """Take a ban away, and write down who or what did."""
        async with self._db.transaction() as tx:
            await self._remove(tx, ban, entry)

    async def end(self, bans: Sequence[tuple[Ban, Entry]]) -> None:
        """Take away several at once."""
        async with self._db.transaction() as tx:
            for ban, entry in bans:
                await self._remove(tx, ban, entry)

    async def _remove(self, tx: Transaction, ban: Ban, entry: Entry) -> None:
        rows = await tx.rows(
            "DELETE FROM bans WHERE guild_id = ? AND user_id = ? AND since = ? RETURNING forgotten",
            ban.guild_id,
            ban.user_id,
            ban.since,
        )
        # Whoever was forgotten is named by nothing but the ban, and that is over now.
        if any(row["forgotten"] for row in rows):
            entry = replace(entry, user_id=None)
        await add_entry(tx, entry, self._db.now())

    async def stop_all(self) -> int:
        """Stop what banned members have under way. Returns how many jobs that were.

        For the start: a job may have been written down in the very moment of a ban, and the process killed then.
        """
        async with self._db.transaction() as tx:
            now = self._db.now()
            rows = await tx.rows(
                """
                SELECT jobs.id FROM jobs
                WHERE jobs.origin = 'discord' AND jobs.state IN ('queued', 'running', 'rendered') AND EXISTS (
                    SELECT 1 FROM bans WHERE bans.user_id = jobs.user_id AND bans.guild_id IN (0, jobs.guild_id)
                    AND (bans.until IS NULL OR bans.until > ?)
                )
                """,
                now,
            )
            return len(await _stop(tx, rows, now))
