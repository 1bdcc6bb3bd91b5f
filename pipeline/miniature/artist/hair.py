"""Hair: what hangs behind the body, and the cap with bangs over the face."""

from __future__ import annotations

import math
from random import Random

from pipeline.miniature.artist.brush import Brush, Point, Shade, curve, ellipse, limb, mirror
from pipeline.miniature.artist.colours import Colour, darker, lighter, mix
from pipeline.miniature.artist.look import Look
from pipeline.miniature.artist.scene import Scene


def tones(look: Look) -> tuple[Colour, Colour, Colour, Colour]:
    """Base, shadow, highlight and line of the hair."""
    base = look.hair
    dark = sum(base) < 240
    shadow = darker(base, 0.30 if dark else 0.20)
    shine = mix(base, (188, 196, 236), 0.38) if dark else lighter(base, 0.42)
    return base, shadow, shine, darker(base, 0.55)


def paint_back_hair(brush: Brush, scene: Scene, look: Look, rng: Random) -> None:
    """Paint what is behind neck and body."""
    base, shadow, _, line = tones(look)
    v = look.hair_volume
    hat = scene.headwear in {"beanie", "witch hat"}
    behind = mix(base, shadow, 0.6)
    if scene.hair_style == "long hair":
        foot = rng.uniform(1.95, 2.25)
        half = [
            (0.0, -0.05),
            (0.40 * v, 0.02),
            (0.56 * v, 0.42),
            (0.60 * v, 1.0),
            (0.66 * v, 1.5),
            (0.60 * v, foot),
        ]
        tips = [(0.42, foot - 0.16), (0.26, foot + 0.05), (0.0, foot - 0.12)]
        outline = curve([*half, *tips, *mirror([*half, *tips][-2:0:-1])], steps=4)
        inner = [(-0.36, 0.8), (0.36, 0.8), (0.40, foot + 0.1), (-0.40, foot + 0.1)]
        brush.fill(outline, base, shades=(Shade(inner, behind),), line=line)
        if look.detail > 0.5:
            for x in (-0.52, 0.52):
                brush.stroke([(x * v, 0.9), (x * 1.08, 1.4), (x, foot - 0.15)], shadow, 0.02)
    elif scene.hair_style == "bob cut":
        half = [
            (0.0, -0.05),
            (0.42 * v, 0.02),
            (0.57 * v, 0.40),
            (0.61 * v, 0.80),
            (0.53 * v, 1.07),
            (0.30, 1.10),
        ]
        brush.fill(curve([*half, (0.0, 1.10), *mirror(half[:0:-1])], steps=4), behind, line=line)
    elif scene.hair_style == "short hair":
        # Spikes at the nape, so that it is not taken for a bob.
        half = [
            (0.0, -0.05),
            (0.42 * v, 0.02),
            (0.53 * v, 0.40),
            (0.60 * v, 0.66),
            (0.51 * v, 0.68),
            (0.54 * v, 0.86),
        ]
        half += [(0.43, 0.83), (0.40, 0.99), (0.28, 0.93), (0.20, 1.03)]
        brush.fill([*half, (0.0, 0.98), *mirror(half[:0:-1])], behind, line=line)
    else:
        half = [(0.0, -0.05), (0.42 * v, 0.02), (0.52 * v, 0.40), (0.50 * v, 0.74), (0.30, 0.92)]
        brush.fill(curve([*half, (0.0, 0.95), *mirror(half[:0:-1])], steps=4), behind, line=line)
    if scene.hair_style == "twintails":
        for side in (-1, 1):
            _paint_tail(brush, look, rng, side, top=0.36 if hat else 0.16, foot=rng.uniform(1.55, 1.85))
    elif scene.hair_style == "ponytail":
        _paint_tail(
            brush, look, rng, look.side, top=0.34 if hat else 0.02, foot=rng.uniform(1.35, 1.7), pony=True
        )
    elif scene.hair_style == "double bun":
        for side in (-1, 1):
            x, y = (0.60, 0.36) if hat else (0.46, 0.02)
            _paint_bun(brush, look, side * x, y)


def _paint_tail(
    brush: Brush, look: Look, rng: Random, side: int, *, top: float, foot: float, pony: bool = False
) -> None:
    base, shadow, shine, line = tones(look)
    start = 0.44 if top < 0.3 else 0.50
    out = rng.uniform(0.86, 1.0) if not pony else rng.uniform(0.84, 0.96)
    joints = [(side * start, top), (side * (out - 0.12), top + 0.02), (side * out, top + 0.52)]
    joints += [(side * (out + rng.uniform(-0.08, 0.06)), foot - 0.42), (side * (out - 0.10), foot)]
    body = limb(joints, (0.16, 0.30, 0.40, 0.36, 0.02) if pony else (0.14, 0.28, 0.34, 0.30, 0.02))
    dark = [(x - side * 0.10, y + 0.05) for x, y in limb(joints, (0.05, 0.12, 0.20, 0.18, 0.01))]
    glow = ellipse(side * (out + 0.03), top + 0.40, 0.24, 0.055, side * 0.35)
    brush.fill(body, base, shades=(Shade(dark, shadow), Shade(glow, mix(base, shine, 0.55))), line=line)
    brush.fill(
        ellipse(side * (start + 0.04), top, 0.065, 0.10, side * -0.25), look.trim, line=darker(look.trim, 0.5)
    )


def _paint_bun(brush: Brush, look: Look, x: float, y: float) -> None:
    base, shadow, shine, line = tones(look)
    shade = Shade(ellipse(x, y + 0.14, 0.24, 0.12), shadow)
    glow = Shade(ellipse(x - 0.03, y - 0.10, 0.10, 0.04), shine)
    brush.fill(ellipse(x, y, 0.21, 0.20), base, shades=(shade, glow), line=line)
    if brush.shading and look.detail > 0.3:
        swirl = [(x + 0.12 * math.cos(a), y + 0.11 * math.sin(a)) for a in (0.2, 1.2, 2.2, 3.2)]
        brush.stroke(curve(swirl, closed=False, steps=4), shadow, 0.018)


def paint_front_hair(brush: Brush, scene: Scene, look: Look, rng: Random) -> None:
    """Paint the cap of hair with bangs and side locks over the face."""
    base, shadow, shine, line = tones(look)
    bob = scene.hair_style == "bob cut"
    short = scene.hair_style == "short hair"
    lock = 1.06 if bob else 0.74 if short else look.lock_length
    v = look.hair_volume
    inner = 0.37 if bob else 0.40
    right = [(0.30, -0.055), (0.46 * v, 0.10), (0.545 * v, 0.40), (0.56 * v, 0.66)]
    right += [(0.545 * v, lock - 0.06), (0.47, lock), (inner + 0.02, lock - 0.14), (inner, 0.62)]
    if short:
        # The crown stands up in tufts.
        right = [(0.13, -0.16), (0.16, -0.07), (0.36, -0.10), (0.37, 0.02), (0.56 * v, 0.05), (0.50 * v, 0.20)]
        right += [
            (0.62 * v, 0.34),
            (0.54 * v, 0.42),
            (0.56 * v, 0.56),
            (0.50, lock),
            (inner + 0.02, lock - 0.12),
            (inner, 0.62),
        ]
    bangs = _bangs(look, rng)
    outline = [(0.0, -0.085), *right]
    smooth = [*mirror(outline[:0:-1]), *outline]
    if not short:
        smooth = curve(smooth, closed=False, steps=4)
    shape = [*smooth, *bangs]
    roots = [_below(point, 0.045) for point in bangs]
    under = Shade([(0.5, 0.9), *roots, (-0.5, 0.9), (-0.3, 1.2), (0.3, 1.2)], shadow)
    sides = [
        Shade([(side * 0.66, 0.2), (side * 0.50, 0.3), (side * 0.47, 1.2), (side * 0.66, 1.2)], shadow)
        for side in ((look.side,) if look.detail > 0.2 else ())
    ]
    brush.fill(shape, base, shades=(under, *sides, *_ring(shine, look, rng)), line=line)
    if brush.shading and look.detail > 0.3:
        for point in bangs[2:-2]:
            if point[1] < 0.36:  # a valley between two strands
                end = (point[0] * 0.75, point[1] - 0.20)
                brush.stroke([point, end], shadow if look.detail < 0.7 else mix(shadow, line, 0.4), 0.016)
    if short and scene.headwear not in {"beanie", "witch hat"} and look.side > 0:
        # One hair that will not lie down.
        tuft = [(-0.04, -0.07), (0.02, -0.17), (0.15, -0.20), (0.09, -0.14), (0.06, -0.07)]
        brush.fill(curve(tuft, steps=3), base, line=line, width=0.8)


def _below(point: Point, by: float) -> Point:
    return point[0], point[1] - by


def _bangs(look: Look, rng: Random) -> list[Point]:
    """The lower edge of the bangs from the right temple to the left: tips with valleys between."""
    count = look.bang_tips
    out: list[Point] = [(0.40, 0.62), (0.395, 0.44)]
    span = 0.76
    for index in range(count):
        right = 0.38 - span * index / count
        middle = right - span / count * 0.5 + look.bang_sweep * 0.6
        low = look.bang_length + rng.uniform(-0.05, 0.05)
        high = rng.uniform(0.25, 0.31)
        out.extend(((right - 0.02, high + 0.06), (middle + 0.03, low - 0.05), (middle, low)))
        if index < count - 1:
            out.extend(((right - span / count + 0.06, low - 0.10), (right - span / count + 0.015, high)))
    out.extend([(-0.395, 0.44), (-0.40, 0.62)])
    return out


def _ring(shine: Colour, look: Look, rng: Random) -> list[Shade]:
    """The band of light around the head, broken into a zigzag."""
    if look.detail < 0.2:
        return []
    top, out = rng.uniform(0.08, 0.13), []
    for low, high in ((-0.40, -0.09), (-0.03, 0.38)):
        count = 5
        upper: list[Point] = []
        lower: list[Point] = []
        for step in range(count + 1):
            x = low + (high - low) * step / count
            sag = 0.10 * (x / 0.42) ** 2
            upper.append((x, top + sag + (0.02 if step % 2 else 0.0)))
            lower.append((x, top + sag + (0.085 if step % 2 else 0.05)))
        out.append(Shade([*upper, *lower[::-1]], shine))
    return out
