"""Arms, hands, legs, neck and shoes: everything of the body that is not clothes or head."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from pipeline.miniature.artist.brush import Brush, Point, Shade, curve, ellipse, limb
from pipeline.miniature.artist.colours import Colour, darker
from pipeline.miniature.artist.look import Look
from pipeline.miniature.artist.scene import Scene

SHOULDER_Y = 1.24
FOOT_Y = 3.30
"""Where the soles are, in heads below the crown."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm: shoulder, elbow and wrist in head units, and whether its hand is open beside the head."""

    side: int
    joints: tuple[Point, Point, Point]
    raised: bool


def arms_of(scene: Scene, look: Look) -> tuple[Arm, Arm]:
    """Where both arms are in the scene's pose."""
    return _arm(scene, look, -1), _arm(scene, look, 1)


def _arm(scene: Scene, look: Look, side: int) -> Arm:
    s, swing = look.shoulder - 0.03, look.arm_swing
    if scene.pose == "arms up":
        elbow, wrist, raised = (s + 0.40, 1.02), (s + 0.42 + 0.10 * swing, 0.50), True
    elif scene.pose == "waving" and side == look.side:
        elbow, wrist, raised = (s + 0.36, 1.44), (s + 0.46 + 0.08 * swing, 0.98), True
    else:
        elbow, wrist, raised = (s + 0.10 + 0.05 * swing, 1.60), (s + 0.08 + 0.12 * swing, 1.97), False
    return Arm(side, ((side * s, SHOULDER_Y), (side * elbow[0], elbow[1]), (side * wrist[0], wrist[1])), raised)


def paint_hand(brush: Brush, look: Look, arm: Arm) -> None:
    """Paint a hand at the end of an arm: an open palm when raised, else a relaxed mitten."""
    (_, _), (ex, ey), (wx, wy) = arm.joints
    dx, dy = wx - ex, wy - ey
    length = (dx * dx + dy * dy) ** 0.5
    dx, dy = dx / length, dy / length
    line = darker(look.skin, 0.5)
    if not arm.raised:
        brush.fill(ellipse(wx + dx * 0.07, wy + dy * 0.07, 0.068, 0.085), look.skin, line=line)
        return
    px, py = wx + dx * 0.10, wy + dy * 0.10
    for spread in (-0.065, -0.022, 0.022, 0.065):
        base = (px - dy * spread, py + dx * spread)
        tip = (px + dx * 0.15 - dy * spread * 1.9, py + dy * 0.15 + dx * spread * 1.9)
        brush.fill(
            limb([base, ((base[0] + tip[0]) / 2, (base[1] + tip[1]) / 2), tip], (0.052, 0.048)),
            look.skin,
            line=line,
            width=0.7,
        )
    inward = -arm.side
    thumb = [(px + inward * 0.05, py + 0.04), (px + inward * 0.11, py - 0.01), (px + inward * 0.13, py - 0.05)]
    brush.fill(limb(thumb, (0.055, 0.045)), look.skin, line=line, width=0.7)
    brush.fill(ellipse(px, py, 0.092, 0.088), look.skin)


def paint_neck(brush: Brush, look: Look) -> None:
    """Paint the neck with the shadow of the chin."""
    wide = 0.135 if look.boy else 0.11
    neck = [
        (-wide, 0.85),
        (wide, 0.85),
        (wide + 0.02, 1.16),
        (0.24, 1.22),
        (0.0, 1.34),
        (-0.24, 1.22),
        (-wide - 0.02, 1.16),
    ]
    shadow = Shade([(-0.3, 0.8), (0.3, 0.8), (0.3, 1.04), (0.0, 1.12), (-0.3, 1.04)], darker(look.skin, 0.2))
    brush.fill(neck, look.skin, shades=(shadow,), line=darker(look.skin, 0.5))


def paint_legs(brush: Brush, look: Look, rng: Random) -> None:
    """Paint two separate legs with socks and shoes, or trousers."""
    gap = look.leg_gap
    shoe = rng.choice((look.bottom, darker(look.trim, 0.25), (70, 48, 40), (60, 60, 70), look.white))
    sock: Colour | None = rng.choice((look.white, (58, 56, 70), None))
    for side in (-1, 1):
        x = side * gap
        if look.trousers:
            leg = limb([(side * 0.17, 1.94), (x, 2.55), (x * 1.05, 3.18)], (0.29, 0.225, 0.19))
            fold = Shade(
                [(x - 0.02 * side, 1.9), (x - 0.2 * side, 1.9), (x - 0.2 * side, 3.3), (x - 0.03 * side, 3.3)],
                darker(look.bottom, 0.25),
            )
            brush.fill(leg, look.bottom, shades=(fold,), line=darker(look.bottom, 0.55))
            _paint_shoe(brush, side, x * 1.08, shoe)
            continue
        leg = limb([(side * 0.16, 1.95), (x, 2.55), (x * 1.02, 3.2)], (0.24, 0.185, 0.145))
        shadow = Shade([(-0.5, 2.2), (0.5, 2.2), (0.5, 2.52), (-0.5, 2.52)], darker(look.skin, 0.2))
        brush.fill(leg, look.skin, shades=(shadow,), line=darker(look.skin, 0.5))
        if sock:
            stocking = limb([(x * 1.0, 2.66), (x * 1.01, 2.9), (x * 1.02, 3.2)], (0.19, 0.165, 0.15))
            brush.fill(stocking, sock, line=darker(sock, 0.45))
        _paint_shoe(brush, side, x * 1.04, shoe)


def _paint_shoe(brush: Brush, side: int, x: float, colour: Colour) -> None:
    shape = [
        (x - 0.085, 3.13),
        (x + 0.085, 3.13),
        (x + 0.105 + 0.03 * side, 3.24),
        (x + 0.10 + 0.04 * side, FOOT_Y),
    ]
    shape += [(x - 0.10 + 0.04 * side, FOOT_Y), (x - 0.105 + 0.03 * side, 3.24)]
    sole = Shade([(x - 0.3, 3.262), (x + 0.3, 3.262), (x + 0.3, 3.4), (x - 0.3, 3.4)], darker(colour, 0.4))
    brush.fill(curve(shape, steps=3), colour, shades=(sole,), line=darker(colour, 0.6))
