"""Painting a swept picture again with the real engine and the built-in model."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.cogs.test_real_variations import pixels
from tests.cogs.test_restoring import job_of, press_again, show, sweep
from tests.support.results import files
from tests.support.simcord_env import World, discord_world


async def original(world: World, job_id: int) -> bytes:
    """The file of a job's only picture."""
    return await world.app.studio.picture_bytes((await job_of(world, job_id)).images[0])


async def test_the_same_picture_comes_back(tmp_path: Path) -> None:
    """Pixel for pixel on the CPU, and so bit for bit the same file; a variation of it, too, after its source."""
    async with discord_world(tmp_path) as world:
        await world.imagine(prompt="1girl, green hair, portrait", seed=3, steps=8)
        await world.finished(seconds=120)
        await world.alice.click(world.galleries()[0], label="Vary (strong)")
        await world.finished(seconds=120)
        before = [(await pixels(world, job_id), await original(world, job_id)) for job_id in (1, 2)]
        for job_id in (1, 2):
            await sweep(world, job_id)
        assert files(world) == []
        for job_id in (1, 2):
            told = await show(world, world.bob, str(job_id))
            await press_again(world, world.bob, told)
        for job_id, (picture, data) in zip((1, 2), before, strict=True):
            assert (await pixels(world, job_id) == picture).all()
            assert await original(world, job_id) == data
            image = (await job_of(world, job_id)).images[0]
            assert image.sha256 == hashlib.sha256(data).hexdigest()
