"""The files of a result, made small enough for this server. The originals stay untouched on the disk."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import discord
from PIL import Image as PillowImage

from cogs.fate import Fate, fate_of
from cogs.words import say

T = TypeVar("T")

DEFAULT_LIMIT: Final = 10 * 1024 * 1024
"""Bytes a bot may upload per file in a server without boosts."""
LEVELS: Final = ("png", "webp", "jpg", "jpg", "jpg")
"""How a file is encoded at each level, each one smaller than the one before."""
_LOSSY: Final = 2
_HOPELESS: Final = 2
"""A PNG this many times too large does not fit as WebP without loss either."""
_JPEG_QUALITY: Final = {2: 95, 3: 85, 4: 70}


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as it is sent."""

    name: str
    data: bytes

    def file(self, description: str, *, spoiler: bool = False) -> discord.File:
        """A new `discord.File`: each can be sent only once."""
        return discord.File(io.BytesIO(self.data), self.name, description=description, spoiler=spoiler)


def prefix(job_id: int, revision: int = 0) -> str:
    """How the names of a job's files begin; finds them again in a channel after a crash.

    Others from each `revision` of what it shows on, so that an older message is not taken for the new one.
    """
    return f"tagbrush-{job_id}-" if not revision else f"tagbrush-{job_id}v{revision}-"


def beginnings(job_id: int, revision: int = 0) -> tuple[str, str]:
    """The same, and as Discord names files that are covered."""
    plain = prefix(job_id, revision)
    return plain, "SPOILER_" + plain


def place_in(name: str) -> int:
    """The place, from 0, of the picture whose file has this name."""
    return int(name.rpartition("-")[2].partition(".")[0]) - 1


def limit_of(guild: discord.Guild | None, interaction: discord.Interaction[Any] | None) -> int:
    """Bytes per file: the smaller of what the server and the interaction allow."""
    limits = [guild.filesize_limit if guild else DEFAULT_LIMIT]
    if interaction is not None and interaction.filesize_limit:
        limits.append(interaction.filesize_limit)
    return min(limits)


def encode(png: bytes, level: int) -> bytes:
    """The picture at one level of `LEVELS`. Slow: call it on a thread."""
    if level == 0:
        return png
    out = io.BytesIO()
    with PillowImage.open(io.BytesIO(png)) as picture:
        rgb = picture.convert("RGB")
        if LEVELS[level] == "webp":
            rgb.save(out, "WEBP", lossless=True, method=4)
        else:
            rgb.save(out, "JPEG", quality=_JPEG_QUALITY[level], optimize=True)
    return out.getvalue()


def fit(png: bytes, limit: int, level: int) -> tuple[bytes, int]:
    """The best encoding from `level` on that fits `limit` bytes (else the smallest), and its level."""
    if level < _LOSSY and len(png) > _HOPELESS * limit:
        level = _LOSSY  # lossless WebP takes tens of seconds for a picture of that size, and saves a third
    data, used = encode(png, level), level
    while len(data) > limit and used + 1 < len(LEVELS):
        used += 1
        data = encode(png, used)
    return data, used


async def prepare(
    job_id: int, pictures: Sequence[tuple[int, bytes]], limit: int, level: int = 0, revision: int = 0
) -> tuple[tuple[Upload, ...], int]:
    """Encode a job's pictures on a thread.

    Args:
        job_id: names the files.
        pictures: position and original PNG of each.
        limit: bytes per file.
        level: the first level to try.
        revision: of the job, for their names.

    Returns:
        The files, and the highest level that was needed.
    """

    def work() -> tuple[tuple[Upload, ...], int]:
        uploads, highest = [], level
        for position, png in pictures:
            data, used = fit(png, limit, level)
            highest = max(highest, used)
            uploads.append(Upload(f"{prefix(job_id, revision)}{position + 1}.{LEVELS[used]}", data))
        return tuple(uploads), highest

    return await asyncio.to_thread(work)


async def send_fitting(
    job_id: int,
    pictures: Sequence[tuple[int, bytes]],
    limit: int,
    send: Callable[[tuple[Upload, ...], int], Awaitable[T]],
    revision: int = 0,
) -> T:
    """Send a job's pictures in the best encoding that Discord takes: each refusal as too large is a step down.

    Args:
        job_id: names the files.
        pictures: position and original PNG of each.
        limit: bytes per file, as far as that is known; the real limit may be lower.
        send: called with the files and the level they needed, until it is not refused for their size.
        revision: of the job, for the files' names.

    Raises:
        discord.HTTPException: refused for another reason, or too large even as the smallest.
    """
    level = 0
    while True:
        uploads, used = await prepare(job_id, pictures, limit, level, revision)
        try:
            return await send(uploads, used)
        except discord.HTTPException as error:
            if fate_of(error) is not Fate.TOO_LARGE or used + 1 >= len(LEVELS):
                raise
            level = used + 1


def remark_of(level: int) -> str:
    """What the member should know about the encoding; empty for the originals."""
    if level == 0:
        return ""
    if LEVELS[level] == "webp":
        return say("Too large to post here as PNG, so shown as WebP without loss; the original is kept.")
    return say("Too large to post here as PNG, so shown as JPEG; the original is kept.")
