"""Trees, flowers, grass and ferns."""

from __future__ import annotations

import math

from pipeline.miniature.artist.backgrounds.canvas import Canvas, Colour, Point, dim, mix
from pipeline.miniature.artist.backgrounds.sky import Air


def leaf(canvas: Canvas, start: Point, end: Point, width: float, fill: Colour, sag: float = 0.0) -> None:
    """A leaf from start to end, at most ``width`` wide, hanging through by ``sag``."""
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    across, down = -(y1 - y0) / length * width / 2, (x1 - x0) / length * width / 2
    upper, lower = [], []
    for step in range(9):
        at = step / 8
        bulge = math.sin(math.pi * at**0.8)
        x, y = x0 + (x1 - x0) * at, y0 + (y1 - y0) * at + sag * at * at
        upper.append((x + across * bulge, y + down * bulge))
        lower.append((x - across * bulge, y - down * bulge))
    canvas.polygon([*upper, *reversed(lower)], fill)


def broadleaf(
    canvas: Canvas, air: Air, x: float, base: float, height: float, green: Colour, haze: float = 0.0
) -> None:
    """A round tree that stands at (x, base)."""
    trunk = air.far((112, 80, 62), haze)
    half = height * 0.045
    canvas.polygon(
        [
            (x - half * 1.9, base),
            (x - half, base - height * 0.15),
            (x - half * 0.8, base - height * 0.55),
            (x + half * 0.8, base - height * 0.55),
            (x + half, base - height * 0.15),
            (x + half * 1.9, base),
        ],
        trunk,
    )
    tones = (dim(green, 0.72), green, mix(green, (250, 246, 150), 0.3))
    crown, wide = base - height * 0.66, height * canvas.between(0.32, 0.4)
    for number, tone in enumerate(tones):
        shift, size = number * 0.07 * height, 1 - number * 0.22
        canvas.bunch(x - shift * 0.7, crown - shift, wide * size, height * 0.32 * size, 7, air.far(tone, haze))


def conifer(canvas: Canvas, x: float, base: float, height: float, fill: Colour, trunk: Colour) -> None:
    """A spruce of three tiers; a silhouette when trunk and fill are alike."""
    wide = height * 0.24
    canvas.rect(x - height * 0.025, base - height * 0.2, x + height * 0.025, base, trunk)
    for tier in range(3):
        foot = base - height * (0.13 + tier * 0.25)
        half = wide * (1 - tier * 0.25)
        tone = mix(fill, dim(fill, 1.22), tier / 2)
        canvas.polygon([(x - half, foot), (x, foot - height * 0.4), (x + half, foot)], tone)


def tuft(canvas: Canvas, x: float, y: float, size: float, fill: Colour) -> None:
    """Three or five blades of grass that grow from (x, y)."""
    for blade in (-1, 0, 1):
        lean = blade * size * 0.5 + canvas.between(-0.1, 0.1) * size
        tall = size * (1.0 if blade == 0 else 0.75)
        canvas.polygon([(x - size * 0.22, y), (x + lean, y - tall), (x + size * 0.22, y)], fill)


def flower(canvas: Canvas, x: float, y: float, size: float, petal: Colour, heart: Colour) -> None:
    """Five petals around a heart, ``size`` pixels across."""
    radius = size * 0.27
    for number in range(5):
        angle = number * math.tau / 5 - math.pi / 2
        canvas.disc(x + math.cos(angle) * radius, y + math.sin(angle) * radius, radius, petal)
    canvas.disc(x, y, radius * 0.7, heart)


def fern(canvas: Canvas, x: float, y: float, size: float, fill: Colour) -> None:
    """Arching fronds from one foot."""
    for number, lean in enumerate((-1.0, -0.55, -0.1, 0.4, 0.9)):
        tip = (x + lean * size, y - size * (1.0 - 0.42 * abs(lean)))
        tone = fill if number % 2 else dim(fill, 0.86)
        leaf(canvas, (x, y), tip, size * 0.24, tone, sag=size * 0.3 * abs(lean))


def palm(canvas: Canvas, air: Air, x: float, base: float, height: float, lean: float) -> None:
    """A palm that stands at (x, base) and leans by ``lean`` pixels at the top."""
    bark, half = air.lit((158, 116, 82)), height * 0.032
    left, right = [], []
    for step in range(9):
        at = step / 8
        middle, y, width = x + lean * at**1.8, base - height * at, half * (1.5 - 0.8 * at)
        left.append((middle - width, y))
        right.append((middle + width, y))
    canvas.polygon([*left, *reversed(right)], bark)
    top = (x + lean, base - height)
    green = air.lit((58, 152, 92))
    span = height * 0.46
    for number, angle in enumerate((-3.1, 0.0, -2.65, -0.5, -2.2, -0.95, -1.65)):
        tip = (top[0] + math.cos(angle) * span, top[1] + math.sin(angle) * span * 0.78)
        leaf(canvas, top, tip, span * 0.2, dim(green, 0.78 + 0.07 * number), sag=span * 0.46)
    for dx in (-0.5, 0.5):
        canvas.disc(top[0] + dx * half * 2, top[1] + half, half * 1.1, air.lit((120, 78, 52)))
