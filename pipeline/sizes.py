"""Which sizes a profile allows, and what was meant by an aspect or a size."""

from __future__ import annotations

import math
import re
from typing import Final

from pipeline.errors import InvalidRequest
from pipeline.profiles.types import Bucket, FreeSizes, Profile

_SIZE: Final = re.compile(r"\s*(\d{1,6})\s*[xX×*]\s*(\d{1,6})\s*", re.ASCII)
_RATIO: Final = re.compile(r"\s*(\d{1,4}(?:\.\d{1,4})?)\s*[:/]\s*(\d{1,4}(?:\.\d{1,4})?)\s*", re.ASCII)


def resolve_size(profile: Profile, aspect: str | None, size: str | None) -> tuple[int, int]:
    """Width and height in pixels for an aspect (`2:3`, `portrait`) or a size (`832x1216`).

    Args:
        profile: whose sizes count.
        aspect: one of the profile's names; for a profile with free sizes also any ratio `W:H`.
        size: `WxH` in pixels; `×` and `*` are understood, too. Wins over nothing: give one of the two.

    Raises:
        InvalidRequest: both are given, or what is given is not allowed; the text names the nearest allowed.
    """
    if size is not None and size.strip():
        if aspect is not None and aspect.strip():
            raise InvalidRequest("Give either an aspect or a size, not both.")
        return _size(profile, size)
    if aspect is None or not aspect.strip():
        aspect = profile.default_aspect
    return _aspect(profile, aspect)


def _size(profile: Profile, text: str) -> tuple[int, int]:
    found = _SIZE.fullmatch(text)
    if found is None:
        raise InvalidRequest(
            "`{given}` is not a size: write width x height in pixels, for example `{example}`.",
            given=text[:40],
            example=f"{profile.buckets[0].width}x{profile.buckets[0].height}",
        )
    width, height = int(found[1]), int(found[2])
    if is_allowed(profile, width, height):
        return width, height
    nearest = ", ".join(f"{b.width}x{b.height} ({b.aspect})" for b in nearest_sizes(profile, width, height))
    rule = f" {_rule(profile.free_sizes)}" if profile.free_sizes else ""
    raise InvalidRequest(
        "{model} has no size {width}x{height}.{rule} The nearest allowed: {nearest}.",
        model=profile.name,
        width=width,
        height=height,
        rule=rule,
        nearest=nearest,
    )


def _rule(free: FreeSizes) -> str:
    return (
        f"Both sides must be multiples of {free.multiple}, at least {free.minimum}, with an area of about "
        f"{math.isqrt(free.area)}x{math.isqrt(free.area)}."
    )


def is_allowed(profile: Profile, width: int, height: int) -> bool:
    """Whether a size is documented or obeys the profile's rule."""
    if (free := profile.free_sizes) is not None and _obeys(free, width, height):
        return True
    return any((b.width, b.height) == (width, height) for b in profile.buckets)


def _obeys(free: FreeSizes, width: int, height: int) -> bool:
    return (
        width % free.multiple == 0
        and height % free.multiple == 0
        and min(width, height) >= free.minimum
        and abs(width * height / free.area - 1) <= free.tolerance
    )


def nearest_sizes(profile: Profile, width: int, height: int, count: int = 2) -> tuple[Bucket, ...]:
    """The allowed sizes most like a wished one: by aspect ratio first, then by area.

    Sides of 0 are taken for 1. For a profile with free sizes the first is made by its rule.
    """
    ratio, area = max(width, 1) / max(height, 1), max(width, 1) * max(height, 1)
    ordered = sorted(
        profile.buckets,
        key=lambda b: (
            round(abs(math.log(b.width / b.height / ratio)), 3),
            abs(math.log(b.width * b.height / area)),
        ),
    )
    if (free := profile.free_sizes) is not None:
        made = _by_ratio(free, ratio)
        same = next((b for b in ordered if (b.width, b.height) == made), None)
        first = same or Bucket(_ratio_name(*made), *made)
        ordered = [first, *(b for b in ordered if (b.width, b.height) != made)]
    return tuple(ordered[:count])


def _ratio_name(width: int, height: int) -> str:
    divisor = math.gcd(width, height)
    return f"{width // divisor}:{height // divisor}"


def _by_ratio(free: FreeSizes, ratio: float) -> tuple[int, int]:
    """The size of the rule whose ratio comes nearest, of the area nearest to the rule's."""
    longest = int(free.area * (1 + free.tolerance) / free.minimum)
    best, found = (math.inf, math.inf), (0, 0)
    for width in range(free.minimum, longest + 1, free.multiple):
        ideal = width / ratio
        for height in {
            free.multiple * max(1, math.floor(ideal / free.multiple)),
            free.multiple * math.ceil(ideal / free.multiple) or free.multiple,
            free.minimum,
        }:
            if _obeys(free, width, height):
                # A step in ratio of 2 % is not seen; within it the area decides.
                score = (round(abs(math.log(width / height / ratio)) / 0.02), abs(width * height / free.area - 1))
                if score < best:
                    best, found = score, (width, height)
    return found


def _aspect(profile: Profile, text: str) -> tuple[int, int]:
    key = " ".join(text.casefold().split()).replace(" :", ":").replace(": ", ":")
    for bucket in profile.buckets:
        if key in {bucket.aspect.casefold(), bucket.label.casefold()} and _names_one(profile, key):
            return bucket.width, bucket.height
    found = _RATIO.fullmatch(text)
    if found is None or not float(found[1]) or not float(found[2]):
        raise InvalidRequest(
            "`{given}` is not an aspect of {model}. Choose one of: {known}.",
            given=text[:40],
            model=profile.name,
            known=_known(profile),
        )
    width, height = float(found[1]), float(found[2])
    if profile.free_sizes is not None and 1 / 4 <= width / height <= 4:
        return _by_ratio(profile.free_sizes, width / height)
    for bucket in profile.buckets:
        # 832 x 1216 is 13:19, and 2:3 on another card: whoever writes the true ratio means that size.
        if bucket.width * height == bucket.height * width:
            return bucket.width, bucket.height
    nearest = nearest_sizes(profile, round(width * 1000), round(height * 1000), 1)[0]
    raise InvalidRequest(
        "{model} has no aspect `{given}`. The nearest is `{nearest}`; it has: {known}.",
        model=profile.name,
        given=text.strip()[:40],
        nearest=nearest.aspect,
        known=_known(profile),
    )


def _names_one(profile: Profile, key: str) -> bool:
    return sum(key in {b.aspect.casefold(), b.label.casefold()} for b in profile.buckets) == 1


def _known(profile: Profile) -> str:
    return ", ".join(f"`{b.aspect}`" for b in profile.buckets)
