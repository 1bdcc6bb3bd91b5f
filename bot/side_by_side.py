"""Two pictures in one, for comparing. Slow: `Pictures.work` runs it on a thread of the picture pool."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

HEIGHT: Final = 1024
"""Most pixels of the pictures' height; Discord shows no more of them side by side."""
WIDTH: Final = 1536
"""Most pixels of one picture's width."""
GAP: Final = 8
_STRIP: Final = 36
_TEXT: Final = 20
_SMALLEST: Final = 320
"""Narrower columns would cut their labels off."""
_DARK, _LIGHT = (24, 25, 28), (235, 236, 240)
_QUALITY: Final = 92


def side_by_side(one: Path, two: Path, labels: tuple[str, str]) -> bytes:
    """A JPEG with both pictures at the same height, each under its label.

    Raises:
        OSError, ValueError, SyntaxError: a file is gone or damaged.
    """
    pictures = [_read(path) for path in (one, two)]
    height = min(HEIGHT, max(picture.height for picture in pictures))
    fitted = [_fit(picture, height) for picture in pictures]
    columns = [max(picture.width, _SMALLEST) for picture in fitted]
    canvas = Image.new("RGB", (sum(columns) + GAP, _STRIP + height), _DARK)
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(_TEXT)
    left = 0
    for picture, column, label in zip(fitted, columns, labels, strict=True):
        canvas.paste(picture, (left + (column - picture.width) // 2, _STRIP + (height - picture.height) // 2))
        pen.text((left + column // 2, _STRIP // 2), label, font=font, fill=_LIGHT, anchor="mm")
        left += column + GAP
    buffer = io.BytesIO()
    canvas.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def _read(path: Path) -> Image.Image:
    with Image.open(path, formats=("PNG",)) as opened:
        return opened.convert("RGB")


def _fit(picture: Image.Image, height: int) -> Image.Image:
    scale = min(height / picture.height, WIDTH / picture.width)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)
