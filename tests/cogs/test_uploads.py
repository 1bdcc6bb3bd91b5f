"""Making files small enough for a server."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image

from cogs.uploads import LEVELS, fit, prepare, remark_of


@pytest.fixture(scope="module")
def noise() -> bytes:
    """A PNG that does not compress."""
    source = random.Random(0)
    picture = Image.frombytes("RGB", (64, 64), source.randbytes(64 * 64 * 3))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def test_what_fits_is_sent_as_it_is(noise: bytes) -> None:
    """The original, byte for byte."""
    assert fit(noise, len(noise), 0) == (noise, 0)


def test_the_first_step_down_loses_nothing(noise: bytes) -> None:
    """WebP without loss holds the same pixels."""
    data, level = fit(noise, len(noise) * 10, 1)
    assert LEVELS[level] == "webp"
    with Image.open(io.BytesIO(data)) as small, Image.open(io.BytesIO(noise)) as original:
        assert small.convert("RGB").tobytes() == original.convert("RGB").tobytes()


def test_then_jpeg_until_it_fits(noise: bytes) -> None:
    """Quality gives way, the size in pixels stays."""
    data, level = fit(noise, 6000, 0)
    assert LEVELS[level] == "jpg"
    assert len(data) <= 6000
    with Image.open(io.BytesIO(data)) as small:
        assert small.size == (64, 64)


async def test_names_carry_job_and_position(noise: bytes) -> None:
    """They find the message again after a crash."""
    uploads, level = await prepare(7, [(0, noise), (3, noise)], 10**6)
    assert [upload.name for upload in uploads] == ["tagbrush-7-1.png", "tagbrush-7-4.png"]
    assert level == 0
    assert remark_of(level) == ""
