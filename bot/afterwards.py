"""Going on from a finished job: what was asked, paint it again or differently, its details, deleting it."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from weakref import WeakValueDictionary

from bot.asked import Edit, asked, edit_of, edited
from bot.drafts import check_own
from bot.orders import RESTORE, Lineage, Origin, Vary
from bot.pictures import Pictures
from bot.ratings import rating_of
from bot.said import noted
from bot.studio import Studio
from db.errors import DatabaseError
from db.gallery import Gallery, LeftFile
from db.jobs import Image, Job, JobState
from db.records import Ancestor
from pipeline.errors import MemberError
from pipeline.profiles.types import Profile, Rating
from pipeline.prompt.compose import Composed
from pipeline.recipe import MAX_SEED, Recipe
from pipeline.request import ImagineRequest, Plan
from pipeline.sentence import Sentence
from pipeline.sizes import is_allowed, nearest_size

log = logging.getLogger(__name__)

GENERATIONS: Final = 8
"""Pictures of a lineage that are shown."""
STRENGTHS: Final = {Vary.SUBTLE: 0.45, Vary.STRONG: 0.75}
"""How much of a picture a variation paints again. Measured with the miniature by `benchmarks.variation`."""
SWEPT_AT_ONCE: Final = 200
"""Files taken from the disk between two visits to the database."""


class Afterwards:
    """The use cases of a finished job. Speaks no Discord."""

    def __init__(self, *, studio: Studio, gallery: Gallery, pictures: Pictures) -> None:
        self._studio = studio
        self._gallery = gallery
        self._pictures = pictures
        self._families: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def family(self, job_id: int) -> asyncio.Lock:
        """Held from `vary` until the job is queued, so that two presses at once get different seeds."""
        lock = self._families.get(job_id) or asyncio.Lock()
        self._families[job_id] = lock
        return lock

    async def finished(self, job_id: int, guild_id: int, user_id: int, *, deleted_too: bool = False) -> Job:
        """A finished job of this guild that this member may see, painted or not.

        Raises:
            MemberError: unknown, of another guild, somebody's private draft, deleted (unless those are
                asked for too), or not finished yet.
        """
        job = await self._studio.job(job_id)
        job = job and await self.restored(job)
        if job is None or job.guild_id != guild_id:
            raise MemberError("This job is no longer known here. `/imagine` paints new pictures.")
        check_own(job, user_id)
        if job.deleted_at is not None and not deleted_too:
            raise MemberError("These pictures were deleted. `/imagine` paints new ones.")
        if job.state in {JobState.QUEUED, JobState.RUNNING}:
            raise MemberError("These pictures are not finished yet. Wait for them, or cancel them.")
        return job

    async def restored(self, job: Job) -> Job | None:
        """The job whose pictures it brings back, which is meant wherever it is named; any other job itself."""
        if job.action != RESTORE or job.parent_image_id is None:
            return job
        parents = await self._gallery.ancestors(job.parent_image_id, 1)
        return await self._studio.job(parents[0].job_id) if parents else None

    async def painted(self, job_id: int, guild_id: int, user_id: int) -> Job:
        """A finished job whose pictures were posted. What a cancelled job had painted is never shown again.

        Raises:
            MemberError: as `finished`, or it has no pictures to show.
        """
        job = await self.finished(job_id, guild_id, user_id)
        if job.state is JobState.WITHHELD:
            raise MemberError("These pictures were withheld, so there is nothing to go on from.")
        if job.state not in {JobState.RENDERED, JobState.DELIVERED} or not any(i.file for i in job.images):
            raise MemberError("Nothing of this job was posted, so there is nothing to go on from.")
        return job

    # -- painting on -----------------------------------------------------------------------------------------

    def reroll(self, job: Job) -> tuple[ImagineRequest, Lineage]:
        """The same again with new seeds."""
        return replace(asked(job), seed=None), Lineage("reroll", _first(job))

    def again(self, job: Job) -> tuple[ImagineRequest, Plan, Lineage]:
        """The very same recipes once more, whatever the model's data file adds to a prompt today.

        Raises:
            MemberError: nothing was ever painted by them, or the model is no longer known.
        """
        profile, request = self.profile_of(job), asked(job)
        if profile is None:
            raise MemberError("The model of this job is no longer known, so it cannot be painted again.")
        recipes = tuple(Recipe.from_json(image.recipe).with_weights("") for image in job.images)
        added, warnings = noted(job)
        first = recipes[0]
        composed = Composed(first.prompt, first.negative_prompt, added, warnings, rating_of(job, profile))
        return request, Plan(profile, composed, recipes, warnings), Lineage("rerun", _first(job))

    async def compared(self, job: Job) -> str:
        """For a rerun: whether its pictures are the very same as those it repeats; empty for any other job."""
        if job.action != "rerun" or job.parent_image_id is None:
            return ""
        parents = await self._gallery.ancestors(job.parent_image_id, 1)
        before = await self._studio.job(parents[0].job_id) if parents else None
        if before is None:
            return ""
        same = pairs = 0
        for old, new in zip(before.images, job.images, strict=False):
            equal = old.sha256 == new.sha256
            if old.file and new.file and (equal or old.swept_at is None):  # what was swept cannot be looked at
                pairs += 1
                same += equal or await self._pictures.alike(old.file, new.file)
        if not pairs:
            return ""
        if same == pairs:
            return Sentence("The same as #{job}, pixel for pixel.", job=before.id)
        # The recipe is the same. On a GPU neighbours in the same batch are enough to move a pixel.
        return Sentence(
            "{differ} of {pairs} differ from #{job}, as other weights, devices or libraries do.",
            differ=pairs - same,
            pairs=pairs,
            job=before.id,
        )

    async def vary(self, job: Job, position: int, how: Vary) -> tuple[ImagineRequest, Lineage]:
        """As many variations of one picture as the job had pictures, with the next seeds of its family.

        Every variation of a picture has a seed of its own, counted up from the picture's, so that pressing twice
        paints two different ones.

        Raises:
            MemberError: there is no such picture, or it was not painted.
        """
        image = next((each for each in job.images if each.position == position and each.sha256), None)
        if image is None:
            raise MemberError("This picture was not painted, so there is nothing to go on from.")
        request, count = asked(job), len(job.images)
        taken = await self._gallery.offspring(image.id)
        request = replace(
            request,
            profile=image.profile,
            aspect=None,
            size=self._size_of(image),
            count=count,
            seed=(image.seed + 1 + taken) % (MAX_SEED - count + 2),
            init_image=image.sha256 or "",
            # At few steps the least that paints at all.
            strength=max(STRENGTHS[how], math.ceil(100 / image.steps) / 100),
            mask="",
        )
        return request, Lineage(how.value, image.id)

    def _size_of(self, image: Image) -> str:
        """The size to go on in: a redrawn picture's is larger than what its model takes by itself."""
        width, height = Recipe.from_json(image.recipe).painted_size
        profile = self._studio.profiles.get(image.profile)
        if profile is not None and not is_allowed(profile, width, height):
            return nearest_size(profile, width, height)
        return f"{width}x{height}"

    def retry(self, job: Job) -> tuple[ImagineRequest, Lineage]:
        """The very same again, for a job that failed or was cancelled."""
        return asked(job), Lineage("retry", _first(job))

    def prefilled(self, job: Job) -> Edit:
        """What the form of an edit starts with."""
        profile = self.profile_of(job)
        return edit_of(job, profile.id if profile else self._studio.default_profile)

    def edited(
        self, job: Job, edit: Edit, aspect: str | None, size: str | None
    ) -> tuple[ImagineRequest, Lineage]:
        """What was asked, with the changes of a form; see `bot.asked.edited`."""
        return edited(job, self.prefilled(job), edit, aspect, size), Lineage("edit", _first(job))

    # -- telling ---------------------------------------------------------------------------------------------

    def profile_of(self, job: Job) -> Profile | None:
        """The model that painted it, while it is known."""
        return self._studio.profiles.get(job.images[0].profile) if job.images else None

    async def lineage(self, job: Job) -> tuple[Ancestor, ...]:
        """What the job went on from, the nearest picture first; empty when it went on from nothing."""
        if job.parent_image_id is None:
            return ()
        return await self._gallery.ancestors(job.parent_image_id, GENERATIONS)

    def rating(self, job: Job, origin: Origin) -> Rating:
        """What a job's pictures are rated as, by their words and, as strict as that place is, by the output check."""
        return rating_of(job, self.profile_of(job), self._studio.threshold(origin))

    def ceiling(self, origin: Origin) -> Rating:
        """The most that may be shown in a place."""
        return self._studio.ceiling(origin)

    def check_rating(self, job: Job, origin: Origin) -> None:
        """Refuse to show a job where less is allowed than its pictures are rated.

        Raises:
            MemberError: it must not be shown here.
        """
        rating, ceiling = self.rating(job, origin), self.ceiling(origin)
        if rating.level > ceiling.level:
            raise MemberError(
                "These pictures are rated `{rating}`, and the most here is `{ceiling}`. Look at them in the channel "
                "they were painted in.",
                rating=rating.value,
                ceiling=ceiling.value,
            )

    # -- deleting --------------------------------------------------------------------------------------------

    async def delete(self, job: Job) -> int:
        """Delete a finished job's pictures for good; its number stays taken.

        Returns:
            How many files could not be removed; every start tries again.

        Raises:
            DatabaseError: nothing was deleted.
        """
        await self._gallery.delete(job.id)
        self._studio.reviews_changed()
        files = [LeftFile(each.id, each.file) for each in job.images if each.file and each.swept_at is None]
        try:
            return len(files) - await self._remove(files)
        except DatabaseError as error:
            # They are gone; only the note of it is missing, and the next start makes it.
            log.warning("job %s: the files are deleted, which could not be written down: %s", job.id, error)
            return 0

    async def messages_of(self, job: Job) -> tuple[Job, ...]:
        """The jobs whose messages show a job's pictures: itself, and those that painted them again."""
        return (job, *await self._gallery.restorers(job.id))

    async def sweep(self) -> int:
        """Take from the disk what was deleted when the last run ended. Returns how many files that were."""
        total, after = 0, 0
        while left := await self._gallery.left_files(SWEPT_AT_ONCE, after):
            total += await self._remove(left)
            after = left[-1].image_id
        return total

    async def _remove(self, files: Sequence[LeftFile]) -> int:
        gone = [each.image_id for each in files if await self._pictures.remove(each.file)]
        await self._gallery.swept(gone)
        return len(gone)


def _first(job: Job) -> int | None:
    return job.images[0].id if job.images else None
