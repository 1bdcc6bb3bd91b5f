"""What options and the rating add to a prompt: each tag with its kind, and the sentence that says why it is there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeAlias

from pipeline.profiles.types import Profile, Rating, TagKind
from pipeline.prompt.lengths import MAX_LENGTH
from pipeline.prompt.negative import NO_PRESET
from pipeline.prompt.normalise import clean, key
from pipeline.prompt.tags import Item, key_of
from pipeline.prompt.vocabulary import (
    QUALITY_KINDS,
    Vocabulary,
    items_of,
    positive_words,
    unknown,
    year_tag,
)
from pipeline.sentence import Sentence

Chosen: TypeAlias = tuple[Item, TagKind, Sentence]


def quality_items(profile: Profile, vocabulary: Vocabulary, texts: Sequence[str]) -> Iterator[Chosen]:
    """The tags of the option `quality`."""
    for item in _chosen(profile, vocabulary, texts, Sentence("quality tag"), QUALITY_KINDS):
        yield item, vocabulary.kinds[key_of(item.tags[0])], Sentence("Chosen with the option `quality`.")


def rating_items(
    profile: Profile, vocabulary: Vocabulary, rating: Rating, reason: Sentence
) -> Iterator[Chosen]:
    """How the card says a rating."""
    rule = Sentence(
        "How {model} says the rating `{rating}` ({reason}).",
        model=profile.name,
        rating=rating.value,
        reason=reason,
    )
    if remark := profile.ratings_remark:
        rule = Sentence(
            "{remark} Here for the rating `{rating}` ({reason}).",
            remark=Sentence(remark),
            rating=rating.value,
            reason=reason,
        )
    for word in positive_words(profile, rating):
        for item in items_of(word, vocabulary.keep):
            yield item, TagKind.QUALITY, rule


def year_items(vocabulary: Vocabulary, year: str) -> Iterator[Chosen]:
    """The tag of the option `year`."""
    tag = year_tag(vocabulary, year)
    for item in items_of(tag, vocabulary.keep):
        yield item, TagKind.YEAR, Sentence("Chosen with the option `year`.")


def style_items(profile: Profile, vocabulary: Vocabulary, texts: Sequence[str]) -> Iterator[Chosen]:
    """The tags of the option `style`."""
    for item in _chosen(profile, vocabulary, texts, Sentence("painting style"), (TagKind.STYLE,)):
        yield item, TagKind.STYLE, Sentence("Chosen with the option `style`.")


def _chosen(
    profile: Profile, vocabulary: Vocabulary, texts: Sequence[str], what: Sentence, kinds: Collection[TagKind]
) -> Iterable[Item]:
    """The items of an option's tags, which may be weighted and may be several in one text."""
    for text in texts:
        if not text.strip() or key(text[:10]) == NO_PRESET:
            continue
        cleaned, _ = clean(text[:MAX_LENGTH], what)
        for item in items_of(cleaned, vocabulary.keep):
            for tag in item.tags:
                if vocabulary.kinds.get(key_of(tag)) not in kinds:
                    given = "".join(span.text for span in tag)
                    raise unknown(profile, what, given, vocabulary.known(kinds))
            yield item
