"""Parts of a picture that can be named instead of drawn. Pure."""

from __future__ import annotations

from typing import Final

from PIL import Image

from pipeline.errors import InvalidRequest

Box = tuple[float, float, float, float]

REGIONS: Final[dict[str, Box]] = {
    "top half": (0, 0, 1, 1 / 2),
    "bottom half": (0, 1 / 2, 1, 1),
    "left half": (0, 0, 1 / 2, 1),
    "right half": (1 / 2, 0, 1, 1),
    "center": (1 / 4, 1 / 4, 3 / 4, 3 / 4),
    "upper third": (0, 0, 1, 1 / 3),
    "middle third": (0, 1 / 3, 1, 2 / 3),
    "lower third": (0, 2 / 3, 1, 1),
    "left third": (0, 0, 1 / 3, 1),
    "middle column": (1 / 3, 0, 2 / 3, 1),
    "right third": (2 / 3, 0, 1, 1),
    "top left quarter": (0, 0, 1 / 2, 1 / 2),
    "top right quarter": (1 / 2, 0, 1, 1 / 2),
    "bottom left quarter": (0, 1 / 2, 1 / 2, 1),
    "bottom right quarter": (1 / 2, 1 / 2, 1, 1),
}
"""Left, top, right and bottom of each, as shares of the picture."""
EVERYTHING_ELSE: Final = "around the center"
"""The one that is no box."""
NAMES: Final = (*REGIONS, EVERYTHING_ELSE)


def region_mask(name: str, size: tuple[int, int]) -> Image.Image:
    """A mask that is white in the named part.

    Raises:
        InvalidRequest: there is no such part.
    """
    key = " ".join(name.casefold().split())
    box = REGIONS["center"] if key == EVERYTHING_ELSE else REGIONS.get(key)
    if box is None:
        raise InvalidRequest(
            "`{given}` is not a part of a picture that I know. Choose one of: {known}.",
            given=name[:40],
            known=", ".join(f"`{each}`" for each in NAMES),
        )
    width, height = size
    inside, outside = (0, 255) if key == EVERYTHING_ELSE else (255, 0)
    mask = Image.new("L", size, outside)
    left, top, right, bottom = box
    mask.paste(inside, (round(left * width), round(top * height), round(right * width), round(bottom * height)))
    return mask
