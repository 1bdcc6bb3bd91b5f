"""What is worn on the head: beanie, witch hat, cat ears, hair bow."""

from __future__ import annotations

from random import Random

from pipeline.miniature.artist.brush import Brush, Shade, curve, ellipse, limb
from pipeline.miniature.artist.colours import darker, lighter, lit, mix
from pipeline.miniature.artist.hair import tones
from pipeline.miniature.artist.look import Look
from pipeline.miniature.artist.scene import Scene


def paint_headwear(brush: Brush, scene: Scene, look: Look, rng: Random) -> None:
    """Paint the scene's head wear over the hair, if there is any."""
    if scene.headwear == "beanie":
        _paint_beanie(brush, look, rng)
    elif scene.headwear == "witch hat":
        _paint_witch_hat(brush, scene, look, rng)
    elif scene.headwear == "cat ears":
        _paint_cat_ears(brush, look)
    elif scene.headwear == "hair bow":
        _paint_hair_bow(brush, look)


def _paint_beanie(brush: Brush, look: Look, rng: Random) -> None:
    colour, shadow, line = look.hat, darker(look.hat, 0.22), darker(look.hat, 0.55)
    top = rng.uniform(-0.27, -0.20)
    if rng.random() < 0.6:
        brush.fill(ellipse(0.0, top - 0.06, 0.13, 0.115), lighter(colour, 0.45), line=line)
    dome = curve(
        [
            (-0.54, 0.20),
            (-0.50, -0.06),
            (-0.28, top + 0.03),
            (0.0, top - 0.01),
            (0.28, top + 0.03),
            (0.50, -0.06),
            (0.54, 0.20),
            (0.0, 0.27),
        ],
        steps=4,
    )
    side = look.side
    dim = Shade([(side * 0.22, -0.6), (side * 0.8, -0.6), (side * 0.8, 0.4), (side * 0.34, 0.4)], shadow)
    ribs = (
        []
        if look.detail < 0.3
        else [
            Shade([(x - 0.018, 0.3), (x * 0.4 - 0.01, top), (x * 0.4 + 0.01, top), (x + 0.018, 0.3)], shadow)
            for x in (-0.34, -0.12, 0.12, 0.34)
        ]
    )
    brush.fill(dome, colour, shades=(dim, *ribs), line=line)
    cuff = curve(
        [
            (-0.585, 0.14),
            (-0.3, 0.10),
            (0.0, 0.085),
            (0.3, 0.10),
            (0.585, 0.14),
            (0.575, 0.30),
            (0.3, 0.275),
            (0.0, 0.265),
            (-0.3, 0.275),
            (-0.575, 0.30),
        ],
        steps=3,
    )
    brush.fill(
        cuff,
        mix(colour, lighter(colour, 0.5), 0.45),
        shades=(Shade([(side * 0.3, 0), (side, 0), (side, 1), (side * 0.36, 1)], colour),),
        line=line,
    )


def _paint_witch_hat(brush: Brush, scene: Scene, look: Look, rng: Random) -> None:
    colour = lit(rng.choice(((62, 50, 86), (52, 48, 62), (74, 46, 96))), scene.light)
    shadow, light, line = darker(colour, 0.3), lighter(colour, 0.16), darker(colour, 0.6)
    bend = look.side * rng.uniform(0.10, 0.28)
    cone = curve(
        [
            (-0.42, 0.10),
            (-0.30, -0.22),
            (-0.12 + bend * 0.3, -0.52),
            (bend, -0.74),
            (0.12 + bend * 0.5, -0.46),
            (0.30, -0.20),
            (0.42, 0.10),
        ],
        steps=4,
    )
    side = look.side
    dim = Shade([(side * 0.08, -1.0), (side * 0.8, -1.0), (side * 0.8, 0.3), (side * 0.16, 0.3)], shadow)
    brush.fill(cone, light, shades=(dim,), line=line)
    band = [(-0.415, 0.10), (-0.375, -0.06), (0.0, -0.02), (0.375, -0.06), (0.415, 0.10), (0.0, 0.16)]
    brush.fill(band, look.trim, line=darker(look.trim, 0.5))
    brim = curve(
        [
            (-0.86, 0.16),
            (-0.45, 0.07),
            (0.0, 0.11),
            (0.45, 0.07),
            (0.86, 0.16),
            (0.50, 0.27),
            (0.0, 0.31),
            (-0.50, 0.27),
        ],
        steps=4,
    )
    under = Shade([(-1.0, 0.235), (0.0, 0.27), (1.0, 0.235), (1.0, 0.5), (-1.0, 0.5)], shadow)
    brush.fill(brim, colour, shades=(under,), line=line)


def _paint_cat_ears(brush: Brush, look: Look) -> None:
    base, shadow, _, line = tones(look)
    for side in (-1, 1):
        ear = curve(
            [
                (side * 0.56, 0.20),
                (side * 0.575, -0.12),
                (side * 0.53, -0.31),
                (side * 0.32, -0.17),
                (side * 0.16, 0.0),
            ],
            closed=False,
            steps=4,
        )
        inner = curve(
            [
                (side * 0.505, 0.10),
                (side * 0.52, -0.10),
                (side * 0.495, -0.21),
                (side * 0.36, -0.11),
                (side * 0.28, 0.0),
            ],
            closed=False,
            steps=4,
        )
        brush.fill(
            ear,
            base,
            shades=(Shade([(side * 0.56, 0.3), (side * 0.62, -0.5), (side * 0.50, -0.1)], shadow),),
            line=line,
        )
        brush.fill(inner, mix((248, 176, 188), base, 0.15))
        # Hair over the ear's foot, so that it grows out of the head.
        tuft = limb([(side * 0.20, 0.03), (side * 0.36, -0.02), (side * 0.52, 0.15)], (0.08, 0.12, 0.08))
        brush.fill(tuft, base)


def _paint_hair_bow(brush: Brush, look: Look) -> None:
    colour = look.hat
    shadow, line = darker(colour, 0.22), darker(colour, 0.55)
    x, y, size = look.side * 0.26, -0.04, 0.27
    for side in (-1, 1):
        wing = [
            (x, y),
            (x + side * size * 0.95, y - size * 0.85),
            (x + side * size * 1.25, y - size * 0.1),
            (x + side * size * 1.0, y + size * 0.65),
        ]
        dim = Shade(
            [(x, y), (x + side * size * 0.7, y - size * 0.1), (x + side * size * 0.7, y + size * 0.3)], shadow
        )
        brush.fill(curve(wing, steps=4), colour, shades=(dim,), line=line)
    brush.fill(ellipse(x, y, 0.075, 0.085), lighter(colour, 0.2), line=line)
