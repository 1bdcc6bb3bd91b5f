"""Batches that wait until their member confirms them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from db.database import Database

KEPT_SECONDS: Final = 86_400.0
"""A confirmation can be pressed for a day."""
MOST_OF_A_MEMBER: Final = 10
"""The newest of a member are kept; who asks more often has forgotten the older ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """One batch that waits. `batch` is JSON, the use cases' own."""

    id: int
    guild_id: int
    user_id: int
    batch: str


class Confirmations:
    """Queries on them. Every method raises `DatabaseError` when the database is unusable.

    Queueing a batch takes it away, in one transaction with its jobs (`db.intake`).
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def keep(self, guild_id: int, user_id: int, batch: str) -> int:
        """Write a batch down and forget those that are too old. Returns its number."""
        async with self._db.transaction() as tx:
            now = self._db.now()
            await tx.execute("DELETE FROM confirmations WHERE expires_at <= ?", now)
            await tx.execute(
                """
                DELETE FROM confirmations WHERE user_id = ? AND id NOT IN (
                    SELECT id FROM confirmations WHERE user_id = ? ORDER BY id DESC LIMIT ?
                )
                """,
                user_id,
                user_id,
                MOST_OF_A_MEMBER - 1,
            )
            [row] = await tx.rows(
                "INSERT INTO confirmations (guild_id, user_id, batch, expires_at) VALUES (?, ?, ?, ?) RETURNING id",
                guild_id,
                user_id,
                batch,
                now + KEPT_SECONDS,
            )
        return int(row["id"])

    async def get(self, confirmation_id: int) -> Confirmation | None:
        """One that still waits; None when it is unknown, too old, queued or cancelled."""
        rows = await self._db.rows(
            "SELECT id, guild_id, user_id, batch FROM confirmations WHERE id = ? AND expires_at > ?",
            confirmation_id,
            self._db.now(),
        )
        return Confirmation(**rows[0]) if rows else None

    async def drop(self, confirmation_id: int) -> bool:
        """Cancel it. False when it does not wait any more."""
        async with self._db.transaction() as tx:
            return await tx.execute("DELETE FROM confirmations WHERE id = ?", confirmation_id) > 0
