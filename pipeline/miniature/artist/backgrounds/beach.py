"""The beach: sea, surf and sand."""

from __future__ import annotations

import math

from pipeline.miniature.artist.backgrounds.canvas import WHITE, Canvas, Colour, dim, mix
from pipeline.miniature.artist.backgrounds.plants import leaf, palm
from pipeline.miniature.artist.backgrounds.sky import Air, paint_sky


def paint_beach(canvas: Canvas, air: Air) -> None:
    """Sea with a level horizon, a foamy edge and sand; a palm, a parasol, a sail or an island."""
    height, width, unit = canvas.height, canvas.width, canvas.unit
    horizon = canvas.between(0.48, 0.56) * height
    shore = canvas.between(0.67, 0.73) * height
    centre = paint_sky(canvas, air, horizon)
    sea = {"day": (34, 142, 206), "night": (20, 48, 104), "sunset": (142, 92, 148)}[air.name]
    shallow = {"day": (112, 222, 218), "night": (48, 108, 158), "sunset": (246, 164, 140)}[air.name]
    deep: Colour = mix(sea, air.middle, 0.15)
    if canvas.chance(0.4):
        x, size = canvas.aside(), unit * canvas.between(0.12, 0.22)
        hill = [
            (x + size * math.cos(a), horizon + size * 0.4 * math.sin(a))
            for a in (math.pi + math.pi * i / 12 for i in range(13))
        ]
        canvas.polygon(hill, air.far((84, 140, 112), 0.4))
    canvas.gradient(horizon, shore + 0.06 * height, deep, mix(deep, shallow, 0.45), shallow)
    _glitter(canvas, air, centre, (horizon, deep), (shore, shallow))
    if canvas.chance(0.45):
        _sail(canvas, air, canvas.aside(), horizon + 0.015 * unit)
    _sand(canvas, air, shore)
    side = canvas.rng.choice((-1, 1)) if centre == width / 2 else (1 if centre < width / 2 else -1)
    kind = canvas.rng.choice(("palm", "palm", "parasol", "both" if centre == width / 2 else "parasol"))
    if kind != "parasol":
        x = width * (0.5 + side * canvas.between(0.36, 0.44))
        tall = min(unit * canvas.between(0.7, 0.9), height * 0.6) * (1.25 if height > 1.3 * width else 1.0)
        palm(canvas, air, x, shore + 0.12 * height, tall, -side * unit * canvas.between(0.02, 0.12))
    if kind != "palm":
        # Away from the sun and its light on the water; across from the palm where there is one.
        away = side if kind == "parasol" else -side
        _parasol(canvas, air, width * (0.5 + away * canvas.between(0.3, 0.38)), shore + 0.14 * height)
    for _ in range(canvas.count(1, 3)):
        x = width * (0.5 + side * canvas.between(0.14, 0.4))
        y = canvas.between(shore + 0.12 * height, 0.97 * height)
        star = unit * canvas.between(0.025, 0.035)
        for arm in range(5):
            angle = arm * math.tau / 5 + x
            tip = (x + math.cos(angle) * star, y + math.sin(angle) * star * 0.7)
            leaf(canvas, (x, y), tip, star * 0.5, air.lit((250, 140, 110)))


def _glitter(
    canvas: Canvas, air: Air, centre: float, far: tuple[float, Colour], near: tuple[float, Colour]
) -> None:
    """Level dashes on the water; under the moon or the sun a road of light."""
    unit = canvas.unit
    bright: Colour = {"day": (236, 252, 255), "night": (236, 240, 210), "sunset": (255, 236, 170)}[air.name]
    thick = 0.009 * unit
    rows = 6
    for row in range(rows):
        at = (row + 0.45) / rows
        y = far[0] + (near[0] - far[0]) * at
        if air.name != "day" and centre != canvas.width / 2:
            half = unit * canvas.between(0.05, 0.13)
            canvas.pill(centre - half, y - thick, centre + half, y + thick, thick, bright)
        for _ in range(canvas.count(1, 3)):
            x, half = canvas.between(0, 1) * canvas.width, unit * canvas.between(0.03, 0.09)
            tone = mix(mix(far[1], near[1], at), bright, 0.35)
            canvas.pill(x - half, y - thick * 0.7, x + half, y + thick * 0.7, thick * 0.7, tone)


def _sail(canvas: Canvas, air: Air, x: float, y: float) -> None:
    size = canvas.unit * canvas.between(0.07, 0.11)
    sail = mix(air.lit(WHITE), WHITE, 0.3)
    canvas.polygon([(x, y - size * 1.5), (x, y - size * 0.2), (x + size * 0.8, y - size * 0.2)], sail)
    canvas.polygon(
        [(x - size * 0.1, y - size * 1.2), (x - size * 0.1, y - size * 0.2), (x - size * 0.6, y - size * 0.2)],
        dim(sail, 0.86),
    )
    canvas.polygon(
        [
            (x - size * 0.7, y - size * 0.12),
            (x + size * 0.9, y - size * 0.12),
            (x + size * 0.6, y + size * 0.2),
            (x - size * 0.5, y + size * 0.2),
        ],
        air.lit((176, 84, 66)),
    )


def _sand(canvas: Canvas, air: Air, shore: float) -> None:
    unit = canvas.unit
    sand = air.lit(canvas.rng.choice(((250, 230, 180), (248, 222, 168), (252, 236, 200))))
    foam = mix(air.lit(WHITE), WHITE, 0.35)
    edge = canvas.wave(shore, 0.02 * unit, canvas.between(0.8, 1.6) * canvas.width / unit)
    canvas.polygon([*edge, *((x, y + 0.04 * unit) for x, y in reversed(edge))], foam)
    lower = [(x, y + 0.022 * unit) for x, y in edge]
    canvas.ground(lower, dim(sand, 0.8), dim(sand, 0.8))
    canvas.ground([(x, y + 0.055 * unit) for x, y in edge], sand, dim(sand, 0.9))
    if canvas.detail >= 0.5:
        back = canvas.wave(shore - 0.06 * canvas.height, 0.012 * unit, canvas.between(1, 2))
        canvas.polygon([*back, *((x, y + 0.014 * unit) for x, y in reversed(back))], foam, 0.7)


def _parasol(canvas: Canvas, air: Air, x: float, y: float) -> None:
    """Panels in two colours on a pole, with a towel below."""
    unit = canvas.unit
    size, tall = unit * canvas.between(0.19, 0.25), unit * canvas.between(0.28, 0.36)
    first = air.lit(canvas.rng.choice(((240, 92, 92), (70, 150, 230), (250, 180, 60), (240, 120, 170))))
    second = air.lit((255, 250, 242))
    towel = [
        (x - size, y + 0.06 * unit),
        (x - size * 0.6, y - 0.01 * unit),
        (x + size * 0.9, y - 0.01 * unit),
        (x + size * 0.7, y + 0.06 * unit),
    ]
    canvas.polygon(towel, mix(first, second, 0.4))
    canvas.rect(x - 0.01 * unit, y - tall, x + 0.01 * unit, y + 0.02 * unit, dim(second, 0.92))
    canvas.disc(x, y - tall - size * 0.66, 0.016 * unit, first)
    # Half ellipses inside each other meet at the tip as the seams of a dome do.
    for number, share in enumerate((1.0, 0.66, 0.26)):
        dome = [
            (x + size * share * math.cos(a), y - tall + size * 0.66 * math.sin(a))
            for a in (math.pi + math.pi * i / 16 for i in range(17))
        ]
        canvas.polygon(dome, dim(first, 0.9) if number == 0 else (first, second)[number % 2])
