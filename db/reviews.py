"""Pictures that moderators have to look at: withheld ones, and those that members have reported."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from db.audit import Entry, add_entry
from db.bans import holds_ban
from db.database import Database, Transaction
from db.withholding import change_job, put_back, take_out

MOST_REASONS: Final = 10
"""Of the reports of one picture that are shown."""


class Decision(StrEnum):
    """What a moderator may decide."""

    APPROVE = "approve"
    SPOILER = "spoiler"
    REJECT = "reject"


class OfBanned(Exception):
    """The picture is a banned member's, so it is not shown again."""


class Kind(StrEnum):
    """Why somebody has to look."""

    WITHHELD = "withheld"
    UNCHECKED = "unchecked"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One picture with all that moderators are shown of it.

    Attributes:
        state: `open`, or how it ended.
        file: where the picture lies; None when it is gone.
        hidden: whether it is withheld now; else everybody can see it.
        channel_id, message_id: of the message for moderators.
        job_channel_id, job_message_id: where the job is shown.
        user_id: whose picture it is.
        reports: how many members have reported it.
        reasons: what those have written who wrote anything, the newest first.
    """

    id: int
    guild_id: int
    job_id: int
    image_id: int
    position: int
    kind: Kind
    state: str
    file: str | None
    hidden: bool
    scores: str | None
    classifier: str | None
    reference: str | None
    ceiling: str | None
    threshold: float | None
    created_at: float
    channel_id: int | None
    message_id: int | None
    user_id: int
    job_channel_id: int
    job_message_id: int | None
    private: bool
    prompt: str
    reports: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reported:
    """What became of a report. `new` is False when the member had reported the picture before."""

    review_id: int
    new: bool
    taken_down: bool


_READ: Final = """
    SELECT reviews.id, reviews.guild_id, reviews.job_id, reviews.image_id, images.position, reviews.kind,
           reviews.state, coalesce(reviews.file, images.file) AS file, images.file IS NULL AS hidden, reviews.scores,
           reviews.classifier, reviews.reference, reviews.ceiling, reviews.threshold, reviews.created_at,
           reviews.channel_id, reviews.message_id, jobs.user_id, jobs.channel_id AS job_channel_id,
           jobs.message_id AS job_message_id, jobs.private, images.prompt,
           (SELECT count(*) FROM reports WHERE review_id = reviews.id) AS reports
    FROM reviews JOIN images ON images.id = reviews.image_id JOIN jobs ON jobs.id = reviews.job_id
"""


class Reviews:
    """Queries on reviews. Every method raises `DatabaseError` when the database is unusable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, review_id: int) -> Review | None:
        """One review, whatever its state."""
        async with self._db.reading() as tx:
            return await _read(tx, review_id)

    async def open_ones(self, guild_id: int, limit: int, after: int = 0) -> tuple[Review, ...]:
        """What waits in a server, the oldest first, after one of them."""
        rows = await self._db.rows(
            f"{_READ} WHERE reviews.guild_id = ? AND reviews.state = 'open' AND reviews.id > ? "
            "AND jobs.deleted_at IS NULL ORDER BY reviews.id LIMIT ?",
            guild_id,
            after,
            limit,
        )
        return tuple(_review(row) for row in rows)

    async def count(self, guild_id: int) -> int:
        """How many wait in a server."""
        rows = await self._db.rows(
            "SELECT count(*) AS n FROM reviews WHERE guild_id = ? AND state = 'open'", guild_id
        )
        return int(rows[0]["n"])

    # -- the message for moderators --------------------------------------------------------------------------

    async def stale(self, limit: int, after: int = 0) -> tuple[int, ...]:
        """Numbers of reviews whose message is missing or no longer says what is so, after one of them."""
        rows = await self._db.rows(
            "SELECT id FROM reviews WHERE stale = 1 AND id > ? ORDER BY id LIMIT ?", after, limit
        )
        return tuple(row["id"] for row in rows)

    async def shown(self, review: Review, channel_id: int | None, message_id: int | None) -> None:
        """The message says what `review` does. One that was changed meanwhile stays stale."""
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                UPDATE reviews SET channel_id = ?, message_id = ?, stale = CASE
                    WHEN state = ? AND (SELECT count(*) FROM reports WHERE review_id = reviews.id) = ? THEN 0 ELSE 1
                END
                WHERE id = ?
                """,
                channel_id,
                message_id,
                review.state,
                review.reports,
                review.id,
            )

    # -- deciding --------------------------------------------------------------------------------------------

    async def decide(self, review_id: int, decision: Decision, entry: Entry) -> Review | None:
        """Decide, with an entry in the log. Returns the review as it is then; None when it was decided before.

        A rejected picture's file is doomed with the same commit. What changes for the job makes it `rendered` (or
        `withheld`) anew, so that whoever follows it posts it once more.

        Raises:
            OfBanned: nothing was decided.
        """
        async with self._db.transaction() as tx:
            now = self._db.now()
            review = await _read(tx, review_id)
            if review is None or review.state != "open":
                return None
            match decision:
                case Decision.REJECT:
                    await _reject(tx, review, now)
                    if review.hidden:  # its member still reads that it may be released
                        await change_job(tx, review.job_id, now)
                case _ if review.hidden and await holds_ban(tx, review.guild_id, review.user_id, now):
                    raise OfBanned
                case _ if review.hidden:
                    state = "approved" if decision is Decision.APPROVE else "spoiler"
                    await put_back(tx, review_id, state, now)
                    if await change_job(tx, review.job_id, now):
                        await tx.execute("UPDATE jobs SET released = 1 WHERE id = ?", review.job_id)
                case Decision.SPOILER:
                    await tx.execute("UPDATE images SET check_state = 'spoiler' WHERE id = ?", review.image_id)
                    await change_job(tx, review.job_id, now)
            state = _ENDS[decision] if review.hidden or decision is not Decision.APPROVE else "dismissed"
            await _close(tx, review_id, state, now)
            details = {"kind": review.kind.value, "picture": review.position + 1, **entry.details}
            await add_entry(
                tx, replace(entry, job_id=review.job_id, user_id=review.user_id, details=details), now
            )
            return await _read(tx, review_id)

    async def expire(self, before: float, limit: int) -> int:
        """Give up withheld pictures that nobody has looked at since before a moment. Returns how many.

        Their files are doomed.
        """
        async with self._db.transaction() as tx:
            now = self._db.now()
            rows = await tx.rows(
                """
                SELECT id FROM reviews
                WHERE state = 'open' AND file IS NOT NULL AND created_at < ? ORDER BY id LIMIT ?
                """,
                before,
                limit,
            )
            for row in rows:
                review = await _read(tx, row["id"])
                if review is not None:
                    await _reject(tx, review, now)
                    await _close(tx, review.id, "expired", now)
        return len(rows)

    # -- reporting -------------------------------------------------------------------------------------------

    async def report(self, image_id: int, reason: str, hide_after: int, entry: Entry) -> Reported | None:
        """A member reports a painted picture; `entry` names them. None when there is no such picture to be seen.

        From `hide_after` different members on it is taken down until a moderator has looked.
        """
        async with self._db.transaction() as tx:
            now = self._db.now()
            image = await tx.row(
                """
                SELECT images.job_id, images.position, jobs.guild_id, jobs.user_id FROM images
                JOIN jobs ON jobs.id = images.job_id
                WHERE images.id = ? AND images.state = 'painted' AND jobs.deleted_at IS NULL
                """,
                image_id,
            )
            if image is None:
                return None
            before = await tx.row(
                "SELECT review_id FROM reports WHERE image_id = ? AND user_id = ?", image_id, entry.actor_id
            )
            if before is not None:
                return Reported(before["review_id"], new=False, taken_down=False)
            review_id = await _open_review(tx, image_id, image["job_id"], image["guild_id"], now)
            await tx.execute(
                "INSERT INTO reports (image_id, user_id, review_id, reason, created_at) VALUES (?, ?, ?, ?, ?)",
                image_id,
                entry.actor_id,
                review_id,
                reason,
                now,
            )
            told = replace(
                entry,
                job_id=image["job_id"],
                user_id=image["user_id"],
                details={"picture": image["position"] + 1, **entry.details},
            )
            await add_entry(tx, told, now)
            count = await tx.row("SELECT count(*) AS n FROM reports WHERE review_id = ?", review_id)
            taken_down = count is not None and count["n"] >= hide_after
            if taken_down:
                await _hide(tx, review_id, image_id, image["job_id"], now)
                by_itself = replace(told, actor_id=0, actor_name="", action="report.hide", reason="")
                await add_entry(tx, by_itself, now)
            return Reported(review_id, new=True, taken_down=taken_down)


_ENDS: Final = {Decision.APPROVE: "approved", Decision.SPOILER: "spoiler", Decision.REJECT: "rejected"}


async def _open_review(tx: Transaction, image_id: int, job_id: int, guild_id: int, now: float) -> int:
    """The open review of a picture, made when there is none; its message has to change."""
    rows = await tx.rows(
        "UPDATE reviews SET stale = 1 WHERE image_id = ? AND state = 'open' RETURNING id", image_id
    )
    rows = rows or await tx.rows(
        """
        INSERT INTO reviews (guild_id, job_id, image_id, kind, state, scores, classifier, created_at, stale)
        SELECT ?, ?, images.id, 'reported', 'open', images.scores, images.classifier, ?, 1 FROM images WHERE id = ?
        RETURNING id
        """,
        guild_id,
        job_id,
        now,
        image_id,
    )
    return int(rows[0]["id"])


async def _hide(tx: Transaction, review_id: int, image_id: int, job_id: int, now: float) -> None:
    """Take a picture down until somebody has looked: its file goes over to the review."""
    await tx.execute(
        """
        UPDATE reviews SET (file, sha256, bytes) = (SELECT file, sha256, bytes FROM images WHERE id = reviews.image_id)
        WHERE id = ?
        """,
        review_id,
    )
    await take_out(tx, image_id, Kind.REPORTED.value)
    await change_job(tx, job_id, now)


async def _reject(tx: Transaction, review: Review, now: float) -> None:
    if review.file is not None:
        await tx.execute("INSERT OR IGNORE INTO doomed_files (file) VALUES (?)", review.file)
    if not review.hidden:
        await take_out(tx, review.image_id, "rejected")
        await change_job(tx, review.job_id, now)
    await tx.execute("UPDATE images SET check_state = 'rejected' WHERE id = ?", review.image_id)
    await tx.execute("UPDATE reviews SET file = NULL WHERE id = ?", review.id)


async def _close(tx: Transaction, review_id: int, state: str, now: float) -> None:
    await tx.execute(
        "UPDATE reviews SET state = ?, decided_at = ?, stale = message_id IS NOT NULL WHERE id = ?",
        state,
        now,
        review_id,
    )


async def _read(tx: Transaction, review_id: int) -> Review | None:
    row = await tx.row(f"{_READ} WHERE reviews.id = ?", review_id)
    if row is None:
        return None
    reasons = await tx.rows(
        """
        SELECT reason FROM reports WHERE review_id = ? AND reason <> '' ORDER BY created_at DESC LIMIT ?
        """,
        review_id,
        MOST_REASONS,
    )
    return replace(_review(row), reasons=tuple(each["reason"] for each in reasons))


def _review(row: sqlite3.Row) -> Review:
    flags = {name: bool(row[name]) for name in ("hidden", "private")}
    return Review(**(dict(row) | flags | {"kind": Kind(row["kind"])}))
