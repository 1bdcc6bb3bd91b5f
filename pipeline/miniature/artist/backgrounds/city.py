"""The city: a street between houses, a promenade before the skyline, or a quiet road of small houses."""

from __future__ import annotations

from pipeline.miniature.artist.backgrounds.buildings import (
    WALLS,
    Wall,
    pane_colour,
    skyline,
    street_lamp,
    window_grid,
    wires,
)
from pipeline.miniature.artist.backgrounds.canvas import Canvas, Colour, dim, mix
from pipeline.miniature.artist.backgrounds.plants import broadleaf
from pipeline.miniature.artist.backgrounds.sky import LAMP, Air, paint_sky
from pipeline.miniature.artist.backgrounds.suburb import paint_suburb


def paint_city(canvas: Canvas, air: Air) -> None:
    """One of the three."""
    canvas.rng.choice((_street, _street, _promenade, paint_suburb))(canvas, air)


def _street(canvas: Canvas, air: Air) -> None:
    """A street to the vanishing point with a row of houses on either side."""
    width, height, unit = canvas.width, canvas.height, canvas.unit
    vx, vy = width * canvas.between(0.42, 0.58), height * canvas.between(0.6, 0.66)
    paint_sky(canvas, air, vy, inner=True)
    if canvas.chance(0.7):
        skyline(canvas, air, vy + 2)
    pavement, road = air.lit((214, 206, 200)), air.lit((132, 136, 152))
    canvas.gradient(vy, height, mix(pavement, air.low, 0.2), dim(pavement, 0.86))
    reach = width * canvas.between(0.3, 0.36)
    canvas.polygon(
        [(vx - 0.01 * unit, vy), (vx + 0.01 * unit, vy), (vx + reach, height), (vx - reach, height)], road
    )
    kerb = mix(pavement, (255, 255, 255), 0.35)
    for side in (-1, 1):
        edge, thick = vx + side * reach, side * 0.035 * unit
        canvas.polygon([(vx, vy), (edge, height), (edge + thick, height)], kerb)
    _marks(canvas, vx, vy, reach, mix(road, (255, 255, 255), 0.6))
    for side in (-1, 1):
        _houses(canvas, air, vx, vy, side)
    if canvas.chance(0.45):
        _avenue(canvas, air, vx, vy)
    for side in (-1, 1):
        if air.night or canvas.chance(0.6):
            street_lamp(canvas, air, vx + side * width * canvas.between(0.27, 0.33), vy, side)
    if canvas.chance(0.45):
        wires(canvas, air, vy)


def _avenue(canvas: Canvas, air: Air, vx: float, vy: float) -> None:
    """A row of round trees along either pavement, smaller towards the vanishing point."""
    green = canvas.rng.choice(((104, 178, 96), (128, 190, 88), (250, 168, 192)))
    for at, haze in ((0.2, 0.3), (0.38, 0.15), (0.68, 0.0)):
        for side in (-1, 1):
            border = vx if side < 0 else canvas.width - vx
            base = vy + (canvas.height * 0.84 - vy) * at
            broadleaf(canvas, air, vx + side * border * at, base, canvas.unit * 0.6 * at, green, haze)


def _marks(canvas: Canvas, vx: float, vy: float, reach: float, paint: Colour) -> None:
    """A crossing near the viewer or dashes along the middle."""
    depth = canvas.height - vy
    if canvas.chance(0.5):
        for number in range(5):
            at = -0.8 + number * 0.36
            near, far = vy + depth * 0.86, vy + depth * 0.66
            points = [
                (vx + reach * at * 0.66, far),
                (vx + reach * (at + 0.18) * 0.66, far),
                (vx + reach * (at + 0.18) * 0.86, near),
                (vx + reach * at * 0.86, near),
            ]
            canvas.polygon(points, paint)
        return
    for near, far in ((1.0, 0.78), (0.6, 0.46), (0.36, 0.28)):
        points = [
            (vx + reach * 0.05 * s * k, vy + depth * k) for s, k in ((-1, far), (1, far), (1, near), (-1, near))
        ]
        canvas.polygon(points, paint)


def _houses(canvas: Canvas, air: Air, vx: float, vy: float, side: int) -> None:
    """From the far end of the street to the viewer; walls run to the vanishing point."""
    border = vx if side < 0 else canvas.width - vx
    slope = (canvas.height * 0.9 - vy) / border
    cuts = [0.12, 0.3 + canvas.between(-0.03, 0.03), 0.55 + canvas.between(-0.05, 0.05), 1.02]
    tallest = min(vy * 0.88, canvas.unit * 1.1)
    for number in range(3):
        near, far = border * cuts[number + 1], border * cuts[number]
        rise = tallest * canvas.between(0.55, 1.0) / border
        if number == 0:
            rise *= 1.3
        haze = (0.4, 0.2, 0.0)[number]
        colour = canvas.rng.choice(WALLS)
        shade = 0.9 if side < 0 else 0.78
        wall = Wall(
            vx + side * near,
            vy - rise * near,
            vy + slope * near,
            vx + side * far,
            vy - rise * far,
            vy + slope * far,
        )
        end = vx + side * far
        front = air.far(dim(colour, 0.62), haze)
        outside = -2.0 if side < 0 else canvas.width + 2.0
        canvas.rect(min(end, outside), wall.top1, max(end, outside), wall.base1, front)
        canvas.polygon(wall.patch(0, 0, 1, 1), air.far(dim(colour, shade), haze))
        canvas.polygon(wall.patch(0, 0, 1, 0.035), air.far(dim(colour, 0.5), haze))
        rows = max(3, round(rise * border / canvas.unit * 5.5))
        window_grid(canvas, air, wall, 2 if number < 2 else 3, rows, 0.78)
        _shop(canvas, air, wall)


def _shop(canvas: Canvas, air: Air, wall: Wall) -> None:
    """A door, a shop window and a coloured awning."""
    glass = LAMP if air.night else mix(pane_colour(canvas, air), (255, 255, 255), 0.2)
    canvas.polygon(wall.patch(0.12, 0.84, 0.6, 0.97), glass)
    canvas.polygon(wall.patch(0.7, 0.84, 0.88, 1.0), air.lit((112, 78, 66)))
    awning = air.lit(canvas.rng.choice(((222, 84, 78), (72, 150, 132), (78, 118, 196), (240, 176, 72))))
    canvas.polygon(wall.patch(0.06, 0.79, 0.94, 0.845), awning)


def _promenade(canvas: Canvas, air: Air) -> None:
    """Towers, the highest at the sides, behind a railing and a broad pavement."""
    width, height, unit = canvas.width, canvas.height, canvas.unit
    ground = canvas.between(0.64, 0.72) * height
    paint_sky(canvas, air, ground, inner=True)
    skyline(canvas, air, ground)
    x = -canvas.between(0.0, 0.08) * unit
    while x < width:
        size = unit * canvas.between(0.17, 0.25)
        aside = abs((x + size / 2) / width - 0.5) * 2
        tall = min(unit * (0.22 + 0.55 * aside) * canvas.between(0.8, 1.15), ground * 0.85)
        colour = canvas.rng.choice(WALLS)
        wall = Wall(x, ground - tall, ground, x + size, ground - tall, ground)
        canvas.polygon(wall.patch(0, 0, 1, 1), air.far(dim(colour, 0.9), 0.12))
        canvas.polygon(wall.patch(0.84, 0, 1, 1), air.far(dim(colour, 0.72), 0.12))
        canvas.rect(
            x - 0.01 * unit,
            ground - tall - 0.022 * unit,
            x + size + 0.01 * unit,
            ground - tall,
            air.far(dim(colour, 0.55), 0.1),
        )
        inner = Wall(x, ground - tall, ground, x + size * 0.86, ground - tall, ground)
        window_grid(canvas, air, inner, 3, max(2, round(tall / unit * 10)), 0.96)
        x += size + unit * canvas.rng.choice((0.0, 0.02, 0.06))
    _pavement(canvas, air, ground)


def _pavement(canvas: Canvas, air: Air, ground: float) -> None:
    width, height, unit = canvas.width, canvas.height, canvas.unit
    for x in range(round(unit * 0.05), width, max(1, round(unit * 0.19))):
        size = unit * canvas.between(0.05, 0.075)
        canvas.bunch(x, ground - size * 0.5, size * 1.4, size, 5, air.lit((84, 150, 96)))
    stone = air.lit((218, 208, 200))
    canvas.gradient(ground, height, mix(stone, air.low, 0.15), dim(stone, 0.84))
    joint = dim(stone, 0.8)
    for part in (0.12, 0.36, 0.7):
        y = ground + part * (height - ground)
        canvas.rect(0, y, width, y + unit * (0.004 + 0.008 * part), joint)
    for number in range(-4, 5):
        top = width * (0.5 + number * 0.11)
        low = width * (0.5 + number * 0.21)
        half = 0.006 * unit
        canvas.polygon(
            [
                (top - half * 0.6, ground),
                (top + half * 0.6, ground),
                (low + half, height),
                (low - half, height),
            ],
            joint,
        )
    rail, y = air.lit((92, 110, 136)), ground + 0.04 * unit
    canvas.rect(0, y - 0.12 * unit, width, y - 0.102 * unit, rail)
    canvas.rect(0, y - 0.06 * unit, width, y - 0.048 * unit, rail)
    for x in range(round(unit * 0.04), width, max(1, round(unit * 0.15))):
        canvas.rect(x, y - 0.12 * unit, x + 0.016 * unit, y, rail)
    for side in (-1, 1):
        if air.night or canvas.chance(0.6):
            street_lamp(
                canvas, air, width * (0.5 + side * canvas.between(0.3, 0.38)), ground - 0.1 * height, side
            )
