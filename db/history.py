"""A member's finished pictures: searched, paged, and those they have marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from db.database import Database, Transaction, Value

_WORD: Final = re.compile(r"_*[^\W_]\w*\*?")
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
    rating: str | None
    """As noted when it was asked for; None in old rows."""
    painted: str
    """The final prompt."""
    user_id: int
    scores: str | None = None
    """What the check of finished pictures says, as JSON; None where it does not count."""
    check_state: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some pictures, newest first. `newer` and `older` say whether there are more on either side."""

    pictures: tuple[Shown, ...]
    newer: bool
    older: bool


@dataclass(frozen=True, slots=True)
class _Way:
    """One direction through the ids: what lies on that side of the cursor, and in which order."""

    beyond: str
    beyond_or_same: str
    order: str


_NEWEST_FIRST: Final = _Way("images.id < ?", " <= (SELECT job_id FROM images WHERE id = ?)", "DESC")
_OLDEST_FIRST: Final = _Way("images.id > ?", " >= (SELECT job_id FROM images WHERE id = ?)", "ASC")

# CROSS JOIN is SQLite's way of saying which table to read first.
_OWN: Final = "SELECT jobs.id FROM jobs INDEXED BY jobs_of_member"
_SEARCHED: Final = "SELECT jobs.id FROM job_texts CROSS JOIN jobs ON jobs.id = job_texts.rowid"
_MARKED: Final = """
    SELECT jobs.id FROM (
        SELECT DISTINCT images.job_id AS id
        FROM favourites CROSS JOIN images ON images.id = favourites.image_id
        WHERE favourites.user_id = ?
    ) AS marked CROSS JOIN jobs ON jobs.id = marked.id
"""
# What only brings back files shows nothing that is not there already.
_DONE: Final = (
    "jobs.deleted_at IS NULL AND jobs.state IN ('rendered', 'delivered') AND jobs.action <> 'restore'"
)
_IMAGES_OF_JOB: Final = "(SELECT 1 FROM images WHERE images.job_id = jobs.id AND"
_PICTURES: Final = """
    SELECT images.id AS image_id, images.job_id, images.position, images.file, images.sha256,
           images.profile, jobs.guild_id, jobs.channel_id, jobs.message_id, jobs.created_at,
           (SELECT count(*) FROM images AS every WHERE every.job_id = jobs.id) AS images,
           CASE WHEN json_valid(jobs.request)
                THEN coalesce(json_extract(jobs.request, '$.prompt'), images.prompt)
                ELSE images.prompt END AS prompt,
           json_extract(jobs.notes, '$.rating') AS rating, images.prompt AS painted, jobs.user_id,
           images.scores, images.check_state,
           EXISTS (SELECT 1 FROM favourites WHERE user_id = ? AND image_id = images.id) AS favourite
    FROM
"""
_THEIR_IMAGES: Final = "CROSS JOIN jobs ON jobs.id = some.id CROSS JOIN images ON images.job_id = jobs.id"


class _Where:
    """Conditions that all have to hold, with the values of their question marks."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self.values: list[Value] = []

    def add(self, condition: str, *values: Value) -> None:
        self._conditions.append(condition)
        self.values += values

    @property
    def sql(self) -> str:
        return " AND ".join(self._conditions)


def _of_an_image(user_id: int, wanted: Wanted, way: _Way, cursor: int) -> _Where:
    """What holds of a picture itself, wherever it is asked about."""
    where = _Where()
    where.add("images.state = 'painted'")
    if wanted.profile:
        where.add("images.profile = ?", wanted.profile)
    if wanted.favourites:
        where.add("EXISTS (SELECT 1 FROM favourites WHERE user_id = ? AND image_id = images.id)", user_id)
    if cursor:
        where.add(way.beyond, cursor)
    return where


def words_of(text: str) -> tuple[str, ...]:
    """The words of a search, without anything that the index could read as an operator.

    One that ends with a star stands for all that begin with it.
    """
    return tuple(_WORD.findall(text))[:MOST_WORDS]


def _match(words: tuple[str, ...]) -> str:
    # Quoted, so that AND, OR, NEAR and column names are words as any other.
    asked = " ".join(f'"{word[:-1]}"*' if word.endswith("*") else f'"{word}"' for word in words)
    return f"prompt : ({asked})"


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
        # Where one has come from there were pictures; asking again would cost as much as the page itself.
        return Page(tuple(found), newer=more if after else bool(before), older=bool(after) if after else more)

    async def first_image(self, job_id: int) -> int:
        """The first picture of a job or, where there is none, of the next one; 0 when there is no later one either.

        Numbers of pictures grow with those of their jobs, so all pictures before it are of earlier jobs.
        """
        rows = await self._db.rows(
            "SELECT id FROM images WHERE job_id >= ? ORDER BY job_id, position LIMIT 1", job_id
        )
        return int(rows[0]["id"]) if rows else 0

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
        way, cursor = (_OLDEST_FIRST, after) if after else (_NEWEST_FIRST, before)
        image = _of_an_image(user_id, wanted, way, cursor)
        words = words_of(wanted.text)
        job = _Where()
        if wanted.favourites:
            # Of anybody's pictures, so that they are looked at one by one, also for words.
            source, key = _MARKED, "jobs.id"
            job.values.append(user_id)
            job.add("(jobs.private = 0 OR jobs.user_id = ?)", user_id)
            if words:
                job.add("jobs.id IN (SELECT rowid FROM job_texts WHERE job_texts MATCH ?)", _match(words))
        elif words:
            source, key = _SEARCHED, "job_texts.rowid"
            job.add("job_texts MATCH ?", f'owner : "u{user_id}" AND {_match(words)}')
        else:
            source, key = _OWN, "jobs.id"
            job.add("jobs.user_id = ?", user_id)
        job.add("jobs.guild_id = ?", guild_id)
        if wanted.since is not None:
            job.add("jobs.created_at >= ?", wanted.since)
        if wanted.until is not None:
            job.add("jobs.created_at < ?", wanted.until)
        if cursor:
            job.add(key + way.beyond_or_same, cursor)
        # First some jobs, in the order of the one index that narrows most and with a bound on it, then their
        # pictures: sorting both at once would read all. Every part is one of this module's constants.
        some = [source, "WHERE", job.sql, "AND", _DONE, "AND EXISTS", _IMAGES_OF_JOB, image.sql, ")"]
        some += ["ORDER BY", key, way.order, "LIMIT ?"]
        statement = [_PICTURES, "(", *some, ") AS some", _THEIR_IMAGES, "WHERE", image.sql]
        statement += ["ORDER BY images.id", way.order, "LIMIT ?"]
        rows = await tx.rows(
            " ".join(statement), user_id, *job.values, *image.values, limit, *image.values, limit
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
