"""Small things to remember between two starts, such as the hash of the synced command tree."""

from __future__ import annotations

from db.database import Database


class KeyValue:
    """Text by name."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, key: str) -> str | None:
        """What was set, or None."""
        rows = await self._db.rows("SELECT value FROM keyvalue WHERE key = ?", key)
        return None if not rows else str(rows[0]["value"])

    async def set(self, key: str, value: str) -> None:
        """Set or replace."""
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO keyvalue (key, value) VALUES (?, ?)
                ON CONFLICT (key) DO UPDATE SET value = excluded.value
                """,
                key,
                value,
            )
