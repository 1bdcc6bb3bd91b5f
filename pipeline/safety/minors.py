"""The built-in list against sexualised minors: terms refused alone, and age words together with sexual ones.

The words with the reasoning are in `data/minors.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from typing import Any, Final

from pipeline.safety.folding import fold, leet
from pipeline.safety.matcher import Kind, Match, Rule, RuleSet
from pipeline.safety.patterns import core

MINORS_UP_TO: Final = 17
_SPELLED: Final = 4
"""Letters from which on an age word is looked for in two pieces."""
_NUMBERS: Final = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen",
)  # fmt: skip
_ROMAN: Final = (
    "",
    "ii",
    "iii",
    "iv",
    "",
    "vi",
    "vii",
    "viii",
    "ix",
    "",
    "xi",
    "xii",
    "xiii",
    "xiv",
    "xv",
    "xvi",
    "xvii",
)
"""I, V and X are letters as well."""
_KANJI: Final = (
    "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "十三", "十四", "十五", "十六", "十七",
)  # fmt: skip


class Part(StrEnum):
    """A part of the list; `minors.toml` says what each means."""

    ALONE = "alone"
    AGE = "age"
    TAG = "tag"
    SEXUAL = "sexual"
    INNOCENT = "innocent"
    DRESSED = "dressed"
    GROWN = "grown"


_PAINTED: Final = (Part.ALONE, Part.AGE, Part.TAG, Part.SEXUAL, Part.INNOCENT)
_AVOIDED: Final = (Part.DRESSED, Part.GROWN)


@dataclass(frozen=True, slots=True)
class Finding:
    """What falls under the list, as it was typed. `sexual` is empty for a term that is refused alone.

    Attributes:
        word: the term, or the age word.
        sexual: the sexual word beside it.
        rated: whether it is the rating that goes with it instead.
    """

    word: str
    sexual: str = ""
    rated: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """What a text holds of the list: the first word of each part that there is, as it was typed."""

    alone: str = ""
    age: str = ""
    sexual: str = ""


@cache
def _rules(parts: tuple[Part, ...]) -> RuleSet:
    """Some parts of the list, compiled once (about 0.1 s)."""
    data = tomllib.loads(files("pipeline.safety").joinpath("data/minors.toml").read_text(encoding="utf-8"))
    return RuleSet(_every(data, parts))


def _every(data: dict[str, dict[str, str]], parts: Sequence[Part]) -> Iterator[Rule]:
    number = 0
    for part in parts:
        kind = Kind.ALLOW if part is Part.INNOCENT else Kind.BLOCK
        for text in data[part].values():
            for pattern in (each.strip() for each in text.split(",")):
                for spelled in _numbered(pattern):
                    number += 1
                    yield Rule(number=number, pattern=spelled, kind=kind, note=part)


def _numbered(pattern: str) -> Iterator[str]:
    """The pattern, once for each number that `#` stands for."""
    if "#" not in pattern:
        yield pattern
        return
    apart = "#" in pattern.split()
    for place in range(MINORS_UP_TO):
        yield pattern.replace("#", str(place + 1))
        if apart:
            yield pattern.replace("#", _NUMBERS[place])
            if _ROMAN[place]:
                yield pattern.replace("#", _ROMAN[place])
        elif not pattern.isascii():
            yield pattern.replace("#", _KANJI[place])


def warm_up() -> None:
    """Compile the list, off the event loop."""
    _rules(_PAINTED)
    _rules(_AVOIDED)


def read(prompt: str, negative: str = "") -> Read:
    """What is on the list in what would be painted, and in what would be kept out of it."""
    found = dict.fromkeys(Part, "")
    every = _rules(_PAINTED).find(prompt)
    for match in (each for each in every if each.blocks):
        part = Part(match.rule.note)
        if part is not Part.TAG or _whole_tag(prompt, match):
            found[part] = found[part] or match.quote
    for match in _rules(_AVOIDED).blocked(negative) if negative else ():
        if _whole_tag(negative, match):
            part = Part(match.rule.note)
            found[part] = found[part] or match.quote
    return Read(
        alone=found[Part.ALONE],
        age=found[Part.AGE] or found[Part.TAG] or _misspelled(prompt, every) or found[Part.GROWN],
        sexual=found[Part.SEXUAL] or found[Part.DRESSED],
    )


def look(prompt: str, negative: str = "", *, rated: bool) -> Finding | None:
    """What must not be painted, None if nothing.

    Args:
        prompt: everything that would be painted, from wherever it comes.
        negative: what would be kept out. Sexual words in it are as they should be and never count.
        rated: whether it would be rated questionable or explicit.
    """
    return judge(read(prompt, negative), rated=rated)


def judge(*texts: Read, rated: bool) -> Finding | None:
    """The same for what was read of several texts that go into one picture."""
    alone, age, sexual = (
        next((value for each in texts if (value := getattr(each, name))), "")
        for name in ("alone", "age", "sexual")
    )
    if alone:
        return Finding(alone)
    if age and sexual:
        return Finding(age, sexual)
    if age and rated:
        return Finding(age, rated=True)
    return None


def matches(prompt: str) -> tuple[Match, ...]:
    """Every word of the list in a text, for showing it; the rule's note is the part."""
    return _rules(_PAINTED).blocked(prompt)


@cache
def _ages() -> dict[str, str]:
    """Age words of one word, as leetspeak reads them: there a small L is an I."""
    words = (core(rule.pattern) for rule in _rules(_PAINTED).rules if rule.note == Part.AGE)
    return {leet(word): word for word in words if len(word) >= _SPELLED and word.isascii() and word.isalpha()}


def _misspelled(prompt: str, every: Sequence[Match]) -> str:
    """An age word in two pieces, such as `chi ld`, or with one letter for another that looks like it (`chlld`).

    Only age words are looked for like this, as they count beside sexual ones alone: any two words may by chance spell
    one. What is innocent stays so.
    """
    ages, folded = _ages(), fold(prompt)
    innocent = {place for each in every if not each.blocks for place in range(each.first, each.last + 1)}
    for (place, word), after in zip_longest(enumerate(folded.words), folded.words[1:]):
        if place in innocent:
            continue
        if ages.get(leet(word.text), word.text) != word.text:
            return folded.quote(place, place)
        if after is not None and after.tag == word.tag and leet(word.text + after.text) in ages:
            return folded.quote(place, place + 1)
    return ""


def _whole_tag(text: str, match: Match) -> bool:
    """Whether a match is a tag by itself: `torn clothes` in a negative prompt undresses nobody."""
    words: Any = fold(text).words
    tag = words[match.first].tag
    before = match.first == 0 or words[match.first - 1].tag != tag
    return before and (match.last + 1 == len(words) or words[match.last + 1].tag != tag)
