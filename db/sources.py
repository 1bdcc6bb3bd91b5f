"""Pictures and masks that members have handed in, by the hash of their file."""

from __future__ import annotations

from dataclasses import dataclass

from db.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSource:
    """Who has handed in which file. `rating` is None when it is not known."""

    sha256: str
    file: str
    user_id: int
    user_name: str
    guild_id: int
    rating: str | None = None


class Sources:
    """Queries on them. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, new: NewSource) -> None:
        """Write one down. Handing the same file in again changes nothing, but that a rating becomes known."""
        async with self._db.transaction() as tx:
            now = self._db.now()
            await tx.execute(
                "INSERT INTO users (id, name, first_seen, last_seen) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                new.user_id,
                new.user_name,
                now,
                now,
            )
            # Somebody who was forgotten may have had the same file, which then was to go.
            await tx.execute("DELETE FROM doomed_files WHERE file = ?", new.file)
            await tx.execute(
                """
                INSERT INTO sources (sha256, user_id, guild_id, file, rating, created_at) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET rating = coalesce(excluded.rating, rating)
                """,
                new.sha256,
                new.user_id,
                new.guild_id,
                new.file,
                new.rating,
                now,
            )

    async def ratings_of(self, sha256: str) -> tuple[str | None, ...]:
        """What a file is rated as by each who has handed it in; empty when nobody has."""
        rows = await self._db.rows("SELECT rating FROM sources WHERE sha256 = ?", sha256)
        return tuple(row["rating"] for row in rows)

    async def forget(self, user_id: int) -> tuple[str, ...]:
        """Take away all that a member has handed in. Returns the files that now belong to nobody."""
        async with self._db.transaction() as tx:
            rows = await tx.rows(
                """
                SELECT DISTINCT file FROM sources AS own WHERE user_id = ? AND NOT EXISTS (
                    SELECT 1 FROM sources WHERE sources.sha256 = own.sha256 AND sources.user_id <> own.user_id
                )
                """,
                user_id,
            )
            await tx.execute("DELETE FROM sources WHERE user_id = ?", user_id)
        return tuple(row["file"] for row in rows)
