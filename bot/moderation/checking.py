"""The check of what was painted: every picture is looked at before anyone sees it, and withheld if in doubt."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Sequence
from typing import Final

from PIL import Image as PillowImage

from bot.errors import new_reference
from bot.moderation.looking import Ended, Looker, Picture, Seen
from bot.moderation.thresholds import Thresholds
from bot.orders import LOCAL, Origin
from bot.pictures import Pictures
from bot.ratings import seen_as
from db.jobs import Image, Job, Jobs
from db.withholding import Verdict
from pipeline.errors import MemberError
from pipeline.profiles.types import Rating
from pipeline.recipe import Recipe
from pipeline.work import Preview

log = logging.getLogger(__name__)

OFF: Final = Verdict(state="off")


class Checker:
    """Decides what may be shown. Fails closed: whatever goes wrong withholds.

    Args:
        looker: looks at pictures; None where the owner of this instance has switched the check off.
        thresholds: how sure it has to be.
        ceiling: the highest rating of a place.
        jobs: where verdicts are written down.
        pictures: the files.
    """

    def __init__(
        self,
        *,
        looker: Looker | None,
        thresholds: Thresholds,
        ceiling: Callable[[Origin], Rating],
        jobs: Jobs,
        pictures: Pictures,
    ) -> None:
        self.thresholds = thresholds
        self._looker = looker
        self._ceiling = ceiling
        self._jobs = jobs
        self._pictures = pictures
        self._previews: dict[int, tuple[int, bool]] = {}
        """Of each picture that forms: the step of the preview that was looked at last, and whether it may be shown."""

    @property
    def on(self) -> bool:
        """Whether pictures are looked at."""
        return self._looker is not None

    def warm(self) -> None:
        """Make the classifier ready. Returns at once."""
        if self._looker is not None:
            self._looker.warm()

    def close(self) -> None:
        """Look at nothing more, shortly."""
        if self._looker is not None:
            self._looker.close()

    def end(self) -> None:
        """Look at nothing more."""
        if self._looker is not None:
            self._looker.end()

    # -- finished pictures -----------------------------------------------------------------------------------

    async def judge(self, job: Job | None, image_id: int, picture: Picture) -> Verdict:
        """Whether a finished picture may be shown where it was asked for. Never raises but when the program ends.

        Raises:
            Ended: the program ends first.
        """
        self._previews.pop(image_id, None)
        if self._looker is None:
            return OFF
        if job is None:  # forgotten meanwhile: it is thrown away
            return Verdict(state="unchecked")
        try:
            released = await self._released(job, image_id)
            if released is not None:
                return released
            place = place_of(job)
            ceiling, threshold = self._ceiling(place), self.thresholds.of(place)
            if job.origin == LOCAL.kind or ceiling is Rating.EXPLICIT:
                return OFF  # there is nothing above that
            seen = await self._looker.look(picture)
        except Ended:
            raise
        except Exception as error:  # noqa: BLE001 - what cannot be checked is withheld, whatever the reason
            return Verdict(state="unchecked", reference=self._unchecked(error))
        above = seen.scores.above(ceiling) >= threshold
        return Verdict(
            state="withheld" if above else "passed",
            scores=json.dumps(seen.scores.to_dict()),
            classifier=seen.classifier,
            ceiling=ceiling.value,
            threshold=threshold,
        )

    async def _released(self, job: Job, image_id: int) -> Verdict | None:
        """The verdict on a picture that brings back one which a moderator has released."""
        image = next((each for each in job.images if each.id == image_id), None)
        state = await self._jobs.approved(image.restores) if image is not None and image.restores else None
        return None if state is None else Verdict(state=state)

    @staticmethod
    def _unchecked(error: Exception) -> str:
        reference = new_reference()
        log.error("a picture could not be checked, so it is withheld (reference %s)", reference, exc_info=error)
        return reference

    async def ensure(self, job: Job) -> Job:
        """The job, after those of its pictures were looked at that nobody has: what an earlier version painted.

        Raises:
            Ended: the program ends first.
            DatabaseError: a verdict could not be written down; nothing may be shown.
        """
        if self._looker is None or job.origin == LOCAL.kind:
            return job
        unchecked = [i for i in job.images if i.file and i.check_state is None and i.swept_at is None]
        for image in unchecked:
            verdict = await self._verdict_on_file(job, image)
            if verdict is not None:
                await self._jobs.image_checked(image.id, verdict)
        return await self._jobs.get(job.id) or job if unchecked else job

    async def _verdict_on_file(self, job: Job, image: Image) -> Verdict | None:
        try:
            data = await self._pictures.read(image.file or "")
            picture = await self._pictures.work(lambda: opened(data))
        except FileNotFoundError:
            return None  # there is nothing to show
        except Exception as error:  # noqa: BLE001 - what cannot be read cannot be checked
            return Verdict(state="unchecked", reference=self._unchecked(error))
        return await self.judge(job, image.id, picture)

    async def claim_release(self, job_id: int) -> bool:
        """Whether the member is to be told now that moderators have released something, once."""
        return await self._jobs.claim_release(job_id)

    # -- what members hand in --------------------------------------------------------------------------------

    async def rate(self, origin: Origin, picture: Picture) -> Rating | None:
        """What a picture that was handed in is rated as; None where nobody looks.

        Raises:
            MemberError: it is above the ceiling of this place, or it could not be checked.
        """
        if self._looker is None or origin.kind == LOCAL.kind:
            return None
        try:
            seen = await self._looker.look(picture, parked=False)
        except Exception as error:
            raise MemberError(
                "This picture could not be checked, so nothing is painted from it. Try again in a while, or tell the "
                "server owner this reference: {reference}.",
                reference=self._unchecked(error),
            ) from error
        ceiling = self._ceiling(origin)
        if seen.scores.above(ceiling) >= self.thresholds.of(origin):
            raise MemberError(
                "The check takes this picture for more than `{ceiling}`, which is the most here, so nothing is painted "
                "from it. Use another picture, or a channel where more is allowed.",
                ceiling=ceiling.value,
            )
        return self._rating(seen, origin)

    def _rating(self, seen: Seen, origin: Origin) -> Rating:
        return seen_as(json.dumps(seen.scores.to_dict()), self.thresholds.of(origin))

    # -- previews --------------------------------------------------------------------------------------------

    async def shown_previews(self, job: Job, previews: Sequence[Preview | None]) -> tuple[Preview | None, ...]:
        """The previews that may be shown: those of the first half of the steps, and of later ones what passes.

        A picture that is above the ceiling once is not shown forming any more; nobody looks at it again before it is
        finished.
        """
        return tuple([p if p is not None and await self._may_form(job, p) else None for p in previews])

    async def _may_form(self, job: Job, preview: Preview) -> bool:
        image = next((each for each in job.images if each.id == preview.id), None)
        if image is None:
            return False
        if self._looker is None or preview.step * 2 <= Recipe.from_json(image.recipe).denoising_steps:
            return True
        step, allowed = self._previews.get(preview.id, (0, True))
        if step != preview.step and allowed:
            picture = Picture(preview.width, preview.height, preview.pixels)
            place = place_of(job)
            try:
                seen = await self._looker.look(picture)
                allowed = seen.scores.above(self._ceiling(place)) < self.thresholds.of(place)
            except Exception as error:  # noqa: BLE001 - what cannot be checked is not shown
                self._unchecked(error)
                allowed = False
            while len(self._previews) >= _MOST_PREVIEWS:
                del self._previews[next(iter(self._previews))]
            self._previews[preview.id] = (preview.step, allowed)
        return allowed


_MOST_PREVIEWS: Final = 1000
"""Pictures that form at the same time, and by far; cancelled ones are never taken out."""


def place_of(job: Job) -> Origin:
    """Where a job belongs, as far as that was written down: an ordinary channel if it was not."""
    try:
        place = json.loads(job.notes)["place"]
        nsfw, parent = bool(place["nsfw"]), int(place["parent"])
        roles = frozenset(int(each) for each in place["roles"])
    except (ValueError, KeyError, TypeError):
        nsfw, parent, roles = False, 0, frozenset()
    return Origin(
        kind=job.origin,
        guild_id=job.guild_id,
        guild_name="",
        channel_id=job.channel_id,
        user_id=job.user_id,
        user_name=job.user_name,
        private=job.private,
        nsfw_channel=nsfw,
        parent_id=parent,
        role_ids=roles,
    )


def opened(data: bytes) -> Picture:
    """A file of ours as pixels. Slow: for a thread.

    Raises:
        OSError, ValueError: it is damaged.
    """
    with PillowImage.open(io.BytesIO(data), formats=("PNG",)) as file:
        return picture_of(file)


def picture_of(image: PillowImage.Image) -> Picture:
    """A Pillow image as pixels."""
    rgb = image.convert("RGB")
    return Picture(rgb.width, rgb.height, rgb.tobytes())
