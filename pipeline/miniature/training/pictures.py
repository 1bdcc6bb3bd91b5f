"""The pictures to train on: picture i of a seed is always the same one, whoever draws it and in which order.

torch is not imported here, as the processes that draw import this module.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from random import Random
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.miniature.artist.scene import Scene, random_scene

Picture = npt.NDArray[np.uint8]
"""RGB, (height, width, 3), 0 to 255."""
BUCKETS: Final = (
    (256, 256),
    (288, 224),
    (304, 208),
    (336, 192),
    (384, 160),
    (224, 288),
    (208, 304),
    (192, 336),
    (160, 384),
)
"""Width and height in pixels of SDXL's nine sizes, divided by four and rounded to multiples of 16."""
_CHUNK: Final = 16
"""Pictures a process draws at a time."""


def bucket_of(index: int) -> int:
    """Which of `BUCKETS` picture `index` has: they take turns."""
    return index % len(BUCKETS)


def scene_of(seed: int, index: int, *, held_out: bool = False) -> Scene:
    """What picture `index` of a seed shows.

    Args:
        seed: of the training; every seed has its own pictures.
        index: of the picture, 0 or above.
        held_out: only combinations that training never shows, else only others; for judging.
    """
    return random_scene(Random(f"{seed}/{index}"), held_out=held_out)  # noqa: S311


def draw_picture(
    seed: int, index: int, size: tuple[int, int] | None = None, *, held_out: bool = False
) -> Picture:
    """Draw picture `index` of a seed, by default at the size of its bucket (width, height)."""
    # Here, as the artist is not needed to know buckets and scenes.
    from pipeline.miniature.artist.draw import draw

    width, height = size or BUCKETS[bucket_of(index)]
    return np.array(draw(scene_of(seed, index, held_out=held_out), width, height), np.uint8)


def draw_pictures(
    indices: Sequence[int],
    seed: int,
    *,
    workers: int,
    size: tuple[int, int] | None = None,
    held_out: bool = False,
) -> Iterator[Picture]:
    """Draw pictures in other processes, in the order asked for; a few more than taken are drawn ahead.

    Args:
        indices: which pictures of the seed.
        seed: of the training.
        workers: processes; 0 draws in this one.
        size: width and height in pixels of all of them; None gives each the size of its bucket.
        held_out: only combinations that training never shows, else only others.

    Yields:
        One picture per index.
    """
    chunks = [list(indices[at : at + _CHUNK]) for at in range(0, len(indices), _CHUNK)]
    if not workers:
        for chunk in chunks:
            yield from _draw_chunk(chunk, seed, size, held_out)
        return
    # New processes and no forks: a fork of a process with torch's threads may hang.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, max(1, len(chunks))), mp_context=context)
    try:
        waiting: deque[Future[list[Picture]]] = deque()
        for chunk in chunks:
            waiting.append(pool.submit(_draw_chunk, chunk, seed, size, held_out))
            if len(waiting) > 2 * workers + 2:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _draw_chunk(indices: list[int], seed: int, size: tuple[int, int] | None, held_out: bool) -> list[Picture]:  # noqa: FBT001
    return [draw_picture(seed, index, size, held_out=held_out) for index in indices]
