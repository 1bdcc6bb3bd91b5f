"""Composing with the real profiles."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.profiles import load_profiles
from pipeline.profiles.types import TEMPLATE_SLOTS, Rating, TagKind
from pipeline.prompt.compose import PromptOptions, compose
from pipeline.prompt.vocabulary import QUALITY_KINDS

PROFILES = load_profiles()
CASES = [(name, index) for name, profile in PROFILES.items() for index in range(len(profile.examples))]


@pytest.mark.parametrize(("name", "index"), CASES)
def test_examples_pass_unchanged(name: str, index: int) -> None:
    """The card's own example is sent as it stands when nothing is to be added."""
    example = PROFILES[name].examples[index]
    options = PromptOptions(
        example.prompt, quality=(), negative=example.negative_prompt, negative_preset="none"
    )
    composed = compose(PROFILES[name], options)
    added = [added.tag for added in composed.added if added.where == "prompt"]
    remaining = [tag for tag in composed.prompt.split(", ") if tag not in added]
    assert ", ".join(remaining) == example.prompt
    assert composed.negative_prompt.endswith(example.negative_prompt)


@pytest.mark.parametrize(("name", "index"), CASES)
@pytest.mark.parametrize("order", [False, True])
def test_composing_examples_is_idempotent(name: str, index: int, order: bool) -> None:
    """Twice gives the same prompts and adds nothing."""
    options = PromptOptions(PROFILES[name].examples[index].prompt, order=order)
    first = compose(PROFILES[name], options)
    second = compose(PROFILES[name], replace(options, prompt=first.prompt, negative=first.negative_prompt))
    assert (second.prompt, second.negative_prompt, second.added) == (first.prompt, first.negative_prompt, ())


@pytest.mark.parametrize("name", PROFILES)
def test_every_documented_choice_composes(name: str) -> None:
    """Each quality, year and style tag, preset and rating of the card can be chosen."""
    profile = PROFILES[name]
    for tag in profile.tags:
        chosen: dict[str, object] = {"styles": (tag.tag,)}
        if tag.kind in QUALITY_KINDS:
            chosen = {"quality": (tag.tag,)}
        elif tag.kind is TagKind.YEAR:
            chosen = {"year": tag.tag}
        composed = compose(profile, replace(PromptOptions("1girl"), **chosen))  # type: ignore[arg-type]
        assert tag.tag in composed.prompt
    for rating in Rating:
        composed = compose(profile, PromptOptions("1girl", rating=rating, ceiling=Rating.EXPLICIT))
        assert all(word in composed.prompt for word in profile.ratings[rating].positive)
    for preset in profile.negative_presets:
        compose(profile, PromptOptions("1girl", negative_preset=preset.id))
    assert set(profile.template) <= set(TEMPLATE_SLOTS)


def test_the_words_of_each_card_for_a_general_picture() -> None:
    """The ladder in the cards' own words."""
    words = {
        "animagine-xl-3.0": ("rating: general", "nsfw, rating: sensitive"),
        "animagine-xl-4.0": ("safe", "sensitive, nsfw, explicit"),
        "animeboys-xl": ("", "slightly nsfw, fairly nsfw, very nsfw"),
    }
    for name, (positive, negative) in words.items():
        composed = compose(PROFILES[name], PromptOptions("1boy"))
        assert positive in composed.prompt
        assert negative in composed.negative_prompt


def test_animeboys_heavy_and_flat() -> None:
    """The card's optional addition follows the heavy preset."""
    composed = compose(PROFILES["animeboys-xl"], PromptOptions("1boy", negative_preset="heavy+flat"))
    assert composed.negative_prompt.endswith("scan artifacts, 1girl, breasts, realistic, lips, nose")


def test_the_rule_says_when_the_rating_words_are_ours() -> None:
    """AIDXL's card names none; the others' rules name the card's words."""
    rules = {}
    for name in ("aidxl-0.8", "animagine-xl-4.0"):
        composed = compose(
            PROFILES[name], PromptOptions("1girl", rating=Rating.SENSITIVE, ceiling=Rating.EXPLICIT)
        )
        rules[name] = {(added.tag, added.where): added.rule for added in composed.added}
    ours = rules["aidxl-0.8"]
    assert ours["sensitive", "prompt"] == (
        "House rule: the card of AIDXL names no rating words, so Danbooru's stand in. "
        "Here for the rating `sensitive` (as chosen)."
    )
    assert ours["nsfw", "negative_prompt"] == (
        "Keeps out the rating `questionable`: this picture is to be `sensitive`. "
        "House rule: the card of AIDXL names no rating words, so Danbooru's stand in."
    )
    card = rules["animagine-xl-4.0"]
    assert card["sensitive", "prompt"] == "How Animagine XL 4.0 says the rating `sensitive` (as chosen)."
