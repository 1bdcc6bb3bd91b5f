"""The files of pictures: as the source of another one, and as small copies."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from bot.pictures import Pictures, SavedPicture
from pipeline.recipe import Recipe

RECIPE = Recipe("miniature", "1girl", "", 64, 48, "euler_a", 20, 5.0, 7)
PIXELS = bytes(range(192)) * 48


@pytest.fixture
def pictures(tmp_path: Path) -> Iterator[Pictures]:
    """Files in a folder of their own."""
    opened = Pictures(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
async def saved(pictures: Pictures) -> SavedPicture:
    """One picture on the disk."""
    return await pictures.save(1, 0, RECIPE, PIXELS)


async def test_another_picture_is_given_the_very_pixels(pictures: Pictures, saved: SavedPicture) -> None:
    """Bit for bit at its own size, and resized to any other."""
    assert await pictures.pixels(saved.file, saved.sha256, 64, 48) == PIXELS
    assert len(await pictures.pixels(saved.file, saved.sha256, 128, 96)) == 128 * 96 * 3


async def test_a_changed_file_is_not_used(pictures: Pictures, saved: SavedPicture) -> None:
    """A recipe names the hash of its file, so what would come of another is not that recipe's picture."""
    path = pictures.path(saved.file)
    Image.new("RGB", (64, 48), "red").save(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() != saved.sha256
    with pytest.raises(ValueError, match="was changed"):
        await pictures.pixels(saved.file, saved.sha256, 64, 48)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        await pictures.pixels(saved.file, saved.sha256, 64, 48)


async def test_small_copies_are_small(pictures: Pictures, saved: SavedPicture) -> None:
    """No larger than asked for, in the same shape; None where there is no picture."""
    data = await pictures.thumbnail(saved.file, 32)
    assert data is not None
    with Image.open(io.BytesIO(data)) as small:
        assert (small.format, small.size) == ("JPEG", (32, 24))
    pictures.path(saved.file).write_bytes(b"nonsense")
    assert await pictures.thumbnail(saved.file) is None
    assert await pictures.thumbnail("gone.png") is None
