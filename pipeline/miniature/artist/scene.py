"""What a picture shows, as tags: the vocabulary of the artist and the draw of one scene from it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from random import Random
from typing import Final

GIRL: Final = "1girl"
BOY: Final = "1boy"
NOBODY: Final = "no humans"
SUBJECTS: Final = (GIRL, BOY, NOBODY)
HAIR_COLOURS: Final = (
    "blonde hair",
    "brown hair",
    "black hair",
    "white hair",
    "red hair",
    "blue hair",
    "green hair",
    "pink hair",
    "purple hair",
)
HAIR_STYLES: Final = ("short hair", "long hair", "twintails", "ponytail", "bob cut", "double bun")
BOY_HAIR_STYLES: Final = ("short hair", "long hair", "ponytail")
EYE_COLOURS: Final = ("blue eyes", "green eyes", "red eyes", "purple eyes", "yellow eyes", "brown eyes")
MOUTHS: Final = ("smile", "open mouth", "expressionless")
CLOSED_EYES: Final = "closed eyes"
BLUSH: Final = "blush"
HEADWEAR: Final = ("beanie", "witch hat", "cat ears", "hair bow")
GARMENTS: Final = ("sweater", "turtleneck", "dress", "school uniform", "hoodie")
BOY_GARMENTS: Final = ("sweater", "turtleneck", "school uniform", "hoodie")
GARMENT_COLOURS: Final = ("red", "blue", "green", "yellow", "white", "black", "pink", "purple")
FRAMINGS: Final = ("portrait", "upper body", "cowboy shot", "full body")
POSES: Final = ("arms up", "waving")
SIMPLE: Final = "simple background"
INDOORS: Final = "indoors"
PLACES: Final = (SIMPLE, INDOORS, "outdoors", "forest", "city", "beach")
LIGHTS: Final = ("day", "night", "sunset")
PAINTINGS: Final = ("flat color", "cel shading", "impasto")
QUALITIES: Final = ("masterpiece", "best quality", "normal quality", "low quality", "worst quality")
YEARS: Final = ("newest", "late", "mid", "early", "oldest")

HELD_OUT_SHARE: Final = 0.12
"""Share of the hair colour x clothing colour x place triples that training never shows."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture to draw. Empty strings mean that the thing is absent (or, for painting and year, unmarked)."""

    subject: str
    place: str
    light: str
    """Empty with a simple background."""
    painting: str
    quality: str
    year: str
    hair_colour: str = ""
    hair_style: str = ""
    eye_colour: str = ""
    mouth: str = ""
    closed_eyes: bool = False
    blush: bool = False
    headwear: str = ""
    garment: str = ""
    garment_colour: str = ""
    framing: str = ""
    pose: str = ""
    cat: bool = False
    """Only without people: a cat sits in the place."""
    seed: int = 0
    """Decides everything the tags leave open: proportions, palette, position, line, details of the place."""

    @property
    def person(self) -> bool:
        """Whether somebody is in the picture."""
        return self.subject != NOBODY

    @property
    def triple(self) -> tuple[str, str, str]:
        """Hair colour, clothing colour and place: the combination that is held out of training or not."""
        return self.hair_colour, self.garment_colour, self.place


def is_held_out(hair_colour: str, garment_colour: str, place: str) -> bool:
    """Whether training never shows this combination; decided by a hash, so it is the same everywhere."""
    digest = hashlib.sha256(f"{hair_colour}|{garment_colour}|{place}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < HELD_OUT_SHARE


def random_scene(rng: Random, *, held_out: bool = False) -> Scene:
    """Draw a scene.

    Args:
        rng: where the chance comes from.
        held_out: draw only people in combinations that training never shows; else only from the others.
    """
    while True:
        scene = _any_scene(rng, person=held_out)
        if not scene.person or is_held_out(*scene.triple) == held_out:
            return scene


def _any_scene(rng: Random, *, person: bool) -> Scene:
    subject = rng.choices(SUBJECTS, (0.62, 0.26, 0.0 if person else 0.12))[0]
    place = rng.choice(PLACES if subject != NOBODY else PLACES[1:])
    light = "" if place == SIMPLE else rng.choice(LIGHTS)
    painting = rng.choice(("", "", *PAINTINGS))
    quality = rng.choices(QUALITIES, (0.36, 0.26, 0.16, 0.08, 0.14))[0]
    year = rng.choices((*YEARS, ""), (0.14, 0.08, 0.08, 0.08, 0.12, 0.5))[0]
    seed = rng.getrandbits(48)
    if subject == NOBODY:
        cat = rng.random() < 0.4
        return Scene(subject, place, light, painting, quality, year, cat=cat, seed=seed)
    boy = subject == BOY
    framing = rng.choice(FRAMINGS)
    return Scene(
        subject,
        place,
        light,
        painting,
        quality,
        year,
        hair_colour=rng.choice(HAIR_COLOURS),
        hair_style=rng.choices(BOY_HAIR_STYLES, (0.7, 0.15, 0.15))[0] if boy else rng.choice(HAIR_STYLES),
        eye_colour=rng.choice(EYE_COLOURS),
        mouth=rng.choice(MOUTHS),
        closed_eyes=rng.random() < 0.15,
        blush=rng.random() < 0.3,
        headwear=rng.choice(("", "", *HEADWEAR)),
        garment=rng.choice(BOY_GARMENTS if boy else GARMENTS),
        garment_colour=rng.choice(GARMENT_COLOURS),
        framing=framing,
        pose="" if framing == "portrait" else rng.choices(("", *POSES), (0.5, 0.25, 0.25))[0],
        seed=seed,
    )
