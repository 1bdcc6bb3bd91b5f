"""The words that keep a picture within its rating stand at their full weight, whatever a member types beside them.

A tag may be typed to be weakened (`(nsfw:0)` in the negative prompt, `(safe:0)` in the prompt) or to be turned round
(`safe` or `clothes` in the negative prompt). Such tags are left out, and the card's own words are then added as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from pipeline.profiles.types import Profile, Rating
from pipeline.prompt.grammar import render
from pipeline.prompt.ladder import Ladder
from pipeline.prompt.normalise import key
from pipeline.prompt.ratings import words_to_avoid
from pipeline.prompt.tags import Item, Tag, key_of, read, spans, text_of, without
from pipeline.prompt.vocabulary import items_of, positive_words
from pipeline.sentence import Sentence

DECENT: Final = frozenset(
    {
        *("safe", "sfw", "safe for work", "rating: safe", "rating: general", "rating:safe", "rating:general"),
        *("clothes", "clothing", "clothed", "dressed", "clothes on", "wearing clothes", "fully clothed"),
        *("fully dressed", "outfit", "garment", "garments", "attire", "modest", "modesty"),
    }
)
"""What every model takes for the opposite of nakedness."""


def insist(chunks: Sequence[Sequence[Item]], own: Iterable[str]) -> tuple[list[list[Item]], tuple[str, ...]]:
    """The prompt less the rating's own words where they are weakened, and less what is decent where it is negated."""
    names = {key(word) for word in own}

    def against_it(tag: Tag) -> bool:
        least = min(span.weight for span in tag)
        name = key_of(tag)
        return (name in names and least < 1.0) or (name in DECENT and least < 0)

    return _less(chunks, against_it)


def against(
    ladder: Ladder, chunks: Sequence[Sequence[Item]], own: Iterable[str], ceiling: Rating
) -> tuple[list[list[Item]], tuple[str, ...]]:
    """The negative prompt less what would turn the picture towards more than the ceiling."""
    names = {key(word) for word in own} | DECENT

    def against_it(tag: Tag) -> bool:
        if key_of(tag) in names:
            return max(span.weight for span in tag) > 0
        if min(span.weight for span in tag) >= 1.0:
            return False
        return any(word.step.level > ceiling.level for word in ladder.find([text_of(tag)]))

    return _less(chunks, against_it)


def held_to(
    profile: Profile,
    ladder: Ladder,
    chunks: Sequence[Sequence[Item]],
    negative: Sequence[Sequence[Item]],
    rating: Rating,
    ceiling: Rating,
) -> tuple[list[list[Item]], list[list[Item]], list[Sentence]]:
    """Both prompts less what would work against the rating, and what is said of it."""
    own = positive_words(profile, rating)
    chunks, gone = insist(chunks, own)
    negative, less = against(ladder, negative, own, ceiling)
    told = [
        Sentence(
            "`{text}` was left out: it would work against the rating `{rating}`.",
            text=text,
            rating=rating.value,
        )
        for text in (*gone, *less)
    ]
    return chunks or [[]], negative, told


def completed(profile: Profile, negative: str, rating: Rating, keep: Collection[str] = ()) -> str:
    """A final negative prompt with the words that keep out more than `rating`, which an old recipe may lack.

    Raises:
        InvalidRequest: it cannot be read.
    """
    chunks = read(negative, keep)
    held = {
        key_of(tag)
        for items in chunks
        for item in items
        for tag in item.tags
        if min(span.weight for span in tag) >= 1.0
    }
    missing = [word for word, _ in words_to_avoid(profile, rating) if key(word) not in held]
    if not missing:
        return negative
    front = [item for word in missing for item in items_of(word, keep)]
    names = {key(word) for word in missing}
    chunks, _ = _less(chunks, lambda tag: key_of(tag) in names)
    first = front + (chunks[0] if chunks else [])
    return render([spans(items) for items in (first, *chunks[1:])])


def _less(
    chunks: Sequence[Sequence[Item]], drop: Callable[[Tag], bool]
) -> tuple[list[list[Item]], tuple[str, ...]]:
    gone: dict[str, None] = {}

    def noted(tag: Tag) -> bool:
        if drop(tag):
            gone[text_of(tag)] = None
            return True
        return False

    left = [without(items, noted) for items in chunks]
    return ([items for items in left if items] if gone else [list(items) for items in chunks]), tuple(gone)
