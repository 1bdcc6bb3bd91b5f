"""A quiet road: small houses with coloured roofs behind a garden wall, and poles with wires."""

from __future__ import annotations

from pipeline.miniature.artist.backgrounds.buildings import WALLS, pane_colour, skyline, street_lamp, wires
from pipeline.miniature.artist.backgrounds.canvas import WHITE, Canvas, Colour, dim, mix
from pipeline.miniature.artist.backgrounds.sky import Air, paint_sky

_ROOFS: tuple[Colour, ...] = ((196, 92, 76), (92, 112, 158), (104, 128, 116), (150, 96, 92), (228, 138, 84))


def paint_suburb(canvas: Canvas, air: Air) -> None:
    """Houses from side to side, the tallest at the sides; a pavement and a road that runs across."""
    width, height, unit = canvas.width, canvas.height, canvas.unit
    ground = canvas.between(0.64, 0.7) * height
    paint_sky(canvas, air, ground, inner=True)
    if canvas.chance(0.6):
        skyline(canvas, air, ground)
    x = -canvas.between(0.02, 0.2) * unit
    while x < width:
        size = unit * canvas.between(0.3, 0.4)
        aside = abs((x + size / 2) / width - 0.5) * 2
        _house(canvas, air, x, ground, size, unit * (0.22 + 0.2 * aside) * canvas.between(0.85, 1.15))
        x += size + unit * canvas.between(0.02, 0.08)
    _road(canvas, air, ground)
    for side in (-1, 1):
        if air.night or canvas.chance(0.5):
            street_lamp(
                canvas, air, width * (0.5 + side * canvas.between(0.28, 0.4)), ground - 0.08 * height, side
            )
    if canvas.chance(0.6):
        wires(canvas, air, ground)


def _house(canvas: Canvas, air: Air, x: float, ground: float, wide: float, tall: float) -> None:
    """Two floors under a gable or a broad roof."""
    unit = canvas.unit
    wall = air.far(canvas.rng.choice(WALLS), 0.06)
    roof = air.far(canvas.rng.choice(_ROOFS), 0.06)
    top, eaves, peak = ground - tall, 0.035 * unit, canvas.between(0.13, 0.2) * unit
    canvas.rect(x, top, x + wide, ground, wall)
    if canvas.chance(0.5):
        canvas.polygon([(x, top), (x + wide / 2, top - peak), (x + wide, top)], dim(wall, 0.92))
        middle, thick = x + wide / 2, 0.045 * unit
        ridge = [
            (x - eaves, top + 0.02 * unit),
            (middle, top - peak - thick),
            (x + wide + eaves, top + 0.02 * unit),
            (x + wide + eaves, top + 0.05 * unit),
            (middle, top - peak),
            (x - eaves, top + 0.05 * unit),
        ]
        canvas.polygon(ridge, roof)
    else:
        slope = [
            (x - eaves, top + 0.02 * unit),
            (x + eaves * 1.6, top - peak * 0.8),
            (x + wide - eaves * 1.6, top - peak * 0.8),
            (x + wide + eaves, top + 0.02 * unit),
        ]
        canvas.polygon(slope, roof)
        canvas.rect(x - eaves, top + 0.005 * unit, x + wide + eaves, top + 0.025 * unit, dim(roof, 0.75))
    for row in range(max(1, round(tall / unit / 0.16))):
        y = top + (0.06 + row * 0.15) * unit
        for part in (0.14, 0.58):
            pane, left = pane_colour(canvas, air), x + part * wide
            frame, edge = mix(wall, WHITE, 0.5), 0.009 * unit
            canvas.rect(left - edge, y - edge, left + wide * 0.28 + edge, y + 0.08 * unit + edge, frame)
            canvas.rect(left, y, left + wide * 0.28, y + 0.08 * unit, pane)


def _road(canvas: Canvas, air: Air, ground: float) -> None:
    """A hedge, a pavement with its kerb and the road."""
    width, height, unit = canvas.width, canvas.height, canvas.unit
    hedge = air.lit(canvas.rng.choice(((88, 158, 92), (120, 168, 84), (76, 148, 110))))
    canvas.rect(0, ground - 0.07 * unit, width, ground, hedge)
    canvas.rect(0, ground - 0.07 * unit, width, ground - 0.045 * unit, mix(hedge, air.low, 0.25))
    stone, asphalt = air.lit((222, 212, 204)), air.lit((136, 140, 156))
    kerb = ground + (height - ground) * canvas.between(0.3, 0.42)
    canvas.gradient(ground, kerb, mix(stone, air.low, 0.15), stone)
    canvas.gradient(kerb, height, asphalt, dim(asphalt, 0.86))
    canvas.rect(0, kerb, width, kerb + 0.022 * unit, dim(stone, 0.75))
    canvas.rect(0, kerb + 0.06 * unit, width, kerb + 0.08 * unit, mix(asphalt, WHITE, 0.6))
    for number in range(round(width / unit * 4) + 1):
        x = (number + 0.5) * 0.25 * unit
        canvas.rect(x, ground, x + 0.007 * unit, kerb, dim(stone, 0.84))
