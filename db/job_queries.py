"""What is asked of jobs without changing them."""

from __future__ import annotations

from db.database import Database
from db.reading import read_job, read_jobs
from db.records import Job, JobState, Pending


class JobQueries:
    """The part of `Jobs` that only reads. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, job_id: int) -> Job | None:
        """A job with its pictures, whatever its state."""
        async with self._db.reading() as tx:
            return await read_job(tx, job_id)

    async def find_by_message(self, message_id: int) -> Job | None:
        """The newest job that this message shows, or has shown."""
        async with self._db.reading() as tx:
            found = await read_jobs(tx, "jobs.message_id = ? ORDER BY jobs.id DESC LIMIT 1", message_id)
            if not found:
                condition = "jobs.id = (SELECT job_id FROM posts WHERE message_id = ?)"
                found = await read_jobs(tx, condition, message_id)
        return found[0] if found else None

    async def waiting_jobs(self, guild_id: int, limit: int) -> tuple[Job, ...]:
        """The oldest jobs of a guild that wait or run, at most `limit`."""
        async with self._db.reading() as tx:
            return await read_jobs(
                tx,
                "jobs.guild_id = ? AND jobs.state IN ('queued', 'running') ORDER BY jobs.id LIMIT ?",
                guild_id,
                limit,
            )

    async def counts(self) -> dict[JobState, int]:
        """How many jobs there are in each state."""
        rows = await self._db.rows("SELECT state, count(*) AS n FROM jobs GROUP BY state")
        found = {row["state"]: row["n"] for row in rows}
        return {state: found.get(state.value, 0) for state in JobState}

    async def failed_lately(self) -> int:
        """How many jobs of the last day could not be painted."""
        rows = await self._db.rows(
            "SELECT count(*) AS n FROM jobs WHERE state = 'failed' AND created_at > ?", self._db.now() - 86_400
        )
        return int(rows[0]["n"])

    async def counts_pending(self, user_id: int, guild_id: int) -> Pending:
        """How many pictures of this member in this guild, and of this guild, wait or run."""
        rows = await self._db.rows(
            """
            SELECT coalesce(sum(jobs.user_id = ?), 0) AS user, count(*) AS guild
            FROM jobs JOIN images ON images.job_id = jobs.id
            WHERE jobs.guild_id = ? AND jobs.state IN ('queued', 'running')
              AND images.state IN ('queued', 'running')
            """,
            user_id,
            guild_id,
        )
        return Pending(rows[0]["user"], rows[0]["guild"])
