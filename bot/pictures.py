"""The original PNG files: encoded and written on a small worker pool, never on the event loop or GPU thread."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import io
import logging
import os
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image, ImageOps

from pipeline.errors import MemberError
from pipeline.metadata import PNG_LEVEL, encode_png
from pipeline.recipe import Recipe

log = logging.getLogger(__name__)

T = TypeVar("T")


class DiskFull(MemberError):
    """No space is left for a picture. The work is kept and goes on when there is."""


@dataclass(frozen=True, slots=True)
class SavedPicture:
    """Where a picture lies, relative to the pictures folder, and the SHA-256 of the file."""

    file: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A picture that others start from: where it lies, the SHA-256 of the file, and its size in pixels."""

    file: str
    sha256: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of the disk."""

    free: int
    total: int


class Pictures:
    """Writes and finds the originals. Owns a pool of two threads; `close` joins them."""

    def __init__(self, folder: Path, *, min_free_mb: int = 0) -> None:
        self._folder = folder
        self._min_free = min_free_mb * 1024 * 1024
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="tagbrush-picture")

    def close(self) -> None:
        """Finish what is being written and end the threads."""
        self._pool.shutdown(wait=True)

    def path(self, file: str) -> Path:
        """The absolute path of a recorded file.

        Raises:
            ValueError: it would lie outside the pictures folder.
        """
        path = (self._folder / file).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            raise ValueError(f"picture path outside its folder: {file!r}")
        return path

    async def work(self, function: Callable[[], T]) -> T:
        """Run something slow about files on a thread of the pool."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, function)

    async def room(self) -> Room:
        """How much room the disk of the pictures has."""

        def look() -> Room:
            usage = shutil.disk_usage(self._folder)
            return Room(usage.free, usage.total)

        return await self.work(look)

    async def check_space(self) -> None:
        """Refuse new work while the disk is nearly full.

        Raises:
            DiskFull: less than the configured megabytes are free.
        """
        await asyncio.get_running_loop().run_in_executor(self._pool, self._check_space)

    def _check_space(self) -> None:
        # On a thread of the pool: a network file system can take its time even for this.
        self._folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self._folder).free < self._min_free:
            raise DiskFull(
                "The disk of this bot is full, so nothing can be painted right now. "
                "Nothing is lost: what waits goes on when there is space. Please tell the server owner."
            )

    async def save(self, job_id: int, position: int, recipe: Recipe, pixels: bytes) -> SavedPicture:
        """Encode and write one picture so that it survives a power cut.

        Raises:
            DiskFull: no space is left; nothing was written.
            OSError: the folder cannot be written for another reason.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._save, job_id, position, recipe, pixels)

    async def read(self, file: str) -> bytes:
        """The bytes of a recorded picture.

        Raises:
            FileNotFoundError: it has been deleted.
        """
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, file)

    def _read(self, file: str) -> bytes:
        return self.path(file).read_bytes()

    async def pixels(self, file: str, sha256: str, width: int, height: int) -> bytes:
        """The pixels of a recorded picture, for another one that starts from it: RGB, row by row, of that size.

        Raises:
            FileNotFoundError: it has been deleted.
            ValueError: the file was changed since it was painted, or is no picture.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._pixels, file, sha256, (width, height), "RGB")

    async def mask(self, file: str, sha256: str, width: int, height: int) -> bytes:
        """The pixels of a mask, as `pixels`: 1 byte each."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._pixels, file, sha256, (width, height), "L")

    def _pixels(self, file: str, sha256: str, size: tuple[int, int], mode: str) -> bytes:
        data = self._read(file)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ValueError(f"{file} was changed")
        with Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
            picture = opened.convert(mode)
        how = Image.Resampling.LANCZOS if mode == "RGB" else Image.Resampling.NEAREST
        # Scaled, and what is left over of another shape cut off on both sides alike.
        return (picture if picture.size == size else ImageOps.fit(picture, size, how)).tobytes()

    async def thumbnail(self, file: str, side: int = 256) -> bytes | None:
        """A small JPEG of a recorded picture, None when its file is gone or damaged.

        Args:
            file: as recorded.
            side: most pixels of either side.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._thumbnail, file, side)

    def _thumbnail(self, file: str, side: int) -> bytes | None:
        buffer = io.BytesIO()
        try:
            with Image.open(self.path(file), formats=("PNG",)) as opened:
                picture = opened.convert("RGB")
            picture.thumbnail((side, side), Image.Resampling.BOX)
            picture.save(buffer, "JPEG", quality=85)
        except (OSError, ValueError, SyntaxError):
            return None
        return buffer.getvalue()

    async def alike(self, file: str, other: str) -> bool:
        """Whether two recorded pictures have the same pixels. False when one cannot be read."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._alike, file, other)

    def _alike(self, file: str, other: str) -> bool:
        try:
            with Image.open(self.path(file)) as one, Image.open(self.path(other)) as two:
                return one.size == two.size and one.convert("RGB").tobytes() == two.convert("RGB").tobytes()
        except (OSError, ValueError, SyntaxError):
            return False

    async def sizes(self, files: Sequence[str]) -> tuple[int | None, ...]:
        """Bytes of recorded pictures; None for each that is not there."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._sizes, files)

    def _sizes(self, files: Sequence[str]) -> tuple[int | None, ...]:
        found: list[int | None] = []
        for file in files:
            try:
                path = self.path(file)
                found.append(path.stat().st_size if path.is_file() else None)
            except FileNotFoundError:
                found.append(None)
        return tuple(found)

    async def remove(self, file: str) -> bool:
        """Delete a picture. Returns whether it is gone; one that was not there is."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._remove, file)

    def _remove(self, file: str) -> bool:
        try:
            self.path(file).unlink(missing_ok=True)
        except OSError as error:
            log.warning("the picture %s could not be removed: %s", file, error)
            return False
        return True

    def _save(self, job_id: int, position: int, recipe: Recipe, pixels: bytes) -> SavedPicture:
        data = encode_png(pixels, recipe)
        name = f"{time.strftime('%Y-%m')}/{job_id:08d}-{position + 1}-{recipe.seed}.png"
        self._write(name, data)
        return SavedPicture(name, hashlib.sha256(data).hexdigest(), len(data))

    async def keep(self, make: Callable[[], Image.Image]) -> KeptPicture:
        """Make a picture on the pool and keep it under its hash; the same one is there once.

        Args:
            make: what to keep. Whatever it raises is passed on.

        Raises:
            DiskFull: no space is left; nothing was written.
            OSError: the folder cannot be written for another reason.
        """
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._keep, make)

    def _keep(self, make: Callable[[], Image.Image]) -> KeptPicture:
        picture = make()
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=PNG_LEVEL)
        data = buffer.getvalue()
        sha256 = hashlib.sha256(data).hexdigest()
        name = f"sources/{sha256[:2]}/{sha256}.png"
        if not self.path(name).exists():
            self._check_space()
            self._write(name, data)
        return KeptPicture(name, sha256, picture.width, picture.height)

    def _write(self, name: str, data: bytes) -> None:
        target = self.path(name)
        partial = target.with_suffix(".part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
            # The rename itself must reach the disk before the database says that the file is there.
            folder = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            partial.unlink(missing_ok=True)
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull(
                    "The disk of this bot is full: your picture waits until there is space."
                ) from error
            raise
