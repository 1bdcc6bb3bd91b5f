"""What a picture that was painted before is rated as, so that it is not shown where less is allowed."""

from __future__ import annotations

import json

from db.jobs import Job
from pipeline.classify import Scores
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


def seen_as(scores: str | None, threshold: float) -> Rating:
    """What the check of finished pictures takes one for: the lowest ceiling under which it may be shown.

    Args:
        scores: as they were written down; None where they do not count.
        threshold: from which probability of being above a ceiling on it is too much.
    """
    if scores is None:
        return Rating.GENERAL
    try:
        found = Scores.from_dict(json.loads(scores))
    except (ValueError, TypeError, AttributeError):
        return Rating.EXPLICIT  # damaged: nobody can say that it may be shown
    return next((step for step in Rating if found.above(step) < threshold), Rating.EXPLICIT)


def rating_of(job: Job, profile: Profile | None, threshold: float | None = None) -> Rating:
    """What a job's pictures are rated as: by their prompts and, with a threshold, by what the check says of them."""
    try:
        noted = json.loads(job.notes).get("rating")
    except (ValueError, AttributeError):
        noted = None
    every = [rated(noted, profile, image.prompt) for image in job.images]
    if threshold is not None:
        every += [seen_as(image.scores, threshold) for image in job.images if image.file]
    return max(every, key=lambda step: step.level, default=Rating.GENERAL)
