"""Finding rating words in a prompt, however they are written.

Words of a step above the mildest are found anywhere in a tag, between whatever signs: `nsfw.`, `nsfw/1girl`.
A single mild word, such as one card's `sensitive`, means a rating only when it is the whole tag: `sensitive
skin` is none. A card's longer phrase counts instead of the word in it: `slightly nsfw` is not `nsfw`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.profiles.types import Profile, Rating
from pipeline.prompt.vocabulary import negative_words, positive_words

STRONG: Final[Mapping[str, Rating]] = {
    "rating: sensitive": Rating.SENSITIVE,
    "rating: questionable": Rating.QUESTIONABLE,
    "rating: q": Rating.QUESTIONABLE,
    "nsfw": Rating.QUESTIONABLE,
    "n s f w": Rating.QUESTIONABLE,
    "r18": Rating.QUESTIONABLE,
    "r 18": Rating.QUESTIONABLE,
    "nude": Rating.QUESTIONABLE,
    "nudes": Rating.QUESTIONABLE,
    "nudity": Rating.QUESTIONABLE,
    "naked": Rating.QUESTIONABLE,
    "rating: explicit": Rating.EXPLICIT,
    "rating: e": Rating.EXPLICIT,
    "explicit": Rating.EXPLICIT,
    "hentai": Rating.EXPLICIT,
    "porn": Rating.EXPLICIT,
    "pornographic": Rating.EXPLICIT,
}
"""Words that every checkpoint understands, whatever its card documents: all saw Danbooru's tags or CLIP's
captions. A card's own words for the prompt come before them. Every entry is plain letters and digits."""

_TOKEN = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")
"""Latin words end where another script starts."""
_PART = re.compile(r"[;|/]")
"""Signs that part tags for a reader, though the model knows only commas."""


@dataclass(frozen=True, slots=True)
class RatingWord:
    """A word of one step; `alone` when it counts only as a whole tag."""

    text: str
    step: Rating
    alone: bool


class Ladder:
    """The rating words of one profile, with the shared strong ones.

    A word belongs to the mildest step whose prompt uses it, then to the step of `STRONG`, then to the
    mildest step that it keeps out.
    """

    def __init__(self, profile: Profile) -> None:
        self._words: dict[tuple[str, ...], RatingWord] = {}
        strong = {_tokens(word) for word in STRONG}

        def add(word: str, step: Rating) -> None:
            if tokens := _tokens(word):
                mild = step.level <= Rating.SENSITIVE.level and len(tokens) == 1 and tokens not in strong
                self._words.setdefault(tokens, RatingWord(word, step, mild))

        for step in Rating:
            for word in positive_words(profile, step):
                add(word, step)
        for word, step in STRONG.items():
            add(word, step)
        for step in Rating:
            for word in negative_words(profile, step):
                add(word, step)
        self._longest = max(map(len, self._words))

    def find(self, tags: Iterable[str]) -> list[RatingWord]:
        """The rating words in the literal texts of tags, each once, in the order in which they stand."""
        found: dict[RatingWord, None] = {}
        for tag in tags:
            for part in _PART.split(_plain(tag)):
                word = self._words.get(tuple(_TOKEN.findall(part)))
                if word is not None and word.alone:
                    found[word] = None
            found.update(dict.fromkeys(self._runs(_tokens(tag))))
        return list(found)

    def _runs(self, tokens: tuple[str, ...]) -> Iterable[RatingWord]:
        """Words inside a tag: at each place the longest, whose tokens then count no more."""
        place = 0
        while place < len(tokens):
            taken = 1
            for length in range(min(self._longest, len(tokens) - place), 0, -1):
                word = self._words.get(tokens[place : place + length])
                if word is not None and not word.alone:
                    yield word
                    taken = length
                    break
            place += taken


def _plain(text: str) -> str:
    """Lower case without accents, wide or styled letters as ordinary ones."""
    spelled = unicodedata.normalize("NFKD", text).casefold()
    return "".join(sign for sign in spelled if not unicodedata.category(sign).startswith("M"))


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(_plain(text)))
