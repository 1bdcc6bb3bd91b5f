"""Parts of a picture by name."""

from __future__ import annotations

import pytest

from bot.regions import EVERYTHING_ELSE, NAMES, region_mask
from pipeline.errors import InvalidRequest


def test_the_top_half_is_white_above_and_black_below() -> None:
    """To the pixel."""
    mask = region_mask("Top  half", (64, 48))
    assert [mask.getpixel((30, y)) for y in (0, 23, 24, 47)] == [255, 255, 0, 0]


@pytest.mark.parametrize("name", NAMES)
def test_every_part_paints_something_and_leaves_something(name: str) -> None:
    """At any shape; Discord's choices have room for all of them."""
    for size in ((64, 48), (832, 1216), (17, 300)):
        assert region_mask(name, size).getextrema() == (0, 255)
    assert len(NAMES) <= 25


def test_around_the_center_is_the_opposite_of_the_center() -> None:
    """Together they are all of it."""
    inner, outer = (region_mask(name, (40, 40)).tobytes() for name in ("center", EVERYTHING_ELSE))
    assert all(a ^ b == 255 for a, b in zip(inner, outer, strict=True))


def test_an_unknown_part_is_refused_with_those_there_are() -> None:
    """Whoever types it knows what to type."""
    with pytest.raises(InvalidRequest, match="top half"):
        region_mask("the sky", (64, 48))
