"""Parts of a city: walls with windows, the far skyline, street lamps and wires."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.miniature.artist.backgrounds.canvas import Canvas, Colour, Point, mix
from pipeline.miniature.artist.backgrounds.sky import LAMP, Air

WALLS: tuple[Colour, ...] = (
    (238, 226, 206),
    (214, 150, 122),
    (186, 202, 222),
    (232, 200, 150),
    (204, 218, 206),
    (226, 186, 186),
    (170, 178, 200),
)


@dataclass(frozen=True, slots=True)
class Wall:
    """A wall with two upright edges; seen at an angle when they differ in height."""

    x0: float
    top0: float
    base0: float
    x1: float
    top1: float
    base1: float

    def at(self, across: float, down: float) -> Point:
        """The point at these shares of the width and the height."""
        top = self.top0 + (self.top1 - self.top0) * across
        base = self.base0 + (self.base1 - self.base0) * across
        return self.x0 + (self.x1 - self.x0) * across, top + (base - top) * down

    def patch(self, left: float, top: float, right: float, bottom: float) -> list[Point]:
        """A part of the wall, in shares."""
        return [self.at(left, top), self.at(right, top), self.at(right, bottom), self.at(left, bottom)]


def pane_colour(canvas: Canvas, air: Air) -> Colour:
    """One window: lit or dark at night, a piece of sky else."""
    if air.night:
        if canvas.chance(0.6):
            return canvas.rng.choice((LAMP, (255, 232, 160), (255, 190, 100)))
        return (30, 40, 82)
    if air.sunset:
        return canvas.rng.choice(((255, 206, 130), (124, 84, 122), (240, 150, 116)))
    return canvas.rng.choice(((112, 168, 216), (142, 194, 232), (94, 148, 200)))


def window_grid(canvas: Canvas, air: Air, wall: Wall, columns: int, rows: int, low: float) -> None:
    """A grid of panes from the top of the wall down to the share ``low``."""
    for row in range(rows):
        top = 0.07 + (low - 0.07) * row / rows
        bottom = top + (low - 0.07) / rows * 0.58
        for column in range(columns):
            left = (column + 0.22) / columns
            canvas.polygon(wall.patch(left, top, left + 0.56 / columns, bottom), pane_colour(canvas, air))


def skyline(canvas: Canvas, air: Air, foot: float) -> None:
    """Two rows of towers in the haze."""
    unit = canvas.unit
    for haze, tall, wide in ((0.72, 0.42, 0.15), (0.48, 0.3, 0.18)):
        x = -canvas.between(0, 0.1) * unit
        while x < canvas.width:
            size = wide * unit * canvas.between(0.7, 1.3)
            top = foot - min(tall * unit * canvas.between(0.45, 1.0), foot * 0.6)
            fill = air.far((122, 138, 178), haze)
            canvas.rect(x, top, x + size, foot, fill)
            if canvas.chance(0.3):
                canvas.rect(x + size * 0.46, top - 0.06 * unit, x + size * 0.54, top, fill)
            if canvas.detail >= 0.5 and haze < 0.6:
                pane = mix(LAMP, fill, 0.25) if air.night else mix(fill, air.low, 0.45)
                for row in range(3):
                    y = top + (0.035 + row * 0.06) * unit
                    for part in (0.18, 0.58):
                        if not air.night or canvas.chance(0.6):
                            canvas.rect(x + size * part, y, x + size * (part + 0.24), y + 0.03 * unit, pane)
            x += size * canvas.between(0.95, 1.2)


def street_lamp(canvas: Canvas, air: Air, x: float, vy: float, side: int) -> None:
    """A lamp post whose arm reaches inwards; ``side`` is -1 in the left half, ``vy`` the row of the horizon."""
    unit = canvas.unit
    base, tall = vy + 0.16 * canvas.height, min(unit * 0.6, vy * 0.8)
    dark, half = air.lit((66, 78, 92)), 0.008 * unit
    canvas.rect(x - half, base - tall, x + half, base, dark)
    canvas.rect(x - half * 2.2, base - 0.04 * unit, x + half * 2.2, base, dark)
    canvas.line([(x, base - tall), (x - side * 0.06 * unit, base - tall - 0.012 * unit)], half * 1.8, dark)
    head = (x - side * 0.065 * unit, base - tall + 0.014 * unit)
    if air.night:
        canvas.glow(*head, 0.24 * unit, LAMP, 0.85)
    canvas.oval(*head, 0.03 * unit, 0.022 * unit, (255, 240, 190) if air.name != "day" else (248, 248, 240))


def wires(canvas: Canvas, air: Air, vy: float) -> None:
    """Wires across the sky."""
    dark = mix(air.lit((70, 78, 100)), air.middle, 0.25)
    for number in range(2):
        left, right = (canvas.between(0.12, 0.3) + number * 0.06) * vy, canvas.between(0.2, 0.4) * vy
        sag = 0.12 * vy
        points = [
            (canvas.width * i / 12, left + (right - left) * i / 12 + sag * (1 - (i / 6 - 1) ** 2))
            for i in range(13)
        ]
        canvas.line(points, 0.011 * canvas.unit, dark)
