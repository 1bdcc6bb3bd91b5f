"""Clothes: the five garments, skirts, sleeves and collars."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pipeline.miniature.artist.body import Arm, arms_of, paint_hand, paint_legs, paint_neck
from pipeline.miniature.artist.brush import Brush, Point, Shade, curve, ellipse, limb, mirror
from pipeline.miniature.artist.colours import Colour, darker, lighter, mix
from pipeline.miniature.artist.look import Look
from pipeline.miniature.artist.scene import Scene

Tones = tuple[Colour, Colour, Colour]


def _tones(colour: Colour) -> Tones:
    """Shadow, light and line of a cloth."""
    dark = sum(colour) < 260
    return darker(colour, 0.28 if dark else 0.20), lighter(colour, 0.20 if dark else 0.35), darker(colour, 0.55)


def paint_body(brush: Brush, scene: Scene, look: Look, rng: Random) -> None:
    """Paint everything from the neck down, in the order in which it overlaps."""
    if scene.framing in {"cowboy shot", "full body"}:
        paint_legs(brush, look, rng)
    if scene.garment == "hoodie":
        _paint_hood(brush, look)
    arms = arms_of(scene, look)
    for arm in arms:
        if not arm.raised:
            _paint_arm(brush, scene, look, arm)
    paint_neck(brush, look)
    if not look.trousers or scene.garment == "dress":
        _paint_skirt(brush, scene, look)
    else:
        _paint_hips(brush, look)
    _paint_torso(brush, scene, look)
    for arm in arms:
        if arm.raised:
            _paint_arm(brush, scene, look, arm)
    _COLLARS[scene.garment](brush, look, rng)


def _torso(look: Look, *, low: float, loose: float) -> list[Point]:
    s = look.shoulder
    half = [
        (0.13, 1.10),
        (0.21, 1.145),
        (s - 0.08, 1.185),
        (s + 0.005, 1.235),
        (s + 0.035, 1.33),
        (s - 0.01, 1.48),
    ]
    half += [(0.29 + loose, 1.72), (0.31 + loose, low)]
    side = curve(half, closed=False, steps=3)
    return [*side, *mirror(side[::-1])]


def _paint_torso(brush: Brush, scene: Scene, look: Look) -> None:
    colour = look.garment
    shadow, light, line = _tones(colour)
    dress = scene.garment == "dress"
    loose = 0.0 if dress else 0.05 if scene.garment == "turtleneck" else 0.09
    low = 1.78 if dress else 2.02
    side = look.side
    shape = _torso(look, low=low, loose=loose)
    dim = Shade(
        [(side * 0.16, 1.0), (side * 0.9, 1.0), (side * 0.9, 2.2), (side * 0.12, 2.2), (side * 0.22, 1.6)],
        shadow,
    )
    chin = Shade([(-0.22, 1.0), (0.22, 1.0), (0.17, 1.25), (0.0, 1.30), (-0.17, 1.25)], shadow)
    brush.fill(shape, colour, shades=(dim, chin), line=line)
    if look.detail > 0.3:
        # Folds: under the arms and at the waist.
        for sign in (-1, 1):
            brush.stroke([(sign * (look.shoulder - 0.05), 1.50), (sign * 0.20, 1.58)], shadow, 0.018)
    if scene.garment in {"sweater", "turtleneck", "hoodie"}:
        hem = [
            (-0.32 - loose, low - 0.10),
            (0.32 + loose, low - 0.10),
            (0.30 + loose, low + 0.015),
            (-0.30 - loose, low + 0.015),
        ]
        brush.fill(hem, mix(colour, shadow, 0.5), line=line)
    if scene.garment == "sweater" and look.detail > 0.3:
        _paint_knit(brush, colour, light)
    if dress:
        brush.fill(
            [(-0.315, 1.70), (0.315, 1.70), (0.32, 1.81), (-0.32, 1.81)], darker(colour, 0.38), line=line
        )


def _paint_knit(brush: Brush, colour: Colour, light: Colour) -> None:
    """A band of diamonds across the chest: what a sweater is known by."""
    tone = light if sum(colour) < 640 else darker(colour, 0.16)
    for step in range(-2, 3):
        x, y = step * 0.135, 1.55
        brush.fill([(x, y - 0.075), (x + 0.055, y), (x, y + 0.075), (x - 0.055, y)], tone)


def _paint_hips(brush: Brush, look: Look) -> None:
    shape = [(-0.33, 1.8), (0.33, 1.8), (0.325, 2.12), (0.05, 2.16), (0.0, 2.12), (-0.05, 2.16), (-0.325, 2.12)]
    brush.fill(shape, look.bottom, line=darker(look.bottom, 0.55))


def _paint_skirt(brush: Brush, scene: Scene, look: Look) -> None:
    dress = scene.garment == "dress"
    own = dress or scene.garment == "school uniform"
    colour = look.garment if own else look.bottom
    shadow, _, line = _tones(colour)
    wide, low = (0.60, 2.66) if dress else (0.50, 2.46)
    top = 1.76 if dress else 1.92
    half = [(0.29, top), (0.42, top + 0.28), (wide, low - 0.04), (wide * 0.55, low + 0.05)]
    shape = curve([*half, (0.0, low + 0.07), *mirror(half[::-1])], closed=False, steps=4)
    pleats = []
    for step in range(-2, 3):
        x = step * 0.2
        foot = x * wide / 0.5
        pleats.append(Shade([(x * 0.55, top), (foot - 0.045, low + 0.1), (foot + 0.065, low + 0.1)], shadow))
    brush.fill(shape, colour, shades=pleats if look.detail > 0.2 else pleats[::2], line=line)
    if scene.garment == "school uniform" and look.detail > 0.2:
        brush.stroke(
            curve([(-wide * 0.93, low - 0.12), (0.0, low - 0.02), (wide * 0.93, low - 0.12)], closed=False),
            look.white,
            0.026,
        )


def _paint_arm(brush: Brush, scene: Scene, look: Look, arm: Arm) -> None:
    colour = look.garment
    shadow, _, line = _tones(colour)
    shoulder, elbow, wrist = arm.joints
    if scene.garment == "dress":
        # Bare forearms, puffed sleeves.
        brush.fill(limb([shoulder, elbow, wrist], (0.15, 0.13, 0.11)), look.skin, line=darker(look.skin, 0.5))
        paint_hand(brush, look, arm)
        near = (shoulder[0] + (elbow[0] - shoulder[0]) * 0.5, shoulder[1] + (elbow[1] - shoulder[1]) * 0.5)
        end = (shoulder[0] + (elbow[0] - shoulder[0]) * 0.75, shoulder[1] + (elbow[1] - shoulder[1]) * 0.75)
        brush.fill(
            limb([shoulder, near, end], (0.18, 0.27, 0.20)), colour, shades=_under(arm, shadow), line=line
        )
        return
    paint_hand(brush, look, arm)
    loose = 0.22 if scene.garment in {"sweater", "hoodie"} else 0.18
    brush.fill(
        limb([shoulder, elbow, wrist], (0.21, loose, loose)), colour, shades=_under(arm, shadow), line=line
    )
    if scene.garment in {"sweater", "hoodie", "turtleneck"}:
        dx, dy = wrist[0] - elbow[0], wrist[1] - elbow[1]
        start = (wrist[0] - dx * 0.16, wrist[1] - dy * 0.16)
        end = (wrist[0] + dx * 0.10, wrist[1] + dy * 0.10)
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        brush.fill(
            limb([start, middle, end], (loose, loose * 0.9)), mix(colour, shadow, 0.5), line=line, width=0.8
        )
    elif look.detail > 0.2:
        dx, dy = wrist[0] - elbow[0], wrist[1] - elbow[1]
        spot = (wrist[0] - dx * 0.08, wrist[1] - dy * 0.08)
        brush.stroke(
            [(spot[0] + dy * 0.22, spot[1] - dx * 0.22), (spot[0] - dy * 0.22, spot[1] + dx * 0.22)],
            look.white,
            0.035,
        )


def _under(arm: Arm, shadow: Colour) -> Sequence[Shade]:
    shoulder, elbow, wrist = arm.joints
    shift = -0.075 * arm.side
    inner = [
        (x + shift, y + (0.06 if arm.raised else 0.0))
        for x, y in limb([shoulder, elbow, wrist], (0.10, 0.10, 0.10))
    ]
    return (Shade(inner, shadow),)


def _paint_hood(brush: Brush, look: Look) -> None:
    shadow, _, line = _tones(look.garment)
    half = [(0.0, 0.78), (0.30, 0.84), (0.46, 1.02), (0.42, 1.22), (0.15, 1.30)]
    brush.fill(curve([*half, *mirror(half[:0:-1])], steps=4), mix(look.garment, shadow, 0.7), line=line)


def _collar_sweater(brush: Brush, look: Look, _rng: Random) -> None:
    shadow, _, line = _tones(look.garment)
    ring = [
        (-0.21, 1.09),
        (-0.13, 1.20),
        (0.0, 1.24),
        (0.13, 1.20),
        (0.21, 1.09),
        (0.25, 1.16),
        (0.16, 1.29),
        (0.0, 1.335),
    ]
    brush.fill([*ring, (-0.16, 1.29), (-0.25, 1.16)], mix(look.garment, shadow, 0.45), line=line)


def _collar_turtleneck(brush: Brush, look: Look, _rng: Random) -> None:
    shadow, light, line = _tones(look.garment)
    wide = 0.205 if look.boy else 0.185
    tube = [
        (-wide, 0.955),
        (-wide * 0.5, 1.0),
        (0.0, 1.015),
        (wide * 0.5, 1.0),
        (wide, 0.955),
        (wide + 0.035, 1.17),
    ]
    tube += [(0.10, 1.235), (0.0, 1.245), (-0.10, 1.235), (-wide - 0.035, 1.17)]
    side = look.side
    dim = Shade([(side * 0.05, 0.9), (side * 0.4, 0.9), (side * 0.4, 1.3), (side * 0.08, 1.3)], shadow)
    brush.fill(tube, mix(look.garment, light, 0.25), shades=(dim,), line=line)
    fold = curve([(-wide - 0.01, 1.075), (0.0, 1.13), (wide + 0.01, 1.075)], closed=False)
    brush.stroke(fold, mix(shadow, line, 0.5), 0.022)


def _collar_dress(brush: Brush, look: Look, _rng: Random) -> None:
    line = darker(look.white, 0.35)
    pale = look.white if sum(look.garment) < 640 else mix(look.white, look.trim, 0.45)
    for side in (-1, 1):
        flap = [
            (side * 0.19, 1.09),
            (side * 0.31, 1.17),
            (side * 0.26, 1.31),
            (side * 0.10, 1.345),
            (side * 0.005, 1.25),
        ]
        brush.fill(curve(flap, steps=4), pale, line=line)
    _paint_bow(brush, look, 0.0, 1.30, 0.085)


def _collar_uniform(brush: Brush, look: Look, _rng: Random) -> None:
    cloth = look.white if sum(look.garment) < 640 else _navy(look)
    stripe = look.garment if sum(look.garment) < 640 else look.white
    line = darker(cloth, 0.4)
    for side in (-1, 1):
        flap = [
            (side * 0.17, 1.08),
            (side * 0.37, 1.16),
            (side * 0.40, 1.34),
            (side * 0.02, 1.56),
            (side * 0.005, 1.46),
        ]
        brush.fill(flap, cloth, line=line)
        if look.detail > 0.2:
            brush.stroke([(side * 0.355, 1.20), (side * 0.365, 1.315), (side * 0.06, 1.485)], stripe, 0.022)
    brush.fill([(-0.15, 1.12), (0.15, 1.12), (0.0, 1.42)], look.skin)
    _paint_bow(brush, look, 0.0, 1.52, 0.12)
    tails = [(-0.03, 1.54), (0.03, 1.54), (0.10, 1.76), (0.0, 1.70), (-0.10, 1.76)]
    brush.fill(tails, look.trim, line=darker(look.trim, 0.5))


def _navy(look: Look) -> Colour:
    return mix((54, 66, 124), look.ink, 0.15)


def _collar_hoodie(brush: Brush, look: Look, _rng: Random) -> None:
    shadow, light, line = _tones(look.garment)
    for side in (-1, 1):
        roll = [
            (side * 0.20, 1.04),
            (side * 0.33, 1.10),
            (side * 0.30, 1.24),
            (side * 0.06, 1.40),
            (side * 0.01, 1.33),
            (side * 0.14, 1.20),
        ]
        brush.fill(curve(roll, steps=3), mix(look.garment, shadow, 0.55), line=line)
        cord = look.white if sum(look.garment) < 620 else darker(look.garment, 0.5)
        brush.stroke([(side * 0.085, 1.37), (side * 0.10, 1.62)], cord, 0.030)
    brush.fill(
        [(-0.20, 1.74), (0.20, 1.74), (0.27, 1.90), (-0.27, 1.90)], mix(look.garment, light, 0.25), line=line
    )


def _paint_bow(brush: Brush, look: Look, x: float, y: float, size: float) -> None:
    line = darker(look.trim, 0.5)
    for side in (-1, 1):
        wing = [
            (x, y),
            (x + side * size * 1.2, y - size * 0.75),
            (x + side * size * 1.35, y + size * 0.1),
            (x + side * size * 1.1, y + size * 0.75),
        ]
        brush.fill(curve(wing, steps=3), look.trim, line=line)
    brush.fill(ellipse(x, y, size * 0.32, size * 0.36), darker(look.trim, 0.15), line=line)


_COLLARS = {
    "sweater": _collar_sweater,
    "turtleneck": _collar_turtleneck,
    "dress": _collar_dress,
    "school uniform": _collar_uniform,
    "hoodie": _collar_hoodie,
}
