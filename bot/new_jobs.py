"""From an order to the rows and tickets of its job. Pure."""

from __future__ import annotations

import json

from bot.orders import Order, Origin
from bot.settings import Settings
from db.jobs import Image, Job, NewImage, NewJob, WaitingImage
from pipeline.profiles.types import Rating
from pipeline.queueing.cost import cost
from pipeline.queueing.fair import Ticket
from pipeline.sentence import packed


def new_job(origin: Origin, order: Order, rating: Rating, settings: Settings) -> NewJob:
    """What is written down of an order. `rating` is that of its pictures."""
    request, planned, lineage = order
    images = tuple(
        NewImage(
            recipe=r.to_json(),
            profile=r.profile,
            prompt=r.prompt,
            negative_prompt=r.negative_prompt,
            seed=r.seed,
            width=r.width,
            height=r.height,
            steps=r.steps,
            cost=cost(*r.painted_size, r.denoising_steps, r.guidance_scale),
            restores=lineage.restores[place] if lineage.restores else None,
        )
        for place, r in enumerate(planned.recipes)
    )
    return NewJob(
        origin=origin.kind,
        guild_id=origin.guild_id,
        guild_name=origin.guild_name,
        channel_id=origin.channel_id,
        user_id=origin.user_id,
        user_name=origin.user_name,
        private=origin.private,
        request=json.dumps(request.to_dict(), ensure_ascii=False),
        notes=json.dumps(
            {
                "added": [[a.tag, packed(a.rule), a.where] for a in planned.composed.added],
                "warnings": [packed(each) for each in planned.warnings],
                "rating": rating.value,
                # What is painted is judged by the ceiling of where it was asked for.
                "place": {
                    "nsfw": origin.nsfw_channel,
                    "parent": origin.parent_id,
                    "roles": sorted(origin.role_ids),
                },
            },
            ensure_ascii=False,
        ),
        images=images,
        pending_cap_user=settings.max_pending_per_member,
        pending_cap_guild=settings.max_pending_per_guild,
        action=lineage.action,
        parent_image_id=lineage.parent_image_id,
        notify=origin.notify,
    )


def ticket(job: Job, image: Image) -> Ticket:
    """A picture's place in the queue."""
    return Ticket(
        image_id=image.id,
        job_id=job.id,
        guild_id=job.guild_id,
        member_id=job.user_id,
        cost=image.cost,
        profile=image.profile,
    )


def waiting_ticket(image: WaitingImage) -> Ticket:
    """The same for a picture that an earlier run left."""
    return Ticket(
        image_id=image.image_id,
        job_id=image.job_id,
        guild_id=image.guild_id,
        member_id=image.user_id,
        cost=image.cost,
        profile=image.profile,
    )
