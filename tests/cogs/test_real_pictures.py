"""`/imagine` with the real engine and the built-in model, from the command to the file."""

from __future__ import annotations

import hashlib
import io
import shutil
from pathlib import Path

import pytest
from PIL import Image

from pipeline import built_in
from tests.support.simcord_env import World, discord_world, text_of


async def test_a_member_gets_real_pictures(tmp_path: Path) -> None:
    """What is posted is byte for byte what lies on the disk, with the recipe inside."""
    async with discord_world(tmp_path) as world:
        await world.imagine(count=2, seed=5, steps=2, prompt="1girl, solo")
        await world.finished(seconds=120)
        [message] = world.galleries()
        job = await world.app.studio.job(1)
        assert job is not None
        for attachment, image in zip(message.attachments, job.images, strict=True):
            data = await attachment.read()
            assert hashlib.sha256(data).hexdigest() == image.sha256
            with Image.open(io.BytesIO(data)) as picture:
                assert picture.size == (256, 256)
                assert "Seed" in picture.info["parameters"]
        assert "seeds 5 to 6" in text_of(message)


async def test_the_same_seed_paints_the_same_picture(tmp_path: Path) -> None:
    """Alone or beside other pictures, before or after a restart."""

    async def painted(world: World, job_id: int) -> str | None:
        job = await world.app.studio.job(job_id)
        assert job is not None
        return job.images[0].sha256

    async with discord_world(tmp_path) as world:
        await world.imagine(seed=5, steps=2)
        await world.imagine(world.bob, seed=5, steps=2)
        await world.finished(seconds=120)
        await world.restart()
        await world.imagine(seed=5, steps=2)
        await world.finished(seconds=120)
        assert len({await painted(world, job_id) for job_id in (1, 2, 3)}) == 1


async def test_a_damaged_built_in_model_is_explained_and_mended(
    tmp_path: Path, miniature_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The member reads which file it is and how to get it back; then painting goes on without a restart."""
    copy = Path(shutil.copytree(miniature_folder, tmp_path / "model"))
    monkeypatch.setattr(built_in, "FOLDER", copy)
    path = copy / "vae" / "diffusion_pytorch_model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    async with discord_world(tmp_path / "data") as world:
        await world.imagine(steps=1)
        await world.finished(seconds=120)
        assert "vae/diffusion" in world.shown()
        assert "is cut short" in world.shown()
        assert "git restore pipeline/miniature/model" in world.shown()
        path.write_bytes(whole)
        await world.imagine(steps=1)
        await world.finished(seconds=120)
        assert len(world.galleries()) == 1
