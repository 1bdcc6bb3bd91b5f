"""A finished picture of ours in another shape: what lies around it is painted."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.asked import asked
from bot.handed_in import ON_ITS_WAY, HandedIn
from bot.orders import Lineage, Origin
from bot.ratings import rating_of
from bot.studio import Studio
from db.jobs import Image, Job
from pipeline.errors import MemberError
from pipeline.profiles.types import Bucket, Profile
from pipeline.recipe import Recipe
from pipeline.request import ImagineRequest

EXPAND_STRENGTH: Final = 0.95
"""How freely what is around is painted: little more than its colours is left of the drawn-out edges."""


def shapes(profile: Profile, recipe: Recipe) -> tuple[Bucket, ...]:
    """The model's sizes of another shape than a picture's."""
    width, height = recipe.painted_size
    return tuple(each for each in profile.buckets if abs(each.width / each.height - width / height) > _ALIKE)


_ALIKE: Final = 0.1


class Expander:
    """Orders of expanded pictures. Speaks no Discord."""

    def __init__(self, studio: Studio, handed_in: HandedIn) -> None:
        self._studio = studio
        self._handed_in = handed_in

    def lineage(self, job: Job, position: int) -> Lineage:
        """What the new picture goes on from.

        Raises:
            MemberError: it was not painted.
        """
        return Lineage("expand", _painted(job, position).id)

    def offered(self, job: Job, position: int) -> tuple[Bucket, ...]:
        """The shapes it can be given.

        Raises:
            MemberError: it was not painted, or its model is no longer known.
        """
        image = _painted(job, position)
        return shapes(self._profile(image), Recipe.from_json(image.recipe))

    def draft(self, job: Job, position: int, size: tuple[int, int]) -> ImagineRequest:
        """What can be checked before the canvas is made.

        Raises:
            MemberError: it was not painted, or its model is no longer known.
        """
        image = _painted(job, position)
        self._profile(image)
        return replace(
            asked(job),
            profile=image.profile,
            aspect=None,
            size=f"{size[0]}x{size[1]}",
            count=1,
            seed=image.seed,
            init_image=ON_ITS_WAY,
            mask="",
            strength=EXPAND_STRENGTH,
        )

    async def expanded(self, job: Job, position: int, size: tuple[int, int], origin: Origin) -> ImagineRequest:
        """One picture of a job on a canvas of a size, to be painted around.

        Raises:
            MemberError: it was not painted, its file or its model is gone, or it has that shape already.
        """
        image, request = _painted(job, position), self.draft(job, position, size)
        rating = rating_of(job, self._profile(image), self._studio.threshold(origin)).value
        try:
            given = await self._handed_in.expand(image.file or "", size, origin, rating)
        except FileNotFoundError:
            raise MemberError("The file of this picture is no longer on the disk.") from None
        return replace(request, init_image=given.picture.sha256, mask=given.mask.sha256)

    def _profile(self, image: Image) -> Profile:
        profile = self._studio.profiles.get(image.profile)
        if profile is None:
            raise MemberError("The model of this picture is no longer known, so it cannot be gone on from.")
        return profile


def _painted(job: Job, position: int) -> Image:
    image = next((each for each in job.images if each.position == position and each.file), None)
    if image is None:
        raise MemberError("This picture was not painted, so there is nothing to go on from.")
    return image
