"""A picture on a larger canvas."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from bot.canvas import outpainting
from pipeline.errors import InvalidRequest
from tests.support.pictures import two_colours


@pytest.mark.parametrize(
    ("given", "size"), [((832, 1216), (1216, 832)), ((256, 256), (336, 192)), ((100, 400), (256, 256))]
)
def test_the_whole_picture_stands_in_the_middle(given: tuple[int, int], size: tuple[int, int]) -> None:
    """Scaled to fill one side; where it is not painted over, the canvas is the picture."""
    picture = two_colours(*given)
    canvas, mask = outpainting(picture, size)
    assert canvas.size == mask.size == size
    factor = min(size[0] / given[0], size[1] / given[1])
    scaled = picture.resize((round(given[0] * factor), round(given[1] * factor)), Image.Resampling.LANCZOS)
    at = ((size[0] - scaled.width) // 2, (size[1] - scaled.height) // 2)
    alone = Image.new("RGB", size)
    alone.paste(scaled, at)
    kept = np.asarray(mask) == 0
    assert 0.15 < kept.mean() < 0.95
    assert np.array_equal(np.asarray(canvas)[kept], np.asarray(alone)[kept])


def test_the_margins_are_painted_and_a_little_of_the_picture() -> None:
    """Left and right of it, never above and below where it reaches the border."""
    _, mask = outpainting(two_colours(256, 256), (336, 192))
    assert mask.getpixel((10, 96)) == 255
    assert mask.getpixel((75, 96)) == 255  # 72 is where the picture begins
    assert mask.getpixel((80, 96)) == 0
    assert mask.getpixel((168, 0)) == mask.getpixel((168, 191)) == 0


def test_the_margins_take_the_picture_s_own_colours() -> None:
    """Red goes on to be red, so that what is painted there fits."""
    canvas, _ = outpainting(two_colours(256, 256), (336, 192))
    red, _, blue = canvas.resize((8, 1), Image.Resampling.BOX).getpixel((0, 0))  # type: ignore[misc]
    assert red > 200 > 60 > blue


def test_it_is_the_same_each_time() -> None:
    """So it is kept once."""
    first, again = (outpainting(two_colours(100, 200), (256, 256))[0].tobytes() for _ in range(2))
    assert first == again


def test_a_picture_of_that_shape_is_refused() -> None:
    """There is nothing to paint around it."""
    with pytest.raises(InvalidRequest, match="that shape already"):
        outpainting(two_colours(512, 512), (256, 256))
