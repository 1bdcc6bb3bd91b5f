"""The forest: rows of trunks that fade into fog."""

from __future__ import annotations

import math

from pipeline.miniature.artist.backgrounds.canvas import WHITE, Canvas, Colour, dim, mix
from pipeline.miniature.artist.backgrounds.plants import conifer, fern
from pipeline.miniature.artist.backgrounds.sky import Air


def paint_forest(canvas: Canvas, air: Air) -> None:
    """Rows of trunks that fade into fog, leaves above, ferns below."""
    height, unit = canvas.height, canvas.unit
    ground = canvas.between(0.62, 0.72) * height
    hue = canvas.rng.choice(((88, 158, 88), (70, 148, 104), (120, 164, 76)))
    fog = air.far(mix(hue, (232, 248, 206), 0.75), 0.25 if air.name == "day" else 0.55)
    deep = air.lit(dim(hue, 0.55))
    bright = mix(fog, WHITE, 0.12 if air.night else 0.3)
    canvas.gradient(0, ground + 2, *((fog,) if canvas.flat else (mix(fog, deep, 0.4), fog, bright)))
    glow = air.lit((255, 255, 220)) if not air.sunset else (255, 190, 110)
    gap = canvas.between(0.2, 0.8) * canvas.width
    if not canvas.flat:
        canvas.glow(
            gap, ground * 0.55, unit * 0.75, mix(glow, WHITE, 0.3) if not air.night else (120, 160, 230), 0.8
        )
    spruces, hang = canvas.chance(0.4), canvas.between(0.55, 1.15)
    for layer, distance in enumerate((0.72, 0.45, 0.15)):
        tone = mix(deep, fog, distance)
        foot = ground + (layer - 1) * 0.035 * height
        edge = canvas.wave(foot, 0.012 * unit, 1.2)
        if spruces and layer < 2:
            _spruces(canvas, foot, layer, tone)
        else:
            _trunks(canvas, air, foot, layer, distance, fog)
        top, bottom = mix(air.lit(mix(hue, (214, 220, 110), 0.3)), fog, distance), air.lit(dim(hue, 0.6))
        canvas.ground(edge, top, bottom, 0.0 if layer == 2 else foot + 0.07 * height)
        if layer or not spruces:
            _canopy(canvas, layer, hang, tone, mix(air.lit(dim(hue, 0.95)), fog, distance))
    if canvas.chance(0.45):
        _trail(canvas, ground + 0.035 * height, air.lit((206, 176, 128)))
    _shafts(canvas, air, ground)
    _undergrowth(canvas, air, ground, hue)


def _spruces(canvas: Canvas, foot: float, layer: int, tone: Colour) -> None:
    step = canvas.unit * (0.16, 0.26)[layer]
    x = canvas.between(-0.5, 0.5) * step
    while x < canvas.width + step:
        tall = foot * canvas.between(0.55, 0.85) * (0.85 + 0.15 * layer)
        conifer(canvas, x, foot + 0.02 * canvas.unit, min(tall, canvas.unit * 1.2), tone, dim(tone, 0.85))
        x += step * canvas.between(0.7, 1.3)


def _trunks(canvas: Canvas, air: Air, foot: float, layer: int, distance: float, fog: Colour) -> None:
    """Far trunks everywhere, the nearest ones only at the sides."""
    unit, width = canvas.unit, canvas.width
    bark = mix(air.lit((104, 78, 64)), fog, distance)
    half = unit * (0.012, 0.022, 0.05)[layer]
    if layer < 2:
        step = unit * (0.13, 0.24)[layer]
        amount = max(3, round(width / step))
        places = [(number + canvas.between(0.1, 0.9)) * width / amount for number in range(amount)]
    else:
        places = [canvas.between(0.03, 0.14) * width, canvas.between(0.86, 0.97) * width]
        if width > 1.3 * canvas.height:
            places += [canvas.between(0.22, 0.28) * width, canvas.between(0.72, 0.78) * width]
    for x in places:
        lean = canvas.between(-1, 1) * half
        low, size = foot + half * canvas.between(0.5, 2.0), half * canvas.between(0.8, 1.2)
        outline = [
            (x - size * 1.7, low),
            (x - size, low - size * 3),
            (x - size * 0.85 + lean, 0),
            (x + size * 0.85 + lean, 0),
            (x + size, low - size * 3),
            (x + size * 1.7, low),
        ]
        canvas.polygon(outline, bark)
        if layer == 2:
            edge = mix(bark, air.lit((232, 196, 140)), 0.35)
            canvas.polygon(
                [
                    (x - size, low - size * 3),
                    (x - size * 0.85 + lean, 0),
                    (x - size * 0.3 + lean, 0),
                    (x - size * 0.5, low - size * 3),
                ],
                edge,
            )


def _canopy(canvas: Canvas, layer: int, hang: float, dark: Colour, light: Colour) -> None:
    """Leaves that hang in from above, lower at the sides."""
    unit, width = canvas.unit, canvas.width
    size = unit * (0.1, 0.12, 0.15)[layer]
    for tone, lift in ((dark, 0.0), (light, -0.55)):
        x = -size
        while x < width + size:
            sides = (abs(x / width - 0.5) * 2) ** 2
            depth = canvas.height * (0.2 - 0.07 * layer) + sides * canvas.height * 0.1
            y = depth * hang * canvas.between(0.55, 1.0) + lift * size
            canvas.rect(x - size * 0.7, 0, x + size * 0.7, max(0.0, y), tone)
            canvas.bunch(x, y, size, size * 0.75, 5, tone)
            x += size * canvas.between(1.2, 1.6)


def _shafts(canvas: Canvas, air: Air, ground: float) -> None:
    """Slanting light between the trunks, gone before it reaches the ground."""
    if canvas.flat or canvas.detail < 0.5:
        return
    beam: Colour = {"day": (255, 255, 214), "night": (150, 186, 255), "sunset": (255, 210, 130)}[air.name]
    lean = canvas.rng.choice((-1, 1)) * canvas.between(0.15, 0.4) * canvas.unit
    low, shapes = ground + 0.12 * canvas.height, []
    for _ in range(canvas.rng.randint(2, 4)):
        x, half = canvas.between(0.05, 0.95) * canvas.width, canvas.unit * canvas.between(0.03, 0.06)
        shapes.append([(x - half, 0.0), (x + half, 0.0), (x + lean + half * 2, low), (x + lean - half, low)])
    canvas.beams(shapes, low, beam, 0.3 if air.night else 0.5)


def _trail(canvas: Canvas, foot: float, fill: Colour) -> None:
    """A trodden path from between the trunks towards the viewer."""
    x, bend = canvas.between(0.35, 0.65) * canvas.width, canvas.between(-0.2, 0.2) * canvas.width
    left, right = [], []
    for step in range(13):
        at = step / 12
        half, y = canvas.unit * (0.02 + 0.16 * at**1.5), foot + 0.02 * canvas.unit + (canvas.height - foot) * at
        middle = x + bend * math.sin(math.pi * at)
        left.append((middle - half, y))
        right.append((middle + half, y))
    canvas.polygon([*left, *reversed(right)], fill, 0.55)


def _undergrowth(canvas: Canvas, air: Air, ground: float, hue: Colour) -> None:
    unit, height = canvas.unit, canvas.height
    green = air.lit(mix(hue, (120, 190, 80), 0.4))
    for _ in range(canvas.count(2, 4)):
        y = canvas.between(ground + 0.12 * unit, height)
        fern(canvas, canvas.aside(), y, unit * canvas.between(0.09, 0.14), green)
    for side in (0.02, 0.98):
        x, size = (side + canvas.between(-0.03, 0.03)) * canvas.width, unit * canvas.between(0.17, 0.26)
        fern(canvas, x, height * canvas.between(0.97, 1.03), size, dim(green, 0.82))
    if air.night:
        for _ in range(canvas.count(3, 8)):
            x, y = canvas.between(0.04, 0.96) * canvas.width, canvas.between(0.45, 0.95) * height
            canvas.glow(x, y, unit * 0.04, (214, 255, 130), 0.8)
            canvas.disc(x, y, unit * 0.008, (246, 255, 190))
    elif canvas.chance(0.5):
        for _ in range(canvas.count(1, 4)):
            _mushroom(canvas, air, canvas.aside(), canvas.between(ground + 0.15 * unit, height * 0.97))


def _mushroom(canvas: Canvas, air: Air, x: float, y: float) -> None:
    size = canvas.unit * canvas.between(0.025, 0.04)
    canvas.rect(x - size * 0.3, y - size, x + size * 0.3, y, air.lit((244, 232, 214)))
    cap = [
        (x + size * math.cos(a), y - size * 0.8 + size * math.sin(a))
        for a in (math.pi + math.pi * i / 10 for i in range(11))
    ]
    canvas.polygon(cap, air.lit((224, 86, 74)))
    canvas.disc(x, y - size * 1.3, size * 0.2, air.lit(WHITE))
