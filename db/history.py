"""A member's finished pictures: searched, paged, and those they have marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from db.database import Database, Transaction, Value

_WORD: Final = re.compile(r"\w+")
MOST_WORDS: Final = 12
"""Words of a search that count; what comes after them narrows nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of a member's history is asked for; empty fields leave everything in.

    `since` and `until` are Unix seconds, the latter not included.
    """

    text: str = ""
    profile: str = ""
    favourites: bool = False
    since: float | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One picture of the history. `position` counts from 0; `images` are all of its job."""

    image_id: int
    job_id: int
    position: int
    images: int
    file: str
    sha256: str
    profile: str
    prompt: str
    """As it was asked for, when that is known."""
    guild_id: int
    channel_id: int
    message_id: int | None
    created_at: float
    favourite: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some pictures, newest first. `newer` and `older` say whether there are more on either side."""

    pictures: tuple[Shown, ...]
    newer: bool
    older: bool


def words_of(text: str) -> tuple[str, ...]:
    """The words of a search, without anything that the index could read as an operator."""
    return tuple(_WORD.findall(text))[:MOST_WORDS]


def _match(user_id: int, words: tuple[str, ...]) -> str:
    # Quoted, so that AND, OR, NEAR and column names are words as any other; the star takes what they begin.
    asked = " ".join(f'"{word}"*' for word in words)
    return f'owner : "u{user_id}" AND prompt : ({asked})'


class History:
    """Queries on one member's pictures in one guild. Every method raises `DatabaseError` when it is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def page(
        self, user_id: int, guild_id: int, wanted: Wanted, *, size: int, before: int = 0, after: int = 0
    ) -> Page:
        """Pictures, newest first.

        Args:
            user_id: whose.
            guild_id: asked for where; other guilds' pictures are not shown there.
            wanted: the filters.
            size: pictures of a page.
            before: only pictures with smaller ids than this; 0 for the newest.
            after: only pictures with larger ids, the nearest of them; wins over `before`.
        """
        async with self._db.reading() as tx:
            found = await self._some(tx, user_id, guild_id, wanted, size + 1, before=before, after=after)
            more, found = len(found) > size, found[:size]
            if after:
                found.reverse()
            if not found:
                return Page((), newer=bool(before), older=bool(after))
            if after:
                rest = await self._some(tx, user_id, guild_id, wanted, 1, before=found[-1].image_id, after=0)
                return Page(tuple(found), newer=more, older=bool(rest))
            rest = await self._some(tx, user_id, guild_id, wanted, 1, before=0, after=found[0].image_id)
            return Page(tuple(found), newer=bool(rest), older=more)

    async def _some(
        self,
        tx: Transaction,
        user_id: int,
        guild_id: int,
        wanted: Wanted,
        limit: int,
        *,
        before: int,
        after: int,
    ) -> list[Shown]:
        # CROSS JOIN is SQLite's way of saying which table to read first: what narrows most.
        source, key = "jobs INDEXED BY jobs_of_member CROSS JOIN images ON images.job_id = jobs.id", "jobs.id"
        conditions = ["jobs.user_id = ?", "jobs.guild_id = ?"]
        values: list[Value] = [user_id, user_id, guild_id]
        if words := words_of(wanted.text):
            source = """
                job_texts CROSS JOIN jobs ON jobs.id = job_texts.rowid
                CROSS JOIN images ON images.job_id = jobs.id
            """
            key = "job_texts.rowid"
            conditions.insert(0, "job_texts MATCH ?")
            values.insert(1, _match(user_id, words))
        elif wanted.favourites:
            source = """
                favourites AS marked CROSS JOIN images ON images.id = marked.image_id AND marked.user_id = ?
                CROSS JOIN jobs ON jobs.id = images.job_id
            """
            key = "marked.image_id"
            values.insert(0, user_id)
        if wanted.profile:
            conditions.append("images.profile = ?")
            values.append(wanted.profile)
        for bound, sign in ((wanted.since, ">="), (wanted.until, "<")):
            if bound is not None:
                conditions.append(f"jobs.created_at {sign} ?")
                values.append(bound)
        if wanted.favourites:
            conditions.append("favourites.image_id IS NOT NULL")
        order = "DESC"
        if after:
            order = "ASC"
            conditions.append("jobs.id >= (SELECT job_id FROM images WHERE id = ?) AND images.id > ?")
            values += [after, after]
        elif before:
            conditions.append("jobs.id <= (SELECT job_id FROM images WHERE id = ?) AND images.id < ?")
            values += [before, before]
        rows = await tx.rows(
            f"""
            SELECT images.id AS image_id, images.job_id, images.position, images.file, images.sha256,
                   images.profile, jobs.guild_id, jobs.channel_id, jobs.message_id, jobs.created_at,
                   (SELECT count(*) FROM images AS every WHERE every.job_id = jobs.id) AS images,
                   CASE WHEN json_valid(jobs.request)
                        THEN coalesce(json_extract(jobs.request, '$.prompt'), images.prompt)
                        ELSE images.prompt END AS prompt,
                   favourites.image_id IS NOT NULL AS favourite
            FROM {source}
            LEFT JOIN favourites ON favourites.user_id = ? AND favourites.image_id = images.id
            WHERE {" AND ".join(conditions)} AND jobs.deleted_at IS NULL
              AND jobs.state IN ('rendered', 'delivered') AND images.state = 'painted'
            ORDER BY {key} {order}, images.id {order} LIMIT ?
            """,
            *values,
            limit,
        )
        return [Shown(**(dict(row) | {"favourite": bool(row["favourite"])})) for row in rows]

    async def toggle_favourite(self, user_id: int, user_name: str, image_id: int) -> bool:
        """Mark a picture, or take the mark away. Returns whether it is marked now."""
        async with self._db.transaction() as tx:
            now = self._db.now()
            await tx.execute(
                "INSERT INTO users (id, name, first_seen, last_seen) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                user_id,
                user_name,
                now,
                now,
            )
            gone = await tx.execute(
                "DELETE FROM favourites WHERE user_id = ? AND image_id = ?", user_id, image_id
            )
            if gone:
                return False
            await tx.execute(
                "INSERT INTO favourites (user_id, image_id, created_at) VALUES (?, ?, ?)",
                user_id,
                image_id,
                now,
            )
        return True

    async def favourites_among(self, user_id: int, job_id: int) -> frozenset[int]:
        """Positions of a job's pictures that the member has marked."""
        rows = await self._db.rows(
            """
            SELECT images.position FROM images JOIN favourites ON favourites.image_id = images.id
            WHERE favourites.user_id = ? AND images.job_id = ?
            """,
            user_id,
            job_id,
        )
        return frozenset(row["position"] for row in rows)
