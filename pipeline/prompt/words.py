"""The word tables behind normalising, dropping duplicates and ordering, read once from `data/*.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_COLON = re.compile(r"(?<=\S)\s*:\s*(?=\S)")


@dataclass(frozen=True, slots=True)
class Words:
    """All tables; every word in lower case with spaces.

    Attributes:
        qualifiers: what makes `x (qualifier)` a name.
        series: names of series.
        characters: names of characters.
        slots: slot of each common tag.
        synonyms: spelling to the first spelling of its line.
        implications: tag to what it already says, directly.
        heads: garments that `<adjective> <garment>` already says.
        blockers: words that forbid that conclusion.
    """

    qualifiers: frozenset[str]
    series: frozenset[str]
    characters: frozenset[str]
    slots: Mapping[str, str]
    synonyms: Mapping[str, str]
    implications: Mapping[str, tuple[str, ...]]
    heads: frozenset[str]
    blockers: frozenset[str]


@cache
def table() -> Words:
    """The tables that ship with the package."""
    names, slots, duplicates = _read("names"), _read("slots"), _read("duplicates")
    synonyms: dict[str, str] = {}
    for line in duplicates["synonyms"].strip().splitlines():
        spellings = _words(line)
        synonyms.update(dict.fromkeys(spellings, spellings[0]))
    implications: dict[str, tuple[str, ...]] = {}
    for line in duplicates["implications"].strip().splitlines():
        tag, said = line.split(": ", 1)
        implications[tag] = tuple(_words(said))
    by_tag: dict[str, str] = {}
    for slot, text in slots.items():
        for tag in _words(text):
            by_tag.setdefault(tag, slot)
    return Words(
        qualifiers=frozenset(_words(names["qualifiers"])),
        series=frozenset(_words(names["series"])),
        characters=frozenset(_words(names["characters"])),
        slots=by_tag,
        synonyms=synonyms,
        implications=implications,
        heads=frozenset(_words(duplicates["heads"])),
        blockers=frozenset(_words(duplicates["blockers"])),
    )


def _read(name: str) -> dict[str, str]:
    text = files("pipeline.prompt").joinpath(f"data/{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _words(text: str) -> list[str]:
    """The words of a comma-separated list, spelled as `pipeline.prompt.normalise.key` spells them."""
    return [word for part in _COLON.sub(":", text).split(",") if (word := " ".join(part.split()))]
