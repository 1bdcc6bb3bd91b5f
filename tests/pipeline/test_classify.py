"""What a classifier may say, and how it is read."""

from __future__ import annotations

import json
import math

import pytest

from pipeline.classify import Scores
from pipeline.profiles.types import Rating

SCORES = Scores(0.1, 0.2, 0.3, 0.4)


@pytest.mark.parametrize(("ceiling", "above"), list(zip(Rating, (0.9, 0.7, 0.4, 0.0), strict=True)))
def test_above_a_ceiling(ceiling: Rating, above: float) -> None:
    """The steps above it, and not the ceiling itself."""
    assert SCORES.above(ceiling) == pytest.approx(above)


@pytest.mark.parametrize("rating", Rating)
def test_the_likeliest(rating: Rating) -> None:
    """Each of them can be it."""
    assert Scores(*(0.7 if each is rating else 0.1 for each in Rating)).rating() is rating


def test_of_equally_likely_ratings_the_highest_counts() -> None:
    """In doubt it is withheld."""
    assert Scores(0.5, 0.0, 0.5, 0.0).rating() is Rating.QUESTIONABLE


@pytest.mark.parametrize(
    "values",
    [
        (math.nan, 0, 0, 1),
        (math.inf, 0, 0, 0),
        (-0.2, 0.4, 0.4, 0.4),
        (1.5, -0.5, 0, 0),
        (0, 0, 0, 0),
        (1, 1, 1, 1),
        (0.25, 0.25, 0.25, 0.2),
    ],
)
def test_nonsense_is_noticed(values: tuple[float, float, float, float]) -> None:
    """A classifier that has lost its mind must not pass for one that found nothing."""
    with pytest.raises(ValueError, match=r"not probabilities|together"):
        Scores(*values)


def test_rounding_is_no_nonsense() -> None:
    """Half precision is a little off, and never more than wholly above a ceiling."""
    assert Scores(-0.0005, 0.0, 0.0, 1.0005).above(Rating.GENERAL) == 1.0


def test_there_and_back_again_through_json() -> None:
    """What is written down is what was said, to four digits."""
    assert Scores.from_dict(json.loads(json.dumps(SCORES.to_dict()))) == SCORES


@pytest.mark.parametrize(
    "values",
    [{}, {"general": 1.0}, SCORES.to_dict() | {"explicit": "0.4"}, SCORES.to_dict() | {"explicit": True}],
)
def test_something_else_than_scores_is_refused(values: dict[str, object]) -> None:
    """From a database that somebody else wrote into, for example."""
    with pytest.raises(ValueError, match="ratings"):
        Scores.from_dict(values)
