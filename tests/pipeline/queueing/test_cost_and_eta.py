"""Cost of a picture, seconds from measured speeds, and their wording."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.queueing.cost import cost
from pipeline.queueing.eta import Estimator, wording


def test_guidance_above_one_doubles_the_cost() -> None:
    """The UNet runs once for the prompt and once for the negative prompt."""
    assert cost(1000, 1000, 10, 7.0) == 20
    assert cost(1000, 1000, 10, 1.0) == 10


def test_several_pictures_cost_their_number() -> None:
    """Four pictures cost four times as much as one."""
    assert cost(832, 1216, 28, 5.0, count=4) == pytest.approx(4 * cost(832, 1216, 28, 5.0))


@pytest.mark.parametrize("wrong", [(0, 8, 1, 7.0), (8, -8, 1, 7.0), (8, 8, 0, 7.0), (8, 8, 1, math.nan)])
def test_what_cannot_be_painted_has_no_cost(wrong: tuple[int, int, int, float]) -> None:
    """A cost of zero or NaN would break the order of the queue, so there is none."""
    with pytest.raises(ValueError):
        cost(*wrong)


def test_nothing_is_promised_before_anything_was_measured() -> None:
    """Without a speed there is no time."""
    assert Estimator({}).seconds(100, "a") is None


def test_a_known_model_uses_its_own_speed() -> None:
    """Cost divided by that model's cost per second."""
    assert Estimator({"a": 10.0, "b": 1.0}).seconds(100, "a") == 10


def test_an_unknown_model_uses_the_middle_speed() -> None:
    """One very fast or very slow model does not decide it."""
    assert Estimator({"a": 1.0, "b": 10.0, "c": 5000.0}).seconds(100, "new") == 10


def test_a_newer_measurement_replaces_the_older() -> None:
    """What is learnt while running counts from then on; nonsense does not."""
    estimator = Estimator({"a": 10.0, "broken": 0.0})
    estimator.learn("a", 20.0)
    estimator.learn("a", None)
    estimator.learn("a", math.nan)
    assert estimator.seconds(100) == 5


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "a few seconds"),
        (5, "a few seconds"),
        (6, "about 10 s"),
        (33, "about 40 s"),
        (51, "about 1 min"),
        (60, "about 1 min"),
        (170, "about 3 min"),
        (3599, "about 1 h"),
        (7000, "about 2 h"),
        (86_399, "about 24 h"),
        (90_000, "more than a day"),
        (math.inf, "more than a day"),
        (math.nan, "more than a day"),
    ],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    """Rounded up to what an estimate is worth."""
    assert wording(seconds) == words


@given(st.floats())
def test_every_number_has_words(seconds: float) -> None:
    """No float raises."""
    assert wording(seconds)
