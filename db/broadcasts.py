"""What the owner of the instance tells every server, and which of them were told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.audit import Entry, add_entry
from db.database import Database


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A text, and how far it has come. `unsure` were being told when the program ended."""

    id: int
    text: str
    created_at: float
    started_at: float | None
    waiting: int = 0
    sent: int = 0
    failed: int = 0
    unsure: int = 0


class Broadcasts:
    """Queries on them. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def draft(self, text: str) -> int:
        """Write a text down; nobody is told yet. Returns its number. Older drafts are forgotten."""
        async with self._db.transaction() as tx:
            await tx.execute("DELETE FROM broadcasts WHERE started_at IS NULL")
            [row] = await tx.rows(
                "INSERT INTO broadcasts (text, created_at) VALUES (?, ?) RETURNING id", text, self._db.now()
            )
        return int(row["id"])

    async def start(self, number: int, guild_ids: Sequence[int], entry: Entry) -> bool:
        """From here on these servers are told. False when it was started before, or is forgotten."""
        async with self._db.transaction() as tx:
            now = self._db.now()
            changed = await tx.execute(
                "UPDATE broadcasts SET started_at = ? WHERE id = ? AND started_at IS NULL", now, number
            )
            if changed:
                await tx.execute_many(
                    "INSERT INTO broadcast_servers (broadcast_id, guild_id, state) VALUES (?, ?, 'waiting')",
                    [(number, guild_id) for guild_id in guild_ids],
                )
                await add_entry(tx, entry, now)
        return changed > 0

    async def claim(self, number: int) -> int | None:
        """A server that was not told yet. It never comes again, whatever happens next; None when all were."""
        async with self._db.transaction() as tx:
            rows = await tx.rows(
                """
                UPDATE broadcast_servers SET state = 'claimed'
                WHERE broadcast_id = ?1 AND guild_id = (
                    SELECT min(guild_id) FROM broadcast_servers WHERE broadcast_id = ?1 AND state = 'waiting'
                )
                RETURNING guild_id
                """,
                number,
            )
        return int(rows[0]["guild_id"]) if rows else None

    async def told(self, number: int, guild_id: int, *, sent: bool) -> None:
        """How that went."""
        async with self._db.transaction() as tx:
            await tx.execute(
                "UPDATE broadcast_servers SET state = ? WHERE broadcast_id = ? AND guild_id = ?",
                "sent" if sent else "failed",
                number,
                guild_id,
            )

    async def unfinished(self) -> tuple[int, ...]:
        """Those that were started and have servers left, the oldest first."""
        rows = await self._db.rows(
            "SELECT DISTINCT broadcast_id AS id FROM broadcast_servers WHERE state = 'waiting' ORDER BY id"
        )
        return tuple(row["id"] for row in rows)

    async def get(self, number: int | None = None) -> Broadcast | None:
        """One of them; without a number the newest that was started."""
        rows = await self._db.rows(
            """
            SELECT id, text, created_at, started_at,
                   coalesce(sum(state = 'waiting'), 0) AS waiting, coalesce(sum(state = 'sent'), 0) AS sent,
                   coalesce(sum(state = 'failed'), 0) AS failed, coalesce(sum(state = 'claimed'), 0) AS unsure
            FROM broadcasts LEFT JOIN broadcast_servers ON broadcast_id = id
            WHERE (?1 IS NULL AND started_at IS NOT NULL) OR id = ?1
            GROUP BY id ORDER BY id DESC LIMIT 1
            """,
            number,
        )
        return Broadcast(**rows[0]) if rows else None
