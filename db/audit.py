"""The audit log: who decided what about whom. Entries are written in the transaction of what they tell."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from db.database import Database, Transaction

FORGOTTEN: Final = -1
"""Stands for a moderator who was forgotten since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be written down.

    Attributes:
        guild_id: 0 for the instance itself.
        actor_id: who decided; 0 for the bot by its own rules, `FORGOTTEN` for somebody who is not known any more.
        actor_name: their name at that time, for people who read the log.
        action: a dotted word such as `ban.add`; the part before the dot is the area it belongs to.
        user_id: the member it is about, if any.
        job_id: the job it is about, if any.
        target: what else it is about, in words: a channel, a rule, a setting.
        reason: as the moderator typed it; empty for none.
        details: JSON of what changed, such as the old and the new value.
    """

    guild_id: int
    actor_id: int
    actor_name: str
    action: str
    user_id: int | None = None
    job_id: int | None = None
    target: str = ""
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """An entry of the log. `at` is in Unix seconds."""

    id: int
    at: float
    entry: Entry


async def add_entry(tx: Transaction, entry: Entry, now: float) -> None:
    """Write an entry in somebody else's transaction, so that there is none without the other."""
    await tx.execute(
        """
        INSERT INTO audit (guild_id, at, actor_id, actor_name, action, user_id, job_id, target, reason, details)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        entry.guild_id,
        now,
        entry.actor_id,
        entry.actor_name,
        entry.action,
        entry.user_id,
        entry.job_id,
        entry.target,
        entry.reason,
        json.dumps(dict(entry.details), ensure_ascii=False, sort_keys=True),
    )


class Audit:
    """Queries on the log. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, entry: Entry) -> None:
        """Write down what changes nothing in the database itself."""
        async with self._db.transaction() as tx:
            await add_entry(tx, entry, self._db.now())

    async def newest(self, guild_id: int, count: int, *, before: int | None = None) -> tuple[Written, ...]:
        """The newest entries of a server, or those before one, newest first."""
        rows = await self._db.rows(
            "SELECT * FROM audit WHERE guild_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
            guild_id,
            before if before is not None else 2**62,
            count,
        )
        return tuple(written(row) for row in rows)


def written(row: sqlite3.Row) -> Written:
    """A row as an object."""
    return Written(
        id=row["id"],
        at=row["at"],
        entry=Entry(
            guild_id=row["guild_id"],
            actor_id=row["actor_id"],
            actor_name=row["actor_name"],
            action=row["action"],
            user_id=row["user_id"],
            job_id=row["job_id"],
            target=row["target"],
            reason=row["reason"],
            details=json.loads(row["details"]),
        ),
    )
