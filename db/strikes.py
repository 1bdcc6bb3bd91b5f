"""Warnings that moderators gave, each of which is a strike for as long as the server's setting says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from db.audit import Entry, add_entry
from db.bans import Ban, Stopped, put_ban
from db.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """One warning. Times are Unix seconds; `told_at` is None until the member has read it."""

    id: int
    guild_id: int
    user_id: int
    at: float
    reason: str
    told_at: float | None


@dataclass(frozen=True, slots=True)
class Counted:
    """A strike that was written down: how many count now, and what followed from that by itself."""

    strike: Strike
    count: int
    ban: Ban | None
    stopped: tuple[Stopped, ...]


class StrikeTable:
    """Queries on strikes. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, entry: Entry, since: float, step: Callable[[int], tuple[Ban, Entry] | None]) -> Counted:
        """Write down a warning of the entry's member, and the ban that follows from it, all or nothing.

        Args:
            entry: who warned whom, where and why.
            since: strikes from this moment on count.
            step: called with how many count; what it returns, if anything, is put into effect.
        """
        async with self._db.transaction() as tx:
            now = self._db.now()
            rows = await tx.rows(
                "INSERT INTO strikes (guild_id, user_id, at, reason) VALUES (?, ?, ?, ?) RETURNING *",
                entry.guild_id,
                entry.user_id,
                now,
                entry.reason,
            )
            await add_entry(tx, entry, now)
            found = await tx.rows(
                "SELECT count(*) AS n FROM strikes WHERE user_id = ? AND guild_id = ? AND at >= ?",
                entry.user_id,
                entry.guild_id,
                since,
            )
            count = int(found[0]["n"])
            follows = step(count)
            stopped = () if follows is None else await put_ban(tx, *follows, now)
        return Counted(Strike(**rows[0]), count, follows[0] if follows else None, stopped)

    async def of_member(self, guild_id: int, user_id: int, since: float) -> tuple[Strike, ...]:
        """Those of a member that count, the newest first."""
        rows = await self._db.rows(
            "SELECT * FROM strikes WHERE user_id = ? AND guild_id = ? AND at >= ? ORDER BY id DESC",
            user_id,
            guild_id,
            since,
        )
        return tuple(Strike(**row) for row in rows)

    async def remove(self, strikes: Sequence[Strike], entry: Entry) -> None:
        """Take strikes away, and write down who did."""
        async with self._db.transaction() as tx:
            await tx.execute_many("DELETE FROM strikes WHERE id = ?", [(each.id,) for each in strikes])
            await add_entry(tx, entry, self._db.now())

    async def untold(self) -> tuple[Strike, ...]:
        """Those of which their members do not know yet."""
        rows = await self._db.rows("SELECT * FROM strikes INDEXED BY strikes_untold WHERE told_at IS NULL")
        return tuple(Strike(**row) for row in rows)

    async def told(self, strike_ids: Sequence[int]) -> None:
        """Their members know of these."""
        async with self._db.transaction() as tx:
            await tx.execute_many(
                "UPDATE strikes SET told_at = ? WHERE id = ?", [(self._db.now(), each) for each in strike_ids]
            )

    async def guilds(self) -> tuple[int, ...]:
        """Servers in which anybody has any."""
        return tuple(row["guild_id"] for row in await self._db.rows("SELECT DISTINCT guild_id FROM strikes"))

    async def expire(self, guild_id: int, before: float) -> int:
        """Take away those of a server that count no more. Returns how many."""
        async with self._db.transaction() as tx:
            return await tx.execute("DELETE FROM strikes WHERE guild_id = ? AND at < ?", guild_id, before)
