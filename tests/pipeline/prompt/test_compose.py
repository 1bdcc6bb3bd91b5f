"""Composing: what is added where, by which rule, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.errors import InvalidRequest
from pipeline.profiles.types import NegativePreset, Profile, Rating, RatingWords, TagKind, TagSide
from pipeline.prompt.compose import Added, Composed, PromptOptions, compose
from tests.pipeline.prompt.samples import NAMED, NUMBERED


def named(prompt: str, **options: object) -> Composed:
    """Compose for the profile with named years and quality first."""
    return compose(NAMED, replace(PromptOptions(prompt), **options))  # type: ignore[arg-type]


def numbered(prompt: str, **options: object) -> Composed:
    """Compose for the profile with numbered years and quality last."""
    return compose(NUMBERED, replace(PromptOptions(prompt), **options))  # type: ignore[arg-type]


def test_defaults_of_a_card_with_quality_first() -> None:
    """Quality and rating before the prompt, the preset and the rating words in the negative prompt."""
    composed = named("1girl, long_hair")
    assert composed.prompt == "masterpiece, best quality, rating: general, 1girl, long hair"
    assert composed.negative_prompt == (
        "rating: sensitive, nsfw, rating: questionable, rating: explicit, lowres, bad hands, blurry"
    )


def test_defaults_of_a_card_with_quality_last() -> None:
    """Weighted defaults keep their weight; a rating without words adds nothing to the prompt."""
    composed = numbered("1boy")
    assert composed.prompt == "1boy, (best quality:1.3), best aesthetic, absurdres"
    assert composed.negative_prompt == "slightly nsfw, fairly nsfw, very nsfw, lowres, (bad:1.05), text, 1girl"


def test_every_added_tag_is_listed_with_its_rule() -> None:
    """The member sees what was added; what they typed is not among it."""
    composed = numbered("1boy, absurdres", negative="text", negative_preset="light")
    texts = {(added.tag, added.where) for added in composed.added}
    assert texts == {
        ("(best quality:1.3)", "prompt"),
        ("best aesthetic", "prompt"),
        ("slightly nsfw", "negative_prompt"),
        ("fairly nsfw", "negative_prompt"),
        ("very nsfw", "negative_prompt"),
        ("lowres", "negative_prompt"),
        ("1girl", "negative_prompt"),
    }
    assert Added("lowres", "From the negative preset `light` of Numbered.", "negative_prompt") in composed.added
    assert all(added.rule.endswith(".") for added in composed.added)


def test_typed_tags_are_not_added_again() -> None:
    """Whatever the weight or the spelling; what is added in front follows what was typed in front."""
    composed = named("(Masterpiece:1.2), 1girl, rating:general")
    assert composed.prompt == "(Masterpiece:1.2), best quality, 1girl, rating:general"


def test_quality_of_choice() -> None:
    """An empty choice adds none; chosen tags may carry a weight and come as one text."""
    assert named("1girl", quality=()).prompt == "rating: general, 1girl"
    assert named("1girl", quality=("none",)).prompt == "rating: general, 1girl"
    chosen = named("1girl", quality=("(best quality:1.2), score_9",))
    assert chosen.prompt == "(best quality:1.2), score_9, rating: general, 1girl"


def test_years_and_styles() -> None:
    """Named years by name, numbered years by number or tag, styles on their side."""
    assert named("1girl", year="Newest").prompt.endswith("1girl, newest")
    assert numbered("1boy", year="2020", quality=()).prompt == "1boy, year 2020"
    assert numbered("1boy", year="year_2020", quality=()).prompt == "1boy, year 2020"
    assert numbered("1boy", styles=("impasto",), quality=()).prompt == "impasto, 1boy"


@pytest.mark.parametrize(
    ("profile", "options", "sentence"),
    [
        (
            NAMED,
            {"quality": ("best qualty",)},
            "`best qualty` is no quality tag of Named. It knows: `best quality`, ",
        ),
        (NAMED, {"quality": ("newest",)}, "`newest` is no quality tag"),
        (NAMED, {"year": "newst"}, "`newst` is no year tag of Named. It knows: `newest`, "),
        (NAMED, {"year": "2020"}, "`2020` is no year tag"),
        (NAMED, {"styles": ("impasto",)}, "`impasto` cannot be used: Named documents no painting styles."),
        (NUMBERED, {"year": "2024"}, "It knows: `year 2005` to `year 2023`."),
        (NUMBERED, {"year": "9" * 5000}, "is no year tag"),
        (NUMBERED, {"styles": ("impasta",)}, "It knows: `impasto`, `flat color`."),
        (NUMBERED, {"negative_preset": "strong"}, "It has: `heavy`, `light`, `flat`, `none`"),
        (NUMBERED, {"negative_preset": "heavy+light"}, "exclude each other"),
    ],
)
def test_unknown_choices_are_refused(profile: Profile, options: dict[str, object], sentence: str) -> None:
    """The sentence names what the card knows, the closest first."""
    with pytest.raises(InvalidRequest) as caught:
        compose(profile, replace(PromptOptions("1girl"), **options))  # type: ignore[arg-type]
    assert sentence in caught.value.text


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        (None, "lowres, (bad:1.05), text, 1girl"),
        ("none", ""),
        ("light", "lowres, 1girl"),
        ("Light", "lowres, 1girl"),
        ("heavy+flat", "lowres, (bad:1.05), text, 1girl, realistic, lips, nose"),
        ("light + flat", "lowres, 1girl, realistic, lips, nose"),
        ("flat", "lowres, (bad:1.05), text, 1girl, realistic, lips, nose"),
        ("none+flat", "realistic, lips, nose"),
    ],
)
def test_negative_presets(preset: str | None, expected: str) -> None:
    """Presets by id or name, with additions; an addition alone goes to the default."""
    composed = numbered("1boy", negative_preset=preset, rating=Rating.EXPLICIT, ceiling=Rating.EXPLICIT)
    assert composed.negative_prompt == expected


def test_the_members_own_negative_prompt_is_merged() -> None:
    """After the preset, without repetitions, its weights kept, and never thinned out by meaning."""
    composed = numbered(
        "1boy",
        negative="very_long_hair, long hair, (lowres:1.3), hat, hat",
        negative_preset="light",
        rating=Rating.EXPLICIT,
        ceiling=Rating.EXPLICIT,
    )
    assert composed.negative_prompt == "1girl, very long hair, long hair, (lowres:1.3), hat"


def test_a_preset_does_not_fight_the_prompt() -> None:
    """`1girl` asked for is not kept out, and the member is told."""
    composed = numbered("1girl", negative_preset="light")
    assert composed.negative_prompt.endswith("lowres")
    assert "`1girl` was left out of the negative prompt: the prompt asks for it." in composed.warnings


def test_what_a_preset_gives_way_to_is_named() -> None:
    """The prompt, the rating that was chosen, or another choice: the member sees which."""
    beginning = "was left out of the negative prompt"
    chosen = named("1girl", rating=Rating.QUESTIONABLE, ceiling=Rating.EXPLICIT)
    assert f"`nsfw` {beginning}: the rating `questionable` asks for it." in chosen.warnings
    typed = named("1girl, nsfw", ceiling=Rating.EXPLICIT)
    assert f"`nsfw` {beginning}: the prompt asks for it." in typed.warnings
    preset = replace(NAMED, negative_presets=(NegativePreset("recommended", "Recommended", "score_9"),))
    option = compose(preset, PromptOptions("1girl", quality=("score_9",)))
    assert f"`score_9` {beginning}: it was added to the prompt." in option.warnings


@pytest.mark.parametrize(
    ("rating", "ceiling", "positive", "negative"),
    [
        (None, "general", "rating: general", "rating: sensitive, nsfw, rating: questionable, rating: explicit"),
        (
            "general",
            "explicit",
            "rating: general",
            "rating: sensitive, nsfw, rating: questionable, rating: explicit",
        ),
        ("sensitive", "sensitive", "rating: sensitive", "nsfw, rating: questionable, rating: explicit"),
        ("questionable", "questionable", "rating: questionable, nsfw", "rating: explicit"),
        ("explicit", "explicit", "rating: explicit, nsfw", ""),
    ],
)
def test_the_rating_ladder(rating: str | None, ceiling: str, positive: str, negative: str) -> None:
    """The rating's words in the prompt, those of the steps above it in the negative prompt."""
    composed = named(
        "1girl",
        quality=(),
        negative_preset="none",
        rating=Rating(rating) if rating else None,
        ceiling=Rating(ceiling),
    )
    assert composed.prompt == f"{positive}, 1girl"
    assert composed.negative_prompt == negative


def test_a_rating_word_of_the_prompt_is_not_in_the_presets_way() -> None:
    """With `explicit` chosen, the preset's `nsfw` would work against it."""
    composed = named("1girl", rating=Rating.EXPLICIT, ceiling=Rating.EXPLICIT)
    assert composed.negative_prompt == "lowres, bad hands, blurry"


def test_a_rating_above_the_ceiling_is_refused() -> None:
    """The sentence names the most that may be painted."""
    with pytest.raises(InvalidRequest, match="the most is `sensitive`"):
        named("1girl", rating=Rating.EXPLICIT, ceiling=Rating.SENSITIVE)


@pytest.mark.parametrize(
    "word", ["nsfw", "NSFW", "(nsfw:0.1)", "rating:explicit", "rating:_Explicit", "n\u200bsfw"]
)
def test_rating_words_above_the_ceiling_are_refused(word: str) -> None:
    """However they are spelled."""
    with pytest.raises(InvalidRequest, match="goes beyond"):
        named(f"1girl, {word}, smile")


def test_a_word_belongs_to_the_step_whose_prompt_uses_it() -> None:
    """`nsfw` keeps out `sensitive` too on one card, and is a word of `questionable` all the same."""
    words = {**NAMED.ratings, Rating.SENSITIVE: RatingWords(("rating: sensitive",), ("nsfw", "lewd"))}
    profile = replace(NAMED, ratings=words)
    with pytest.raises(InvalidRequest, match="`nsfw` goes beyond"):
        compose(profile, PromptOptions("1girl, nsfw", ceiling=Rating.SENSITIVE))
    with pytest.raises(InvalidRequest, match="`lewd` goes beyond"):
        compose(profile, PromptOptions("1girl, lewd"))
    assert "lewd" in compose(profile, PromptOptions("1girl, lewd", ceiling=Rating.SENSITIVE)).prompt


def test_rating_words_under_the_ceiling_choose_the_rating() -> None:
    """A typed word counts as the choice; it may also stand in the negative prompt."""
    composed = named("1girl, nsfw", quality=(), negative_preset="none", ceiling=Rating.EXPLICIT)
    assert composed.prompt == "rating: questionable, 1girl, nsfw"
    assert composed.negative_prompt == "rating: explicit"
    assert named("1girl", negative="nsfw").negative_prompt.endswith("nsfw")


def test_a_default_rating_above_the_ceiling_is_lowered() -> None:
    """The ceiling holds whatever the profile prefers."""
    bold = replace(NAMED, default_rating=Rating.EXPLICIT)
    assert compose(bold, PromptOptions("1girl", quality=())).prompt == "rating: general, 1girl"


def test_a_choice_that_contradicts_the_prompt_is_told() -> None:
    """The choice wins and the member learns of it."""
    composed = named("1girl, rating: sensitive", rating=Rating.GENERAL, ceiling=Rating.EXPLICIT)
    assert any("`general` was chosen" in warning for warning in composed.warnings)


def test_ordering_keeps_each_family_on_its_side() -> None:
    """Subject first after the quality tags, the year last."""
    composed = named("smile, 1girl, oshi no ko, hoshino ai", year="newest", order=True)
    assert composed.prompt == (
        "masterpiece, best quality, rating: general, 1girl, hoshino ai, oshi no ko, smile, newest"
    )


def test_ordering_by_the_full_template() -> None:
    """Where the template has a slot for quality and style, they go there."""
    composed = numbered("bird, 1girl, smile, by wlop", styles=("impasto",), order=True)
    assert composed.prompt == (
        "by wlop, 1girl, impasto, smile, best aesthetic, (best quality:1.3), absurdres, bird"
    )


def test_ordering_without_a_template_says_so() -> None:
    """Nothing moves, and a warning tells why."""
    plain = replace(NAMED, template=())
    composed = compose(plain, PromptOptions("smile, 1girl", order=True))
    assert composed.prompt.endswith("smile, 1girl")
    assert any("no order of tags" in warning for warning in composed.warnings)


def test_additions_go_to_the_outer_chunks() -> None:
    """Front tags to the first chunk, back tags to the last."""
    both = replace(NAMED, tag_side={TagKind.QUALITY: TagSide.START, TagKind.YEAR: TagSide.END})
    composed = compose(both, PromptOptions("1girl BREAK night", quality=(), year="late"))
    assert composed.prompt == "rating: general, 1girl BREAK night, late"


@pytest.mark.parametrize(
    "prompt", ["", "   ", ",,,", "(((", "()", "(:1.3)", "[[]]", ", ( , ) ,", "BREAK", "\u200b"]
)
def test_an_empty_prompt_is_refused(prompt: str) -> None:
    """Only brackets, weights and commas paint nothing."""
    with pytest.raises(InvalidRequest, match="empty"):
        named(prompt)


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("a" * 6001, "6001 characters; at most 6000"),
        ("😀" * 6000, "at most 32 can be used"),
        ("a BREAK " * 700, "700 chunks"),
        ("(" * 6000, "nested too deep"),
        ("1girl\x00", "U\\+0000"),
        ("(a:nan)", "`nan` is not a number"),
        ("(a:99)", "weight of `a`"),
    ],
)
def test_what_cannot_be_painted_is_refused(prompt: str, sentence: str) -> None:
    """Too long, too deep, broken: each with its own sentence, also in the negative prompt."""
    with pytest.raises(InvalidRequest, match=sentence):
        named(prompt)
    with pytest.raises(InvalidRequest, match=sentence):
        named("1girl", negative=prompt)


def test_right_to_left_marks_are_left_out() -> None:
    """With a warning; the rest is painted."""
    composed = named("1girl\u202e, \u200fsmile", quality=())
    assert composed.prompt == "rating: general, 1girl, smile"
    assert any("U+202E" in warning for warning in composed.warnings)
