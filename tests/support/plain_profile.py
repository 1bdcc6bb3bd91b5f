"""A profile with the least in it, for tests that care only about its weights."""

from __future__ import annotations

from pipeline.profiles.types import Bucket, Conditioning, Profile, Range, Rating, RatingWords, Source


def plain_profile(profile_id: str = "tiny", source: Source | None = None) -> Profile:
    """A profile without tags or presets; without `source` its weights are the built-in ones."""
    return Profile(
        id=profile_id,
        name=profile_id.title(),
        summary="",
        author="",
        card_url="",
        licences=(),
        source=source or Source(repo=""),
        conditioning=Conditioning.STOCK,
        samplers=("euler_a",),
        sampler="euler_a",
        recommended_samplers=("euler_a",),
        steps=Range(1, 50, 20, 30, 25),
        guidance_scale=Range(1, 20, 5, 7, 6),
        buckets=(Bucket("1:1", 256, 256),),
        free_sizes=None,
        default_aspect="1:1",
        tags=(),
        years=None,
        default_tags=(),
        tag_side={},
        ratings={rating: RatingWords((), ()) for rating in Rating},
        default_rating=Rating.GENERAL,
        negative_presets=(),
        default_negative="",
        template=(),
        template_text="",
        examples=(),
        advice=(),
    )
