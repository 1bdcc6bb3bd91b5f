"""What the member typed of quality, score and aesthetic tags, beside the string that a card recommends."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from pipeline.profiles.types import TagKind
from pipeline.prompt.tags import Item, key_of, keys_of, text_of, without
from pipeline.prompt.vocabulary import QUALITY_KINDS, Vocabulary, items_of, year_number


def recommended_items(vocabulary: Vocabulary) -> list[tuple[Item, TagKind]]:
    """The card's recommended string with the family of each tag."""
    texts = vocabulary.profile.default_tags
    items = [item for text in texts for item in items_of(text, vocabulary.keep)]
    return [(item, vocabulary.kinds[key_of(item.tags[0])]) for item in items]


def displacing(vocabulary: Vocabulary, chunks: Iterable[Iterable[Item]]) -> str:
    """The first typed tag of these families that the recommended string does not hold; empty if none.

    Such a tag is the member's own choice of a level, which the recommended one would fight: `worst quality`
    beside `masterpiece`.
    """
    names = {key_of(tag) for item, _ in recommended_items(vocabulary) for tag in item.tags}
    for items in chunks:
        for item in items:
            for tag in item.tags:
                name = key_of(tag)
                if vocabulary.kinds.get(name) in QUALITY_KINDS and name not in names:
                    return text_of(tag)
    return ""


def complete(
    chunks: Sequence[Sequence[Item]], recommended: Iterable[Item]
) -> tuple[list[list[Item]], list[Item]]:
    """Put the missing tags of the recommended string beside those that were typed, in the card's order.

    Returns:
        The chunks, and the items put in; unchanged and none when no part of the string was typed.
    """
    placed = [list(items) for items in chunks]
    wanted = list(recommended)
    before = next((place for item in wanted if (place := _find(placed, item))), None)
    if before is None:
        return placed, []
    missing: list[Item] = []
    after: tuple[int, int] | None = None
    for item in wanted:
        if (place := _find(placed, item)) is not None:
            after = place
            continue
        after = before if after is None else (after[0], after[1] + 1)
        placed[after[0]].insert(after[1], item)
        missing.append(item)
    return placed, missing


def without_other_years(
    vocabulary: Vocabulary, chunks: Iterable[Sequence[Item]], year: Collection[str]
) -> tuple[list[list[Item]], list[str]]:
    """The chunks less the documented year tags whose keys are not in `year`, and the texts dropped.

    A chunk that held nothing else goes; at least one chunk is left, which may be empty.
    """
    years = vocabulary.profile.years
    dropped: list[str] = []

    def is_year(name: str) -> bool:
        named = vocabulary.kinds.get(name) is TagKind.YEAR
        return named or (years is not None and year_number(years, name) is not None)

    kept: list[list[Item]] = []
    for items in chunks:
        others = [
            text_of(tag)
            for item in items
            for tag in item.tags
            if is_year(key_of(tag)) and key_of(tag) not in year
        ]
        dropped += others
        rest = (
            without(items, lambda tag: is_year(key_of(tag)) and key_of(tag) not in year) if others else [*items]
        )
        if rest:
            kept.append(rest)
    return kept or [[]], dropped


def _find(chunks: Sequence[Sequence[Item]], wanted: Item) -> tuple[int, int] | None:
    """Chunk and place of the first item that holds a tag of `wanted`."""
    names = keys_of([[wanted]])
    for number, items in enumerate(chunks):
        for index, item in enumerate(items):
            if not names.isdisjoint(keys_of([[item]])):
                return number, index
    return None
