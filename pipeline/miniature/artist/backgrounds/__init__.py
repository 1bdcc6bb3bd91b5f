"""The places: simple, indoors, outdoors, forest, city and beach, by day, at night and at sunset."""

from __future__ import annotations

from random import Random

from PIL import Image

from pipeline.miniature.artist.backgrounds.beach import paint_beach
from pipeline.miniature.artist.backgrounds.canvas import Canvas
from pipeline.miniature.artist.backgrounds.cat import paint_cat
from pipeline.miniature.artist.backgrounds.city import paint_city
from pipeline.miniature.artist.backgrounds.forest import paint_forest
from pipeline.miniature.artist.backgrounds.indoors import paint_room
from pipeline.miniature.artist.backgrounds.meadow import paint_meadow
from pipeline.miniature.artist.backgrounds.simple import paint_simple
from pipeline.miniature.artist.backgrounds.sky import air_of
from pipeline.miniature.artist.scene import Scene

__all__ = ["paint_cat", "paint_place"]

_DETAIL = {"low quality": 0.55, "worst quality": 0.25}
_PLACES = {
    "indoors": paint_room,
    "outdoors": paint_meadow,
    "forest": paint_forest,
    "city": paint_city,
    "beach": paint_beach,
}


def paint_place(scene: Scene, width: int, height: int, rng: Random) -> Image.Image:
    """Paint where a scene takes place, with its cat, without its people.

    Args:
        scene: place, light, cat, painting ("flat color" means no gradients) and quality (the two lowest leave things
            out) are read; an unknown place is painted as a simple background.
        width: of the picture, in pixels; meant to be scaled down afterwards, since edges are not smoothed.
        height: likewise.
        rng: decides everything that the scene leaves open.

    Returns:
        An RGB picture of width x height. The same scene, size and state of the generator give the same picture.
    """
    canvas = Canvas(
        width, height, rng, flat=scene.painting == "flat color", detail=_DETAIL.get(scene.quality, 1.0)
    )
    painter = _PLACES.get(scene.place)
    if painter is None:
        paint_simple(canvas)
    else:
        painter(canvas, air_of(scene.light, rng))
    if scene.cat:
        paint_cat(canvas.image, scene, rng)
    return canvas.image
