"""Seed series: read, counted and grouped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidRequest
from pipeline.recipe import MAX_SEED
from pipeline.seeds import read_seeds, runs


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("100-103", (100, 101, 102, 103)),
        ("100-350/100", (100, 200, 300)),
        ("300, 100 ,200", (300, 100, 200)),
        ("1-3, 2-4", (1, 2, 3, 4)),
        ("5-5", (5,)),
        (f"{MAX_SEED - 1}-{MAX_SEED}", (MAX_SEED - 1, MAX_SEED)),
    ],
)
def test_series(text: str, seeds: tuple[int, ...]) -> None:
    """Spans, steps and lists, each seed once."""
    assert read_seeds(text, 12) == seeds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no series"),
        ("100-", "no series"),
        ("a,b", "no series"),
        ("1,,2", "no series"),
        ("-5", "no series"),
        ("٣,٤", "no series"),
        ("1" * 200, "no series"),
        ("5", "one seed"),
        ("9-3", "counts down"),
        ("1-9/0", "never gets on"),
        (f"1,{MAX_SEED + 1}", "beyond the largest seed"),
        ("0-12", "13 seeds, and 12 is the most"),
        (f"0-{MAX_SEED}", f"{MAX_SEED + 1} seeds"),
    ],
)
def test_what_is_no_series_is_refused(text: str, words: str) -> None:
    """With a sentence, and without building what is too long."""
    with pytest.raises(InvalidRequest, match=words):
        read_seeds(text, 12)


@given(st.lists(st.integers(0, 40), unique=True), st.integers(1, 4))
def test_runs_hold_every_seed_once(seeds: list[int], most: int) -> None:
    """In order, and never more than a job paints."""
    found = runs(seeds, most)
    assert [first + i for first, length in found for i in range(length)] == seeds
    assert all(1 <= length <= most for _, length in found)


def test_a_run_is_as_long_as_it_may_be() -> None:
    """Eight seeds in a row are two jobs of four."""
    assert runs(range(100, 108), 4) == ((100, 4), (104, 4))
    assert runs((100, 200, 201), 4) == ((100, 1), (200, 2))
