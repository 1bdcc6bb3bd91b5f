"""What becomes of words above the ceiling: the prompt is refused, or they go to the negative prompt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from pipeline.errors import InvalidRequest
from pipeline.profiles.types import Rating
from pipeline.prompt.grammar import Span, merge
from pipeline.prompt.ladder import Found, Ladder
from pipeline.prompt.rated import RatingWord
from pipeline.prompt.tags import Item, Tag, is_hollow, text_of, texts_of
from pipeline.sentence import Sentence

_ROUNDS: Final = 4
"""What is left when a word is cut out may spell another one: `n nude ude`."""
_LETTER = re.compile(r"\w")
_EMPTY: Final = frozenset(
    {
        *(
            "completely",
            "fully",
            "full",
            "totally",
            "partially",
            "mostly",
            "slightly",
            "very",
            "entirely",
            "almost",
        ),
        *(
            "nearly",
            "semi",
            "half",
            "extremely",
            "super",
            "really",
            "is",
            "are",
            "a",
            "an",
            "the",
            "of",
            "with",
        ),
        *(
            "and",
            "in",
            "on",
            "her",
            "his",
            "their",
            "no",
            "not",
            "rating",
            "content",
            "art",
            "being",
            "but",
            "or",
        ),
    }
)
"""Words that say nothing once the word beside them is gone."""


class Above(StrEnum):
    """What a server's moderators choose between."""

    REFUSE = "refuse"
    """The whole request is refused, and nothing is painted."""
    MOVE = "move"
    """The words go to the negative prompt, and the rest is painted."""


def refusal(word: str, step: Rating, ceiling: Rating) -> InvalidRequest:
    """The sentence for a word above the ceiling."""
    return InvalidRequest(
        "`{word}` goes beyond what may be painted here: it belongs to the rating `{step}`, and the most is "
        "`{ceiling}`. Please take it out of the prompt.",
        word=word,
        step=step.value,
        ceiling=ceiling.value,
    )


def take_out(
    ladder: Ladder, chunks: Sequence[Sequence[Item]], ceiling: Rating
) -> tuple[list[list[Item]], tuple[RatingWord, ...]]:
    """Cut every word above the ceiling out of a prompt.

    Returns:
        What is left, whole tags gone where nothing is; and the words, each once.
    """
    left = [list(items) for items in chunks]
    words: dict[RatingWord, None] = {}
    for turn in range(_ROUNDS):
        found = [f for f in ladder.search(texts_of(left)) if f.word.step.level > ceiling.level]
        if not found:
            break
        words.update(dict.fromkeys(f.word for f in found))
        left = _without(left, found, whole=turn == _ROUNDS - 1)
    return [items for items in left if items], tuple(words)


def move(
    ladder: Ladder, chunks: Sequence[Sequence[Item]], ceiling: Rating
) -> tuple[list[list[Item]], tuple[RatingWord, ...], list[Sentence]]:
    """Cut every word above the ceiling out, for the negative prompt.

    Returns:
        As `take_out`, and what is said of it.

    Raises:
        InvalidRequest: nothing is left.
    """
    left, words = take_out(ladder, chunks, ceiling)
    if words and is_hollow(left):
        raise refusal(words[0].text, words[0].step, ceiling)
    told = [
        Sentence(
            "`{word}` belongs to the rating `{step}` and the most here is `{ceiling}`, so it was moved to the "
            "negative prompt.",
            word=word.text,
            step=word.step.value,
            ceiling=ceiling.value,
        )
        for word in words
    ]
    return left, words, told


def _without(chunks: Sequence[Sequence[Item]], found: Iterable[Found], *, whole: bool) -> list[list[Item]]:
    cuts: dict[int, set[int]] = {}
    for each in found:
        for where, start, end in each.places:
            cuts.setdefault(where, set()).update(range(start, end))
    left, number = [], 0
    for items in chunks:
        kept: list[Item] = []
        for item in items:
            tags: list[Tag] = []
            commas: list[float] = []
            for place, tag in enumerate(item.tags):
                rest = tag
                if number in cuts:
                    rest = () if whole else _cut(tag, cuts[number])
                number += 1
                if rest:
                    if tags:
                        commas.append(item.commas[place - 1])
                    tags.append(rest)
            if tags:
                kept.append(Item(tuple(tags), tuple(commas)))
        left.append(kept)
    return left


def _cut(tag: Tag, signs: set[int]) -> Tag:
    """A tag without some of its characters; nothing when only empty words are left."""
    spans: list[Span] = []
    place = 0
    for span in tag:
        text = "".join(sign for at, sign in enumerate(span.text, place) if at not in signs)
        place += len(span.text)
        text = re.sub(r"\s+", " ", text)
        if not spans or spans[-1].text.endswith(" "):
            text = text.lstrip(" ")
        if text:
            spans.append(Span(text, span.weight))
    while spans and not (last := spans.pop()).text.isspace():
        if text := last.text.rstrip():
            spans.append(Span(text, last.weight))
            break
    rest = merge(spans)
    words = re.findall(r"\w+", text_of(rest).lower().replace("_", " "))
    return rest if any(word not in _EMPTY and _LETTER.search(word) for word in words) else ()
