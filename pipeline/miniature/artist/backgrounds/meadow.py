"""Outdoors: a meadow before hills and mountains."""

from __future__ import annotations

import math

from pipeline.miniature.artist.backgrounds.canvas import WHITE, Canvas, Colour, Point, dim, mix
from pipeline.miniature.artist.backgrounds.plants import broadleaf, conifer, flower, tuft
from pipeline.miniature.artist.backgrounds.sky import Air, paint_sky

_GREENS: tuple[Colour, ...] = ((112, 190, 84), (136, 200, 90), (92, 178, 104), (160, 204, 92))
_BLOSSOM: Colour = (250, 164, 190)
_PETALS: tuple[Colour, ...] = (
    (255, 255, 255),
    (255, 222, 92),
    (255, 150, 186),
    (255, 112, 100),
    (176, 150, 255),
    (120, 176, 255),
)


def paint_meadow(canvas: Canvas, air: Air) -> None:
    """Sky, mountains, hills and a meadow with flowers, often with a path, a tree or a fence."""
    width, height, unit = canvas.width, canvas.height, canvas.unit
    ground = canvas.between(0.62, 0.72) * height
    centre = paint_sky(canvas, air, ground - 0.02 * height)
    if canvas.chance(0.7):
        _mountains(canvas, ground, unit * canvas.between(0.12, 0.24), air.far((92, 124, 176), 0.5))
    green = canvas.rng.choice(_GREENS)
    for level, haze in ((0.085, 0.42), (0.035, 0.2)):
        edge = canvas.wave(ground - level * unit, 0.04 * unit, canvas.between(0.7, 1.5))
        tone = air.far(dim(green, 0.82), haze)
        canvas.ground(edge, mix(tone, air.low, 0.12), dim(tone, 0.92))
    _far_trees(canvas, air, ground, green)
    edge = canvas.wave(ground, 0.015 * unit, canvas.between(0.6, 1.2))
    near = air.lit(green)
    canvas.ground(edge, mix(near, air.lit((236, 240, 130)), 0.35), dim(near, 0.82))
    if canvas.chance(0.5):
        _path(canvas, ground, air.lit((232, 208, 160)))
    # The tree does not hide the moon.
    side = canvas.rng.choice((-1, 1)) if centre == width / 2 else (1 if centre < width / 2 else -1)
    if canvas.chance(0.6):
        x = width * (0.5 + side * canvas.between(0.32, 0.42))
        size = min(canvas.between(0.5, 0.8) * unit, ground * 0.9) * (1.15 if height > width else 1.0)
        canvas.oval(x, ground + 0.06 * unit, 0.2 * unit, 0.022 * unit, dim(near, 0.72))
        leaves = _BLOSSOM if canvas.chance(0.2) else dim(green, 0.85)
        broadleaf(canvas, air, x, ground + 0.065 * unit, size, leaves)
    elif canvas.chance(0.5):
        _spruces(canvas, air, width * (0.5 + side * canvas.between(0.3, 0.4)), ground + 0.04 * unit)
    if canvas.chance(0.35):
        _fence(canvas, air, ground + 0.05 * unit, -side)
    _flowers(canvas, air, ground, near)


def _mountains(canvas: Canvas, foot: float, tall: float, fill: Colour) -> None:
    peaks = max(3, round(canvas.width / canvas.unit * 3))
    edge: list[Point] = []
    for number in range(peaks * 2 + 1):
        up = canvas.between(0.65, 1.1) if number % 2 else canvas.between(0.15, 0.5)
        edge.append((canvas.width * (number + canvas.between(-0.2, 0.2)) / (peaks * 2), foot - tall * up))
    edge[0], edge[-1] = (0.0, edge[0][1]), (float(canvas.width), edge[-1][1])
    canvas.ground(edge, fill, mix(fill, WHITE, 0.18), foot + 0.05 * canvas.unit)


def _spruces(canvas: Canvas, air: Air, x: float, base: float) -> None:
    """Three spruces of different heights."""
    for dx, tall in ((-0.11, 0.42), (0.12, 0.36), (0.0, 0.56)):
        green = air.lit((72, 138, 104) if dx else (88, 156, 108))
        conifer(canvas, x + dx * canvas.unit, base, tall * canvas.unit, green, air.lit((112, 80, 62)))


def _far_trees(canvas: Canvas, air: Air, ground: float, green: Colour) -> None:
    unit = canvas.unit
    for _ in range(canvas.count(2, 6)):
        x, size = canvas.aside(), unit * canvas.between(0.035, 0.06)
        tone = air.far(dim(green, 0.6), 0.2)
        canvas.bunch(x, ground - size * 0.6, size * 1.3, size, 5, tone)


def _path(canvas: Canvas, ground: float, fill: Colour) -> None:
    """A path that winds from the horizon to the lower border."""
    far, near = canvas.between(0.3, 0.7) * canvas.width, canvas.between(0.25, 0.75) * canvas.width
    bend = canvas.between(-0.25, 0.25) * canvas.width
    left, right = [], []
    for step in range(17):
        at = step / 16
        half = canvas.unit * (0.012 + 0.17 * at**1.6)
        middle = far + (near - far) * at + bend * math.sin(math.pi * at) * (1 - at * 0.4)
        y = ground + canvas.unit * 0.01 + (canvas.height - ground) * at
        left.append((middle - half, y))
        right.append((middle + half, y))
    canvas.polygon([*left, *reversed(right)], fill)


def _fence(canvas: Canvas, air: Air, y: float, side: int) -> None:
    unit, wood = canvas.unit, air.lit((246, 238, 222))
    start, end = (0.0, 0.3) if side < 0 else (0.7, 1.0)
    thick = 0.018 * unit
    for rail in (0.045, 0.09):
        canvas.rect(start * canvas.width, y - rail * unit - thick, end * canvas.width, y - rail * unit, wood)
    x = start * canvas.width + 0.03 * unit
    while x < end * canvas.width:
        canvas.rect(x, y - 0.13 * unit, x + thick * 1.4, y, wood)
        x += 0.1 * unit


def _flowers(canvas: Canvas, air: Air, ground: float, near: Colour) -> None:
    """Bigger and fewer towards the viewer, one or two kinds."""
    unit, room = canvas.unit, canvas.height - ground
    kinds = canvas.rng.sample(_PETALS, 2)
    blade = dim(near, 0.7)
    spots = sorted(canvas.between(0.12, 0.97) for _ in range(canvas.count(8, 26)))
    for number, depth in enumerate(spots):
        x, y = canvas.between(0.02, 0.98) * canvas.width, ground + depth * room
        size = unit * (0.022 + 0.034 * depth)
        if number % 3 == 0:
            tuft(canvas, x, y, size * 1.1, blade)
            continue
        petal = kinds[number % 2]
        heart = (255, 208, 80) if petal != _PETALS[1] else (240, 150, 60)
        # Petals stay a little brighter than the ground around them, at night also.
        flower(canvas, x, y, size, mix(air.lit(petal), petal, 0.4), mix(air.lit(heart), heart, 0.4))
