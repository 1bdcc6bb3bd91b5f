"""A new job as a record and as rows: the one place that knows which columns it fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from db.database import Transaction
from db.records import Image, ImageState, Job, JobState, NewJob


def as_job(new: NewJob, job_id: int, first_image_id: int, now: float) -> Job:
    """The job that it becomes, queued, with its numbers; its pictures are numbered on from the first."""
    images = tuple(
        Image(
            id=first_image_id + position,
            job_id=job_id,
            position=position,
            state=ImageState.QUEUED,
            **asdict(image),
        )
        for position, image in enumerate(new.images)
    )
    return Job(
        id=job_id,
        origin=new.origin,
        guild_id=new.guild_id,
        channel_id=new.channel_id,
        user_id=new.user_id,
        user_name=new.user_name,
        state=JobState.QUEUED,
        private=new.private,
        message_id=None,
        request=new.request,
        notes=new.notes,
        error=None,
        reference=None,
        created_at=now,
        started_at=None,
        rendered_at=None,
        delivered_at=None,
        images=images,
        action=new.action,
        parent_image_id=new.parent_image_id,
        notify=new.notify,
    )


async def write_rows(tx: Transaction, accepted: Sequence[tuple[NewJob, Job]], now: float) -> None:
    """Write jobs, their pictures, members, guilds and searched texts, with one statement for each table."""
    for table, names in (
        ("guilds", {new.guild_id: new.guild_name for new, _ in accepted}),
        ("users", {new.user_id: new.user_name for new, _ in accepted}),
    ):
        await tx.execute_many(
            f"""
            INSERT INTO {table} (id, name, first_seen, last_seen) VALUES (?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, last_seen = excluded.last_seen
            """,
            [(row_id, name, now, now) for row_id, name in names.items()],
        )
    await tx.execute_many(
        """
        INSERT INTO jobs (id, origin, guild_id, user_id, channel_id, private, state, request, notes, created_at,
                          action, parent_image_id, notify)
        VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, (SELECT id FROM images WHERE id = ?), ?)
        """,
        # The picture that one goes on from may have been erased, with its owner, since it was looked up.
        [
            (
                *(j.id, j.origin, j.guild_id, j.user_id, j.channel_id, int(j.private), j.request, j.notes, now),
                *(j.action, j.parent_image_id, int(j.notify)),
            )
            for _, j in accepted
        ],
    )
    await tx.execute_many(
        """
        INSERT INTO job_texts (rowid, owner, prompt)
        VALUES (?, ?, CASE WHEN json_valid(?3) THEN coalesce(json_extract(?3, '$.prompt'), '') ELSE '' END)
        """,
        [(job.id, f"u{job.user_id}", job.request) for _, job in accepted],
    )
    await tx.execute_many(
        """
        INSERT INTO images (id, job_id, position, state, recipe, profile, prompt, negative_prompt, seed,
                            width, height, steps, cost, restores)
        VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            (
                *(i.id, i.job_id, i.position, i.recipe, i.profile, i.prompt, i.negative_prompt),
                *(i.seed, i.width, i.height, i.steps, i.cost, i.restores),
            )
            for _, job in accepted
            for i in job.images
        ],
    )
