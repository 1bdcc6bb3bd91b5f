"""The ceiling holds however a rating word is written, and refuses nothing harmless."""

from __future__ import annotations

import pytest

from pipeline.errors import InvalidRequest
from pipeline.profiles import load_profiles
from pipeline.profiles.types import Rating
from pipeline.prompt.compose import Composed, PromptOptions, compose
from pipeline.prompt.ratings import rating_of_text

PROFILES = load_profiles()
V3, V4, AIDXL, BOYS = "animagine-xl-3.0", "animagine-xl-4.0", "aidxl-0.8", "animeboys-xl"
DISGUISES = (
    *("nsfw", "nsfw.", "NSFW!", "nsfw 1girl", "nsfw;1girl", "nsfw/1girl", "nsfw | 1girl", "1girl\nnsfw"),
    *("1girl\u2028nsfw", "rating_explicit", "rating explicit", "explicit", "rating:explicit nsfw"),
    *("1girl nude, naked", "explicit content", "(nsfw:1.5)", "1girl, (smile, [nsfw]:1.2)", "\\(nsfw\\)"),
    *(
        "1girl BREAK nsfw",
        "1girl BREAK night nsfw BREAK day",
        "ｎｓｆｗ",
        "ＮＳＦＷ！",
        "𝐧𝐬𝐟𝐰",
        "ńsfw",
        "n(sfw:1.2)",
    ),
    *("n\\sfw", "n.s.f.w", "nsfw東京", "1girl_(nsfw)", "1girl_nsfw", "r-18", "completely nude", "rating: q"),
    *("n\ufe0fsfw", "n\u20ddsfw"),
    *("RATING: Questionable", "full nudity", "general/explicit"),
)


def painted(name: str, prompt: str, ceiling: Rating = Rating.GENERAL) -> Composed:
    """Compose under a ceiling."""
    return compose(PROFILES[name], PromptOptions(prompt, ceiling=ceiling))


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("prompt", DISGUISES)
def test_a_word_above_the_ceiling_is_refused_in_any_disguise(name: str, prompt: str) -> None:
    """Signs, weights, brackets, line ends, chunks and other letter forms hide nothing."""
    with pytest.raises(InvalidRequest, match="goes beyond what may be painted here"):
        painted(name, prompt)
    with pytest.raises(InvalidRequest, match="goes beyond what may be painted here"):
        painted(name, prompt, Rating.SENSITIVE)


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize(
    "prompt",
    [
        *(
            "safe",
            "rating: general",
            "sensitive skin",
            "explicitly drawn",
            "1girl, naked mole rat",
            "nsf work",
            "safe for work",
        ),
        *("denude", "an open question", "rating stars", "snaked"),
    ],
)
def test_harmless_words_are_painted(name: str, prompt: str) -> None:
    """Only whole words count, and mild ones only as whole tags."""
    assert prompt in painted(name, prompt).prompt


def test_the_refusal_names_the_word_and_what_would_be_right() -> None:
    """A member can act on the sentence."""
    with pytest.raises(InvalidRequest) as caught:
        painted(V3, "1girl, very nude.")
    assert caught.value.text == (
        "`nude` goes beyond what may be painted here: it belongs to the rating `questionable`, and the most is "
        "`general`. Please take it out of the prompt."
    )


@pytest.mark.parametrize(
    "prompt", ["sensitive", "1girl, (Sensitive!:1.2)", "1girl; sensitive", "rating_sensitive"]
)
def test_a_mild_word_is_refused_as_a_whole_tag(prompt: str) -> None:
    """Signs around it do not matter."""
    with pytest.raises(InvalidRequest, match="sensitive` goes beyond"):
        painted(V4, prompt)
    assert painted(V4, prompt, Rating.SENSITIVE)


def test_a_milder_phrase_of_the_card_may_hold_a_strong_word() -> None:
    """`slightly nsfw` is the card's word for `sensitive`; beside it `nsfw` counts by itself."""
    assert "slightly nsfw." in painted(BOYS, "1boy, slightly nsfw.", Rating.SENSITIVE).prompt
    for prompt in ("slightly nsfw", "slightly_nsfw 1boy"):
        with pytest.raises(InvalidRequest, match="`slightly nsfw` goes beyond"):
            painted(BOYS, prompt)
    for prompt in ("slightly nsfw nsfw", "slightly, nsfw", "very slightly nsfw, very nsfw"):
        with pytest.raises(InvalidRequest, match="nsfw` goes beyond"):
            painted(BOYS, prompt, Rating.SENSITIVE)


@pytest.mark.parametrize("name", PROFILES)
def test_strong_words_under_the_ceiling_are_painted(name: str) -> None:
    """With the ceiling raised nothing is refused."""
    for prompt in DISGUISES:
        assert painted(name, prompt, Rating.EXPLICIT).prompt


def test_the_strong_words_count_alike_for_every_model() -> None:
    """`nude` belongs to `questionable` everywhere, and only the prompt is searched."""
    for name in PROFILES:
        assert "nude" in painted(name, "1girl, nude", Rating.QUESTIONABLE).prompt
        composed = compose(PROFILES[name], PromptOptions("1girl", negative="nude, nsfw."))
        assert composed.negative_prompt.endswith("nude, nsfw.")


def test_a_rating_word_between_signs_chooses_the_rating() -> None:
    """What is refused above the ceiling counts as the choice under it."""
    composed = painted(V4, "1girl, nsfw!", Rating.EXPLICIT)
    assert "safe" not in composed.prompt
    assert composed.prompt.startswith("1girl, nsfw!, ")


def test_a_line_end_parts_tags() -> None:
    """As a comma does."""
    assert painted(V3, "1girl\nsmile,\r\nhat\n").prompt.endswith("1girl, smile, hat")


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("rating", [None, Rating.GENERAL])
def test_what_is_painted_is_rated_by_its_strongest_word(name: str, rating: Rating | None) -> None:
    """Whatever was chosen with it, so that the picture is not shown again where less is allowed."""
    options = PromptOptions("1girl, (full nudity:1.2) BREAK night", rating=rating, ceiling=Rating.EXPLICIT)
    composed = compose(PROFILES[name], options)
    assert composed.rating.level >= Rating.QUESTIONABLE.level
    assert rating_of_text(PROFILES[name], composed.prompt) == composed.rating


@pytest.mark.parametrize("name", PROFILES)
def test_a_harmless_prompt_is_rated_general(name: str) -> None:
    """Words that every step shares count for nothing."""
    composed = compose(
        PROFILES[name], PromptOptions("1girl, night", ceiling=Rating.EXPLICIT, rating=Rating.GENERAL)
    )
    assert composed.rating is Rating.GENERAL
