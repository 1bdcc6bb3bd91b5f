"""Finding rating words in a prompt, however they are written.

Words of a step above the mildest are found anywhere in a tag, in any of the readings that `pipeline.safety.folding`
knows: between whatever signs, in other letters, set apart, spread over weights and brackets. A single mild word of a
card, such as `sensitive`, means a rating only when it is the whole tag: `sensitive skin` is none. A longer phrase
counts instead of the word in it: on one card `slightly nsfw` is not `nsfw`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, groupby, pairwise
from typing import Final, TypeAlias

from pipeline.profiles.types import Profile, Rating
from pipeline.prompt.rated import SPLIT, RatingWord, table
from pipeline.prompt.vocabulary import negative_words, positive_words
from pipeline.safety.folding import Folded, Run, fold, fold_rule, leet

_JOINED: Final = 3
"""Letters from which on a word is looked for in pieces."""


@dataclass(frozen=True, slots=True)
class Found:
    """A rating word in a prompt.

    Attributes:
        word: which one.
        places: tag, start and end of each stretch of literal text that spells it.
    """

    word: RatingWord
    places: tuple[tuple[int, int, int], ...]


Words: TypeAlias = tuple[tuple[Rating, tuple[str, ...], tuple[str, ...]], ...]
"""Each step, mildest first, with a card's words for the prompt and those for the negative prompt."""


class Ladder:
    """The rating words of one profile, with those that count for every model.

    A word belongs to the mildest step whose prompt uses it, then to the step of the shared table, then to the
    mildest step that it keeps out.
    """

    def __init__(self, words: Words) -> None:
        self._shared = table()
        self._own: dict[tuple[str, ...], RatingWord] = {}
        self._rest: dict[tuple[str, ...], RatingWord] = {}
        for step, *both in words:
            for known, spelled in zip((self._own, self._rest), both, strict=True):
                for word in spelled:
                    if folded := fold_rule(word):
                        known.setdefault(folded, RatingWord(word, step, self._is_mild(folded, step)))
        self._longest = max(map(len, (*self._own, *self._rest, ("",) * self._shared.longest)))

    @staticmethod
    def of(profile: Profile) -> Ladder:
        """That of a profile; there is one for all with the same words."""
        return _ladder(
            tuple((step, positive_words(profile, step), negative_words(profile, step)) for step in Rating)
        )

    def find(self, tags: Iterable[str]) -> list[RatingWord]:
        """The rating words in the literal texts of tags, each once, in the order in which they stand."""
        return list(dict.fromkeys(found.word for found in self.search(tuple(tags))))

    def search(self, tags: Sequence[str]) -> list[Found]:
        """The rating words in the literal texts of tags, with their places."""
        starts = list(accumulate((len(tag) + 1 for tag in tags), initial=0))
        folded = fold(",".join(tags))

        def place(words: Iterable[int]) -> tuple[tuple[int, int, int], ...]:
            """The texts of words, signs between them included where they are of one tag."""
            stretches: dict[int, tuple[int, int]] = {}
            for index in words:
                word = folded.words[index]
                tag = bisect_right(starts, word.start) - 1
                start, end = word.start - starts[tag], word.end - starts[tag]
                low, high = stretches.get(tag, (start, end))
                stretches[tag] = (min(low, start), max(high, end))
            return tuple((tag, *ends) for tag, ends in stretches.items())

        found: list[tuple[int, RatingWord, tuple[int, ...]]] = []
        taken: set[int] = set()
        for _, group in groupby(range(len(folded.words)), key=lambda index: folded.words[index].tag):
            indices = tuple(group)
            words = tuple(folded.words[index].text for index in indices)
            whole = self._word(words)
            if whole is not None and whole.alone:
                found.append((indices[0], whole, indices))
            for first, last, word in self._phrases(words):
                taken.update(indices[first:last])
                if word is not None:
                    found.append((indices[first], word, indices[first:last]))
            found += [
                (indices[at], word, indices[at : at + 2])
                for at, word in self._pairs(words)
                if not taken & {*indices[at : at + 2]}
            ]
        # What a phrase has accounted for is read in no other way.
        found += [(min(at), word, at) for at, word in self._otherwise(folded) if not taken & {*at}]
        found.sort(key=lambda each: each[0])
        return [Found(word, place(at)) for _, word, at in found]

    def _is_mild(self, folded: tuple[str, ...], step: Rating) -> bool:
        return step.level <= Rating.SENSITIVE.level and len(folded) == 1 and folded not in self._shared.phrases

    def _word(self, words: tuple[str, ...]) -> RatingWord | None:
        return self._own.get(words) or self._shared.phrases.get(words) or self._rest.get(words)

    def _phrases(self, words: tuple[str, ...]) -> Iterator[tuple[int, int, RatingWord | None]]:
        """Words inside a tag: at each place the longest, whose words then count no more. None for harmless ones."""
        place = 0
        while place < len(words):
            taken = 1
            for length in range(min(self._longest, len(words) - place), 0, -1):
                key = words[place : place + length]
                word = self._word(key)
                if (word is not None and not word.alone) or (word is None and key in self._shared.phrases):
                    yield place, place + length, word
                    taken = length
                    break
            place += taken

    def _pairs(self, words: tuple[str, ...]) -> Iterator[tuple[int, RatingWord]]:
        """Words in two pieces with a space between."""
        for at, (one, two) in enumerate(pairwise(words)):
            joined = one + two
            if len(joined) >= SPLIT and joined in self._shared.single and (one, two) not in self._shared.apart:
                yield at, self._shared.single[joined]

    def _otherwise(self, folded: Folded) -> Iterator[tuple[tuple[int, ...], RatingWord]]:
        shared = self._shared
        for index, word in enumerate(folded.words):
            found = shared.inside(word.text)
            if found is None and "l" in word.text and len(word.text) >= SPLIT:
                found = shared.leet.get(leet(word.text))  # `penls`: in print a small l is a capital I
            if found is not None:
                yield (index,), found
        for reading in folded.readings:
            single = shared.leet if reading.leet else shared.single
            if (found := single.get(reading.text)) is not None:
                yield tuple(range(reading.first, reading.last + 1)), found
        for run in folded.runs:
            yield from self._joined(folded, run)

    def _joined(self, folded: Folded, run: Run) -> Iterator[tuple[tuple[int, ...], RatingWord]]:
        for first in range(len(run.pieces)):
            for last in range(first + run.least, len(run.pieces) + 1):
                start, end = run.ends[first], run.ends[last]
                if end - start > 16:
                    break
                found = self._shared.single.get(run.text[start:end])
                if found is None and run.leet:
                    found = self._shared.leet.get(run.leet[start:end])
                pieces = run.pieces[first:last]
                letters = all(len(folded.words[index].text) == 1 for index in pieces)
                if found is not None and (end - start > _JOINED or (end - start == _JOINED and letters)):
                    yield pieces, found


@lru_cache(maxsize=64)
def _ladder(words: Words) -> Ladder:
    return Ladder(words)
