"""The face: skin, eyes, brows, nose, mouth and blush."""

from __future__ import annotations

from random import Random

from pipeline.miniature.artist.brush import Brush, Point, Shade, curve, ellipse, mirror
from pipeline.miniature.artist.colours import darker, lighter, mix
from pipeline.miniature.artist.look import Look
from pipeline.miniature.artist.scene import Scene

EYE_LINE = 0.61
"""Height of the middle of the eyes, in heads below the crown."""


def face_outline(look: Look) -> list[Point]:
    """The face from temple to temple; narrow chins are rounder, wide ones (`jaw` near 1) squarer."""
    wide = look.jaw
    half = [
        (0.0, 0.03),
        (0.30, 0.10),
        (0.425, 0.34),
        (0.432, 0.58),
        (0.385 + 0.012 * wide, 0.745 + 0.02 * wide),
        (0.235 + 0.05 * wide, 0.905 + 0.02 * wide),
        (0.085 + 0.05 * wide, 0.985),
        (0.0, 1.0),
    ]
    return curve([*half, *mirror(half[-2:0:-1])], steps=4)


def paint_face(brush: Brush, scene: Scene, look: Look, rng: Random) -> None:
    """Paint ears, skin and features; hair comes over it."""
    shadow = darker(look.skin, 0.16)
    line = mix(darker(look.skin, 0.55), (120, 60, 60), 0.3)
    for side in (-1, 1):
        brush.fill(ellipse(side * 0.435, 0.62, 0.06, 0.095, side * 0.15), look.skin, line=line)
    # The hair throws its shadow on the forehead.
    fringe = [(-0.5, 0.0), (0.5, 0.0), (0.5, look.bang_length + 0.03), (0.2, look.bang_length + 0.06)]
    fringe += [(-0.1, look.bang_length + 0.02), (-0.5, look.bang_length + 0.07)]
    cheek = [(look.side * 0.5, 0.5), (look.side * 0.37, 0.7), (look.side * 0.2, 0.93), (look.side * 0.5, 1.05)]
    brush.fill(face_outline(look), look.skin, shades=(Shade(fringe, shadow), Shade(cheek, shadow)), line=line)
    if scene.blush:
        _paint_blush(brush, look)
    elif not look.boy:
        # A breath of colour, far from a blush.
        for side in (-1, 1):
            brush.fill(ellipse(side * 0.27, 0.775, 0.07, 0.035), mix(look.skin, (255, 150, 150), 0.18))
    _paint_eyes(brush, scene, look, rng)
    brush.stroke([(0.0, 0.725), (0.012 * look.side, 0.745)], darker(look.skin, 0.35), 0.018)
    _paint_mouth(brush, scene, look)


def _paint_blush(brush: Brush, look: Look) -> None:
    red = mix(look.skin, (250, 84, 96), 0.62)
    for side in (-1, 1):
        brush.fill(ellipse(side * 0.28, 0.765, 0.115, 0.058), red)
        if look.detail > 0.5:
            for step in (-1, 0, 1):
                x = side * 0.28 + step * 0.06
                brush.stroke([(x + 0.018, 0.735), (x - 0.018, 0.795)], darker(red, 0.2), 0.014)


def _paint_eyes(brush: Brush, scene: Scene, look: Look, rng: Random) -> None:
    for side in (-1, 1):
        x, y = side * look.eye_gap, EYE_LINE
        grow = 1.0
        if look.skew:
            # Badly proportioned: eyes of different size at different heights.
            x += rng.uniform(-0.03, 0.03) * look.skew
            y += rng.uniform(-0.05, 0.05) * look.skew
            grow += rng.uniform(-0.3, 0.15) * look.skew
        if scene.closed_eyes:
            _paint_closed_eye(brush, look, side, x, y)
        else:
            _paint_open_eye(brush, look, side, x, y, grow)
        _paint_brow(brush, scene, look, side, x)


def _paint_open_eye(brush: Brush, look: Look, side: int, x: float, y: float, grow: float) -> None:
    w, h = look.eye_width * grow, look.eye_height * grow
    white = curve(
        [
            (x - side * w, y + 0.15 * h),
            (x - side * 0.75 * w, y - 0.75 * h),
            (x + side * 0.1 * w, y - h),
            (x + side * 0.9 * w, y - 0.55 * h),
            (x + side * w, y + 0.25 * h),
            (x + side * 0.55 * w, y + 0.92 * h),
            (x - side * 0.55 * w, y + 0.92 * h),
        ],
        steps=4,
    )
    brush.fill(white, look.white)
    iris = ellipse(x, y + 0.04 * h, 0.84 * w, 0.96 * h)
    dark = darker(look.eyes, 0.5)
    glow = ellipse(x, y + 0.50 * h, 0.56 * w, 0.42 * h)
    lid = [(x - 2 * w, y - 2 * h), (x + 2 * w, y - 2 * h), (x + 2 * w, y - 0.5 * h), (x - 2 * w, y - 0.5 * h)]
    brush.fill(
        iris,
        look.eyes,
        shades=(Shade(lid, mix(look.eyes, dark, 0.75)), Shade(glow, lighter(look.eyes, 0.42))),
        line=dark,
        width=0.9,
    )
    brush.fill(ellipse(x, y + 0.02 * h, 0.26 * w, 0.38 * h), darker(look.eyes, 0.72))
    brush.fill(ellipse(x - 0.30 * w, y - 0.40 * h, 0.32 * w, 0.28 * h), look.white)
    if look.detail > 0.3:
        brush.fill(ellipse(x + 0.34 * w, y + 0.42 * h, 0.16 * w, 0.14 * h), look.white)
    # The upper lash line, thick, with a wing for girls; the lower only at its outer end.
    thick = 0.036 if look.boy else 0.046
    lash = [
        (x - side * 1.0 * w, y - 0.42 * h),
        (x - side * 0.3 * w, y - 1.02 * h),
        (x + side * 0.5 * w, y - 0.96 * h),
    ]
    lash.append((x + side * 1.08 * w, y - 0.40 * h))
    brush.stroke(curve(lash, closed=False, steps=5), look.ink, thick)
    if not look.boy:
        brush.stroke(
            [(x + side * 1.02 * w, y - 0.45 * h), (x + side * 1.32 * w, y - 0.62 * h)], look.ink, 0.028
        )
    if look.detail > 0.5:
        brush.stroke([(x + side * 0.2 * w, y + 1.04 * h), (x + side * 0.62 * w, y + 0.96 * h)], look.ink, 0.014)


def _paint_closed_eye(brush: Brush, look: Look, side: int, x: float, y: float) -> None:
    w = look.eye_width * 1.12
    arc = curve(
        [(x - w, y + 0.005), (x - 0.5 * w, y + 0.062), (x + 0.5 * w, y + 0.062), (x + w, y + 0.005)],
        closed=False,
    )
    brush.stroke(arc, look.ink, 0.036)
    if not look.boy:
        for far in (0.55, 1.0):
            start = (x + side * far * w, y + (0.055 if far < 1 else 0.01))
            brush.stroke([start, (start[0] + side * 0.05, start[1] + 0.04)], look.ink, 0.020)


def _paint_brow(brush: Brush, scene: Scene, look: Look, side: int, x: float) -> None:
    high = 0.40 if scene.mouth == "open mouth" else 0.415
    slope = 0.012 if scene.mouth == "expressionless" else -0.008
    brow = [(x - side * 0.09, high + 0.012 + slope), (x, high - 0.012), (x + side * 0.10, high + 0.015 - slope)]
    brush.stroke(
        curve(brow, closed=False, steps=4), mix(look.ink, look.hair, 0.35), 0.046 if look.boy else 0.022
    )


def _paint_mouth(brush: Brush, scene: Scene, look: Look) -> None:
    lip = mix(darker(look.skin, 0.6), (130, 30, 40), 0.6)
    if scene.mouth == "smile":
        arc = [(-0.17, 0.815), (-0.095, 0.878), (0.0, 0.897), (0.095, 0.878), (0.17, 0.815)]
        brush.stroke(curve(arc, closed=False, steps=4), lip, 0.034)
    elif scene.mouth == "open mouth":
        shape = [(-0.15, 0.805), (0.0, 0.820), (0.15, 0.805), (0.115, 0.900), (0.0, 0.955), (-0.115, 0.900)]
        tongue = ellipse(0.0, 0.955, 0.10, 0.06)
        inside = mix((150, 36, 52), look.ink, 0.12)
        brush.fill(curve(shape, steps=4), inside, shades=(Shade(tongue, (238, 120, 128)),), line=lip, width=1.1)
    else:
        brush.stroke([(-0.055, 0.868), (0.055, 0.868)], lip, 0.032)
