"""What owners and moderators set for a server, its channels and its roles: one JSON value for each name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from db.audit import Entry, add_entry
from db.database import Database


@dataclass(frozen=True, slots=True)
class PolicyKey:
    """Where a value belongs. `scope` is `guild`, `channel` or `role`; a guild's `target_id` is 0."""

    guild_id: int
    scope: str
    target_id: int
    name: str


class PolicyTable:
    """Queries on settings. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self) -> dict[PolicyKey, Any]:
        """Everything that is set, anywhere: a handful of values for each server."""
        rows = await self._db.rows("SELECT guild_id, scope, target_id, name, value FROM policies")
        return {
            PolicyKey(row["guild_id"], row["scope"], row["target_id"], row["name"]): json.loads(row["value"])
            for row in rows
        }

    async def set(self, key: PolicyKey, value: Any, entry: Entry) -> None:
        """Set or replace a value, and write down who did."""
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO policies (guild_id, scope, target_id, name, value) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (guild_id, scope, target_id, name) DO UPDATE SET value = excluded.value
                """,
                key.guild_id,
                key.scope,
                key.target_id,
                key.name,
                json.dumps(value, ensure_ascii=False, sort_keys=True),
            )
            await add_entry(tx, entry, self._db.now())

    async def unset(self, key: PolicyKey, entry: Entry) -> None:
        """Take a value away, and write down who did."""
        async with self._db.transaction() as tx:
            await tx.execute(
                "DELETE FROM policies WHERE guild_id = ? AND scope = ? AND target_id = ? AND name = ?",
                key.guild_id,
                key.scope,
                key.target_id,
                key.name,
            )
            await add_entry(tx, entry, self._db.now())
