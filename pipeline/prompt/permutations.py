r"""Permutation prompts: `{red|blue} hair` stands for `red hair` and `blue hair`.

Braces may be nested, an alternative may be empty (`{|red }hair`), and several pairs of braces multiply. `\{`, `\}` and
`\|` are literal: they stay as they are here, and the attention grammar drops the backslash later. So what comes out is
again a permutation prompt, one that stands for itself. Outside braces a `|` is an ordinary sign.

Reading takes time linear in the text, whatever it stands for: `count` is known before anything is expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from pipeline.errors import InvalidRequest
from pipeline.sentence import Sentence

MAX_DEPTH: Final = 16
"""Braces open at the same time. Nobody writes more by intent, and it bounds the recursion of expanding."""
_EXCERPT: Final = 20
_SIGN: Final = re.compile(r"\\.|[{|}]|[^\\{|}]+|\\", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Choice:
    """What stands between two braces. `count` is how many texts it stands for."""

    alternatives: tuple[Permutations, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Permutations:
    """Literal texts and choices, one after the other. `count` is how many texts it stands for."""

    parts: tuple[str | Choice, ...]
    count: int


@dataclass(slots=True)
class _Open:
    """Braces that are not closed yet: where they began, the alternatives so far and the one being read."""

    place: int
    done: list[Permutations] = field(default_factory=list)
    parts: list[str | Choice] = field(default_factory=list)

    def end_alternative(self) -> None:
        self.done.append(_sequence(self.parts))
        self.parts = []


def read(text: str) -> Permutations:
    """Read a permutation prompt without expanding it.

    Raises:
        InvalidRequest: a brace without its partner, named by its place, or braces nested too deep.
    """
    stack = [_Open(0)]
    for match in _SIGN.finditer(text):
        sign, top = match.group(), stack[-1]
        if sign == "{":
            if len(stack) > MAX_DEPTH:
                raise InvalidRequest(
                    "The braces of this prompt are nested too deep: at most {limit} inside each other are read.",
                    limit=MAX_DEPTH,
                )
            stack.append(_Open(match.start()))
        elif sign == "}":
            if len(stack) == 1:
                raise _unbalanced(text, match.start(), Sentence("closes nothing"))
            top.end_alternative()
            stack.pop()
            stack[-1].parts.append(_choice(top.done))
        elif sign == "|" and len(stack) > 1:
            top.end_alternative()
        else:
            top.parts.append(sign)
    if len(stack) > 1:
        raise _unbalanced(text, stack[-1].place, Sentence("is never closed"))
    return _sequence(stack[0].parts)


def expand(permutations: Permutations) -> Iterator[str]:
    """Every text that it stands for, `count` of them, those of the last braces changing fastest."""
    return _texts(permutations.parts)


def _texts(parts: tuple[str | Choice, ...]) -> Iterator[str]:
    head = ""
    for place, part in enumerate(parts):
        if isinstance(part, Choice):
            for alternative in part.alternatives:
                for middle in _texts(alternative.parts):
                    yield from (f"{head}{middle}{tail}" for tail in _texts(parts[place + 1 :]))
            return
        head += part
    yield head


def _choice(alternatives: list[Permutations]) -> str | Choice:
    """Braces with a single text in them are that text: so the recursion is as deep as there are real choices."""
    count = sum(each.count for each in alternatives)
    return (
        "".join(str(part) for part in alternatives[0].parts)
        if count == 1
        else Choice(tuple(alternatives), count)
    )


def _sequence(parts: list[str | Choice]) -> Permutations:
    count = 1
    for part in parts:
        if isinstance(part, Choice):
            count *= part.count
    return Permutations(tuple(parts), count)


def _unbalanced(text: str, place: int, what: Sentence) -> InvalidRequest:
    before, after = text[max(0, place - _EXCERPT) : place], text[place : place + _EXCERPT]
    return InvalidRequest(
        "The `{brace}` at character {place} of the prompt {what}: `{excerpt}`. Braces stand for alternatives, as in "
        "`{example}`; for a plain brace write `{escaped}`.",
        brace=text[place],
        place=place + 1,
        what=what,
        excerpt=f"{before}{after}",
        example="{red|blue} hair",
        escaped=f"\\{text[place]}",
    )
