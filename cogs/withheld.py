"""What members are told about pictures that the check has withheld."""

from __future__ import annotations

from typing import Final

from bot.moderation.checking import place_of
from cogs.text import plural
from cogs.words import say
from db.jobs import Image, ImageState, Job

_ABOVE: Final = (
    "{pictures} withheld: the automatic check rates it above what this channel allows. Moderators can look at it and "
    "release it. Another prompt may do, or an age-restricted channel, where more is allowed."
)
_ABOVE_RESTRICTED: Final = (
    "{pictures} withheld: the automatic check rates it above what this channel allows. Moderators can look at it and "
    "release it. Another prompt may do."
)
_UNCHECKED: Final = (
    "{pictures} could not be checked, which withholds it until moderators have looked at it "
    "(reference {reference})."
)
_REPORTED: Final = "{pictures} taken down after reports, until moderators have looked at it."
_REJECTED: Final = "{pictures} removed by the moderators."


def held(job: Job) -> tuple[Image, ...]:
    """The pictures of a job that must not be shown."""
    return tuple(image for image in job.images if image.state is ImageState.WITHHELD)


def remarks(job: Job) -> list[str]:
    """A sentence for each reason for which pictures are not shown, with their number."""
    found: list[str] = []
    for state in ("withheld", "unchecked", "reported", "rejected"):
        these = [image for image in held(job) if image.check_state == state]
        if these:
            found.append(_sentence(job, state, these))
    return found


def _sentence(job: Job, state: str, images: list[Image]) -> str:
    pictures = plural(len(images), "picture")
    match state:
        case "withheld" if place_of(job).nsfw_channel:
            return say(_ABOVE_RESTRICTED, pictures=pictures)
        case "withheld":
            return say(_ABOVE, pictures=pictures)
        case "unchecked":
            return say(_UNCHECKED, pictures=pictures, reference=images[0].reference or "-")
        case "reported":
            return say(_REPORTED, pictures=pictures)
    return say(_REJECTED, pictures=pictures)
