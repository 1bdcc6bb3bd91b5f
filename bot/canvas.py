"""A picture on a larger canvas: what is to be painted around it, and where. Pure and slow: call it on a thread."""

from __future__ import annotations

import random
from typing import Final

from PIL import Image, ImageFilter

from pipeline.errors import InvalidRequest

_OVERLAP: Final = 40
"""This part of the canvas's shorter side is painted over along the picture's own edge, so that no seam is seen: 20
pixels of 832, two and a half latent pixels."""
_LEAST: Final = 16
"""Pixels of a margin: less than two latent pixels is nothing to paint."""
_GRAIN: Final = 0.12
"""Of noise in what fills the margins at first: something for the checkpoint to make shapes of."""


def outpainting(picture: Image.Image, size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """The canvas, with the whole picture in its middle and its edges drawn out to the borders, and the mask to it.

    Args:
        picture: RGB.
        size: width and height of the canvas. The picture is scaled to fill one of both.

    Raises:
        InvalidRequest: the picture has that shape already.
    """
    width, height = size
    factor = min(width / picture.width, height / picture.height)
    inner = (min(width, round(picture.width * factor)), min(height, round(picture.height * factor)))
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    if max(width - inner[0], height - inner[1]) < _LEAST:
        raise InvalidRequest(
            "This picture has that shape already, so there is nothing to paint around it. Choose another aspect."
        )
    scaled = picture if picture.size == inner else picture.resize(inner, Image.Resampling.LANCZOS)
    canvas = _filled(scaled, size, left, top)
    canvas.paste(scaled, (left, top))
    mask = Image.new("L", size, 255)
    overlap = max(4, min(size) // _OVERLAP)
    across, down = (overlap if margin else 0 for margin in (left, top))
    mask.paste(0, (left + across, top + down, left + inner[0] - across, top + inner[1] - down))
    return canvas, mask


def _filled(picture: Image.Image, size: tuple[int, int], left: int, top: int) -> Image.Image:
    """The edges of the picture drawn out, softened, with some grain that is the same each time."""
    width, height = picture.size
    canvas = Image.new("RGB", size)
    if left:
        canvas.paste(picture.crop((0, 0, 1, height)).resize((left, size[1])), (0, 0))
        rest = size[0] - left - width
        canvas.paste(picture.crop((width - 1, 0, width, height)).resize((rest, size[1])), (left + width, 0))
    if top:
        canvas.paste(picture.crop((0, 0, width, 1)).resize((size[0], top)), (0, 0))
        rest = size[1] - top - height
        canvas.paste(picture.crop((0, height - 1, width, height)).resize((size[0], rest)), (0, top + height))
    canvas.paste(picture, (left, top))
    grain = Image.frombytes("RGB", size, random.Random(0).randbytes(size[0] * size[1] * 3))  # noqa: S311 - no secret
    return Image.blend(canvas.filter(ImageFilter.GaussianBlur(min(size) / 50)), grain, _GRAIN)
