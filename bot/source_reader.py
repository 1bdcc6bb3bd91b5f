"""The pixels that a picture starts from, and its mask, found by the hashes that its recipe names."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from bot.orders import PictureGone
from bot.pictures import Pictures
from db.gallery import Gallery, StoredFile
from pipeline.errors import MemberError
from pipeline.recipe import Recipe

log = logging.getLogger(__name__)

_DELETED: Final = "The picture that this one starts from was deleted, so there is nothing to go on from."


class SourceReader:
    """Reads our own pictures and those handed in, in the form that the engine takes."""

    def __init__(self, gallery: Gallery, pictures: Pictures) -> None:
        self._gallery = gallery
        self._pictures = pictures

    async def of(self, recipe: Recipe) -> tuple[Recipe, bytes, bytes]:
        """What a recipe starts from: the recipe, which names the file that was read, its pixels, and the mask's.

        Both are empty for a picture that starts from noise, and the mask where everything is painted over.

        Raises:
            PictureGone: one was taken from the disk, and can be painted again.
            MemberError: one is gone for good, or no longer what it was.
        """
        source = mask = b""
        if recipe.init_image:
            stored, source = await self._read(recipe.init_image, recipe, self._pictures.pixels)
            # Painted again since on another machine, the file may have another hash than the recipe knows.
            recipe = replace(recipe, init_image=stored.sha256)
        if recipe.mask:
            _, mask = await self._read(recipe.mask, recipe, self._pictures.mask)
        return recipe, source, mask

    async def _read(
        self, sha256: str, recipe: Recipe, read: Callable[[str, str, int, int], Awaitable[bytes]]
    ) -> tuple[StoredFile, bytes]:
        stored = await self._gallery.file_of(sha256)
        if stored is None:
            raise MemberError(_DELETED)
        try:
            return stored, await read(stored.file, stored.sha256, *recipe.painted_size)
        except FileNotFoundError:
            if stored.job_id is None:  # handed in, and so never to be painted again
                raise MemberError(_DELETED) from None
            raise PictureGone(stored.job_id) from None
        except ValueError as error:
            log.warning("a picture to start from cannot be used: %s", error)
            raise MemberError(
                "The file of the picture that this one starts from was changed, so there is nothing to go on from."
            ) from None
