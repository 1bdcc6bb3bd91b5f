"""From rows to objects: how jobs, pictures and what waits are read."""

from __future__ import annotations

import sqlite3
from typing import Final

from db.database import Transaction, Value
from db.records import HELD, Image, ImageState, Job, JobState, WaitingImage

PAGE: Final = 1000
"""Rows turned into objects at a time (about 3 ms), so that the event loop gets its turn in between."""

_JOB_COLUMNS: Final = """
    jobs.id, jobs.origin, jobs.guild_id, jobs.channel_id, jobs.user_id, users.name AS user_name, jobs.state,
    jobs.private, jobs.message_id, jobs.request, jobs.notes, jobs.error, jobs.reference, jobs.created_at,
    jobs.started_at, jobs.rendered_at, jobs.delivered_at, jobs.action, jobs.parent_image_id, jobs.deleted_at,
    jobs.notify, jobs.error_said, jobs.revision
"""

_IMAGE_COLUMNS: Final = """
    id, job_id, position, state, recipe, profile, prompt, negative_prompt, seed, width, height, steps, cost,
    file, sha256, seconds, weights, error, reference, swept_at, restores, check_state, scores
"""

# INDEXED BY: a start must read what is pending and never walk through the history. SQLite refuses the query
# should a later migration drop that index.
_WAITING: Final = """
    SELECT images.id AS image_id, images.job_id, jobs.guild_id, jobs.user_id, images.profile, images.cost,
           (SELECT count(*) FROM images AS every WHERE every.job_id = images.job_id) AS images
    FROM images INDEXED BY images_pending CROSS JOIN jobs ON jobs.id = images.job_id
    WHERE images.state IN ('queued', 'running') AND (images.job_id, images.id) > (?, ?)
      AND images.job_id < ? AND images.state = 'queued'
      AND jobs.state IN ('queued', 'running') AND jobs.origin = ?
    ORDER BY images.job_id, images.id LIMIT ?
"""


async def read_jobs(tx: Transaction, condition: str, *values: Value) -> tuple[Job, ...]:
    """Jobs with their pictures. `condition` is text of this package; what comes from outside is in `values`."""
    rows = await tx.rows(
        f"SELECT {_JOB_COLUMNS} FROM jobs JOIN users ON users.id = jobs.user_id WHERE {condition}", *values
    )
    jobs = []
    for row in rows:
        images = await tx.rows(
            f"SELECT {_IMAGE_COLUMNS} FROM images WHERE job_id = ? ORDER BY position", row["id"]
        )
        jobs.append(_to_job(row, images))
    return tuple(jobs)


async def read_job(tx: Transaction, job_id: int) -> Job | None:
    """One job with its pictures."""
    found = await read_jobs(tx, "jobs.id = ?", job_id)
    return found[0] if found else None


async def read_waiting(tx: Transaction, origin: str, before: int) -> tuple[WaitingImage, ...]:
    """Every queued picture of an origin, of jobs before this number, in the order of creation."""
    waiting: list[WaitingImage] = []
    last = (0, 0)
    while page := await tx.rows(_WAITING, *last, before, origin, PAGE):
        waiting += [WaitingImage(**row) for row in page]
        last = (waiting[-1].job_id, waiting[-1].image_id)
    return tuple(waiting)


async def read_promoted(tx: Transaction, origin: str, before: int) -> tuple[int, ...]:
    """Ids of an origin's waiting jobs before this number that were moved forward, the last one moved at the end."""
    rows = await tx.rows(
        """
        SELECT id FROM jobs
        WHERE state IN ('queued', 'running') AND promoted_at IS NOT NULL AND origin = ? AND id < ?
        ORDER BY promoted_at, id
        """,
        origin,
        before,
    )
    return tuple(row["id"] for row in rows)


async def read_undelivered(tx: Transaction, origin: str, before: int) -> tuple[int, ...]:
    """Ids of an origin's jobs before this number whose members do not know their end, oldest first.

    That are the rendered ones, and failed and withheld ones of which nobody has been told.
    """
    rows = await tx.rows(
        """
        SELECT id FROM jobs WHERE origin = ?1 AND state = 'rendered' AND id < ?2
        UNION ALL
        SELECT id FROM jobs INDEXED BY jobs_untold
        WHERE state = 'failed' AND delivered_at IS NULL AND origin = ?1 AND id < ?2
        UNION ALL
        SELECT id FROM jobs INDEXED BY jobs_withheld_untold
        WHERE state = 'withheld' AND delivered_at IS NULL AND origin = ?1 AND id < ?2
        ORDER BY id
        """,
        origin,
        before,
    )
    return tuple(row["id"] for row in rows)


def _to_job(row: sqlite3.Row, images: list[sqlite3.Row]) -> Job:
    flags = {name: bool(row[name]) for name in ("private", "notify")}
    columns = dict(row) | {"state": JobState(row["state"]), **flags}
    return Job(**columns, images=tuple(_to_image(image) for image in images))


def _to_image(row: sqlite3.Row) -> Image:
    state = ImageState.WITHHELD if row["check_state"] in HELD else ImageState(row["state"])
    return Image(**(dict(row) | {"state": state}))
