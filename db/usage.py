"""What members asked for lately, as quotas count it: from the jobs themselves, so that nothing can disagree."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

from db.database import Database

# A picture that was cancelled before it started, or that could not be painted, took nothing from anybody. One that the
# check or moderators have taken out (`check_state`) was painted.
_COUNTED: Final = """
    NOT ((images.state = 'failed' AND images.check_state IS NULL)
         OR (images.state = 'cancelled' AND images.started_at IS NULL))
"""
_COLUMNS: Final = f"""
    jobs.created_at AS at, max(images.profile) AS profile,
    coalesce(sum({_COUNTED}), 0) AS pictures,
    coalesce(
        sum(coalesce(images.share, images.seconds)) FILTER (
            WHERE images.state = 'painted' OR (images.state = 'failed' AND images.check_state IS NOT NULL)
        ), 0.0
    ) AS seconds,
    coalesce(sum(CASE WHEN images.state IN ('queued', 'running') THEN images.cost END), 0.0) AS waiting
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One job.

    Attributes:
        at: when it was asked for, Unix seconds.
        profile: its model.
        pictures: those that count.
        seconds: of the engine, of what is painted.
        waiting: what is not painted yet, in the queue's unit of cost.
    """

    at: float
    profile: str
    pictures: int
    seconds: float
    waiting: float


class Usage:
    """Queries on what was asked for. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def now(self) -> float:
        """The moment, by the clock that jobs are dated by."""
        return self._db.now()

    async def of_member(self, guild_id: int, user_id: int, since: float) -> tuple[Asked, ...]:
        """The jobs that a member has asked for in a guild after a moment, oldest first, deleted ones included."""
        rows = await self._db.rows(
            f"""
            SELECT {_COLUMNS} FROM jobs INDEXED BY jobs_lately JOIN images ON images.job_id = jobs.id
            WHERE jobs.guild_id = ? AND jobs.created_at > ? AND jobs.user_id = ?
            GROUP BY jobs.id ORDER BY jobs.created_at, jobs.id
            """,
            guild_id,
            since,
            user_id,
        )
        return tuple(_asked(row) for row in rows)

    async def of_guild(self, guild_id: int, since: float) -> tuple[Asked, ...]:
        """Those of all its members."""
        rows = await self._db.rows(
            f"""
            SELECT {_COLUMNS} FROM jobs INDEXED BY jobs_lately JOIN images ON images.job_id = jobs.id
            WHERE jobs.guild_id = ? AND jobs.created_at > ?
            GROUP BY jobs.id ORDER BY jobs.created_at, jobs.id
            """,
            guild_id,
            since,
        )
        return tuple(_asked(row) for row in rows)


def _asked(row: sqlite3.Row) -> Asked:
    return Asked(**row)
