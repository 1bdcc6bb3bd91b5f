"""The artist's palettes: base colours of hair, eyes, clothes and skin, and how light changes them."""

from __future__ import annotations

import colorsys
from random import Random
from typing import Final

Colour = tuple[int, int, int]

HAIR: Final[dict[str, Colour]] = {
    "blonde hair": (246, 214, 112),
    "brown hair": (134, 84, 54),
    "black hair": (50, 48, 60),
    "white hair": (236, 237, 245),
    "red hair": (208, 50, 52),
    "blue hair": (66, 118, 216),
    "green hair": (78, 178, 92),
    "pink hair": (248, 148, 188),
    "purple hair": (142, 88, 196),
}
EYES: Final[dict[str, Colour]] = {
    "blue eyes": (48, 128, 236),
    "green eyes": (40, 172, 84),
    "red eyes": (222, 40, 52),
    "purple eyes": (156, 72, 220),
    "yellow eyes": (244, 190, 36),
    "brown eyes": (126, 74, 38),
}
GARMENTS: Final[dict[str, Colour]] = {
    "red": (206, 52, 56),
    "blue": (58, 104, 200),
    "green": (66, 150, 86),
    "yellow": (244, 206, 78),
    "white": (241, 241, 246),
    "black": (52, 52, 60),
    "pink": (248, 168, 198),
    "purple": (138, 92, 186),
}
SKINS: Final[tuple[Colour, ...]] = (
    (255, 229, 212),
    (253, 220, 196),
    (248, 208, 180),
    (232, 184, 148),
    (194, 142, 106),
)
BOTTOMS: Final[tuple[Colour, ...]] = (
    (52, 62, 98),
    (92, 94, 106),
    (110, 84, 66),
    (44, 44, 52),
    (206, 196, 180),
)
"""Skirts and trousers, which no tag names: quiet colours that do not compete with the garment's."""
TRIMS: Final[tuple[Colour, ...]] = (
    (214, 62, 66),
    (70, 120, 206),
    (246, 206, 80),
    (86, 164, 104),
    (150, 100, 196),
    (240, 150, 186),
    (244, 244, 248),
    (60, 58, 72),
)
"""Hats, ribbons and ties."""
_TINTS: Final[dict[str, tuple[float, float, float]]] = {
    "": (1.0, 1.0, 1.0),
    "day": (1.0, 1.0, 1.0),
    # Multipliers of a coloured light, mild enough that hair keeps its name.
    "night": (0.85, 0.83, 0.95),
    "sunset": (1.0, 0.90, 0.82),
}


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """The colour `share` (0 to 1) of the way from one to the other."""
    return (
        round(one[0] + (other[0] - one[0]) * share),
        round(one[1] + (other[1] - one[1]) * share),
        round(one[2] + (other[2] - one[2]) * share),
    )


def darker(colour: Colour, by: float) -> Colour:
    """The colour in shadow: `by` (0 to 1) darker, a little more saturated and drawn towards violet."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    saturation = min(1.0, saturation * (1 + 0.35 * by) + 0.10 * by)
    if saturation < 0.15:
        hue = 0.68  # greys cast bluish shadows
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value * (1 - by))
    return mix((round(red * 255), round(green * 255), round(blue * 255)), (70, 50, 110), 0.12 * by)


def lighter(colour: Colour, by: float) -> Colour:
    """The colour in light: `by` (0 to 1) of the way to a warm white."""
    return mix(colour, (255, 252, 246), by)


def lit(colour: Colour, light: str) -> Colour:
    """The colour under the scene's light (`day`, `night`, `sunset` or none)."""
    red, green, blue = _TINTS[light]
    return round(colour[0] * red), round(colour[1] * green), round(colour[2] * blue)


def jitter(colour: Colour, rng: Random, amount: float = 1.0) -> Colour:
    """A colour of the same name: hue by up to 6 degrees, saturation and value by a few hundredths."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    hue = (hue + rng.uniform(-6, 6) / 360 * amount) % 1.0
    saturation = min(1.0, max(0.0, saturation * (1 + rng.uniform(-0.10, 0.10) * amount)))
    value = min(1.0, max(0.0, value * (1 + rng.uniform(-0.06, 0.06) * amount)))
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def trim_unlike(rng: Random, *taken: Colour) -> Colour:
    """A colour for hats and ribbons that stands out against every one of `taken`."""
    free = [
        trim
        for trim in TRIMS
        if all(sum(abs(a - b) for a, b in zip(trim, other, strict=True)) > 170 for other in taken)
    ]
    return jitter(rng.choice(free or TRIMS), rng)
