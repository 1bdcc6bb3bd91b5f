"""What the judge is asked about a picture, and what a scene answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from benchmarks.adherence.limbs import COUNTS, Limbs
from pipeline.miniature.artist.scene import (
    BLUSH,
    CLOSED_EYES,
    EYE_COLOURS,
    FRAMINGS,
    GARMENT_COLOURS,
    GARMENTS,
    HAIR_COLOURS,
    HAIR_STYLES,
    HEADWEAR,
    LIGHTS,
    MOUTHS,
    PAINTINGS,
    PLACES,
    POSES,
    SIMPLE,
    SUBJECTS,
    Scene,
)

NONE: Final = ""
"""The answer when a thing is not there, such as no head wear."""
UNASKED: Final = -100
"""Label of a head that a picture cannot be asked about; the index that torch's cross entropy ignores."""


@dataclass(frozen=True, slots=True)
class Head:
    """One question. `answers` are tags, or parts of tags where a tag holds two things (`red`, `sweater`)."""

    name: str
    answers: tuple[str, ...]


HEADS: Final = (
    Head("subject", SUBJECTS),
    Head("hair colour", HAIR_COLOURS),
    Head("hair style", HAIR_STYLES),
    Head("eye colour", EYE_COLOURS),
    Head("mouth", MOUTHS),
    Head("closed eyes", (NONE, CLOSED_EYES)),
    Head("blush", (NONE, BLUSH)),
    Head("head wear", (NONE, *HEADWEAR)),
    Head("garment", GARMENTS),
    Head("garment colour", GARMENT_COLOURS),
    Head("framing", FRAMINGS),
    Head("pose", (NONE, *POSES)),
    Head("place", PLACES),
    Head("light", LIGHTS),
    Head("painting", PAINTINGS),
    Head("quality", ("masterpiece", "worst quality")),
    Head("year", ("newest", "oldest")),
    Head("cat", (NONE, "cat")),
    Head("arms", COUNTS),
    Head("legs", COUNTS),
)
"""The heads of the judge, in the order of its outputs."""
INDEX: Final = {head.name: index for index, head in enumerate(HEADS)}
SIZES: Final = tuple(len(head.answers) for head in HEADS)


def answers(scene: Scene) -> dict[str, str]:
    """What is right for a scene, by head; a head that the scene leaves open or cannot be asked about is absent.

    Eye colour is asked only where eyes are open, light only where there is a place to be lit, and the painting
    style, quality and year only where the scene names one that the judge tells apart.
    """
    said = {"subject": scene.subject, "place": scene.place}
    if scene.place != SIMPLE:
        said["light"] = scene.light
    said |= {"painting": scene.painting, "quality": scene.quality, "year": scene.year}
    if scene.person:
        said |= {
            "hair colour": scene.hair_colour,
            "hair style": scene.hair_style,
            "mouth": scene.mouth,
            "closed eyes": CLOSED_EYES if scene.closed_eyes else NONE,
            "blush": BLUSH if scene.blush else NONE,
            "head wear": scene.headwear,
            "garment": scene.garment,
            "garment colour": scene.garment_colour,
            "framing": scene.framing,
            "pose": scene.pose,
        }
        if not scene.closed_eyes:
            said["eye colour"] = scene.eye_colour
    else:
        said["cat"] = "cat" if scene.cat else NONE
    return {name: answer for name, answer in said.items() if answer in HEADS[INDEX[name]].answers}


def labels(scene: Scene, limbs: Limbs) -> list[int]:
    """The index of the right answer for each head, `UNASKED` where there is none.

    Limbs are counted in full-body pictures only, and a pose is asked of two arms only.
    """
    said = answers(scene)
    if scene.framing == "full body":
        said |= {"arms": str(limbs.arms), "legs": str(limbs.legs)}
    if limbs.arms != 2:
        said.pop("pose", None)
    return [head.answers.index(said[head.name]) if head.name in said else UNASKED for head in HEADS]
