"""Looking through the audit log, which may hold a million entries, in pieces that keep nobody else waiting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from db.audit import Written, written
from db.database import Database

WINDOW: Final = 5_000
"""Entries looked at in one query: some 20 ms for the worst of filters, in which the database is nobody else's."""
NEWEST: Final = 2**62

# The window is cut first, so that a filter that nothing fits does not walk through the whole log in one query.
_FITS: Final = """
    WHERE at >= ?4 AND (?5 IS NULL OR user_id = ?5) AND (?6 IS NULL OR actor_id = ?6)
      AND (?7 = '' OR action = ?7 OR substr(action, 1, length(?7) + 1) = ?7 || '.')
      AND (?8 = '' OR instr(lower(target || char(10) || reason || char(10) || action || char(10) || details), ?8))
"""
_OLDER: Final = f"""
    SELECT * FROM (SELECT * FROM audit WHERE guild_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3)
    {_FITS} ORDER BY id DESC LIMIT ?9
"""
_NEWER: Final = f"""
    SELECT * FROM (SELECT * FROM audit WHERE guild_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3)
    {_FITS} ORDER BY id LIMIT ?9
"""
_FLOOR: Final = """
    SELECT min(id) AS edge, min(at) AS oldest
    FROM (SELECT id, at FROM audit WHERE guild_id = ? AND id < ? ORDER BY id DESC LIMIT ?)
"""
_TOP: Final = """
    SELECT max(id) AS edge FROM (SELECT id FROM audit WHERE guild_id = ? AND id > ? ORDER BY id LIMIT ?)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which entries are wanted; what is left out fits all. `since` is in Unix seconds."""

    user_id: int | None = None
    actor_id: int | None = None
    area: str = ""
    text: str = ""
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, the newest first, and whether there are others on either side."""

    entries: tuple[Written, ...]
    newer: bool
    older: bool


class AuditSearch:
    """Queries on the log. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def before(
        self, guild_id: int, wanted: Filter, count: int, before: int = NEWEST
    ) -> tuple[Written, ...]:
        """The newest entries that fit, of those older than one; the newest first."""
        found: list[Written] = []
        while True:
            found += await self._window(_OLDER, guild_id, before, wanted, count - len(found))
            if len(found) >= count:
                return tuple(found)
            (floor,) = await self._db.rows(_FLOOR, guild_id, before, WINDOW)
            if floor["edge"] is None or floor["oldest"] < wanted.since:
                return tuple(found)
            before = floor["edge"]

    async def after(self, guild_id: int, wanted: Filter, count: int, after: int) -> tuple[Written, ...]:
        """The oldest entries that fit, of those newer than one; the newest first."""
        found: list[Written] = []
        while True:
            found += await self._window(_NEWER, guild_id, after, wanted, count - len(found))
            if len(found) >= count:
                break
            (top,) = await self._db.rows(_TOP, guild_id, after, WINDOW)
            if top["edge"] is None:
                break
            after = top["edge"]
        return tuple(reversed(found))

    async def _window(self, query: str, guild_id: int, edge: int, wanted: Filter, count: int) -> list[Written]:
        rows = await self._db.rows(
            query,
            guild_id,
            edge,
            WINDOW,
            wanted.since,
            wanted.user_id,
            wanted.actor_id,
            wanted.area,
            _folded(wanted.text),
            count,
        )
        return [written(row) for row in rows]

    async def page(
        self, guild_id: int, wanted: Filter, count: int, *, before: int = NEWEST, after: int | None = None
    ) -> Page:
        """A page of the log: before an entry, or after one."""
        if after is not None:
            found = await self.after(guild_id, wanted, count + 1, after)
            if len(found) > count:
                return Page(found[1:], newer=True, older=True)
            before = found[0].id + 1 if found else NEWEST
        found = await self.before(guild_id, wanted, count + 1, before)
        newer = bool(found) and bool(await self.after(guild_id, wanted, 1, found[0].id))
        return Page(found[:count], newer=newer, older=len(found) > count)

    async def areas(self, guild_id: int) -> tuple[str, ...]:
        """The areas of which the newest entries of a server are."""
        rows = await self._db.rows(
            """
            SELECT DISTINCT substr(action || '.', 1, instr(action || '.', '.') - 1) AS area
            FROM (SELECT action FROM audit WHERE guild_id = ? ORDER BY id DESC LIMIT ?) ORDER BY area
            """,
            guild_id,
            WINDOW,
        )
        return tuple(row["area"] for row in rows)

    async def sweep(self, before: float, limit: int) -> int:
        """Delete entries from before a moment, at most `limit`. Returns how many."""
        async with self._db.transaction() as tx:
            return await tx.execute(
                "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ? ORDER BY at LIMIT ?)",
                before,
                limit,
            )


def _folded(text: str) -> str:
    """As SQLite's own `lower` folds: ASCII only."""
    return "".join(c.lower() if c.isascii() else c for c in text)
