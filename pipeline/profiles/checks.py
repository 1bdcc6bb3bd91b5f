"""What the parts of a profile must be to one another, whatever file they come from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from pipeline.profiles.reader import Table
from pipeline.profiles.types import Bucket, Profile, TagKind

_WEIGHTED = re.compile(r"\((.+):\s*\d+(?:\.\d+)?\)")
_RATIO = re.compile(r"(\d{1,5}):(\d{1,5})")
ASPECT_SLACK: Final = 0.1
"""Cards round their aspect names (832 x 1216 goes by 2:3), but never by more."""


def check_profile(profile: Profile, top: Table) -> None:
    """Refuse a profile whose parts contradict one another.

    Args:
        profile: what was read.
        top: the table it was read from, for naming the key.

    Raises:
        ProfileError: with file, key and reason.
    """
    _check_samplers(profile, top)
    _check_sizes(profile, top)
    _check_tags(profile, top)
    _check_negatives(profile, top)
    _check_source(profile, top)
    _check_examples(profile, top)


def unweighted(tag: str) -> str:
    """A default tag without the weight that the card gives it: `(amazing quality:1.5)` -> `amazing quality`."""
    match = _WEIGHTED.fullmatch(tag)
    return match.group(1) if match else tag


def fits(profile: Profile, width: int, height: int) -> bool:
    """Whether the profile allows a size: one of its buckets, or anything its rule takes in."""
    if rule := profile.free_sizes:
        return (
            min(width, height) >= rule.minimum
            and width % rule.multiple == 0
            and height % rule.multiple == 0
            and abs(width * height - rule.area) <= rule.tolerance * rule.area
        )
    return any((bucket.width, bucket.height) == (width, height) for bucket in profile.buckets)


def _check_samplers(profile: Profile, top: Table) -> None:
    if not profile.samplers:
        top.fail("samplers", "at least one is needed")
    top.choice("sampler", profile.sampler, profile.samplers)
    for index, sampler in enumerate(profile.recommended_samplers):
        top.choice(f"recommended_samplers[{index}]", sampler, profile.samplers)


def _check_sizes(profile: Profile, top: Table) -> None:
    _unique(top, "buckets", "aspect", (bucket.aspect for bucket in profile.buckets))
    _unique(top, "buckets", "width", (f"{bucket.width}x{bucket.height}" for bucket in profile.buckets))
    top.choice("default_aspect", profile.default_aspect, (bucket.aspect for bucket in profile.buckets))
    for index, bucket in enumerate(profile.buckets):
        if not _is_named_rightly(bucket):
            top.fail(
                f"buckets[{index}].aspect",
                f"{bucket.aspect} is not the shape of {bucket.width}x{bucket.height}",
            )
        if not fits(profile, bucket.width, bucket.height):
            top.fail(
                f"buckets[{index}].width", f"{bucket.width}x{bucket.height} breaks the rule in `free_sizes`"
            )


def _is_named_rightly(bucket: Bucket) -> bool:
    match = _RATIO.fullmatch(bucket.aspect)
    if match is None:
        return True
    across, up = int(match.group(1)), int(match.group(2))
    if not across or not up:
        return False
    return abs(bucket.width * up / (bucket.height * across) - 1) <= ASPECT_SLACK


def _check_tags(profile: Profile, top: Table) -> None:
    seen: dict[str, str] = {}
    for kind in TagKind:
        for index, special in enumerate(profile.tags_of(kind)):
            place = f"tags.{kind.value}[{index}].tag"
            if first := seen.get(special.tag.casefold()):
                top.fail(place, f"`{special.tag}` is there twice; first at `{first}`")
            seen[special.tag.casefold()] = place
        used = profile.tags_of(kind) or (kind is TagKind.YEAR and profile.years)
        if used and kind not in profile.tag_side:
            top.fail(
                f"tag_side.{kind.value}",
                f"the key is missing, as there are {kind.value} tags: `start` or `end`",
            )
        if kind in profile.tag_side and not used:
            top.fail(f"tag_side.{kind.value}", f"there are no {kind.value} tags")
    known = tuple(special.tag for special in profile.tags)
    for index, tag in enumerate(profile.default_tags):
        top.choice(f"default_tags[{index}]", unweighted(tag), known)


def _check_negatives(profile: Profile, top: Table) -> None:
    presets = profile.negative_presets
    _unique(top, "negative_presets", "id", (preset.id for preset in presets))
    if profile.default_negative:
        alone = (preset.id for preset in presets if not preset.addition)
        top.choice("default_negative", profile.default_negative, alone)


def _check_source(profile: Profile, top: Table) -> None:
    source = profile.source
    if not source.repo:
        for key in ("file", "variant", "vae_repo"):
            if getattr(source, key):
                top.fail(f"source.{key}", "it needs a `repo`")


def _check_examples(profile: Profile, top: Table) -> None:
    for index, example in enumerate(profile.examples):
        place = f"examples[{index}]"
        top.choice(f"{place}.sampler", example.sampler, profile.samplers)
        if not fits(profile, example.width, example.height):
            top.fail(f"{place}.width", f"{example.width}x{example.height} is not one of this profile's sizes")
        for key, value, limits in (
            ("steps", example.steps, profile.steps),
            ("guidance_scale", example.guidance_scale, profile.guidance_scale),
        ):
            if not limits.minimum <= value <= limits.maximum:
                top.fail(
                    f"{place}.{key}", f"{value:g} is not between {limits.minimum:g} and {limits.maximum:g}"
                )


def _unique(top: Table, where: str, key: str, values: Iterable[str]) -> None:
    seen: dict[str, int] = {}
    for index, value in enumerate(values):
        if (first := seen.setdefault(value.casefold(), index)) != index:
            top.fail(f"{where}[{index}].{key}", f"`{value}` is there twice; first at `{where}[{first}]`")
