"""How fast each model paints on this machine, measured."""

from __future__ import annotations

import math
from typing import Final

from db.database import Database

WEIGHT: Final = 0.2
"""Of the newest picture in the average: after 10 pictures nine tenths of what was before is forgotten."""


class Speeds:
    """Exponential averages of measured speeds."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def record(self, profile: str, cost: float, seconds: float) -> float | None:
        """Take in that a picture of this cost took these seconds.

        Seconds per cost are averaged and not cost per second: waiting times add up, speeds do not.

        Returns:
            The new average in cost per second; None when the measurement is not positive and finite, which
            says nothing about speed and is left out.
        """
        if not (0 < cost < math.inf and 0 < seconds < math.inf and seconds / cost > 0):
            return None
        async with self._db.transaction() as tx:
            rows = await tx.rows(
                """
                INSERT INTO speeds (profile, seconds_per_cost, samples, updated_at) VALUES (?, ?, 1, ?)
                ON CONFLICT (profile) DO UPDATE SET
                    seconds_per_cost = seconds_per_cost + ? * (excluded.seconds_per_cost - seconds_per_cost),
                    samples = samples + 1,
                    updated_at = excluded.updated_at
                RETURNING seconds_per_cost
                """,
                profile,
                seconds / cost,
                self._db.now(),
                WEIGHT,
            )
        return 1 / float(rows[0]["seconds_per_cost"])

    async def all(self) -> dict[str, float]:
        """Cost per second by profile id, for every profile that has painted here."""
        rows = await self._db.rows("SELECT profile, seconds_per_cost FROM speeds ORDER BY profile")
        return {row["profile"]: 1 / row["seconds_per_cost"] for row in rows}
