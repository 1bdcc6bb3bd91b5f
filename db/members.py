"""What moderators see of one member of their server, in figures."""

from __future__ import annotations

from dataclasses import dataclass

from db.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A member in one server. Private drafts are counted, and nothing else is said of them."""

    name: str
    jobs: int
    waiting: int
    delivered: int
    failed: int
    cancelled: int
    withheld: int
    deleted: int
    pictures: int
    first_at: float | None
    last_at: float | None
    last_public: tuple[int, ...]


class Members:
    """The queries. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def summary(self, guild_id: int, user_id: int) -> Summary:
        """Count what a member has asked for in a server; all zeros for one who never did."""
        async with self._db.reading() as tx:
            row = await tx.row(
                """
                SELECT count(*) AS jobs, min(created_at) AS first_at, max(created_at) AS last_at,
                       coalesce(sum(state IN ('queued', 'running')), 0) AS waiting,
                       coalesce(sum(state IN ('rendered', 'delivered')), 0) AS delivered,
                       coalesce(sum(state = 'failed'), 0) AS failed,
                       coalesce(sum(state = 'cancelled'), 0) AS cancelled,
                       coalesce(sum(state = 'withheld'), 0) AS withheld,
                       coalesce(sum(deleted_at IS NOT NULL), 0) AS deleted,
                       coalesce((SELECT name FROM users WHERE id = ?2), '') AS name,
                       (SELECT count(*) FROM jobs AS every JOIN images ON images.job_id = every.id
                        WHERE every.user_id = ?2 AND every.guild_id = ?1 AND images.state = 'painted') AS pictures
                FROM jobs WHERE user_id = ?2 AND guild_id = ?1
                """,
                guild_id,
                user_id,
            )
            last = await tx.rows(
                """
                SELECT id FROM jobs
                WHERE user_id = ? AND guild_id = ? AND private = 0 AND deleted_at IS NULL ORDER BY id DESC LIMIT 5
                """,
                user_id,
                guild_id,
            )
        assert row is not None  # noqa: S101 - an aggregate always has a row
        return Summary(**row, last_public=tuple(each["id"] for each in last))

    async def names(self, user_ids: tuple[int, ...]) -> dict[int, str]:
        """The names of those who have ever used the bot."""
        found = {}
        async with self._db.reading() as tx:
            for user_id in user_ids:
                if (row := await tx.row("SELECT name FROM users WHERE id = ?", user_id)) is not None:
                    found[user_id] = str(row["name"])
        return found
