"""Painting a picture again whose original file was swept: its recipe brings the file back to the same job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.afterwards import Afterwards
from bot.orders import RESTORE, Lineage, PictureGone
from bot.pictures import Pictures
from db.jobs import Image, Job
from db.keeping import Keeping
from pipeline.errors import MemberError
from pipeline.request import ImagineRequest, Plan
from pipeline.sentence import Sentence


class Restorer:
    """Orders of swept pictures. Speaks no Discord."""

    def __init__(self, *, afterwards: Afterwards, keeping: Keeping, pictures: Pictures) -> None:
        self._afterwards = afterwards
        self._keeping = keeping
        self._pictures = pictures

    async def gone(self, job: Job) -> tuple[Image, ...]:
        """The painted pictures of a job whose files are not on the disk, swept or lost by other means."""
        painted = [image for image in job.images if image.file]
        sizes = await self._pictures.sizes([image.file or "" for image in painted])
        return tuple(
            image
            for image, size in zip(painted, sizes, strict=True)
            if size is None or image.swept_at is not None
        )

    async def check(self, job: Job, positions: Sequence[int] | None = None) -> None:
        """Refuse to go on from a picture without its file.

        Args:
            job: finished.
            positions: of the pictures that are needed; None for all.

        Raises:
            PictureGone: at least one of them is gone; front ends offer to paint it again.
        """
        if any(positions is None or image.position in positions for image in await self.gone(job)):
            raise PictureGone(job.id)

    async def order(self, job: Job) -> tuple[ImagineRequest, Plan, Lineage]:
        """What brings back the missing files of a job. To be held under `Afterwards.family` until it is queued.

        Raises:
            MemberError: nothing is missing, it is on its way already, or the model is no longer known.
        """
        if (waiting := await self._keeping.restoring(job.id)) is not None:
            raise MemberError("These pictures are being painted again already, as #{job}.", job=waiting)
        missing = await self.gone(job)
        if not missing:
            raise MemberError(
                "The files of these pictures are there: `/show job:{job}` shows them.", job=job.id
            )
        # Files that were lost by other means count as swept from now on, so that they can be handed over.
        await self._keeping.swept([image.id for image in missing])
        request, planned, _ = self._afterwards.again(replace(job, images=missing))
        ids = tuple(image.id for image in missing)
        return request, planned, Lineage(RESTORE, ids[0], restores=ids)

    async def remark(self, job: Job) -> str:
        """What the one who painted files again should know about them; `job` is the one that did."""
        back = [image.restores for image in job.images if image.restores is not None and image.file]
        changed = await self._keeping.changed(back)
        if not changed:
            return Sentence("Painted again from the recipe, and the very same file as before.")
        # The recipe is the same. Other weights, devices or libraries, or neighbours on a GPU, move a pixel.
        return Sentence(
            "Painted again from the recipe; the file is not bit for bit the one that was there before."
        )
