"""Two finished pictures against each other: their recipes and, side by side, what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from bot.pictures import Pictures
from bot.side_by_side import side_by_side
from db.jobs import Image, Job
from pipeline.difference import Difference, difference
from pipeline.errors import InvalidRequest, MemberError
from pipeline.recipe import Recipe
from pipeline.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two pictures of jobs, what their recipes differ in, and a JPEG of both."""

    one: Image
    two: Image
    difference: Difference
    picture: bytes


class Comparer:
    """Compares. Speaks no Discord, and leaves who may see what to the caller."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures

    def chosen(self, one: Job, two: Job, first: int | None, second: int | None) -> tuple[Image, Image]:
        """The two pictures that are meant, by their places from 1; without a place a job's first picture.

        Of one and the same job without places these are its first two.

        Raises:
            InvalidRequest: there is no such picture, or both are the same one.
        """
        left = _picture(one, first)
        if one.id == two.id and second is None:
            right = next((each for each in two.images if each.file and each.id != left.id), left)
        else:
            right = _picture(two, second)
        if left.id == right.id:
            raise InvalidRequest(
                "These are one and the same picture. Name two, such as picture 1 and picture 2 of a job."
            )
        return left, right

    async def compare(self, one: Image, two: Image) -> Comparison:
        """Compare two painted pictures.

        Raises:
            MemberError: a file is gone, or an old recipe can no longer be read.
        """
        found = difference(Recipe.from_json(one.recipe), Recipe.from_json(two.recipe))
        paths = [self._pictures.path(each.file or "") for each in (one, two)]
        # The font knows few letters, so that numbers have to do.
        labels = (f"#{one.job_id} · {one.position + 1}", f"#{two.job_id} · {two.position + 1}")
        try:
            picture = await self._pictures.work(partial(side_by_side, paths[0], paths[1], labels))
        except (OSError, ValueError, SyntaxError) as error:
            raise MemberError("A file of these pictures is no longer on the disk, or damaged.") from error
        return Comparison(one, two, found, picture)


def label_of(job_id: int, position: int) -> Sentence:
    """What a picture is called: `#12 picture 1`."""
    return Sentence("#{job} picture {n}", job=job_id, n=position + 1)


def _picture(job: Job, place: int | None) -> Image:
    painted = [image for image in job.images if image.file]
    if place is None and painted:
        return painted[0]
    found = next((image for image in painted if image.position + 1 == place), None)
    if found is not None:
        return found
    if not painted:
        raise InvalidRequest("#{job} has no pictures.", job=job.id)
    raise InvalidRequest(
        "#{job} has no picture {place}; it has {known}.",
        job=job.id,
        place=place,
        known=", ".join(str(image.position + 1) for image in painted),
    )
