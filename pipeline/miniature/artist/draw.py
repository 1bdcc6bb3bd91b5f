"""Draws a scene: the place, the person in it, and the last coat."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from PIL import Image

from pipeline.miniature.artist.backgrounds import paint_place
from pipeline.miniature.artist.body import FOOT_Y
from pipeline.miniature.artist.brush import Brush, ellipse
from pipeline.miniature.artist.clothes import paint_body
from pipeline.miniature.artist.colours import darker
from pipeline.miniature.artist.face import paint_face
from pipeline.miniature.artist.finish import finish
from pipeline.miniature.artist.hair import paint_back_hair, paint_front_hair
from pipeline.miniature.artist.headwear import paint_headwear
from pipeline.miniature.artist.look import look_of
from pipeline.miniature.artist.scene import Scene

_VISIBLE: Final = {"portrait": 1.50, "upper body": 2.0, "cowboy shot": 2.68, "full body": 2.88}
"""How far below the crown each framing cuts the body, in heads as they are drawn."""
_SQUAT: Final = 0.72
"""How much of their height bodies keep from the shoulders down when they are seen whole: people of less than three
heads, whose faces are large enough to read in a picture 160 pixels high."""
_ACROSS: Final = {"portrait": 1.22, "upper body": 1.34, "cowboy shot": 1.42, "full body": 1.42}
"""Least width of the picture, in heads."""
_ABOVE: Final = {"beanie": 0.50, "witch hat": 0.80, "cat ears": 0.44, "hair bow": 0.38}
"""Room for what is worn on the head, in heads."""
_ABOVE_HAIR: Final = {"double bun": 0.24, "short hair": 0.23}
"""The same for hair that rises above a bare head; short hair has a tuft."""
_OUTLINES: Final = {"": 0.017, "flat color": 0.0, "cel shading": 0.026, "impasto": 0.0}


def draw(scene: Scene, width: int, height: int) -> Image.Image:
    """Draw a scene.

    Drawn two and a half times as large (more for small pictures) and scaled down, which is what smooths its edges.

    Args:
        scene: what to draw; the same scene at the same size is the same picture.
        width: of the picture, in pixels; any aspect ratio from 5:12 to 12:5 is composed for.
        height: of the picture, in pixels.

    Returns:
        An RGB picture of exactly that size.
    """
    factor = 2.5 if min(width, height) >= 140 else 4.0
    large = (round(width * factor), round(height * factor))
    image = paint_place(scene, *large, Random(f"place/{scene.seed}"))  # noqa: S311
    if scene.person:
        _paint_person(image, scene, Random(f"person/{scene.seed}"))  # noqa: S311
    # A soft filter: what it takes from the sharpest edges, no VAE of this size would keep.
    image = image.resize((width, height), Image.Resampling.BILINEAR if factor < 3 else Image.Resampling.BOX)
    return finish(image, scene, Random(f"finish/{scene.seed}"))  # noqa: S311


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a person is: the crown of the head and the length of the head, in pixels."""

    x: float
    y: float
    unit: float


def placement(scene: Scene, width: int, height: int) -> Placement | None:
    """Where `draw` puts the person of a scene, without drawing; None when there is nobody."""
    if not scene.person:
        return None
    rng = Random(f"person/{scene.seed}")  # noqa: S311
    look_of(scene, rng)
    return _place(scene, width, height, rng)


def _place(scene: Scene, width: int, height: int, rng: Random) -> Placement:
    shown = _VISIBLE[scene.framing]
    above = _ABOVE.get(scene.headwear) or _ABOVE_HAIR.get(scene.hair_style, 0.17)
    unit = min(height / (shown + above), width / _ACROSS[scene.framing]) * rng.uniform(0.93, 1.0)
    if scene.pose:
        unit = min(unit, width / 1.95)
    spare = max(0.0, width - 2.0 * unit)
    x = width / 2 + rng.uniform(-0.32, 0.32) * spare + rng.uniform(-0.04, 0.04) * unit
    y = height - shown * unit * (1.0 if scene.framing == "full body" else rng.uniform(0.99, 1.04))
    return Placement(x, y, unit)


def _paint_person(image: Image.Image, scene: Scene, rng: Random) -> None:
    look = look_of(scene, rng)
    place = _place(scene, *image.size, rng)
    flat = scene.painting == "flat color"
    outline = _OUTLINES[scene.painting] * (1.15 if scene.year in {"oldest", "early"} else 1.0)
    whole = scene.framing == "full body"
    brush = Brush(image, (place.x, place.y), place.unit, outline, not flat, squat=_SQUAT if whole else 1.0)
    if whole and not flat:
        left, top = min(image.width - 1, max(0, int(place.x))), image.height - 2
        red, green, blue = image.crop((left, top, left + 1, top + 1)).tobytes()
        shade = darker((red, green, blue), 0.35)
        brush.fill(ellipse(0.0, FOOT_Y - 0.01, 0.46, 0.06), shade)
    head = brush.turned(look.tilt)
    paint_back_hair(head, scene, look, rng)
    paint_body(brush, scene, look, rng)
    paint_face(head, scene, look, rng)
    paint_front_hair(head, scene, look, rng)
    paint_headwear(head, scene, look, rng)
