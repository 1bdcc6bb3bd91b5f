"""The words that belong to a step of the rating ladder for every model, from `data/rated.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from pipeline.profiles.types import Rating
from pipeline.safety.folding import fold_rule, leet

_KANA = re.compile(r"[\u3041-\u309f\u30fc]+")
_HANGUL = re.compile(r"[\uac00-\ud7a3]+")
_LATIN = re.compile(r"[a-z]+")
_PLURAL: Final = 4
"""Letters from which on a word is also meant with an `s` behind it."""
SPLIT: Final = 4
"""Letters from which on a word is looked for in two pieces."""
_COMPOUND: Final = frozenset(
    {
        *(
            "girl",
            "girls",
            "boy",
            "boys",
            "woman",
            "women",
            "man",
            "men",
            "lady",
            "body",
            "art",
            "pic",
            "anime",
        ),
        *(
            "big",
            "huge",
            "large",
            "small",
            "wet",
            "hard",
            "my",
            "her",
            "his",
            "in",
            "on",
            "all",
            "full",
            "fully",
        ),
        *(
            "hot",
            "juice",
            "apron",
            "shirt",
            "pull",
            "shot",
            "scene",
            "content",
            "completely",
            "totally",
            "only",
        ),
        *(
            "star",
            "stars",
            "kun",
            "chan",
            "female",
            "male",
            "model",
            "pose",
            "chick",
            "babe",
            "waifu",
            "draw",
            "drawing",
        ),
    }
)
"""Words that are written together with others in one: `nudegirl`, `hugepenis`."""
_LONGEST: Final = 24


@dataclass(frozen=True, slots=True)
class RatingWord:
    """A word of one step, as sentences show it; `alone` when it counts only as a whole tag."""

    text: str
    step: Rating
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Rated:
    """The tables. Every word is folded, see `pipeline.safety.folding`.

    Attributes:
        phrases: words by their folded words; None for phrases that are harmless.
        single: those of one word, with plurals.
        leet: the same as leetspeak reads them.
        kana: those of kana, which are written without spaces.
        hangul: those of Hangul, whose particles follow without a space.
        apart: two pieces that spell a word and are not meant so.
        longest: words of the longest phrase.
    """

    phrases: Mapping[tuple[str, ...], RatingWord | None]
    single: Mapping[str, RatingWord]
    leet: Mapping[str, RatingWord]
    kana: Mapping[str, RatingWord]
    hangul: Mapping[str, RatingWord]
    apart: frozenset[tuple[str, ...]]
    longest: int

    def inside(self, word: str) -> RatingWord | None:
        """The word that a longer one without spaces holds, if any."""
        if _KANA.fullmatch(word):
            return next((found for text, found in self.kana.items() if _in_kana(text, word)), None)
        if _HANGUL.fullmatch(word):
            found = (each for text, each in self.hangul.items() if word.startswith(text))
            return next(found, None)
        if SPLIT < len(word) <= _LONGEST and _LATIN.fullmatch(word):
            return _compound(word)
        return None


@cache
def table() -> Rated:
    """The tables that ship with the package."""
    text = files("pipeline.prompt").joinpath("data/rated.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    phrases: dict[tuple[str, ...], RatingWord | None] = {}
    for words in _phrases(data["harmless"]):
        phrases.setdefault(fold_rule(words), None)
    # The strongest first: a word that is in two lists belongs to that one.
    for step in (Rating.EXPLICIT, Rating.QUESTIONABLE, Rating.SENSITIVE):
        for words in _phrases(data[step.value]):
            if folded := fold_rule(words):
                phrases.setdefault(folded, RatingWord(_spelled(words), step))
    for step in (Rating.EXPLICIT, Rating.QUESTIONABLE):
        for words in _phrases(data[f"alone_{step.value}"]):
            phrases.setdefault(fold_rule(words), RatingWord(words, step, alone=True))
    single: dict[str, RatingWord] = {}
    for folded, found in list(phrases.items()):
        if found is None or found.alone or len(folded) != 1:
            continue
        single.setdefault(folded[0], found)
        if len(folded[0]) >= _PLURAL and _LATIN.fullmatch(folded[0]) and not folded[0].endswith(("s", "ing")):
            single.setdefault(folded[0] + "s", found)
            phrases.setdefault((folded[0] + "s",), found)
    return Rated(
        phrases=phrases,
        single=single,
        leet={leet(word): found for word, found in single.items() if _LATIN.fullmatch(word)},
        kana={word: found for word, found in single.items() if _KANA.fullmatch(word)},
        hangul={word: found for word, found in single.items() if _HANGUL.fullmatch(word)},
        apart=frozenset(map(fold_rule, _phrases(data["apart"]))),
        longest=max(map(len, phrases)),
    )


@lru_cache(maxsize=8192)
def _compound(word: str) -> RatingWord | None:
    """A word made of one of these and of common ones."""
    single = table().single
    for cut in range(2, len(word) - 1):
        for part, rest in ((word[:cut], word[cut:]), (word[cut:], word[:cut])):
            found = single.get(part)
            if found is not None and len(part) >= SPLIT and (rest in _COMPOUND or rest in single):
                return found
    return None


def _in_kana(text: str, word: str) -> bool:
    if len(text) >= SPLIT:
        return text in word
    return word.startswith(text) and len(word) <= len(text) + 1 and len(text) > 2


def _phrases(text: str) -> Iterator[str]:
    return (words for each in text.split(",") if (words := " ".join(each.split())))


def _spelled(words: str) -> str:
    """`rating q` is written `rating: q`."""
    return re.sub(r"^rating ", "rating: ", words)
