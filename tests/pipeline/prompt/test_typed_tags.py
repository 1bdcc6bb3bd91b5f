"""What the member typed comes before what the card recommends and before what contradicts an option."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.profiles import load_profiles
from pipeline.profiles.types import Rating
from pipeline.prompt.compose import Composed, PromptOptions, compose
from tests.pipeline.prompt.samples import NUMBERED

PROFILES = load_profiles()
V3, V4, AIDXL, BOYS = "animagine-xl-3.0", "animagine-xl-4.0", "aidxl-0.8", "animeboys-xl"


def painted(name: str, prompt: str, **options: object) -> Composed:
    """Compose for a real profile."""
    return compose(PROFILES[name], replace(PromptOptions(prompt), **options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "prompt", "expected"),
    [
        (V3, "1girl, worst quality", "rating: general, 1girl, worst quality"),
        (V3, "masterpiece, 1girl, high_quality", "masterpiece, rating: general, 1girl, high quality"),
        (V4, "1girl, low score", "1girl, low score, safe"),
        (AIDXL, "1girl, (best quality:1.3)", "1girl, (best quality:1.3)"),
        (BOYS, "1boy BREAK bad aesthetic", "1boy BREAK bad aesthetic"),
    ],
)
def test_a_typed_level_displaces_the_recommended_string(name: str, prompt: str, expected: str) -> None:
    """`worst quality` beside `masterpiece` would fight it; the member is told."""
    composed = painted(name, prompt)
    assert composed.prompt == expected
    assert any("were not added: the prompt says `" in warning for warning in composed.warnings)
    again = painted(name, composed.prompt, negative=composed.negative_prompt)
    assert (again.prompt, again.added) == (composed.prompt, ())


@pytest.mark.parametrize(
    ("name", "prompt", "expected"),
    [
        (V3, "1girl, masterpiece", "rating: general, 1girl, masterpiece, best quality"),
        (V3, "1girl, best quality, hat", "rating: general, 1girl, masterpiece, best quality, hat"),
        (V3, "masterpiece, 1girl", "masterpiece, best quality, rating: general, 1girl"),
        (
            V4,
            "great score, 1girl BREAK (masterpiece, hat:1.2)",
            "great score, absurdres, 1girl BREAK (masterpiece, hat:1.2), high score, safe",
        ),
        (BOYS, "absurdres, 1boy", "best quality, amazing quality, best aesthetic, absurdres, 1boy"),
    ],
)
def test_the_rest_of_the_recommended_string_goes_beside_the_typed_part(
    name: str, prompt: str, expected: str
) -> None:
    """In the card's order, on the side where the member put it."""
    composed = painted(name, prompt)
    assert composed.prompt == expected
    assert not any("not added" in warning for warning in composed.warnings)
    again = painted(name, composed.prompt, negative=composed.negative_prompt)
    assert (again.prompt, again.added) == (composed.prompt, ())


def test_the_option_quality_is_added_whatever_is_typed() -> None:
    """What was chosen is no recommendation."""
    composed = painted(V3, "1girl, worst quality", quality=("masterpiece",))
    assert composed.prompt == "masterpiece, rating: general, 1girl, worst quality"
    assert not any("not added" in warning for warning in composed.warnings)


@pytest.mark.parametrize(
    ("name", "prompt", "year", "expected"),
    [
        (V3, "oldest, 1girl", "newest", "rating: general, 1girl, newest"),
        (V4, "1girl, (Year_2010:1.2)", "2020", "1girl, year 2020, safe"),
        (V4, "1girl BREAK year 2010", "year 2020", "1girl, year 2020, safe"),
        (V4, "year 2010", "2020", "year 2020, safe"),
        (V4, "1girl, (year 2020:1.2)", "2020", "1girl, (year 2020:1.2), safe"),
    ],
)
def test_the_option_year_replaces_a_typed_year(name: str, prompt: str, year: str, expected: str) -> None:
    """Two years in one prompt say nothing; the choice wins and the member is told."""
    composed = painted(name, prompt, year=year, quality=())
    assert sorted(composed.prompt.split(", ")) == sorted(expected.split(", "))
    told = any("was left out: the year `" in warning for warning in composed.warnings)
    assert told == ("oldest" in prompt or "2010" in prompt)
    again = painted(name, composed.prompt, year=year, quality=(), negative=composed.negative_prompt)
    assert (again.prompt, again.added) == (composed.prompt, ())


def test_without_the_option_typed_years_stay() -> None:
    """Nothing is replaced that nobody chose otherwise."""
    composed = compose(NUMBERED, PromptOptions("1boy, year 2010, year 2020", quality=()))
    assert composed.prompt == "1boy, year 2010, year 2020"
    assert composed.warnings == ()


def test_rating_words_of_different_steps_stay_and_are_told() -> None:
    """The strongest counts below the ceiling."""
    composed = painted(V4, "1girl, safe, sensitive, nsfw", quality=(), ceiling=Rating.EXPLICIT)
    assert composed.prompt == "1girl, safe, sensitive, nsfw"
    assert (
        "The prompt holds words of different ratings: `safe`, `sensitive`, `nsfw`; "
        "the strongest, `questionable`, counts."
    ) in composed.warnings
    both = painted(V3, "1girl, nsfw, rating: explicit", ceiling=Rating.EXPLICIT)
    assert not any("different ratings" in warning for warning in both.warnings)


def test_a_milder_word_than_the_chosen_rating_is_told() -> None:
    """As a stronger one is."""
    composed = painted(V4, "1girl, safe", rating=Rating.EXPLICIT, ceiling=Rating.EXPLICIT)
    assert "The prompt asks for the rating `general`, but `explicit` was chosen." in composed.warnings
