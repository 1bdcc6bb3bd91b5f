"""What one request stands for: the permutations of its prompt, times a series of seeds. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pipeline.errors import InvalidRequest
from pipeline.numbers import whole_number
from pipeline.prompt.permutations import expand, read
from pipeline.request import MAX_COUNT, ImagineRequest
from pipeline.seeds import read_seeds, runs
from pipeline.sentence import Sentence

_COUNTABLE: Final = 1_000_000


def expanded(request: ImagineRequest, seeds: str, *, most: int, most_jobs: int) -> tuple[ImagineRequest, ...]:
    """The requests that one stands for, in the order in which they are painted.

    A request without braces and series is itself, unchecked. Of several the numbers are known before the first
    is made, so one that stands for millions costs nothing.

    Args:
        request: its prompt may hold alternatives in braces.
        seeds: a series such as `100-107`, `100-800/100` or `100,200,300`; seeds in a row share a job. Or empty.
        most: pictures of all of them.
        most_jobs: how many they may be.

    Raises:
        InvalidRequest: a brace or the series is wrong, or they are too many.
    """
    permutations = read(request.prompt)
    rows = _rows(request, seeds, most)
    jobs = permutations.count * len(rows)
    if jobs > 1:
        each = whole_number(Sentence("count"), request.count, 1, MAX_COUNT)
        if seeds.strip():
            each = sum(count for _, count in rows)
        _check(permutations.count, each, jobs, most, most_jobs)
    texts = expand(permutations)
    if not seeds.strip():
        return tuple(replace(request, prompt=text) for text in texts)
    return tuple(replace(request, prompt=t, seed=first, count=count) for t in texts for first, count in rows)


def _rows(request: ImagineRequest, seeds: str, most: int) -> tuple[tuple[int, int], ...]:
    """First seed and count of each job that a prompt becomes."""
    if not seeds.strip():
        return ((0, 1),)
    if request.seed is not None:
        raise InvalidRequest("Give either `seed` or `seeds`: a series names every seed itself.")
    if request.count not in (1, "1"):
        raise InvalidRequest("A series of seeds says itself how many pictures there are: leave `count` out.")
    return runs(read_seeds(seeds, most), MAX_COUNT)


def _check(prompts: int, each: int, jobs: int, most: int, most_jobs: int) -> None:
    if prompts * each > most:
        raise InvalidRequest(
            "This stands for {prompts}, {pictures} in all, and {most} is the most you may have waiting "
            "here. Take fewer alternatives or fewer of each.",
            prompts=_prompts(prompts),
            pictures=_pictures(prompts * each),
            most=most,
        )
    if jobs > most_jobs:
        raise InvalidRequest(
            "This makes {jobs} jobs, and {most} is the most at once. Take fewer alternatives.",
            jobs=jobs,
            most=most_jobs,
        )


def _prompts(count: int) -> Sentence:
    if count > _COUNTABLE:
        return Sentence("more than a million prompts")
    return Sentence("{count} prompts", count=count)


def _pictures(count: int) -> Sentence:
    if count > _COUNTABLE:
        return Sentence("more than a million pictures")
    return Sentence("{count} pictures", count=count)
