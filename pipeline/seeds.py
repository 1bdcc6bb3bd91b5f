"""Seed series: `100-107`, `100-800/100` or `100,200,300`, read and counted before any of it is built."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipeline.errors import InvalidRequest
from pipeline.recipe import MAX_SEED

_PART: Final = re.compile(r"(\d{1,12})(?:\s*-\s*(\d{1,12})(?:\s*/\s*(\d{1,12}))?)?", re.ASCII)


def read_seeds(text: str, most: int) -> tuple[int, ...]:
    """The seeds of a series, in its order, each once.

    Args:
        text: numbers and spans separated by commas; `/` after a span is its step.
        most: how many there may be.

    Raises:
        InvalidRequest: it is no series, a seed is out of range, or there are more than `most`.
    """
    spans = [_span(part) for part in text.split(",")]
    total = sum(len(span) for span in spans)
    if total > most:
        raise InvalidRequest(
            "`{text}` makes {total} seeds, and {most} is the most at once here. Take a shorter series.",
            text=text[:40],
            total=total,
            most=most,
        )
    if len(spans) == 1 and total == 1 and "-" not in text:
        raise InvalidRequest(
            "`{text}` is one seed, which goes into the option `seed`. A series is such as `100-107`, `100-800/100` or "
            "`100,200,300`; several pictures of random seeds come from `count`.",
            text=text[:40],
        )
    return tuple(dict.fromkeys(seed for span in spans for seed in span))


def runs(seeds: Sequence[int], most: int) -> tuple[tuple[int, int], ...]:
    """The seeds as `(first, how many)` of rows without gaps, at most `most` long: a job paints such a row."""
    found: list[tuple[int, int]] = []
    for seed in seeds:
        first, length = found[-1] if found else (0, 0)
        if found and seed == first + length and length < most:
            found[-1] = (first, length + 1)
        else:
            found.append((seed, 1))
    return tuple(found)


def _span(text: str) -> range:
    found = _PART.fullmatch(text.strip())
    if found is None:
        raise InvalidRequest(
            "`{text}` is no series of seeds. Write one such as `100-107`, `100-800/100` (every hundredth) or "
            "`100,200,300`.",
            text=text.strip()[:40],
        )
    first, last = int(found[1]), int(found[2] or found[1])
    step = int(found[3] or 1)
    if last > MAX_SEED or first > MAX_SEED:
        raise InvalidRequest(
            "`{text}` goes beyond the largest seed, {most}.", text=text.strip()[:40], most=MAX_SEED
        )
    if last < first:
        raise InvalidRequest(
            "`{text}` counts down. Write the smaller seed first: `{last}-{first}`.",
            text=text.strip()[:40],
            first=first,
            last=last,
        )
    if step == 0:
        raise InvalidRequest("`{text}` never gets on: a step is 1 or more.", text=text.strip()[:40])
    return range(first, last + 1, step)
