"""Variations with the real engine and the built-in model, compared as pictures."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from tests.support.simcord_env import World, discord_world

Pixels = npt.NDArray[np.int16]


async def pixels(world: World, job_id: int) -> Pixels:
    """The original of a job's only picture."""
    job = await world.app.studio.job(job_id)
    assert job is not None
    data = await world.app.studio.picture_bytes(job.images[0])
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"), np.int16)


def greenness(picture: Pixels) -> float:
    """Share of the upper half's pixels that are clearly green."""
    red, green, blue = np.moveaxis(picture[: picture.shape[0] // 2], -1, 0)
    return float(((green > red + 25) & (green > blue + 15)).mean())


async def test_variations_keep_the_hair_and_the_strong_one_changes_more(tmp_path: Path) -> None:
    """A girl with green hair stays one; another prompt's picture shows what green is there without her."""
    async with discord_world(tmp_path) as world:
        prompt = "1girl, {} hair, long hair, portrait, white sweater, simple background"
        await world.imagine(prompt=prompt.format("green"), seed=3, steps=14)
        await world.imagine(prompt=prompt.format("pink"), seed=3, steps=14)
        await world.finished(seconds=120)
        first = next(m for m in world.galleries() if m.attachments[0].filename.startswith("tagbrush-1-"))
        for label in ("Vary (subtle)", "Vary (strong)"):
            await world.alice.click(first, label=label)
        await world.finished(seconds=120)
        picture, other, subtle, strong = [await pixels(world, job_id) for job_id in (1, 2, 3, 4)]
        assert greenness(picture) > greenness(other) + 0.1
        for variation in (subtle, strong):
            assert greenness(variation) > greenness(other) + 0.1
        change = [float(np.abs(variation - picture).mean()) for variation in (subtle, strong)]
        assert 0 < change[0] < change[1] < float(np.abs(other - picture).mean())
