"""What members set for themselves: the defaults of their options, and named presets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from db.database import Database, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """A member's own defaults. None leaves an option to the model's card (and the model to the owner).

    `aspect` is one as typed, or a size such as `832x1216`.
    """

    profile: str | None = None
    aspect: str | None = None
    negative_preset: str | None = None
    count: int | None = None
    rating: str | None = None
    private: bool = False


UNSET = Defaults()
"""Whoever has set nothing."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Options under a name; `options` is JSON."""

    name: str
    options: str


class Saved(Enum):
    """What became of a preset that was to be saved."""

    NEW = auto()
    REPLACED = auto()
    FULL = auto()
    """The member has as many as there may be, so nothing was saved."""


class PreferenceTables:
    """Queries on one member's preferences. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # -- defaults --------------------------------------------------------------------------------------------

    async def defaults(self, user_id: int) -> Defaults:
        """What the member has set."""
        async with self._db.reading() as tx:
            return await _defaults(tx, user_id)

    async def change(self, user_id: int, user_name: str, to: Callable[[Defaults], Defaults]) -> Defaults:
        """Replace what the member has set by what `to` makes of it, with nothing changed in between."""
        async with self._db.transaction() as tx:
            await self._know(tx, user_id, user_name)
            new = to(await _defaults(tx, user_id))
            await tx.execute(
                """
                INSERT INTO preferences (user_id, profile, aspect, negative_preset, count, rating, private, updated_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (user_id) DO UPDATE SET
                    profile = excluded.profile, aspect = excluded.aspect, negative_preset = excluded.negative_preset,
                    count = excluded.count, rating = excluded.rating, private = excluded.private,
                    updated_at = excluded.updated_at
                """,
                user_id,
                new.profile,
                new.aspect,
                new.negative_preset,
                new.count,
                new.rating,
                new.private,
                self._db.now(),
            )
        return new

    async def reset(self, user_id: int) -> bool:
        """Forget what the member has set; their presets stay. Returns whether there was anything."""
        async with self._db.transaction() as tx:
            return await tx.execute("DELETE FROM preferences WHERE user_id = ?", user_id) > 0

    # -- presets ---------------------------------------------------------------------------------------------

    async def presets(self, user_id: int) -> tuple[Preset, ...]:
        """All presets of a member, by name."""
        rows = await self._db.rows(
            "SELECT name, options FROM presets WHERE user_id = ? ORDER BY folded", user_id
        )
        return tuple(Preset(row["name"], row["options"]) for row in rows)

    async def preset(self, user_id: int, folded: str) -> Preset | None:
        """The preset whose name is this without regard to case; None when there is none."""
        rows = await self._db.rows(
            "SELECT name, options FROM presets WHERE user_id = ? AND folded = ?", user_id, folded
        )
        return Preset(rows[0]["name"], rows[0]["options"]) if rows else None

    async def save(self, user_id: int, user_name: str, preset: Preset, folded: str, *, cap: int) -> Saved:
        """Save a preset in place of the one of the same name, or beside the others while there are fewer than `cap`."""
        async with self._db.transaction() as tx:
            await self._know(tx, user_id, user_name)
            replaced = await tx.execute(
                "UPDATE presets SET name = ?, options = ?, updated_at = ? WHERE user_id = ? AND folded = ?",
                preset.name,
                preset.options,
                self._db.now(),
                user_id,
                folded,
            )
            if replaced:
                return Saved.REPLACED
            added = await tx.execute(
                """
                INSERT INTO presets (user_id, name, folded, options, updated_at)
                SELECT ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM presets WHERE user_id = ?) < ?
                """,
                user_id,
                preset.name,
                folded,
                preset.options,
                self._db.now(),
                user_id,
                cap,
            )
        return Saved.NEW if added else Saved.FULL

    async def delete(self, user_id: int, folded: str) -> bool:
        """Delete a preset. False when there is none of that name."""
        async with self._db.transaction() as tx:
            gone = await tx.execute("DELETE FROM presets WHERE user_id = ? AND folded = ?", user_id, folded)
        return gone > 0

    async def _know(self, tx: Transaction, user_id: int, user_name: str) -> None:
        now = self._db.now()
        await tx.execute(
            "INSERT INTO users (id, name, first_seen, last_seen) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            user_id,
            user_name,
            now,
            now,
        )


async def _defaults(tx: Transaction, user_id: int) -> Defaults:
    row = await tx.row(
        "SELECT profile, aspect, negative_preset, count, rating, private FROM preferences WHERE user_id = ?",
        user_id,
    )
    return UNSET if row is None else Defaults(**(dict(row) | {"private": bool(row["private"])}))
