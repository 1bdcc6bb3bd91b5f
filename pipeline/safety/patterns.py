"""What a rule may look like: words and phrases with wildcards, `*` for any letters within a word and `?` for one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipeline.errors import InvalidRequest
from pipeline.safety.folding import fold_rule, leet

MAX_LENGTH: Final = 100
"""Characters of a rule."""
MAX_WORDS: Final = 10
MAX_STARS: Final = 4
"""Stars of one word. Nobody needs more, and it bounds what comparing costs."""
LEAST_LITERAL: Final = 2
"""Letters that a word with wildcards must have, side by side if there is a star: with fewer it would match almost
everything."""
_WILD = re.compile(r"[*?]")
_LITERAL = re.compile(r"[^*?]+")
_REGEX = re.compile(r"[\\^{}|]|\)\s*[*+?{]|\.[*+]|\(\?|\[[^\]]*\]\s*[*+?]")
"""What only regular expressions have. Those are not read: some take exponential time."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rule's words, folded. Two rules with the same words are the same rule."""

    words: tuple[str, ...]

    @property
    def key(self) -> str:
        """The words as one text, by which rules are told apart."""
        return " ".join(self.words)


def read_pattern(text: str) -> Pattern:
    """Read what a moderator typed.

    Raises:
        InvalidRequest: empty, too long, a regular expression, or it would match almost everything.
    """
    shown = text[:40]
    if len(text) > MAX_LENGTH:
        raise InvalidRequest(
            "A rule may have {limit} characters, and this one has {length}. Shorten it, or make several of it.",
            limit=MAX_LENGTH,
            length=len(text),
        )
    if _REGEX.search(text):
        raise InvalidRequest(
            "`{pattern}` looks like a regular expression, and rules are none: `*` stands for any letters within a "
            "word and `?` for one letter, as in `sword*`.",
            pattern=shown,
        )
    words = fold_rule(text)
    if not words:
        raise InvalidRequest("A rule needs a word: `{pattern}` has no letter or digit.", pattern=shown)
    if len(words) > MAX_WORDS:
        raise InvalidRequest(
            "A rule may have {limit} words, and `{pattern}` has {count}. Shorten it, or make several of it.",
            limit=MAX_WORDS,
            pattern=shown,
            count=len(words),
        )
    for word in words:
        _check(word, shown)
    return Pattern(words)


def _check(word: str, shown: str) -> None:
    if not _WILD.search(word):
        return
    found = _LITERAL.findall(word)
    # Without a star a word has its length, so its letters may also stand apart: `c?t`.
    letters = max(map(len, found), default=0) if "*" in word else sum(map(len, found))
    if letters < LEAST_LITERAL:
        raise InvalidRequest(
            "`{pattern}` would match almost everything. A word with `*` needs at least {least} letters side by side, "
            "as in `sword*`, and one with `?` as many in all.",
            pattern=shown,
            least=LEAST_LITERAL,
        )
    if word.count("*") > MAX_STARS:
        raise InvalidRequest(
            "`{pattern}` has more than {limit} stars in one word. Use fewer, or make several rules of it.",
            pattern=shown,
            limit=MAX_STARS,
        )


def core(word: str) -> str:
    """The letters of a word with stars at its ends alone, which fit it by themselves; else nothing."""
    inner = word.strip("*")
    return "" if _WILD.search(inner) else inner


def is_glob(word: str) -> bool:
    """Whether a rule's word has wildcards."""
    return _WILD.search(word) is not None


def literals(word: str) -> list[str]:
    """The letters between the wildcards, longest first."""
    return sorted(_LITERAL.findall(word), key=len, reverse=True)


class Glob:
    """A word with wildcards, ready to be compared.

    The parts between the stars are looked for one after the other, each at its first place after the last one: that
    is right for stars, and never goes back, so the time is linear in the word for each of at most five parts.
    """

    __slots__ = ("_last", "_least", "_parts", "_start")

    def __init__(self, word: str, *, as_leet: bool) -> None:
        first, *others = (leet(part) if as_leet else part for part in re.sub(r"\*+", "*", word).split("*"))
        self._start = first
        self._last = others.pop() if others else None
        self._parts = others
        self._least = len(first) + sum(map(len, others)) + len(self._last or "")

    def matches(self, word: str) -> bool:
        """Whether the whole word fits."""
        if len(word) < self._least or (self._last is None and len(word) > self._least):
            return False
        if not _fits(self._start, word, 0):
            return False
        place = len(self._start)
        if self._last is None:
            return True
        end = len(word) - len(self._last)
        for part in self._parts:
            found = _find(part, word, place, end)
            if found < 0:
                return False
            place = found + len(part)
        return place <= end and _fits(self._last, word, end)


def _fits(part: str, word: str, place: int) -> bool:
    if "?" not in part:
        return word.startswith(part, place)
    window = word[place : place + len(part)]
    return len(window) == len(part) and all(a in ("?", b) for a, b in zip(part, window, strict=True))


def _find(part: str, word: str, place: int, end: int) -> int:
    if "?" not in part:
        return word.find(part, place, end)
    return next((at for at in range(place, end - len(part) + 1) if _fits(part, word, at)), -1)
