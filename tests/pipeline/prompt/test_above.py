"""Words above the ceiling are moved to the negative prompt, and the rest stays what it was."""

from __future__ import annotations

import pytest

from pipeline.errors import InvalidRequest
from pipeline.profiles import load_profiles
from pipeline.profiles.types import Rating
from pipeline.prompt.above import Above
from pipeline.prompt.compose import Composed, PromptOptions, compose

PROFILES = load_profiles()
V4 = "animagine-xl-4.0"
ADDED = ", masterpiece, high score, great score, absurdres, safe"


def moved(prompt: str, name: str = V4, ceiling: Rating = Rating.GENERAL) -> Composed:
    """Compose where moderators want words moved."""
    return compose(PROFILES[name], PromptOptions(prompt, ceiling=ceiling, above=Above.MOVE))


@pytest.mark.parametrize(
    ("prompt", "left", "word"),
    [
        ("1girl, nude, smile", "1girl, smile", "nude"),
        ("1girl, (nude:1.5), smile", "1girl, smile", "nude"),
        ("1girl, completely nude, smile", "1girl, smile", "nude"),
        ("a nude woman on a hill", "a woman on a hill", "nude"),
        ("1girl, (hat, nude:1.2), smile", "1girl, (hat:1.2), smile", "nude"),
        ("1girl, n(sfw:1.2), hat", "1girl, hat", "nsfw"),
        ("n, s, f, w, 1girl", "1girl", "nsfw"),
        ("1girl BREAK nude BREAK sky", "1girl BREAK sky", "nude"),
        ("1girl, n nude ude, sky", "1girl, sky", "nude"),
        ("1girl, пude, ｎｕｄｅ", "1girl", "nude"),
        ("1girl, naked apron", "1girl, apron", "naked"),
        ("全裸, 1girl", "1girl", "全裸"),
    ],
)
def test_the_word_goes_and_the_rest_stays(prompt: str, left: str, word: str) -> None:
    """The negative prompt begins with it, and a warning names it."""
    composed = moved(prompt)
    assert composed.prompt == left + ADDED
    assert composed.negative_prompt.startswith(f"{word}, ")
    assert any(f"`{word}`" in text and "was moved" in text for text in composed.warnings)
    assert composed.rating is Rating.GENERAL


def test_it_is_listed_as_added() -> None:
    """With the rule that did it."""
    added = {each.tag: each for each in moved("1girl, nude").added}
    assert added["nude"].where == "negative_prompt"
    assert "Moved from the prompt" in added["nude"].rule


def test_what_is_within_the_ceiling_stays() -> None:
    """Only what is above it goes."""
    composed = moved("1girl, panties, nude", ceiling=Rating.SENSITIVE)
    assert composed.prompt.startswith("1girl, panties, ")
    assert composed.negative_prompt.startswith("nude, ")


@pytest.mark.parametrize("prompt", ["nude", "(nsfw:1.3), hentai", "completely nude"])
def test_a_prompt_of_nothing_else_is_refused(prompt: str) -> None:
    """There is nothing left to paint."""
    with pytest.raises(InvalidRequest, match="goes beyond"):
        moved(prompt)


def test_a_rating_that_was_chosen_is_refused() -> None:
    """It is no word of the prompt."""
    options = PromptOptions("1girl", rating=Rating.EXPLICIT, above=Above.MOVE)
    with pytest.raises(InvalidRequest, match=r"The rating `explicit` goes beyond"):
        compose(PROFILES[V4], options)


@pytest.mark.parametrize("name", PROFILES)
def test_composing_again_changes_nothing(name: str) -> None:
    """As for every prompt."""
    composed = moved("1girl, nude, smile", name)
    again = compose(
        PROFILES[name],
        PromptOptions(composed.prompt, negative=composed.negative_prompt, above=Above.MOVE),
    )
    assert (again.prompt, again.negative_prompt) == (composed.prompt, composed.negative_prompt)
