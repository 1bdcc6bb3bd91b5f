"""Contact sheets: pictures side by side with their tags below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from benchmarks.adherence.judge import Pictures

GAP: Final = 12
"""Pixels between pictures and around them."""
LINE: Final = 14
"""Pixels from one line of a caption to the next."""
LETTERS: Final = 11
"""Size of the letters in pixels."""
PAPER: Final = (255, 255, 255)
INK: Final = (60, 60, 66)


def wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """A caption in lines of at most `width` pixels, broken after commas where that is possible."""
    lines: list[str] = []
    for word in text.replace(", ", ",\0").split("\0"):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def contact_sheet(
    pictures: Sequence[Pictures], captions: Sequence[str] = (), *, columns: int = 0, scale: int = 1
) -> Image.Image:
    """Pictures in rows, each as high as its highest picture with its caption.

    Args:
        pictures: [height, width, 3] each, of any sizes.
        captions: one for each picture, or none at all.
        columns: pictures in a row; 0 is for pictures of different sizes: the highest first, in rows of one width.
        scale: how many times as large each picture is shown.
    """
    font = ImageFont.load_default(LETTERS)
    tiles = []
    for number, picture in enumerate(pictures):
        image = Image.fromarray(picture)
        image = image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)
        tiles.append(_tile(image, captions[number] if captions else "", font))
    rows = _rows(tiles, columns)
    width = GAP + max((sum(tile.width + GAP for tile in row) for row in rows), default=0)
    height = GAP + sum(max(tile.height for tile in row) + GAP for row in rows)
    sheet = Image.new("RGB", (width, height), PAPER)
    y = GAP
    for row in rows:
        x = GAP
        for tile in row:
            sheet.paste(tile, (x, y))
            x += tile.width + GAP
        y += max(tile.height for tile in row) + GAP
    return sheet


def _tile(image: Image.Image, caption: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> Image.Image:
    lines = wrapped(caption, font, image.width) if caption else []
    tile = Image.new("RGB", (image.width, image.height + LINE * len(lines) + (4 if lines else 0)), PAPER)
    tile.paste(image, (0, 0))
    pen = ImageDraw.Draw(tile)
    for number, line in enumerate(lines):
        pen.text((0, image.height + 4 + LINE * number), line, INK, font)
    return tile


def _rows(tiles: Sequence[Image.Image], columns: int) -> list[list[Image.Image]]:
    if columns:
        return [list(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    # About as wide as high, and neighbours of like height: little paper stays empty.
    area = sum((tile.width + GAP) * (tile.height + GAP) for tile in tiles)
    widest = max(1.2 * area**0.5, *(tile.width for tile in tiles), 1)
    rows: list[list[Image.Image]] = []
    for tile in sorted(tiles, key=lambda tile: -tile.height):
        if rows and sum(one.width + GAP for one in rows[-1]) + tile.width <= widest:
            rows[-1].append(tile)
        else:
            rows.append([tile])
    return rows
