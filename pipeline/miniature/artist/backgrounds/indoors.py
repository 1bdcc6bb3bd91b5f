"""A room: a window that shows the time of day, furniture, a lamp and a plant."""

from __future__ import annotations

import math

from pipeline.miniature.artist.backgrounds.canvas import WHITE, Canvas, Colour, dim, hsv, mix
from pipeline.miniature.artist.backgrounds.plants import leaf
from pipeline.miniature.artist.backgrounds.sky import LAMP, Air, paint_sky

_WALLS: tuple[Colour, ...] = (
    (250, 236, 212),
    (222, 236, 224),
    (216, 228, 244),
    (250, 222, 222),
    (236, 226, 244),
    (244, 228, 192),
)
_WOODS: tuple[Colour, ...] = ((196, 146, 100), (222, 180, 132), (164, 112, 78), (208, 160, 128))


def paint_room(canvas: Canvas, air: Air) -> None:
    """The window on one side, shelf or cabinet on the other, the floor below."""
    width, height, unit = canvas.width, canvas.height, canvas.unit
    floor = canvas.between(0.66, 0.74) * height
    wall, wood = air.lit(canvas.rng.choice(_WALLS)), air.lit(canvas.rng.choice(_WOODS))
    canvas.gradient(0, floor, dim(wall, 0.92), wall)
    _wallpaper(canvas, wall, floor)
    _floor(canvas, floor, wood)
    trim = mix(wall, WHITE if not air.night else (120, 132, 190), 0.45)
    canvas.rect(0, floor - 0.035 * unit, width, floor, trim)
    side = canvas.rng.choice((-1, 1))
    wide = max(0.34 * unit, min(0.3 * width, 0.75 * unit))
    tall = min(floor * canvas.between(0.52, 0.64), 1.05 * unit)
    middle = width * 0.5 + side * (width * 0.5 - wide * canvas.between(0.62, 0.74))
    top = min(floor * canvas.between(0.12, 0.2), floor * 0.9 - tall)
    _window(canvas, air, middle - wide / 2, top, middle + wide / 2, top + tall)
    if not air.night:
        _sunbeam(canvas, air, middle, wide, floor, -side)
    other = width * 0.5 - side * (width * 0.5 - max(0.2 * unit, 0.17 * width))
    if canvas.chance(0.55):
        _bookshelf(canvas, air, other, floor, wood)
        lamp_x, lamp_y = width * 0.5 - side * width * 0.22, floor
        if air.night or canvas.chance(0.5):
            _hanging_lamp(canvas, air, lamp_x, lamp_y * canvas.between(0.14, 0.2))
    else:
        _cabinet(canvas, air, other, floor, wood)
    if canvas.chance(0.7):
        _plant(canvas, air, middle - side * -wide * canvas.between(0.3, 0.5), floor + 0.1 * unit)
    if width > 1.25 * height:
        for part in (-0.38, -0.13, 0.12):
            if canvas.chance(0.6):
                _picture(
                    canvas,
                    air,
                    width * 0.5 + side * part * unit,
                    floor * 0.42,
                    unit * canvas.between(0.08, 0.11),
                )
    if canvas.chance(0.5):
        _rug(canvas, air, floor)


def _wallpaper(canvas: Canvas, wall: Colour, floor: float) -> None:
    """Plain, broad stripes or panels below."""
    unit, kind = canvas.unit, canvas.rng.random()
    if kind < 0.3 and canvas.detail >= 0.5:
        step = 0.14 * unit
        x = canvas.between(0, step)
        while x < canvas.width:
            canvas.rect(x, 0, x + step * 0.5, floor, mix(wall, WHITE, 0.5), 0.22)
            x += step
    elif kind < 0.6:
        canvas.rect(0, floor - 0.24 * unit, canvas.width, floor, dim(wall, 0.84))
        canvas.rect(0, floor - 0.255 * unit, canvas.width, floor - 0.235 * unit, dim(wall, 1.08))


def _floor(canvas: Canvas, floor: float, wood: Colour) -> None:
    width, height, unit = canvas.width, canvas.height, canvas.unit
    canvas.gradient(floor, height, dim(wood, 0.86), dim(wood, 1.06))
    seam, middle = dim(wood, 0.76), width * canvas.between(0.4, 0.6)
    for number in range(-6, 7):
        top, low, half = middle + number * 0.14 * unit, middle + number * 0.3 * unit, 0.005 * unit
        canvas.polygon(
            [(top - half * 0.6, floor), (top + half * 0.6, floor), (low + half, height), (low - half, height)],
            seam,
        )


def _window(canvas: Canvas, air: Air, x0: float, y0: float, x1: float, y1: float) -> None:
    """Sky and far hills or roofs behind panes, a white frame, curtains at both sides."""
    unit, rng = canvas.unit, canvas.rng
    width, height = max(4, round(x1 - x0)), max(4, round(y1 - y0))
    view = Canvas(width, height, rng, flat=canvas.flat, detail=canvas.detail, unit=unit * 0.62)
    paint_sky(view, air, height * 0.86, inner=True)
    far = air.far((96, 148, 104), 0.35)
    view.ground(view.wave(height * 0.78, height * 0.04, 1.2), far, far)
    if canvas.chance(0.5):
        for number in range(4):
            left, tall = width * (number * 0.27 - 0.02), height * canvas.between(0.12, 0.3)
            view.rect(left, height - tall, left + width * 0.2, height, air.far((120, 112, 142), 0.2))
            if air.night:
                view.rect(
                    left + width * 0.06, height - tall * 0.7, left + width * 0.13, height - tall * 0.35, LAMP
                )
    canvas.image.paste(view.image, (round(x0), round(y0)))
    frame, thick = mix(air.lit((255, 252, 246)), WHITE, 0.15), 0.022 * unit
    for x in (x0, x1) if canvas.chance(0.25) else (x0, (x0 + x1) / 2, x1):
        canvas.rect(x - thick / 2, y0, x + thick / 2, y1, frame)
    cross = y0 + (y1 - y0) * canvas.rng.choice((0.35, 0.5))
    for y in (y0, cross, y1):
        canvas.rect(x0 - thick / 2, y - thick / 2, x1 + thick / 2, y + thick / 2, frame)
    canvas.rect(x0 - thick * 2, y1, x1 + thick * 2, y1 + thick * 1.5, dim(frame, 0.9))
    _curtains(canvas, air, x0, y0, x1, y1)


def _curtains(canvas: Canvas, air: Air, x0: float, y0: float, x1: float, y1: float) -> None:
    """Gathered in the middle; three folds each."""
    unit = canvas.unit
    cloth = air.lit(hsv(canvas.between(0, 1), canvas.between(0.14, 0.38), 0.96))
    top, low = y0 - 0.04 * unit, y1 + 0.07 * unit
    deep = (x1 - x0) * 0.26
    for edge, side in ((x0 - 0.05 * unit, 1), (x1 + 0.05 * unit, -1)):
        for fold in range(3):
            inner, outer = 1 - fold / 3, 1 - (fold + 1) / 3
            points = [
                (edge + side * deep * outer, top),
                (edge + side * deep * inner * 1.25, top),
                (edge + side * deep * inner * 0.95, top + (low - top) * 0.35),
                (edge + side * deep * inner * 0.6, top + (low - top) * 0.64),
                (edge + side * deep * inner * 0.85, low),
                (edge + side * deep * outer * 0.7, low),
                (edge + side * deep * outer * 0.5, top + (low - top) * 0.64),
            ]
            canvas.polygon(points, dim(cloth, 1.0 if fold % 2 else 0.88))
    canvas.rect(x0 - 0.09 * unit, top - 0.022 * unit, x1 + 0.09 * unit, top, air.lit((176, 136, 104)))


def _sunbeam(canvas: Canvas, air: Air, middle: float, wide: float, floor: float, side: int) -> None:
    """The bright shape that the window throws on the floor."""
    unit = canvas.unit
    light = (255, 250, 214) if air.name == "day" else (255, 178, 96)
    room = canvas.height - floor
    for part in (-0.5, 0.04):
        left = middle + part * wide + side * 0.12 * unit
        right, slant = left + wide * 0.44, side * 0.22 * unit
        points = [
            (left, floor + room * 0.1),
            (right, floor + room * 0.1),
            (right + slant, floor + room * 0.62),
            (left + slant, floor + room * 0.62),
        ]
        canvas.polygon(points, light, 0.42)


def _bookshelf(canvas: Canvas, air: Air, x: float, floor: float, wood: Colour) -> None:
    unit = canvas.unit
    half = max(0.16 * unit, min(0.14 * canvas.width, 0.3 * unit))
    tall = min(unit * canvas.between(0.6, 0.8), floor * 0.8)
    foot, board = floor + 0.03 * unit, 0.02 * unit
    top, rows = foot - tall, max(3, round(tall / unit * 5))
    canvas.rect(x - half, top, x + half, foot, dim(wood, 0.9))
    canvas.rect(x - half + board, top + board, x + half - board, foot - board, dim(wood, 0.55))
    step = (tall - board) / rows
    for row in range(rows):
        base = top + board + (row + 1) * step
        left = x - half + board * 1.5
        hue = canvas.between(0, 1)
        while left < x + half - board * 2.5:
            size = unit * canvas.between(0.026, 0.046)
            if left + size > x + half - board:
                break
            if canvas.chance(0.12):
                left += size
                continue
            book = air.lit(
                hsv(hue + canvas.between(-0.2, 0.2), canvas.between(0.25, 0.5), canvas.between(0.6, 0.92))
            )
            canvas.rect(left, base - step * canvas.between(0.58, 0.78), left + size - 0.004 * unit, base, book)
            left += size
        canvas.rect(x - half, base - board * 0.5, x + half, base + board * 0.5, dim(wood, 0.98))
    if canvas.chance(0.5):
        _pot(canvas, air, x + canvas.between(-0.4, 0.4) * half, top, 0.07 * unit)


def _cabinet(canvas: Canvas, air: Air, x: float, floor: float, wood: Colour) -> None:
    """A low cabinet with a lamp on it and picture frames above."""
    unit = canvas.unit
    half, tall = max(0.18 * unit, min(0.15 * canvas.width, 0.3 * unit)), 0.26 * unit
    foot = floor + 0.05 * unit
    top = foot - tall
    amount = canvas.rng.randint(1, 2)
    for number in range(amount):
        size = unit * (0.105 if amount == 1 else 0.075) * canvas.between(0.9, 1.1)
        fx = x + (number - (amount - 1) / 2) * 0.21 * unit
        _picture(canvas, air, fx, max(size * 1.4, top - unit * canvas.between(0.42, 0.48)), size)
    canvas.rect(x - half, top, x + half, foot, dim(wood, 0.9))
    canvas.rect(x - half - 0.015 * unit, top - 0.02 * unit, x + half + 0.015 * unit, top, dim(wood, 1.08))
    for part in (-0.5, 0.5):
        cx = x + part * half
        canvas.rect(cx - half * 0.4, top + 0.035 * unit, cx + half * 0.4, foot - 0.035 * unit, dim(wood, 0.76))
        canvas.disc(cx - part * half * 0.55, top + tall * 0.5, 0.012 * unit, air.lit((250, 220, 130)))
    _table_lamp(canvas, air, x - half * 0.45, top - 0.02 * unit)
    if canvas.chance(0.6):
        _pot(canvas, air, x + half * 0.5, top - 0.02 * unit, 0.06 * unit)


def _picture(canvas: Canvas, air: Air, x: float, y: float, size: float) -> None:
    frame = air.lit((150, 106, 76))
    canvas.rect(x - size, y - size * 1.15, x + size, y + size * 1.15, frame)
    sky, land = (
        air.lit(hsv(canvas.between(0.5, 0.65), 0.28, 0.93)),
        air.lit(hsv(canvas.between(0.1, 0.4), 0.38, 0.76)),
    )
    canvas.rect(x - size * 0.78, y - size * 0.92, x + size * 0.78, y + size * 0.92, sky)
    canvas.rect(x - size * 0.78, y + size * 0.2, x + size * 0.78, y + size * 0.92, land)
    canvas.disc(x + size * 0.25, y - size * 0.3, size * 0.26, air.lit((255, 238, 150)))


def _table_lamp(canvas: Canvas, air: Air, x: float, y: float) -> None:
    unit = canvas.unit
    if air.night:
        canvas.glow(x, y - 0.16 * unit, 0.75 * unit, (255, 186, 96), 0.8)
    shade = LAMP if air.night else air.lit(hsv(canvas.between(0, 1), 0.2, 0.97))
    canvas.rect(x - 0.012 * unit, y - 0.12 * unit, x + 0.012 * unit, y, air.lit((206, 170, 120)))
    canvas.oval(x, y - 0.01 * unit, 0.045 * unit, 0.014 * unit, air.lit((206, 170, 120)))
    canvas.polygon(
        [
            (x - 0.045 * unit, y - 0.23 * unit),
            (x + 0.045 * unit, y - 0.23 * unit),
            (x + 0.085 * unit, y - 0.1 * unit),
            (x - 0.085 * unit, y - 0.1 * unit),
        ],
        shade,
    )


def _hanging_lamp(canvas: Canvas, air: Air, x: float, y: float) -> None:
    unit = canvas.unit
    if air.night:
        canvas.glow(x, y + 0.05 * unit, 0.8 * unit, (255, 186, 96), 0.8)
    canvas.rect(x - 0.006 * unit, 0, x + 0.006 * unit, y, air.lit((96, 84, 84)))
    dome = [
        (x + 0.1 * unit * math.cos(a), y + 0.09 * unit * (1 + math.sin(a)) - 0.02 * unit)
        for a in (math.pi + math.pi * i / 12 for i in range(13))
    ]
    canvas.disc(x, y + 0.075 * unit, 0.035 * unit, (255, 246, 206) if air.night else air.lit((255, 250, 236)))
    canvas.polygon(dome, LAMP if air.night else air.lit((240, 150, 110)))


def _pot(canvas: Canvas, air: Air, x: float, y: float, size: float) -> None:
    """A small plant in a pot that stands at (x, y)."""
    green = air.lit((98, 172, 98))
    for angle in (-2.5, -2.0, -1.57, -1.1, -0.65):
        tip = (x + math.cos(angle) * size * 1.5, y - size * 0.8 + math.sin(angle) * size * 1.5)
        leaf(canvas, (x, y - size * 0.7), tip, size * 0.55, dim(green, 0.9 + 0.2 * math.cos(angle)))
    canvas.polygon(
        [
            (x - size * 0.55, y - size * 0.8),
            (x + size * 0.55, y - size * 0.8),
            (x + size * 0.4, y),
            (x - size * 0.4, y),
        ],
        air.lit((214, 122, 90)),
    )


def _plant(canvas: Canvas, air: Air, x: float, y: float) -> None:
    """A plant as high as a child, on the floor."""
    _pot(canvas, air, x, y, canvas.unit * canvas.between(0.13, 0.17))


def _rug(canvas: Canvas, air: Air, floor: float) -> None:
    x, y = canvas.width * canvas.between(0.4, 0.6), (floor + canvas.height) / 2 + 0.02 * canvas.height
    rx, ry = min(0.42 * canvas.width, 0.6 * canvas.unit), (canvas.height - floor) * 0.32
    cloth = air.lit(hsv(canvas.between(0, 1), 0.26, 0.9))
    canvas.oval(x, y, rx, ry, dim(cloth, 0.85))
    canvas.oval(x, y, rx * 0.9, ry * 0.86, cloth)
    canvas.oval(x, y, rx * 0.55, ry * 0.5, mix(cloth, air.lit(WHITE), 0.4))
