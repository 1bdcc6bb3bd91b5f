"""Blocked words and their exceptions, by server."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from db.audit import Entry, add_entry
from db.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWordRule:
    """A rule to be written. `words` is the pattern as it is compared, and unique in a server."""

    kind: str
    pattern: str
    words: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordRule(NewWordRule):
    """A rule. Guild 0 is the instance itself."""

    id: int
    guild_id: int


class WordRuleTable:
    """Queries on rules. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self) -> tuple[WordRule, ...]:
        """Every rule of every server, oldest first."""
        rows = await self._db.rows("SELECT * FROM word_rules ORDER BY guild_id, id")
        return tuple(_rule(row) for row in rows)

    async def of(self, guild_id: int) -> tuple[WordRule, ...]:
        """The rules of a server, oldest first."""
        rows = await self._db.rows("SELECT * FROM word_rules WHERE guild_id = ? ORDER BY id", guild_id)
        return tuple(_rule(row) for row in rows)

    async def put(self, rules: Sequence[NewWordRule], entry: Entry, *, instead: bool = False) -> None:
        """Write rules of the server of the audit log's entry, all or none. One with the same words is replaced.

        Args:
            rules: what is written.
            entry: who does it, and where.
            instead: take all other rules of the server away.
        """
        async with self._db.transaction() as tx:
            now = self._db.now()
            if instead:
                await tx.execute(
                    """
                    DELETE FROM word_rules
                    WHERE guild_id = ? AND words NOT IN (SELECT value FROM json_each(?))
                    """,
                    entry.guild_id,
                    json.dumps([rule.words for rule in rules]),
                )
            await tx.execute_many(
                """
                INSERT INTO word_rules (guild_id, kind, pattern, words, note, created_at) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (guild_id, words) DO UPDATE
                SET kind = excluded.kind, pattern = excluded.pattern, note = excluded.note
                """,
                [(entry.guild_id, each.kind, each.pattern, each.words, each.note, now) for each in rules],
            )
            await add_entry(tx, entry, now)

    async def remove(self, number: int, entry: Entry) -> bool:
        """Take a rule of the entry's server away. Returns whether there was one; if not, nothing is written."""
        async with self._db.transaction() as tx:
            gone = await tx.rows(
                "DELETE FROM word_rules WHERE guild_id = ? AND id = ? RETURNING id", entry.guild_id, number
            )
            if gone:
                await add_entry(tx, entry, self._db.now())
        return bool(gone)


def _rule(row: sqlite3.Row) -> WordRule:
    return WordRule(
        id=row["id"],
        guild_id=row["guild_id"],
        kind=row["kind"],
        pattern=row["pattern"],
        words=row["words"],
        note=row["note"],
    )
