"""The state machine of jobs and pictures: every change is an UPDATE that names the states it may come from.

    image: queued <-> running -> painted | failed;  queued | running -> cancelled;  queued -> failed
    job:   queued <-> running -> rendered -> delivered;  queued | running -> failed | cancelled | withheld
           rendered -> cancelled (its member was banned) | withheld (the ceiling was lowered)
           rendered | delivered | withheld -> rendered | withheld, when moderators decide (`db.withholding`)

An UPDATE that finds another state changes nothing, so that two parts of the program which act on the same job
at the same moment (a Cancel button and a finished picture) cannot disagree: the first one wins.
"""

from __future__ import annotations

from typing import Final

from db.database import Transaction
from db.review_ends import drop_reviews

DELETED_MEANWHILE: Final = "These pictures were deleted meanwhile."


async def start_image(tx: Transaction, image_id: int, now: float) -> bool:
    """Queued to running, its job too. False when it was not queued."""
    changed = await tx.execute(
        "UPDATE images SET state = 'running', started_at = ? WHERE id = ? AND state = 'queued'", now, image_id
    )
    if changed:
        await tx.execute(
            """
            UPDATE jobs SET state = 'running', started_at = coalesce(started_at, ?)
            WHERE id = (SELECT job_id FROM images WHERE id = ?) AND state = 'queued'
            """,
            now,
            image_id,
        )
    return changed > 0


async def hand_over(tx: Transaction, image_id: int, now: float) -> None:
    """Give the file of a painted picture to the one that it brings back.

    The hash by which other recipes know that one is remembered. Where its job was deleted meanwhile nothing may come
    back, so that this picture fails. Where somebody else was faster it keeps its file.
    """
    await tx.execute(
        """
        UPDATE images SET state = 'failed', file = NULL, sha256 = NULL, bytes = NULL, error = ?
        WHERE id = ? AND restores IS NOT NULL AND EXISTS (
            SELECT 1 FROM images AS old JOIN jobs ON jobs.id = old.job_id
            WHERE old.id = images.restores AND jobs.deleted_at IS NOT NULL
        )
        """,
        DELETED_MEANWHILE,
        image_id,
    )
    await tx.execute(
        """
        UPDATE jobs SET error = coalesce(error, (SELECT error FROM images WHERE id = ?1))
        WHERE id = (SELECT job_id FROM images WHERE id = ?1 AND restores IS NOT NULL AND state = 'failed')
        """,
        image_id,
    )
    new = await tx.row(
        """
        SELECT new.file, new.sha256, new.bytes, new.restores, new.weights, new.recipe, old.sha256 AS former
        FROM images AS new JOIN images AS old ON old.id = new.restores
        WHERE new.id = ? AND new.state = 'painted' AND old.swept_at IS NOT NULL
        """,
        image_id,
    )
    if new is None:
        return
    if new["former"] != new["sha256"]:
        await tx.execute(
            "INSERT INTO former_hashes (sha256, image_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
            new["former"],
            new["restores"],
        )
    await tx.execute(
        """
        UPDATE images SET file = ?, sha256 = ?, bytes = ?, weights = ?, recipe = ?, ended_at = ?, swept_at = NULL
        WHERE id = ?
        """,
        new["file"],
        new["sha256"],
        new["bytes"],
        new["weights"],
        new["recipe"],
        now,
        new["restores"],
    )
    await tx.execute("UPDATE images SET swept_at = ? WHERE id = ?", now, image_id)


async def settle_job(tx: Transaction, job_id: int, now: float) -> None:
    """When no picture of a job is left to paint: rendered if any was painted, else withheld if any is, else failed."""
    await tx.execute(
        """
        UPDATE jobs
        SET (state, rendered_at) = (
            SELECT CASE WHEN sum(state = 'painted') > 0 THEN 'rendered'
                        WHEN sum(
                            coalesce(check_state IN ('withheld', 'unchecked', 'reported', 'rejected'), 0)
                        ) > 0 THEN 'withheld'
                        ELSE 'failed' END,
                   CASE WHEN sum(state = 'painted') > 0 THEN ? END
            FROM images WHERE job_id = jobs.id
        )
        WHERE id = ? AND state IN ('queued', 'running')
          AND NOT EXISTS (SELECT 1 FROM images WHERE job_id = jobs.id AND state IN ('queued', 'running'))
        """,
        now,
        job_id,
    )


async def withhold_job(tx: Transaction, job_id: int, why: str, said: str | None, now: float) -> bool:
    """Rendered to withheld, with the sentence that its member was told, and what that is made of."""
    changed = await tx.execute(
        """
        UPDATE jobs SET state = 'withheld', error = ?, error_said = ?, delivered_at = ?
        WHERE id = ? AND state = 'rendered'
        """,
        why,
        said,
        now,
        job_id,
    )
    return changed > 0


async def cancel_job(tx: Transaction, job_id: int, now: float) -> tuple[int, ...]:
    """Queued or running to cancelled, with every picture that is not final. Returns the ids of those.

    What was withheld of it goes: as nothing of it is ever posted, nobody has to decide about that.
    """
    changed = await tx.execute(
        "UPDATE jobs SET state = 'cancelled' WHERE id = ? AND state IN ('queued', 'running')", job_id
    )
    if not changed:
        return ()
    await drop_reviews(tx, job_id, now)
    rows = await tx.rows(
        """
        UPDATE images SET state = 'cancelled', ended_at = ?
        WHERE job_id = ? AND state IN ('queued', 'running') RETURNING id
        """,
        now,
        job_id,
    )
    return tuple(sorted(row["id"] for row in rows))


async def requeue_running(tx: Transaction, origin: str, before: int) -> None:
    """Everything of an origin that was running is queued again, of jobs before this number."""
    await tx.execute(
        """
        UPDATE images SET state = 'queued', started_at = NULL
        WHERE state = 'running'
          AND job_id IN (SELECT id FROM jobs WHERE origin = ? AND state IN ('queued', 'running') AND id < ?)
        """,
        origin,
        before,
    )
    await tx.execute(
        "UPDATE jobs SET state = 'queued' WHERE origin = ? AND state = 'running' AND id < ?", origin, before
    )


async def abandon_jobs(tx: Transaction, origin: str, now: float) -> int:
    """Everything of an origin that is not final is cancelled, rendered jobs too. Returns the number of jobs."""
    await tx.execute(
        """
        UPDATE images SET state = 'cancelled', ended_at = ?
        WHERE state IN ('queued', 'running')
          AND job_id IN (SELECT id FROM jobs WHERE origin = ? AND state IN ('queued', 'running'))
        """,
        now,
        origin,
    )
    return await tx.execute(
        """
        UPDATE jobs SET state = 'cancelled'
        WHERE origin = ? AND state IN ('queued', 'running', 'rendered')
        """,
        origin,
    )
