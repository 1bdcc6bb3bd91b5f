"""The options of `/imagine`: what is suggested for the chosen model, and how what was typed is read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from bot.defaults import Options
from cogs.text import CHOICE_LIMIT, length, trim
from cogs.words import say, translated
from pipeline.profiles.types import Profile, Range, SpecialTag, TagKind
from pipeline.samplers import SAMPLERS

MAX_CHOICES: Final = 25
"""Suggestions Discord takes at most."""
NONE: Final = "none"
"""Typed into a list option: add nothing, not even the card's default."""
_SIZE: Final = re.compile(r"\s*(\d{1,6})\s*[x×*X]\s*(\d{1,6})\s*")
QUALITY_KINDS: Final = (TagKind.QUALITY, TagKind.SCORE, TagKind.AESTHETIC)

Choice = tuple[str, str]
"""What the member reads, and the value that is sent."""


def split_list(text: str | None) -> tuple[str, ...]:
    """The tags of a comma-separated list, without empty ones."""
    return tuple(part for part in (p.strip() for p in (text or "").split(",")) if part)


def quality_of(text: str | None) -> tuple[str, ...] | None:
    """Quality tags: None for the card's default, nothing for `none`."""
    tags = split_list(text)
    if not tags:
        return None
    return () if tags == (NONE,) else tags


def size_or_aspect(text: str | None) -> tuple[str | None, str | None]:
    """`(aspect, size)` from one option: `1:1` is an aspect, `832x1216` a size in pixels."""
    if text is None or not text.strip():
        return None, None
    if found := _SIZE.fullmatch(text):
        return None, f"{found[1]}x{found[2]}"
    return text.strip(), None


def pick(choices: Iterable[Choice], typed: str) -> list[Choice]:
    """The choices that hold what was typed, those that start with it first, within Discord's limits."""
    key = typed.strip().casefold()
    fitting = [
        (trim(label, CHOICE_LIMIT), value)
        for label, value in choices
        if length(value) <= CHOICE_LIMIT and (key in label.casefold() or key in value.casefold())
    ]
    fitting.sort(key=lambda choice: not choice[1].casefold().startswith(key))
    return fitting[:MAX_CHOICES]


def models(profiles: Mapping[str, Profile], default: str, typed: str) -> list[Choice]:
    """Every model by name."""
    return pick(
        (
            (f"{p.name}{say(' (default)') if p.id == default else ''} · {translated(p.summary)}", p.id)
            for p in profiles.values()
        ),
        typed,
    )


def aspects(profile: Profile, typed: str) -> list[Choice]:
    """The card's sizes under its own aspect names. Where a name occurs twice the size is sent instead."""
    names = [bucket.aspect for bucket in profile.buckets]
    choices: list[Choice] = []
    for bucket in profile.buckets:
        pixels = f"{bucket.width}x{bucket.height}"
        label = f"{bucket.aspect} {translated(bucket.label)}".strip()
        choices.append(
            (
                f"{label} · {bucket.width} x {bucket.height}",
                pixels if names.count(bucket.aspect) > 1 else bucket.aspect,
            )
        )
    if (found := _SIZE.fullmatch(typed)) and profile.free_sizes is not None:
        pixels = f"{found[1]}x{found[2]}"
        choices.insert(
            0, (say("{width} x {height} (a size of your own)", width=found[1], height=found[2]), pixels)
        )
        return pick(choices, pixels)
    return pick(choices, typed)


def _tags(tags: Iterable[SpecialTag]) -> list[Choice]:
    return [(f"{tag.tag} · {translated(tag.meaning)}" if tag.meaning else tag.tag, tag.tag) for tag in tags]


def tag_list(tags: Iterable[SpecialTag], typed: str, *, extra: Iterable[Choice] = ()) -> list[Choice]:
    """Suggestions for a comma-separated list: the last word is completed, what stands before it is kept."""
    before, comma, last = typed.rpartition(",")
    chosen = split_list(before)
    head = ", ".join(chosen) + ", " if comma and chosen else ""
    left = [choice for choice in _tags(tags) if choice[1] not in chosen]
    if not head:
        return pick([*extra, *left], last)
    return [
        (trim(f"{head}{label}", CHOICE_LIMIT), f"{head}{value}")
        for label, value in pick(left, last)
        if length(head + value) <= CHOICE_LIMIT
    ]


def qualities(profile: Profile, typed: str) -> list[Choice]:
    """Quality, score and aesthetic tags, the card's own default and `none` before them."""
    extra: list[Choice] = []
    if profile.default_tags:
        default = ", ".join(profile.default_tags)
        extra.append((say("{tags} · what the card recommends", tags=default), default))
    extra.append((say("none · add no quality tags"), NONE))
    return tag_list((tag for kind in QUALITY_KINDS for tag in profile.tags_of(kind)), typed, extra=extra)


def styles(profile: Profile, typed: str) -> list[Choice]:
    """Painting-style tags."""
    return tag_list(profile.tags_of(TagKind.STYLE), typed)


def years(profile: Profile, typed: str) -> list[Choice]:
    """Named periods, then single years, newest first."""
    choices = _tags(profile.tags_of(TagKind.YEAR))
    if span := profile.years:
        choices += [(span.pattern.format(n=n), str(n)) for n in range(span.last, span.first - 1, -1)]
    return pick(choices, typed)


def presets(profile: Profile, typed: str) -> list[Choice]:
    """Negative presets of the card, each also with the card's additions, and none."""
    full = [preset for preset in profile.negative_presets if not preset.addition]
    choices = []
    for preset in full:
        default = say(" (default)") if preset.id == profile.default_negative else ""
        meaning = translated(preset.meaning) or preset.text
        choices.append((f"{preset.name}{default} · {meaning}", preset.id))
    for addition in (preset for preset in profile.negative_presets if preset.addition):
        meaning = translated(addition.meaning) or addition.text
        choices += [(f"{p.name} + {addition.name} · {meaning}", f"{p.id}+{addition.id}") for p in full]
        only = say("Only {preset} · {text}", preset=addition.name, text=addition.text)
        choices.append((only, f"{NONE}+{addition.id}"))
    return pick([*choices, (say("none · only what you write yourself"), NONE)], typed)


def samplers(profile: Profile, typed: str) -> list[Choice]:
    """Samplers the model allows, the card's own first."""
    ids = sorted(profile.samplers, key=lambda s: (s != profile.sampler, s not in profile.recommended_samplers))
    choices = []
    for sampler in (SAMPLERS[s] for s in ids if s in SAMPLERS):
        mark = (
            say(" (recommended)")
            if sampler.id == profile.sampler or sampler.id in profile.recommended_samplers
            else ""
        )
        choices.append((f"{sampler.name}{mark} · {translated(sampler.hint)}", sampler.id))
    return pick(choices, typed)


def numbers(limits: Range, typed: str, *, whole: bool) -> list[tuple[str, float]]:
    """A few useful numbers of a range, and what was typed with a word on whether it is allowed."""
    hints: dict[float, str] = {limits.default: say("default")}
    hints.setdefault(limits.recommended_low, say("recommended, lowest"))
    hints.setdefault(limits.recommended_high, say("recommended, highest"))
    hints.setdefault(limits.minimum, say("lowest"))
    hints.setdefault(limits.maximum, say("highest"))
    found = [
        (f"{value:g} · {hint}", value)
        for value, hint in hints.items()
        if f"{value:g}".startswith(typed.strip())
    ]
    try:
        given = float(typed)
    except ValueError:
        return found
    if not limits.minimum <= given <= limits.maximum or (whole and given != int(given)):
        label = say(
            "{typed} · not possible here: {kind} from {low:g} to {high:g}",
            typed=typed.strip(),
            kind=say("a whole number") if whole else say("a number"),
            low=limits.minimum,
            high=limits.maximum,
        )
        return [(trim(label, CHOICE_LIMIT), limits.default), *found][:MAX_CHOICES]
    inside = limits.recommended_low <= given <= limits.recommended_high
    word = say("as the card recommends") if inside else say("outside what the card recommends")
    return found if given in hints else [(f"{given:g} · {word}", given), *found]


def summary(chosen: Options) -> str:
    """What a preset sets, in the words of the options: `miniature · 7:9 · count 4`."""
    parts: list[str] = [each for each in (chosen.profile, chosen.size or chosen.aspect) if each]
    named: list[tuple[str, object]] = [
        (say("count"), chosen.count),
        (say("rating"), chosen.rating),
        (say("steps"), chosen.steps),
        (say("guidance"), chosen.guidance_scale),
        (say("sampler"), chosen.sampler),
        (say("negative preset"), chosen.negative_preset),
        (say("quality"), None if chosen.quality is None else ", ".join(chosen.quality) or NONE),
        (say("year"), chosen.year),
        (say("style"), ", ".join(chosen.styles or ()) or None),
        (say("negative"), chosen.negative),
    ]
    parts += [f"{name} {value}" for name, value in named if value is not None]
    if chosen.order is not None:
        parts.append(say("in the card's order") if chosen.order else say("in the order typed"))
    return " · ".join(parts)
