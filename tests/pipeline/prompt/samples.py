"""Two small profiles that speak quality, rating and year in different ways, for tests that need one."""

from __future__ import annotations

from pipeline.profiles.types import (
    TEMPLATE_SLOTS,
    Bucket,
    Conditioning,
    NegativePreset,
    Profile,
    Range,
    Rating,
    RatingWords,
    Source,
    SpecialTag,
    TagKind,
    TagSide,
    YearRange,
)

_RANGE = Range(minimum=1, maximum=100, recommended_low=20, recommended_high=30, default=28)
_AFTER_CHARACTER = tuple(
    slot for slot in TEMPLATE_SLOTS if slot not in ("subject", "character", "series", "art_style")
)
_BUCKET = Bucket("1:1", 1024, 1024)


def _tags(kind: TagKind, *names: str) -> tuple[SpecialTag, ...]:
    return tuple(SpecialTag(name, "as the card says", kind) for name in names)


NAMED = Profile(
    id="named",
    name="Named",
    summary="",
    author="",
    card_url="",
    licences=(),
    source=Source(repo=""),
    conditioning=Conditioning.STOCK,
    samplers=("euler_a",),
    sampler="euler_a",
    recommended_samplers=("euler_a",),
    steps=_RANGE,
    guidance_scale=_RANGE,
    buckets=(_BUCKET,),
    free_sizes=None,
    default_aspect="1:1",
    tags=_tags(TagKind.QUALITY, "masterpiece", "best quality", "worst quality", "score_9")
    + _tags(TagKind.YEAR, "newest", "late", "oldest"),
    years=None,
    default_tags=("masterpiece", "best quality"),
    tag_side={TagKind.QUALITY: TagSide.START, TagKind.YEAR: TagSide.END},
    ratings={
        Rating.GENERAL: RatingWords(("rating: general",), ()),
        Rating.SENSITIVE: RatingWords(("rating: sensitive",), ("rating: sensitive",)),
        Rating.QUESTIONABLE: RatingWords(("rating: questionable", "nsfw"), ("nsfw", "rating: questionable")),
        Rating.EXPLICIT: RatingWords(("rating: explicit", "nsfw"), ("nsfw", "rating: explicit")),
    },
    default_rating=Rating.GENERAL,
    negative_presets=(NegativePreset("recommended", "Recommended", "nsfw, lowres, bad hands, blurry"),),
    default_negative="recommended",
    template=("subject", "character", "series", "rest"),
    template_text="",
    examples=(),
    advice=(),
)
"""Quality first, named years, rating words in every step, like Animagine XL 3.0."""

NUMBERED = Profile(
    id="numbered",
    name="Numbered",
    summary="",
    author="",
    card_url="",
    licences=(),
    source=Source(repo=""),
    conditioning=Conditioning.LPW,
    samplers=("euler_a",),
    sampler="euler_a",
    recommended_samplers=("euler_a",),
    steps=_RANGE,
    guidance_scale=_RANGE,
    buckets=(_BUCKET,),
    free_sizes=None,
    default_aspect="1:1",
    tags=_tags(TagKind.QUALITY, "best quality", "bad quality")
    + _tags(TagKind.AESTHETIC, "best aesthetic")
    + _tags(TagKind.STYLE, "flat color", "impasto"),
    years=YearRange(2005, 2023),
    default_tags=("(best quality:1.3)", "best aesthetic", "absurdres"),
    tag_side={
        TagKind.QUALITY: TagSide.END,
        TagKind.AESTHETIC: TagSide.END,
        TagKind.YEAR: TagSide.END,
        TagKind.STYLE: TagSide.START,
    },
    ratings={
        Rating.GENERAL: RatingWords((), ()),
        Rating.SENSITIVE: RatingWords(("slightly nsfw",), ("slightly nsfw",)),
        Rating.QUESTIONABLE: RatingWords(("fairly nsfw",), ("fairly nsfw",)),
        Rating.EXPLICIT: RatingWords(("very nsfw",), ("very nsfw",)),
    },
    default_rating=Rating.GENERAL,
    negative_presets=(
        NegativePreset("heavy", "Heavy", "lowres, (bad:1.05), text, 1girl"),
        NegativePreset("light", "Light", "lowres, 1girl"),
        NegativePreset("flat", "Flat style", "realistic, lips, nose", addition=True),
    ),
    default_negative="heavy",
    template=("art_style", "character", *_AFTER_CHARACTER),
    template_text="",
    examples=(),
    advice=(),
)
"""Quality last and weighted, numbered years, a silent general rating, the full order of AIDXL."""
