"""A prompt as a list of tags: what stands between commas, with weights, and groups that stay whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.prompt.grammar import Chunk, Span, merge, parse
from pipeline.prompt.normalise import is_emoticon, key, tidy

Tag: TypeAlias = tuple[Span, ...]
"""One tag: usually a single span; several when part of it is emphasised. Never empty."""

_HOLLOW = re.compile(r"[\s()\[\]\\:.]*|:?\s*[+-]?[.\d]+\s*[)\]]*")


@dataclass(frozen=True, slots=True)
class Item:
    """What moves as a whole: one tag, or several inside one weighted group.

    `commas` are the weights of the commas between the tags, one fewer than tags.
    """

    tags: tuple[Tag, ...]
    commas: tuple[float, ...] = ()


def text_of(tag: Tag) -> str:
    """The literal text of a tag."""
    return "".join(span.text for span in tag)


def key_of(tag: Tag) -> str:
    """The tag in the form in which tags are compared."""
    return key(text_of(tag))


def weight_of(tag: Tag) -> float | None:
    """The tag's weight, or None when its parts differ."""
    return tag[0].weight if len(tag) == 1 else None


def keys_of(chunks: Iterable[Iterable[Item]]) -> set[str]:
    """The keys of all tags."""
    return {key_of(tag) for items in chunks for item in items for tag in item.tags}


def texts_of(chunks: Iterable[Iterable[Item]]) -> list[str]:
    """The literal texts of all tags, in order."""
    return [text_of(tag) for items in chunks for item in items for tag in item.tags]


def read(text: str, keep: Collection[str] = ()) -> list[list[Item]]:
    """Parse a prompt into items, one list for each chunk; empty tags and empty chunks are gone.

    Raises:
        InvalidRequest: see `pipeline.prompt.grammar.parse`.
    """
    chunks = [_items(chunk, keep) for chunk in parse(text)]
    return [items for items in chunks if items]


def spans(items: Iterable[Item]) -> Chunk:
    """The spans of a chunk, tags joined by a comma and a space."""
    parts: list[Span] = []
    for item in items:
        if parts:
            parts.append(Span(", "))
        for index, tag in enumerate(item.tags):
            if index:
                parts.append(Span(", ", item.commas[index - 1]))
            parts.extend(tag)
    return merge(parts)


def is_hollow(chunks: Iterable[Iterable[Item]]) -> bool:
    """Whether there is nothing to paint: no tags at all, or only brackets and weights."""
    for items in chunks:
        for item in items:
            for tag in item.tags:
                text = text_of(tag)
                if is_emoticon(text) or not _HOLLOW.fullmatch(text):
                    return False
    return True


def without(items: Iterable[Item], drop: Callable[[Tag], bool]) -> list[Item]:
    """The items less the tags for which `drop` is true; it is asked once for each tag, in order."""
    kept: list[Item] = []
    for item in items:
        tags: list[Tag] = []
        commas: list[float] = []
        for index, tag in enumerate(item.tags):
            if drop(tag):
                continue
            if tags:
                commas.append(item.commas[index - 1])
            tags.append(tag)
        if tags:
            kept.append(Item(tuple(tags), tuple(commas)))
    return kept


def _items(chunk: Chunk, keep: Collection[str]) -> list[Item]:
    items: list[Item] = []
    tags: list[Tag] = []
    commas: list[float] = []
    parts: list[Span] = []
    comma = 1.0

    def end_tag() -> None:
        if tag := _tidy_tag(parts, keep):
            if tags:
                commas.append(comma)
            tags.append(tag)
        parts.clear()

    def end_item() -> None:
        if tags:
            items.append(Item(tuple(tags), tuple(commas)))
        tags.clear()
        commas.clear()

    for span in chunk:
        for index, part in enumerate(span.text.split(",")):
            if index:
                end_tag()
                comma = span.weight
                if comma == 1.0:
                    end_item()
            if part:
                parts.append(Span(part, span.weight))
    end_tag()
    end_item()
    return items


def _tidy_tag(parts: list[Span], keep: Collection[str]) -> Tag:
    """Normalised words, one space between them also across parts, none at the ends."""
    words = [part for part in parts if not part.text.isspace()]
    tidied: list[Span] = []
    for part in parts:
        # `o_o` is an emoticon, but not when only half of it is emphasised.
        text = tidy(part.text if len(words) == 1 else part.text.replace("_", " "), keep)
        if not tidied or tidied[-1].text.endswith(" "):
            text = text.lstrip()
        if text:
            tidied.append(Span(text, part.weight))
    while tidied:
        last = tidied.pop()
        if text := last.text.rstrip():
            tidied.append(Span(text, last.weight))
            break
    return merge(tidied)
