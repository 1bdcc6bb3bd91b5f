"""A sitting cat, seen from the front, with the tail curled to one side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Final

from PIL import Image, ImageDraw

from pipeline.miniature.artist.backgrounds.canvas import WHITE, Colour, Point, dim, mix
from pipeline.miniature.artist.backgrounds.sky import air_of
from pipeline.miniature.artist.scene import Scene

TALL: Final = 0.36
"""Height of the cat, ears included, as a share of the picture's shorter side."""


@dataclass(frozen=True, slots=True)
class _Fur:
    """The coat: main colour, muzzle and chest, stripes or the same colour again."""

    main: Colour
    pale: Colour
    stripe: Colour


_FURS: Final = (
    _Fur((240, 168, 88), (255, 238, 212), (206, 120, 52)),
    _Fur((62, 60, 76), (62, 60, 76), (62, 60, 76)),
    _Fur((72, 70, 84), (248, 244, 240), (72, 70, 84)),
    _Fur((250, 246, 240), (255, 255, 255), (250, 246, 240)),
    _Fur((164, 166, 180), (238, 238, 244), (118, 120, 138)),
    _Fur((176, 132, 96), (246, 228, 204), (122, 84, 60)),
    _Fur((248, 232, 206), (255, 246, 230), (248, 232, 206)),
)
_EYES: Final[tuple[Colour, ...]] = ((104, 196, 92), (250, 204, 62), (84, 172, 240), (236, 150, 62))
_COLLARS: Final[tuple[Colour, ...]] = ((224, 70, 80), (70, 130, 220), (240, 190, 60))


class _Brush:
    """Draws in units of the cat's height around the middle of its feet, y upwards, mirrored or not."""

    def __init__(self, image: Image.Image, x: float, y: float, size: float, mirror: int) -> None:
        self._pen = ImageDraw.Draw(image)
        self._x, self._y, self._size, self._mirror = x, y, size, mirror

    def _at(self, x: float, y: float) -> Point:
        return self._x + self._mirror * x * self._size, self._y - y * self._size

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour) -> None:
        """A filled ellipse."""
        cx, cy = self._at(x, y)
        dx, dy = rx * self._size, ry * self._size
        self._pen.ellipse((cx - dx, cy - dy, cx + dx, cy + dy), fill)

    def polygon(self, points: list[Point], fill: Colour) -> None:
        """A filled polygon."""
        self._pen.polygon([self._at(*point) for point in points], fill)

    def line(self, points: list[Point], thickness: float, fill: Colour) -> None:
        """A line with round ends and joints."""
        spots = [self._at(*point) for point in points]
        wide = max(1, round(thickness * self._size))
        self._pen.line(spots, fill, wide, joint="curve")
        radius = wide / 2
        for x, y in (spots[0], spots[-1]):
            self._pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill)


def paint_cat(image: Image.Image, scene: Scene, rng: Random) -> None:
    """Draw a cat onto the ground of a finished place.

    Args:
        image: RGB, changed in place.
        scene: its light tints the cat.
        rng: decides fur, eyes, collar, place and the side of the tail.
    """
    unit = min(image.size)
    size = TALL * unit * rng.uniform(0.95, 1.1)
    x = image.width * rng.uniform(0.3, 0.7)
    y = image.height * rng.uniform(0.88, 0.95)
    air = air_of(scene.light, rng)
    fur = rng.choice(_FURS)

    def lit(colour: Colour) -> Colour:
        # Halfway between its own colour and the light, so that it can be told from the dark ground.
        return mix(air.lit(colour), colour, 0.45)

    coat = _Fur(lit(fur.main), lit(fur.pale), lit(fur.stripe))
    shadow = Image.new("L", image.size)
    ImageDraw.Draw(shadow).ellipse((x - size * 0.48, y - size * 0.07, x + size * 0.48, y + size * 0.06), 80)
    image.paste((20, 20, 50), (0, 0), shadow)
    brush = _Brush(image, x, y, size, rng.choice((-1, 1)))
    _body(brush, coat)
    if rng.random() < 0.5:
        collar = lit(rng.choice(_COLLARS))
        brush.oval(0, 0.475, 0.17, 0.05, collar)
        brush.oval(0, 0.43, 0.035, 0.035, (255, 214, 90))
    _head(brush, coat, mix(rng.choice(_EYES), WHITE, 0.05))


def _outline(coat: _Fur) -> Colour:
    return mix(dim(coat.main, 0.42), (40, 26, 44), 0.45)


def _body(brush: _Brush, coat: _Fur) -> None:
    ink, rim = _outline(coat), 0.022
    tail = [
        (0.16 + 0.22 * math.sin(a) + 0.03, 0.3 - 0.24 * math.cos(a))
        for a in (math.pi * i / 12 for i in range(10))
    ]
    brush.line(tail, 0.115 + rim * 2, ink)
    brush.line(tail, 0.115, coat.main)
    brush.line(tail[-2:], 0.115, coat.stripe if coat.stripe != coat.main else coat.pale)
    shapes = (
        (0.0, 0.19, 0.255, 0.19),
        (0.0, 0.33, 0.185, 0.25),
        (-0.15, 0.1, 0.13, 0.1),
        (0.15, 0.1, 0.13, 0.1),
    )
    for grow, fill in ((rim, ink), (0.0, coat.main)):
        for x, y, rx, ry in shapes:
            brush.oval(x, y, rx + grow, ry + grow, fill)
    brush.oval(0, 0.34, 0.105, 0.15, coat.pale)
    for x in (-0.075, 0.075):
        brush.oval(x, 0.16, 0.066 + rim * 0.6, 0.16, ink)
        brush.oval(x, 0.165, 0.064, 0.15, coat.main)
        brush.oval(x, 0.05, 0.078 + rim, 0.05 + rim, ink)
        brush.oval(x, 0.05, 0.078, 0.05, coat.pale)
    if coat.stripe != coat.main:
        for side in (-1, 1):
            for y in (0.2, 0.28):
                brush.line([(side * 0.22, y), (side * 0.15, y - 0.01)], 0.035, coat.stripe)


def _head(brush: _Brush, coat: _Fur, eye: Colour) -> None:
    ink, rim, y = _outline(coat), 0.022, 0.665
    for grow, fill in ((rim, ink), (0.0, coat.main)):
        for side in (-1, 1):
            ear = [
                (side * (0.265 + grow), y + 0.02),
                (side * (0.235 + grow), y + 0.325 + grow * 1.6),
                (side * (0.03 - grow), y + 0.19),
            ]
            brush.polygon(ear, fill)
        brush.oval(0, y, 0.285 + grow, 0.225 + grow, fill)
    for side in (-1, 1):
        brush.polygon(
            [(side * 0.235, y + 0.13), (side * 0.216, y + 0.25), (side * 0.11, y + 0.185)],
            mix(coat.main, (250, 150, 160), 0.6),
        )
    if coat.stripe != coat.main:
        for x, low in ((-0.07, 0.13), (0.0, 0.11), (0.07, 0.13)):
            brush.line([(x, y + 0.2), (x * 0.9, y + low)], 0.034, coat.stripe)
    brush.oval(0, y - 0.1, 0.125, 0.085, coat.pale)
    for side in (-1, 1):
        brush.oval(side * 0.135, y + 0.005, 0.077, 0.088, ink)
        brush.oval(side * 0.135, y, 0.064, 0.074, eye)
        brush.oval(side * 0.13, y, 0.032, 0.062, (28, 22, 40))
        brush.oval(side * 0.135 - 0.02, y + 0.03, 0.022, 0.024, WHITE)
    brush.polygon([(-0.03, y - 0.062), (0.03, y - 0.062), (0, y - 0.098)], (236, 120, 134))
    for side in (-1, 1):
        brush.line([(0, y - 0.095), (side * 0.03, y - 0.125), (side * 0.065, y - 0.115)], 0.016, ink)
