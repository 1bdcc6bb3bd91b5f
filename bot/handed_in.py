"""Pictures that members hand in to be painted from: checked, kept under their hash, and taken away again."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PIL import Image

from bot.attachments import decode, decode_mask, kept_size, smaller
from bot.canvas import outpainting
from bot.moderation.checking import Checker, picture_of
from bot.orders import Origin
from bot.pictures import KeptPicture, Pictures
from bot.regions import region_mask
from db.sources import NewSource, Sources
from pipeline.errors import InvalidRequest

ON_ITS_WAY: Final = "0" * 64
"""Stands for a hash in a request that is checked before its picture has arrived."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A picture that was handed in, and the mask to it."""

    picture: KeptPicture
    mask: KeptPicture


class HandedIn:
    """The store of what members hand in. Speaks no Discord."""

    def __init__(self, *, sources: Sources, pictures: Pictures, checker: Checker) -> None:
        self._sources = sources
        self._checker = checker
        self._pictures = pictures
        self.still = asyncio.Lock()
        """Held from looking which files belong to nobody until they are deleted, and from writing a file until it is
        written down whose it is: so nobody hands in a file that is just being taken away."""

    async def take(self, data: bytes, origin: Origin) -> KeptPicture:
        """Check a file and keep its picture.

        Raises:
            InvalidRequest: it cannot be painted from; the text says why.
            MemberError: it is above the ceiling of this place, or cannot be checked.
            DiskFull: there is no room for it.
            DatabaseError: the database cannot be written.
        """
        picture = await self._pictures.work(lambda: smaller(decode(data)))
        return await self.keep(lambda: picture, origin, await self._rating(picture, origin))

    async def _rating(self, picture: Image.Image, origin: Origin) -> str | None:
        """What the check takes a picture for, before anything is kept of it.

        Raises:
            MemberError: it is above the ceiling, or cannot be checked.
        """
        if not self._checker.on:
            return None
        rating = await self._checker.rate(origin, await self._pictures.work(lambda: picture_of(picture)))
        return None if rating is None else rating.value

    async def take_masked(self, data: bytes, mask: bytes | str, origin: Origin) -> Masked:
        """Check a file and its mask, and keep both.

        Args:
            data: the picture's file.
            mask: the file of a mask of the same size, white where it is to be painted over, or the name of a part.
            origin: whose they are.

        Raises:
            InvalidRequest, DiskFull, DatabaseError: as `take`; nothing was kept if the mask is wrong.
        """

        def both() -> tuple[Image.Image, Image.Image]:
            picture = decode(data)
            size = kept_size(*picture.size)
            if isinstance(mask, str):
                return smaller(picture), region_mask(mask, size)
            white = decode_mask(mask, picture.size)
            return smaller(picture), white.resize(size, Image.Resampling.NEAREST)

        return await self._both(both, origin)

    async def take_expanded(self, data: bytes, size: tuple[int, int], origin: Origin) -> Masked:
        """Check a file, and keep its picture on a canvas of a size together with the mask of what is around it.

        Raises:
            InvalidRequest, DiskFull, DatabaseError: as `take`; or the picture has that shape already.
        """
        return await self._both(lambda: outpainting(smaller(decode(data)), size), origin)

    async def expand(self, file: str, size: tuple[int, int], origin: Origin, rating: str) -> Masked:
        """The same for a recorded picture of ours, whose rating its canvas keeps.

        Raises:
            InvalidRequest, DiskFull, DatabaseError: as `take_expanded`.
            FileNotFoundError: it has been deleted.
        """
        data = await self._pictures.read(file)

        def both() -> tuple[Image.Image, Image.Image]:
            with Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
                return outpainting(opened.convert("RGB"), size)

        return await self._both(both, origin, rating)

    async def _both(
        self, make: Callable[[], tuple[Image.Image, Image.Image]], origin: Origin, rating: str | None = None
    ) -> Masked:
        picture, white = await self._pictures.work(make)
        if rating is None:
            rating = await self._rating(picture, origin)
        return Masked(await self.keep(lambda: picture, origin, rating), await self.keep(lambda: white, origin))

    async def keep(
        self, make: Callable[[], Image.Image], origin: Origin, rating: str | None = None
    ) -> KeptPicture:
        """Keep what `make`, called on a thread, returns. `rating` is its, where it is known."""
        async with self.still:
            kept = await self._pictures.keep(make)
            await self._sources.add(
                NewSource(
                    sha256=kept.sha256,
                    file=kept.file,
                    user_id=origin.user_id,
                    user_name=origin.user_name,
                    guild_id=origin.guild_id,
                    rating=rating,
                )
            )
        return kept

    async def forget(self, user_id: int) -> int:
        """Delete all that a member has handed in, but for what others have, too. Returns how many files went.

        What still waits to be painted from it fails with a sentence.
        """
        async with self.still:
            files = await self._sources.forget(user_id)
            return sum([await self._pictures.remove(file) for file in files])


def masked_by(mask: bytes | None, region: str | None) -> bytes | str:
    """The one of the two that is given.

    Raises:
        InvalidRequest: neither or both are.
    """
    if mask is not None and region is None:
        return mask
    if region is not None and mask is None:
        return region
    raise InvalidRequest(
        "Say what to paint over: either a `mask`, a picture of the same size that is white there, or a `region` such "
        "as `top half`."
    )
