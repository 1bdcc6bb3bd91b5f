"""What a profile's card documents, looked up by tag: families, rating words, years."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from pipeline.errors import InvalidRequest
from pipeline.profiles.types import Profile, Rating, TagKind, TagSide, YearRange
from pipeline.prompt.normalise import key
from pipeline.prompt.ordering import END, START
from pipeline.prompt.tags import Item, key_of, read
from pipeline.sentence import Codes, Sentence

QUALITY_KINDS: Final = (TagKind.QUALITY, TagKind.SCORE, TagKind.AESTHETIC)
"""The families that the option `quality` chooses from."""
_KIND_SLOTS: Final = {
    TagKind.QUALITY: "quality",
    TagKind.SCORE: "quality",
    TagKind.AESTHETIC: "aesthetics",
    TagKind.YEAR: "",
    TagKind.STYLE: "painting_style",
}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The special tags of one profile.

    Attributes:
        profile: whose they are.
        kinds: family of each documented tag, by key.
        spellings: the card's spelling of each, by key.
        ratings: the mildest step that each positive rating word belongs to, by key.
        keep: lower-case words that the card writes with underscores.
    """

    profile: Profile
    kinds: Mapping[str, TagKind]
    spellings: Mapping[str, str]
    ratings: Mapping[str, Rating]
    keep: frozenset[str]

    @classmethod
    def of(cls, profile: Profile) -> Vocabulary:
        """Index a profile."""
        kinds: dict[str, TagKind] = {}
        spellings: dict[str, str] = {}
        for special in profile.tags:
            kinds.setdefault(key(special.tag), special.kind)
            spellings.setdefault(key(special.tag), special.tag)
        ratings: dict[str, Rating] = {}
        for rating in Rating:
            for word in positive_words(profile, rating):
                ratings.setdefault(key(word), rating)
        words = [
            *spellings.values(),
            *profile.default_tags,
            *(preset.text for preset in profile.negative_presets),
        ]
        keep = frozenset(
            word for text in words for word in text.lower().replace(",", " ").split() if "_" in word
        )
        # The recommended quality string may hold tags that the card's tables do not list, such as `absurdres`.
        for text in profile.default_tags:
            for item in items_of(text, keep):
                for tag in item.tags:
                    kinds.setdefault(key_of(tag), TagKind.QUALITY)
                    spellings.setdefault(key_of(tag), "".join(span.text for span in tag))
        return cls(profile, kinds, spellings, ratings, keep)

    def known(self, kinds: Iterable[TagKind]) -> list[str]:
        """The card's spellings of some families, in the card's order."""
        wanted = set(kinds)
        return [self.spellings[name] for name, kind in self.kinds.items() if kind in wanted]

    def side(self, kind: TagKind) -> TagSide:
        """Where a family goes; families that the profile does not mention follow the quality tags."""
        sides = self.profile.tag_side
        return sides.get(kind, sides.get(TagKind.QUALITY, TagSide.START))

    def special(self, name: str) -> tuple[str, str] | None:
        """Slot and side of a documented tag for ordering; None for every other tag."""
        kind = self.kinds.get(name)
        if kind is None and name in self.ratings:
            return "", self._ordering_side(TagKind.QUALITY)
        if kind is None and self.profile.years and year_number(self.profile.years, name) is not None:
            kind = TagKind.YEAR
        return None if kind is None else (_KIND_SLOTS[kind], self._ordering_side(kind))

    def protects(self) -> frozenset[str]:
        """Keys of the tags that mean exactly what the card says, and are never dropped for another one."""
        return frozenset([*self.kinds, *self.ratings])

    def _ordering_side(self, kind: TagKind) -> str:
        return START if self.side(kind) is TagSide.START else END


def items_of(text: str, keep: Iterable[str] = ()) -> list[Item]:
    """The items of a text of the card's, chunks joined."""
    return [item for items in read(text, frozenset(keep)) for item in items]


def positive_words(profile: Profile, rating: Rating) -> tuple[str, ...]:
    """The words for pictures of this rating; none if the card has none."""
    words = profile.ratings.get(rating)
    return words.positive if words else ()


def negative_words(profile: Profile, rating: Rating) -> tuple[str, ...]:
    """The words that keep this rating out; none if the card has none."""
    words = profile.ratings.get(rating)
    return words.negative if words else ()


def year_number(years: YearRange, name: str) -> int | None:
    """The year that a tag such as `year 2023` names, if it is within the range."""
    before, _, after = years.pattern.partition("{n}")
    match = re.fullmatch(rf"{re.escape(key(before))}\s*([0-9]{{1,4}})\s*{re.escape(key(after))}", name)
    if match is None or not years.first <= int(match.group(1)) <= years.last:
        return None
    return int(match.group(1))


def year_tag(vocabulary: Vocabulary, wanted: str) -> str:
    """The card's spelling of a chosen year: a named one, `2023` or `year 2023`; empty for an empty choice.

    Raises:
        InvalidRequest: the card knows no such year.
    """
    name = key(wanted[:100])
    years = vocabulary.profile.years
    if not name:
        return ""
    if vocabulary.kinds.get(name) is TagKind.YEAR:
        return vocabulary.spellings[name]
    span: tuple[str, str] | None = None
    if years:
        spelled = years.pattern.format(n=name) if re.fullmatch("[0-9]{1,4}", name) else name
        if (number := year_number(years, key(spelled))) is not None:
            return years.pattern.format(n=number)
        span = (years.pattern.format(n=years.first), years.pattern.format(n=years.last))
    known = vocabulary.known([TagKind.YEAR])
    raise unknown(vocabulary.profile, Sentence("year tag"), wanted.strip(), known, span)


def unknown(
    profile: Profile, what: Sentence, given: str, known: Sequence[str], span: tuple[str, str] | None = None
) -> InvalidRequest:
    """The sentence for a tag that the card does not document; the closest known ones come first.

    Args:
        profile: whose card.
        what: what kind of tag it was to be.
        given: what was typed.
        known: the tags of that kind.
        span: the first and last of those that are counted through, where there are such.
    """
    shown = given if len(given) <= 60 else given[:60] + "…"
    if not known and not span:
        return InvalidRequest(
            "`{given}` cannot be used: {model} documents no {what}s.",
            given=shown,
            model=profile.name,
            what=what,
        )
    wanted = key(given[:100])
    closest = Codes(sorted(known, key=lambda tag: -SequenceMatcher(None, wanted, key(tag)).ratio()))
    listed: Codes | Sentence = closest
    if span:
        listed = Sentence("`{first}` to `{last}`", first=span[0], last=span[1])
        listed = Sentence("{tags}, {more}", tags=closest, more=listed) if closest else listed
    return InvalidRequest(
        "`{given}` is no {what} of {model}. It knows: {known}.",
        given=shown,
        what=what,
        model=profile.name,
        known=listed,
    )
