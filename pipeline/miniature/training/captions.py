"""Captions of a scene: its tags in the style of Danbooru, never twice the same.

Prompts differ from the full list of tags: people leave out most of it, change the order, and write words the
miniature has never seen drawn. A caption is therefore drawn anew at every use of a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from pipeline.miniature.artist.scene import (
    BLUSH,
    BOY,
    CLOSED_EYES,
    GIRL,
    INDOORS,
    NOBODY,
    SIMPLE,
    Scene,
)
from pipeline.miniature.training.words import undrawn_words

FLAWS: Final = ("lowres", "bad anatomy", "blurry", "jpeg artifacts", "bad hands")
"""Tags of bad pictures that usual negative prompts consist of."""
COMPLAINTS: Final = (
    *FLAWS,
    *("text", "error", "missing fingers", "extra digit", "fewer digits", "cropped", "signature", "watermark"),
    *("username", "artist name", "low score", "bad score", "average score", "bad quality", "unfinished"),
    # In every negative prompt of the default rating; nothing of the kind is ever drawn.
    *("nsfw", "rating: sensitive", "rating: questionable", "rating: explicit"),
)
"""Words of the negative prompts that the profiles' cards recommend; undrawn, but never of a good picture."""
PRAISE: Final = ("absurdres", "highres", "high score", "very aesthetic")
"""Tags of good pictures that model cards recommend beside `masterpiece`."""
RATINGS: Final = ("rating: general", "rating: general", "general", "safe")
GOOD: Final = "masterpiece"
BAD: Final = ("low quality", "worst quality")
_HEADWEAR_WORDS: Final = {"beanie": "hat", "witch hat": "hat", "hair bow": "bow", "cat ears": "animal ears"}
_PLACE_WORDS: Final = {"forest": "tree", "beach": "ocean", "city": "building"}
_NEIGHBOURS: Final = {
    GOOD: ("best quality",),
    "worst quality": ("low quality",),
    "low quality": ("worst quality",),
}
"""Said of a picture beside its own quality, as the default prompts do: `masterpiece, best quality`."""
_NEIGHBOUR_PROBABILITY: Final = 0.4
_EXTRA_PROBABILITY: Final = 0.35
"""How often a thing that is drawn anyway (`tree` in a forest) is mentioned; then extras are dropped too."""


@dataclass(frozen=True, slots=True)
class CaptionOptions:
    """How captions vary. All but `keep_tags` are probabilities from 0 to 1."""

    tag_dropout: float = 0.1
    """Each tag but the subject is left out this often."""
    extra_dropout: float = 0.3
    """The same for extras, such as `solo`, `sky` and `flat color`'s companions."""
    caption_dropout: float = 0.1
    """Empty captions, which guidance needs."""
    quality_dropout: float = 0.15
    """Quality, year and rating are left out together this often."""
    keep_tags: int = 1
    """Tags at the front that stay there, in the order of `full_tags`; the others are shuffled. No probability."""
    short: float = 0.15
    """Captions of two to five tags."""
    distractors: float = 0.25
    """Captions with one to three words that are not drawn."""
    end: float = 0.7
    """Quality and year at the end instead of anywhere."""
    rating: float = 0.25
    complaint: float = 0.15
    """Captions of bad pictures that say nothing but that they are bad, as negative prompts do."""

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ValueError: a value is not a probability.
        """
        for name in self.__slots__:
            value = getattr(self, name)
            if name != "keep_tags" and not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} is {value}: a number from 0 to 1 is needed.")


def full_tags(scene: Scene) -> tuple[str, ...]:
    """Every tag of the vocabulary that the scene was drawn from, subject first, quality and year last."""
    return (*_drawn_tags(scene), *_rank_tags(scene))


def caption(scene: Scene, rng: Random, options: CaptionOptions) -> str:
    """One of the many ways to describe a scene, or nothing at all.

    Args:
        scene: what the picture shows.
        rng: where the chance comes from.
        options: how often which way.

    Returns:
        Tags joined by a comma and a space, the subject first; empty where the caption was dropped.
    """
    if rng.random() < options.caption_dropout:
        return ""
    if scene.quality in BAD and rng.random() < options.complaint:
        return ", ".join(_complaint(scene, rng))
    drawn = [_worded(tag, scene, rng) for tag in _drawn_tags(scene)]
    front = drawn[: max(1, options.keep_tags)]
    tags = [tag for tag in drawn[len(front) :] if rng.random() >= options.tag_dropout]
    tags += [tag for tag in _extras(scene, rng) if rng.random() >= options.extra_dropout]
    rank = _rank_words(scene, rng, options) if rng.random() >= options.quality_dropout else []
    rank = [tag for tag in rank if rng.random() >= options.tag_dropout]
    if rng.random() < options.short:
        kept = rng.sample([*tags, *rank], k=min(rng.randint(1, 4), len(tags) + len(rank)))
        tags = [tag for tag in tags if tag in kept]
        rank = [tag for tag in rank if tag in kept]
    if rng.random() < options.distractors:
        tags += rng.sample(undrawn_words(), k=rng.randint(1, 3))
    if rng.random() >= options.end:
        tags, rank = tags + rank, []
    rng.shuffle(tags)
    rng.shuffle(rank)
    return ", ".join(dict.fromkeys((*front, *tags, *rank)))


def vocabulary() -> tuple[str, ...]:
    """Everything a caption may contain, without repetition: what the tokenizer is trained on."""
    from pipeline.miniature.artist import scene as words

    colours = tuple(f"{colour} {garment}" for colour in words.GARMENT_COLOURS for garment in words.GARMENTS)
    drawn = (
        *words.SUBJECTS, *words.HAIR_COLOURS, *words.HAIR_STYLES, *words.BOY_HAIR_STYLES, *words.EYE_COLOURS,
        *words.MOUTHS, CLOSED_EYES, BLUSH, *words.HEADWEAR, *words.GARMENTS, *colours, *words.FRAMINGS,
        *words.POSES, *words.PLACES, *words.LIGHTS, *words.PAINTINGS, *words.QUALITIES, *words.YEARS,
    )  # fmt: skip
    extras = (
        *("solo", "looking at viewer", "outdoors", "sky", "night sky", "scenery", "cat", "animal"),
        *_HEADWEAR_WORDS.values(),
        *_PLACE_WORDS.values(),
    )
    return tuple(dict.fromkeys((*drawn, *extras, *PRAISE, *COMPLAINTS, *RATINGS)))


def _drawn_tags(scene: Scene) -> tuple[str, ...]:
    clothing = f"{scene.garment_colour} {scene.garment}" if scene.garment else ""
    tags = (
        scene.subject,
        scene.hair_colour,
        scene.hair_style,
        "" if scene.closed_eyes else scene.eye_colour,
        CLOSED_EYES if scene.closed_eyes else "",
        scene.mouth,
        BLUSH if scene.blush else "",
        scene.headwear,
        clothing,
        scene.framing,
        scene.pose,
        "cat" if scene.cat else "",
        scene.place,
        scene.light,
        scene.painting,
    )
    return tuple(tag for tag in tags if tag)


def _rank_tags(scene: Scene) -> tuple[str, ...]:
    return tuple(tag for tag in (scene.quality, scene.year) if tag)


def _worded(tag: str, scene: Scene, rng: Random) -> str:
    """Clothing in one of its three wordings; every other tag as it is."""
    if not scene.garment or tag != f"{scene.garment_colour} {scene.garment}":
        return tag
    return rng.choices((tag, f"{scene.garment}, {tag}", scene.garment), (0.6, 0.2, 0.2))[0]


def _extras(scene: Scene, rng: Random) -> list[str]:
    """Tags of things that are drawn without a tag of their own in the scene."""
    outside = scene.place not in (SIMPLE, INDOORS)
    chances = {
        "solo": 0.6 if scene.subject in (GIRL, BOY) else 0.0,
        "looking at viewer": 0.4 if scene.person and not scene.closed_eyes else 0.0,
        "scenery": 0.5 if scene.subject == NOBODY else 0.0,
        "animal": 0.2 if scene.cat else 0.0,
        "outdoors": 0.55 if outside and scene.place != "outdoors" else 0.0,
        "sky": _EXTRA_PROBABILITY if outside and scene.place != "forest" else 0.0,
        "night sky": _EXTRA_PROBABILITY if outside and scene.light == "night" else 0.0,
        _PLACE_WORDS.get(scene.place, ""): _EXTRA_PROBABILITY,
        _HEADWEAR_WORDS.get(scene.headwear, ""): _EXTRA_PROBABILITY,
    }
    return [tag for tag, chance in chances.items() if tag and rng.random() < chance]


def _rank_words(scene: Scene, rng: Random, options: CaptionOptions) -> list[str]:
    """Quality, year, rating, and the company that very good and bad pictures keep."""
    words = [*_rank_tags(scene)]
    if scene.quality == GOOD:
        words += [word for word in PRAISE if rng.random() < 0.15]
    if scene.quality in BAD and rng.random() < 0.4:
        words += rng.sample(FLAWS, k=rng.randint(1, 3))
    if rng.random() < _NEIGHBOUR_PROBABILITY:
        words += _NEIGHBOURS.get(scene.quality, ())
    if rng.random() < options.rating:
        words.append(rng.choice(RATINGS))
    return words


def _complaint(scene: Scene, rng: Random) -> list[str]:
    words = [scene.quality, *rng.sample(COMPLAINTS, k=rng.randint(0, 10))]
    if rng.random() < 0.5:
        words += _NEIGHBOURS[scene.quality]
    rng.shuffle(words)
    return words
