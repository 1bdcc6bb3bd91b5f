"""Dropping tags that say the same, keeping the more telling one.

Three rules, each within one chunk and never on the tags that the profile's card documents:

- The same tag, or another spelling of it, stands twice: the emphasised one stays, otherwise the first.
- A tag is said by a more telling one according to a table after Danbooru's implications (`long hair` beside
  `very long hair`).
- A garment is said by a longer name of it (`dress` beside `white dress`), unless a word makes the longer one
  another thing (`no hat`, `unworn hat`).

A tag whose weight the member chose stays, and so does everything when several people are in the picture:
`long hair` may be one's and `very long hair` the other's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from pipeline.prompt.tags import Item, Tag, key_of, text_of, weight_of, without
from pipeline.prompt.words import table
from pipeline.sentence import Codes, Sentence

_MAX_WORDS = 3
_PEOPLE = re.compile(r"(\d+)\+?\s?(girl|boy|other)s?")
_SEVERAL = frozenset(
    {
        "multiple girls",
        "multiple boys",
        "multiple others",
        "everyone",
        "couple",
        "duo",
        "trio",
        "group",
        "crowd",
    }
    | {"siblings", "sisters", "brothers", "twins", "multiple views"}
)


def drop_duplicates(
    items: Sequence[Item], protected: Collection[str] = ()
) -> tuple[list[Item], tuple[Sentence, ...]]:
    """Apply all three rules to one chunk.

    Args:
        items: the chunk.
        protected: keys of tags for which only the first rule holds, and only in its literal sense.

    Returns:
        The items that stay, in their order, and one warning for each kind of thing dropped.
    """
    kept, repeated = drop_repeated(items, protected)
    warnings = []
    if repeated:
        warnings.append(Sentence("Left out because it is there already: {tags}.", tags=_listed(repeated)))
    kept, implied = _drop_implied(kept, protected)
    warnings.extend(
        Sentence("`{general}` was left out: `{telling}` says it already.", general=general, telling=telling)
        for general, telling in implied
    )
    return kept, tuple(warnings)


def drop_repeated(
    items: Sequence[Item], protected: Collection[str] | None = None
) -> tuple[list[Item], list[str]]:
    """The first rule. With `protected` None only the same words count, not other spellings of a tag.

    Returns:
        The items that stay and the texts dropped.
    """
    emphasised: set[str] = set()
    names: list[str] = []
    for tag in _tags(items):
        name = key_of(tag)
        if protected is not None and name not in protected:
            name = table().synonyms.get(name, name)
        names.append(name)
        if weight_of(tag) != 1.0:
            emphasised.add(name)
    seen: set[object] = set()
    dropped: list[str] = []
    position = iter(names)

    def drop(tag: Tag) -> bool:
        name = next(position)
        if weight_of(tag) == 1.0:
            again = name in seen or name in emphasised
            seen.add(name)
        else:
            # Emphasised tags go only when an equal one with equal weights is there.
            same = (name, tuple((span.text.lower(), span.weight) for span in tag))
            again = same in seen
            seen.add(same)
        if again:
            dropped.append(text_of(tag))
        return again

    return without(items, drop), dropped


def says(telling: str) -> set[str]:
    """Keys of all tags that a tag says already, itself not among them."""
    words = table()
    said: set[str] = set()
    pending = [telling]
    while pending:
        current = words.synonyms.get(pending[-1], pending[-1])
        pending.pop()
        for general in (*words.implications.get(current, ()), *_heads(current)):
            if general not in said and general != telling:
                said.add(general)
                pending.append(general)
    return said


def _heads(name: str) -> list[str]:
    parts = name.split(" ")
    if not 1 < len(parts) <= _MAX_WORDS or not table().blockers.isdisjoint(parts):
        return []
    tails = (" ".join(parts[start:]) for start in range(1, len(parts)))
    return [tail for tail in tails if tail in table().heads]


def _drop_implied(
    items: Sequence[Item], protected: Collection[str]
) -> tuple[list[Item], list[tuple[str, str]]]:
    tags = list(_tags(items))
    names = [key_of(tag) for tag in tags]
    if _several_people(names):
        return list(items), []
    speakers = {
        name: tag
        for tag, name in zip(tags, names, strict=True)
        if name not in protected and all(span.weight >= 1.0 for span in tag)
    }
    sayings = {name: says(name) for name in speakers}
    said: dict[str, str] = {}
    # Those that nothing else says come first, so that a warning names a tag that stays.
    for name in sorted(speakers, key=lambda name: any(name in others for others in sayings.values())):
        for general in sayings[name]:
            said.setdefault(general, text_of(speakers[name]))
    dropped: list[tuple[str, str]] = []

    def drop(tag: Tag) -> bool:
        name = key_of(tag)
        general = table().synonyms.get(name, name)
        if name in protected or weight_of(tag) != 1.0 or general not in said:
            return False
        dropped.append((text_of(tag), said[general]))
        return True

    return without(items, drop), dropped


def _several_people(names: Iterable[str]) -> bool:
    kinds: set[str] = set()
    for name in names:
        if name in _SEVERAL:
            return True
        if match := _PEOPLE.fullmatch(name):
            if int(match.group(1)[:3]) > 1:
                return True
            kinds.add(match.group(2))
    return len(kinds) > 1


def _tags(items: Iterable[Item]) -> Iterable[Tag]:
    return (tag for item in items for tag in item.tags)


def _listed(names: Sequence[str]) -> Codes | Sentence:
    unique = list(dict.fromkeys(name[:60] for name in names))
    shown = Codes(unique[:8])
    return Sentence("{tags} and more", tags=shown) if len(unique) > 8 else shown
