"""Which sizes a profile allows, and what was meant by an aspect or a size."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from pipeline.errors import InvalidRequest
from pipeline.profiles.checks import ASPECT_SLACK, fits
from pipeline.profiles.types import Bucket, FreeSizes, Profile
from pipeline.sentence import Codes, Sentence

_SIZE: Final = re.compile(r"(\d{1,6})\s*[x*]\s*(\d{1,6})(?:\s*px)?", re.ASCII)
_NUMBER: Final = r"\d{1,5}(?:\.\d{1,4})?"
_RATIO: Final = re.compile(rf"({_NUMBER})\s*[:/]\s*({_NUMBER})", re.ASCII)
_LOOKALIKES: Final = str.maketrans(dict.fromkeys("×✕✖⨯хХ", "x") | dict.fromkeys("∶꞉", ":"))
"""Signs that look like an x or a colon: multiplication signs, the Cyrillic x, the sign for ratios."""
_SHOWN: Final = 40
"""How much of what was typed a sentence repeats."""


def resolve_size(profile: Profile, aspect: str | None, size: str | None) -> tuple[int, int]:
    """Width and height in pixels for an aspect (`2:3`, `portrait`) or a size (`832x1216`).

    Args:
        profile: whose sizes count.
        aspect: one of the profile's names in any case, or the ratio `W:H` that one of its sizes has; for a
            profile with free sizes any ratio. Empty is as good as None.
        size: `WxH` in pixels; `×` and `*` are understood, too. Empty is as good as None. With neither, the
            size is the profile's default.

    Returns:
        `(width, height)` in pixels, a size that the profile allows.

    Raises:
        InvalidRequest: both are given and differ, or what is given is not allowed; the text names the nearest.
    """
    asked = _plain(size or "")
    shape = _plain(aspect or "")
    if asked:
        found = _size(profile, asked)
        if shape and _aspect(profile, shape) != found:
            raise InvalidRequest(
                "The size `{size}` is not of the aspect `{aspect}`: give only one of the two.",
                size=_shown(asked),
                aspect=_shown(shape),
            )
        return found
    return _aspect(profile, shape or _plain(profile.default_aspect))


def is_allowed(profile: Profile, width: int, height: int) -> bool:
    """Whether a size is documented or obeys the profile's rule."""
    return fits(profile, width, height)


def nearest_sizes(profile: Profile, width: int, height: int, count: int = 3) -> tuple[Bucket, ...]:
    """The allowed sizes most like a wished one: by aspect ratio first, then by area.

    Any two numbers do; those below 1 are taken for 1. For a profile with free sizes the first is made by its
    rule.
    """
    across, up = max(width, 1), max(height, 1)
    # Logarithms of whole numbers: a quotient of huge ones would overflow.
    ratio, area = math.log(across) - math.log(up), math.log(across) + math.log(up)
    ordered = sorted(
        profile.buckets,
        key=lambda b: (
            round(abs(math.log(b.width / b.height) - ratio), 3),
            abs(math.log(b.width * b.height) - area),
        ),
    )
    if rule := profile.free_sizes:
        # Beyond any ratio the rule can make, so that nothing overflows.
        made = _by_ratio(rule, math.exp(max(-20.0, min(20.0, ratio))))
        same = next((b for b in ordered if (b.width, b.height) == made), None)
        first = same or Bucket(_ratio_name(*made), *made)
        ordered = [first, *(b for b in ordered if b is not same)]
    return tuple(ordered[:count])


def _size(profile: Profile, text: str) -> tuple[int, int]:
    found = _SIZE.fullmatch(text)
    if found is None:
        default = _default(profile)
        raise InvalidRequest(
            "`{given}` is not a size: write width x height in pixels, for example `{width}x{height}`. "
            "Sizes of {model}: {known}.",
            given=_shown(text),
            width=default.width,
            height=default.height,
            model=profile.name,
            known=_sizes(profile),
        )
    width, height = int(found[1]), int(found[2])
    if fits(profile, width, height):
        return width, height
    if profile.free_sizes:
        raise InvalidRequest(
            "{model} has no size {width}x{height}. {rule} The nearest allowed: {nearest}.",
            model=profile.name,
            width=width,
            height=height,
            rule=_rule(profile.free_sizes),
            nearest=_listed(nearest_sizes(profile, width, height)),
        )
    raise InvalidRequest(
        "{model} has no size {width}x{height}. The nearest allowed: {nearest}.",
        model=profile.name,
        width=width,
        height=height,
        nearest=_listed(nearest_sizes(profile, width, height)),
    )


def _aspect(profile: Profile, text: str) -> tuple[int, int]:
    """The size of an aspect: by name, by label, by the true ratio, by the rule."""
    named = [b for b in profile.buckets if text in _names(b)]
    if not named:
        named = [b for b in profile.buckets if b.label and text == b.label.casefold()]
    if len(named) == 1:
        return named[0].width, named[0].height
    if named:
        raise InvalidRequest(
            "The aspect `{given}` fits several sizes of {model}. Choose one of: {known}.",
            given=_shown(text),
            model=profile.name,
            known=_listed(named),
        )
    if _SIZE.fullmatch(text):
        return _size(profile, text)
    found = _RATIO.fullmatch(text)
    if found is None or not float(found[1]) or not float(found[2]):
        raise InvalidRequest(
            "`{given}` is not an aspect of {model}. Choose one of: {known}.",
            given=_shown(text),
            model=profile.name,
            known=_aspects(profile),
        )
    across, up = (round(float(number) * 10_000) for number in found.groups())
    # 832 x 1216 is 13:19, and 2:3 on another card: whoever writes the true ratio means that size.
    for bucket in profile.buckets:
        if bucket.width * up == bucket.height * across:
            return bucket.width, bucket.height
    # 4:6 is 2:3.
    divisor = math.gcd(across, up)
    reduced = f"{across // divisor}:{up // divisor}"
    for bucket in profile.buckets:
        if reduced == bucket.aspect:
            return bucket.width, bucket.height
    if rule := profile.free_sizes:
        width, height = _by_ratio(rule, across / up)
        if abs(width * up / (height * across) - 1) <= ASPECT_SLACK:
            return width, height
    raise InvalidRequest(
        "{model} has no aspect `{given}`. The nearest is {nearest}; its aspects: {known}.",
        model=profile.name,
        given=_shown(text),
        nearest=_listed(nearest_sizes(profile, across, up, 1)),
        known=_aspects(profile),
    )


def _by_ratio(rule: FreeSizes, ratio: float) -> tuple[int, int]:
    """The size of the rule whose ratio comes nearest, of the area nearest to the rule's."""
    longest = int(rule.area * (1 + rule.tolerance) / rule.minimum)
    lowest = -(-rule.minimum // rule.multiple) * rule.multiple
    # At least one size always obeys: the loader refuses profiles whose own buckets break the rule.
    best, found = (math.inf, math.inf), (0, 0)
    for width in range(lowest, longest + 1, rule.multiple):
        ideal = width / ratio / rule.multiple
        low = rule.area * (1 - rule.tolerance) / width / rule.multiple
        high = rule.area * (1 + rule.tolerance) / width / rule.multiple
        # Exact near the ideal height; where that is out of bounds, the bounds themselves.
        for steps in {math.floor(ideal), math.ceil(ideal), math.ceil(low), math.floor(high)}:
            height = steps * rule.multiple
            if height < lowest or abs(width * height - rule.area) > rule.tolerance * rule.area:
                continue
            # A difference in ratio of 2 % is not seen; within it the area decides.
            off = abs(math.log(width / height / ratio))
            score = (round(off / 0.02), abs(width * height / rule.area - 1) + off)
            if score < best:
                best, found = score, (width, height)
    return found


def _plain(text: str) -> str:
    """One spelling of what was typed: full-width and look-alike signs, case and spaces do not count."""
    if len(text) > 1000:
        text = text[:1000]
    folded = unicodedata.normalize("NFKC", text).translate(_LOOKALIKES).casefold()
    return re.sub(r"\s*([:/])\s*", r"\1", " ".join(folded.split()))


def _shown(text: str) -> str:
    """What a sentence may repeat of it: a few printable signs, and none that would end the quotation."""
    kept = "".join(sign for sign in text if sign.isprintable() and sign != "`")
    return kept if len(kept) <= _SHOWN else kept[: _SHOWN - 1] + "…"


def _names(bucket: Bucket) -> set[str]:
    """`7:4`, and `7:4 Horizontal` as the card may write it."""
    aspect = _plain(bucket.aspect)
    return {aspect, f"{aspect} {bucket.label.casefold()}".strip()}


def _default(profile: Profile) -> Bucket:
    return next(bucket for bucket in profile.buckets if bucket.aspect == profile.default_aspect)


def _ratio_name(width: int, height: int) -> str:
    divisor = math.gcd(width, height)
    return f"{width // divisor}:{height // divisor}"


def _rule(rule: FreeSizes) -> Sentence:
    return Sentence(
        "Both sides must be multiples of {multiple}, at least {minimum}, with an area of about {side}x{side} "
        "({tolerance:.0%} more or less).",
        multiple=rule.multiple,
        minimum=rule.minimum,
        side=math.isqrt(rule.area),
        tolerance=rule.tolerance,
    )


def _sizes(profile: Profile) -> str:
    if rule := profile.free_sizes:
        return Sentence(
            "both sides must be multiples of {multiple}, at least {minimum}, with an area of about {side}x{side} "
            "({tolerance:.0%} more or less)",
            multiple=rule.multiple,
            minimum=rule.minimum,
            side=math.isqrt(rule.area),
            tolerance=rule.tolerance,
        )
    return ", ".join(f"{bucket.width}x{bucket.height}" for bucket in profile.buckets)


def _listed(buckets: Iterable[Bucket]) -> str:
    return ", ".join(f"{bucket.width}x{bucket.height} ({bucket.aspect})" for bucket in buckets)


def _aspects(profile: Profile) -> Codes | Sentence:
    listed = Codes(bucket.aspect for bucket in profile.buckets)
    return Sentence("{aspects}, or any other ratio", aspects=listed) if profile.free_sizes else listed


def nearest_size(profile: Profile, width: int, height: int) -> str:
    """The allowed size most like a wished one, as a request spells it: `832x1216`."""
    [nearest] = nearest_sizes(profile, width, height, 1)
    return f"{nearest.width}x{nearest.height}"
