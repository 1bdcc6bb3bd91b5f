"""Day, night and sunset: what the light does to colours, and the sky with its clouds, stars, moon or sun."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Final

from pipeline.miniature.artist.backgrounds.canvas import Canvas, Colour, mix

_Sky = tuple[Colour, Colour, Colour]
_SKIES: Final[dict[str, tuple[_Sky, ...]]] = {
    "day": (
        ((38, 118, 222), (104, 182, 246), (214, 238, 252)),
        ((52, 142, 228), (128, 204, 248), (228, 246, 250)),
        ((74, 158, 236), (140, 208, 250), (196, 232, 252)),
        ((40, 132, 208), (96, 196, 232), (206, 242, 240)),
    ),
    "night": (
        ((12, 18, 56), (26, 42, 104), (64, 92, 164)),
        ((16, 14, 54), (38, 36, 108), (92, 82, 162)),
        ((8, 24, 58), (18, 52, 100), (48, 104, 150)),
    ),
    "sunset": (
        ((84, 78, 164), (232, 122, 140), (255, 204, 128)),
        ((122, 84, 168), (244, 138, 146), (255, 214, 160)),
        ((232, 104, 84), (252, 152, 88), (255, 218, 128)),
        ((70, 92, 166), (214, 128, 160), (255, 176, 112)),
    ),
}
_TINTS: Final[dict[str, tuple[tuple[float, float, float], Colour]]] = {
    "day": ((1.0, 1.0, 1.0), (0, 0, 0)),
    "night": ((0.29, 0.38, 0.58), (5, 10, 32)),
    "sunset": ((0.95, 0.70, 0.58), (8, 2, 20)),
}
LAMP: Final[Colour] = (255, 214, 122)
"""Electric light."""


@dataclass(frozen=True, slots=True)
class Air:
    """The light of a picture."""

    name: str
    top: Colour
    middle: Colour
    low: Colour

    @property
    def night(self) -> bool:
        """Whether lamps are on."""
        return self.name == "night"

    @property
    def sunset(self) -> bool:
        """Whether everything is warm."""
        return self.name == "sunset"

    def lit(self, colour: Colour) -> Colour:
        """How a thing of this colour looks in this light."""
        factors, added = _TINTS[self.name]
        red, green, blue = (
            min(255, round(part * factor + more))
            for part, factor, more in zip(colour, factors, added, strict=True)
        )
        return red, green, blue

    def far(self, colour: Colour, distance: float) -> Colour:
        """The same, faded by haze: 0 is here, 1 is the horizon."""
        return mix(self.lit(colour), mix(self.low, self.middle, 0.35), distance)


def air_of(light: str, rng: Random) -> Air:
    """One of the palettes of this light; an empty or unknown light is day."""
    name = light if light in _SKIES else "day"
    return Air(name, *rng.choice(_SKIES[name]))


def paint_sky(canvas: Canvas, air: Air, bottom: float, *, inner: bool = False) -> float:
    """Paint the sky down to the row ``bottom``.

    Args:
        canvas: what is painted on.
        air: the light.
        bottom: where the sky ends, in pixels.
        inner: keep moon and sun away from the borders, where something else will stand.

    Returns:
        The x of the moon or the sun; of the middle where neither is seen.
    """
    canvas.gradient(0, bottom + 2, air.top, air.middle, air.low)
    centre, bounds = canvas.width / 2, (0.35, 0.45) if inner else (0.12, 0.27)
    if air.night:
        _stars(canvas, bottom)
        if canvas.chance(0.85):
            centre = canvas.aside(*bounds)
            _moon(canvas, air, centre, max(canvas.between(0.14, 0.3) * bottom, 0.12 * canvas.unit))
    elif air.sunset:
        centre = canvas.aside(*bounds)
        _sun(canvas, centre, bottom - canvas.between(0.02, 0.16) * canvas.unit)
    elif canvas.chance(0.4):
        canvas.glow(canvas.aside(), 0, canvas.unit * canvas.between(0.5, 0.8), (255, 252, 226), 0.7)
    _clouds(canvas, air, bottom, centre)
    return centre


def _stars(canvas: Canvas, bottom: float) -> None:
    """Few and big: a dozen or two, the largest with four rays."""
    unit = canvas.unit
    area = canvas.width * bottom / unit**2
    amount = min(34, round(canvas.count(10, 20) * area**0.6))
    for number in range(amount):
        x, y = canvas.between(0.02, 0.98) * canvas.width, canvas.between(0.02, 0.8) * bottom
        radius = unit * canvas.between(0.006, 0.009)
        shine = canvas.rng.choice(((255, 255, 255), (255, 244, 206), (206, 226, 255)))
        if number % 5:
            canvas.disc(x, y, radius, shine)
            continue
        ray = radius * 2.8
        corners = [(ray if corner % 2 == 0 else radius * 0.7, corner * math.tau / 8) for corner in range(8)]
        canvas.polygon([(x + r * math.cos(a), y + r * math.sin(a)) for r, a in corners], shine)


def _moon(canvas: Canvas, air: Air, x: float, y: float) -> None:
    unit = canvas.unit
    radius = unit * canvas.between(0.055, 0.09)
    pale: Colour = canvas.rng.choice(((255, 250, 222), (246, 248, 255), (255, 240, 190)))
    canvas.glow(x, y, radius * 4.5, mix(pale, (150, 180, 255), 0.4), 0.62)
    if canvas.chance(0.4):
        _crescent(canvas, x, y, radius, pale)
        return
    canvas.disc(x, y, radius, pale)
    grey = mix(pale, air.middle, 0.2)
    for dx, dy, size in ((-0.35, -0.2, 0.24), (0.3, 0.3, 0.3), (0.3, -0.45, 0.15)):
        canvas.disc(x + dx * radius, y + dy * radius, radius * size, grey)


def _crescent(canvas: Canvas, x: float, y: float, radius: float, fill: Colour) -> None:
    """A half circle outside and a flatter arc back inside, tilted."""
    turn = canvas.rng.choice((-0.5, 0.4, math.pi - 0.4))
    outer = [(math.cos(a), math.sin(a)) for a in (-math.pi / 2 + math.pi * i / 16 for i in range(17))]
    inner = [(px * 0.45 - 0.02, py) for px, py in reversed(outer)]
    cos, sin = math.cos(turn), math.sin(turn)
    bent = [((px - 0.4) * cos - py * sin, (px - 0.4) * sin + py * cos) for px, py in (*outer, *inner)]
    canvas.polygon([(x + px * radius * 1.1, y + py * radius * 1.1) for px, py in bent], fill)


def _sun(canvas: Canvas, x: float, y: float) -> None:
    radius = canvas.unit * canvas.between(0.07, 0.11)
    canvas.glow(x, y, radius * 8, (255, 226, 150), 0.75)
    canvas.disc(x, y, radius * 1.35, (255, 236, 170), 0.45)
    canvas.disc(x, y, radius, (255, 250, 218))


def _clouds(canvas: Canvas, air: Air, bottom: float, centre: float) -> None:
    """Heaps or streaks, away from the moon or the sun at ``centre``."""
    unit, wide = canvas.unit, canvas.width / canvas.unit
    if air.night:
        light, shade = mix(air.middle, air.low, 0.75), mix(air.middle, air.low, 0.35)
    elif air.sunset:
        light, shade = mix(air.low, (255, 190, 176), 0.6), mix(air.middle, (160, 96, 160), 0.4)
    else:
        light, shade = (255, 255, 255), mix(air.low, (160, 194, 234), 0.65)
    streaky = canvas.chance(0.6 if air.sunset else 0.2)
    for _ in range(max(1, round(canvas.count(1, 3) * wide**0.7))):
        x = canvas.aside(0.0) if canvas.chance(0.7) else canvas.between(0, 1) * canvas.width
        if centre != canvas.width / 2 and abs(x - centre) < 0.36 * unit:
            x = canvas.width - x
        if streaky:
            _streaks(
                canvas, x, canvas.between(0.15, 0.75) * bottom, unit * canvas.between(0.2, 0.38), light, shade
            )
        else:
            size = unit * canvas.between(0.11, 0.24)
            cumulus(canvas, x, canvas.between(0.25, 0.8) * bottom, size, light, shade)
    if not (air.night or streaky) and canvas.chance(0.45):
        side = canvas.between(0.0, 0.16) * canvas.width
        _tower(canvas, side if centre > canvas.width / 2 else canvas.width - side, bottom, light, shade)


def cumulus(canvas: Canvas, x: float, y: float, size: float, light: Colour, shade: Colour) -> None:
    """A heap of discs on a flat base at the row y; ``size`` is half its width."""
    puffs = []
    for number in range(7):
        across = (number - 3) / 3 * 0.72
        radius = size * (0.46 - 0.26 * abs(across)) * canvas.between(0.8, 1.2)
        puffs.append((x + across * size, y - radius * canvas.between(0.7, 1.0), radius))
    base = size * 0.2
    canvas.pill(x - size, y - base, x + size, y + base * 0.5, base * 0.7, shade)
    for px, py, radius in puffs:
        canvas.disc(px, py, radius, shade)
    for px, py, radius in puffs:
        canvas.disc(px - radius * 0.08, py - radius * 0.14, radius * 0.88, light)


def _tower(canvas: Canvas, x: float, bottom: float, light: Colour, shade: Colour) -> None:
    """The great summer cloud over the horizon: puffs in front of puffs, each with a shaded lower edge."""
    size = canvas.unit * canvas.between(0.26, 0.36)
    puffs = []
    for level in range(5):
        row, reach = bottom - level * size * 0.36, size * (1.05 - level * 0.2)
        for number in range(-2, 3) if level < 3 else range(-1, 2):
            radius = size * canvas.between(0.27, 0.38) * (1 - level * 0.07)
            puffs.append((x + reach * number / 2 + canvas.between(-0.08, 0.08) * size, row, radius))
    for px, py, radius in reversed(puffs):
        canvas.disc(px, py, radius, mix(light, shade, 0.5))
        canvas.disc(px - radius * 0.1, py - radius * 0.16, radius * 0.9, light)


def _streaks(canvas: Canvas, x: float, y: float, size: float, light: Colour, shade: Colour) -> None:
    """Thin level clouds that taper to both ends, one above the other."""
    thick = canvas.unit * 0.017
    for number, tone in enumerate((light, shade, light)):
        half, row = size * canvas.between(0.6, 1.0), y + number * thick * 1.5
        middle = x + canvas.between(-0.35, 0.35) * size
        canvas.oval(middle, row, half, thick, tone)
        canvas.oval(
            middle + half * canvas.between(-0.4, 0.4), row - thick * 0.5, half * 0.45, thick * 1.1, tone
        )
