"""What a picture that was painted before is rated as, so that it is not shown where less is allowed."""

from __future__ import annotations

import json

from db.jobs import Job
from pipeline.profiles.types import Profile, Rating
from pipeline.prompt.ratings import rating_of_text


def rated(noted: str | None, profile: Profile | None, prompt: str) -> Rating:
    """The stronger of what was noted and what the final prompt says.

    Args:
        noted: a rating, as it was written down when the picture was asked for; None in old rows.
        profile: whose words count; None when it is no longer known, and then the strongest that Discord's
            channels can have allowed is taken if nothing was noted.
        prompt: the final positive prompt.
    """
    known = Rating(noted) if noted in set(Rating) else Rating.GENERAL
    if profile is None:
        return known if noted in set(Rating) else Rating.QUESTIONABLE
    return max(known, rating_of_text(profile, prompt), key=lambda step: step.level)


def rating_of(job: Job, profile: Profile | None) -> Rating:
    """What a job's pictures are rated as."""
    try:
        noted = json.loads(job.notes).get("rating")
    except (ValueError, AttributeError):
        noted = None
    every = [rated(noted, profile, image.prompt) for image in job.images]
    return max(every, key=lambda step: step.level, default=Rating.GENERAL)
