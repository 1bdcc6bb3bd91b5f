"""What holds for every text whatever: only the typed error, the same weights read back, nothing added twice."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from pipeline.errors import InvalidRequest
from pipeline.profiles.types import Profile, Rating
from pipeline.prompt.compose import Composed, PromptOptions, compose
from pipeline.prompt.grammar import parse, render
from pipeline.prompt.tokens import TokenMeter
from tests.pipeline.prompt.samples import NAMED, NUMBERED
from tests.pipeline.prompt.strategies import prompts, soup

_SETTINGS = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_METER = TokenMeter()


def _try_compose(profile: Profile, options: PromptOptions) -> Composed | None:
    try:
        return compose(profile, options)
    except InvalidRequest as refusal:
        assert refusal.text.endswith(".")  # noqa: PT017
        return None


@_SETTINGS
@given(text=prompts)
@example(text="(" * 10_000)
@example(text="[" * 10_000 + "]" * 10_000)
def test_parse_raises_only_the_typed_error(text: str) -> None:
    """Any text parses or is refused with a sentence."""
    try:
        parse(text)
    except InvalidRequest as refusal:
        assert refusal.text.endswith(".")  # noqa: PT017


@_SETTINGS
@given(text=prompts)
@example(text="BRE\\AK, (a BREAK b:1.2)")
@example(text="(a:1.2\\)), [b:], (c\\:1.5)")
def test_printed_weights_are_read_back(text: str) -> None:
    """Parsing what was printed gives the same texts and weights."""
    try:
        chunks = parse(text)
    except InvalidRequest:
        assume(False)
    again = parse(render(chunks))
    if len(chunks) == 1:
        assert again == chunks
    else:
        # White space beside BREAK is not kept.
        assert len(again) == len(chunks)
        flat = [[(s.text.strip(), s.weight) for s in c if s.text.strip()] for c in chunks]
        assert [[(s.text.strip(), s.weight) for s in c if s.text.strip()] for c in again] == flat


@_SETTINGS
@given(
    text=prompts,
    negative=prompts,
    profile=st.sampled_from([NAMED, NUMBERED]),
    quality=st.none() | st.lists(soup, max_size=2).map(tuple),
    preset=st.none() | soup,
    year=st.none() | soup,
    rating=st.none() | st.sampled_from(Rating),
    ceiling=st.sampled_from(Rating),
)
def test_compose_raises_only_the_typed_error(
    text: str,
    negative: str,
    profile: Profile,
    quality: tuple[str, ...] | None,
    preset: str | None,
    year: str | None,
    rating: Rating | None,
    ceiling: Rating,
) -> None:
    """Whatever is typed into whichever option is composed or refused with a sentence."""
    _try_compose(profile, PromptOptions(text, negative, preset, quality, rating, ceiling, year, ()))


@_SETTINGS
@given(
    text=prompts,
    negative=soup,
    profile=st.sampled_from([NAMED, NUMBERED]),
    ceiling=st.sampled_from(Rating),
    preset=st.sampled_from([None, "none"]),
    order=st.booleans(),
    dated=st.booleans(),
)
@example("lucy_(cyberpunk", "", NAMED, Rating.GENERAL, None, False, False)
@example("(smile, ::3)", "(:3)", NAMED, Rating.GENERAL, None, False, False)
@example("e\\\u0301, o_(o", "", NUMBERED, Rating.GENERAL, None, True, False)
@example("nsfw, rating: explicit, masterpiece", "", NAMED, Rating.EXPLICIT, None, True, False)
def test_composing_is_idempotent(
    text: str, negative: str, profile: Profile, ceiling: Rating, preset: str | None, order: bool, dated: bool
) -> None:
    """Composing what was composed changes nothing and adds nothing."""
    year = ("late" if profile is NAMED else "2020") if dated else None
    options = PromptOptions(text, negative, preset, ceiling=ceiling, order=order, year=year)
    first = _try_compose(profile, options)
    assume(first is not None)
    assert first is not None
    second = compose(profile, replace(options, prompt=first.prompt, negative=first.negative_prompt))
    assert second.prompt == first.prompt
    assert second.negative_prompt == first.negative_prompt
    assert second.added == ()


@_SETTINGS
@given(text=prompts, word=st.sampled_from(["nsfw", "Naked", "rating_explicit"]), more=soup)
def test_no_strong_word_passes_the_ceiling(text: str, word: str, more: str) -> None:
    """Whatever stands around it: what is composed for a general picture holds no such word by itself."""
    for profile in (NAMED, NUMBERED):
        composed = _try_compose(profile, PromptOptions(f"{text} {word} {more}"))
        if composed is not None:
            assert not re.search(r"\b(nsfw|naked|explicit)\b", composed.prompt, re.IGNORECASE)


@_SETTINGS
@given(text=soup)
def test_final_prompts_parse_and_count(text: str) -> None:
    """What compose prints can always be parsed, printed again unchanged, and counted."""
    composed = _try_compose(NUMBERED, PromptOptions(text))
    assume(composed is not None)
    assert composed is not None
    assert render(parse(composed.prompt)) == composed.prompt
    assert all(0 <= count <= 75 for count in _METER.count(composed.prompt))


@pytest.mark.parametrize("profile", [NAMED, NUMBERED], ids=lambda profile: profile.id)
def test_idempotent_with_every_option(profile: Profile) -> None:
    """The same holds with quality, year, style, rating and preset chosen."""
    year = "newest" if profile is NAMED else "2020"
    styles = () if profile is NAMED else ("impasto",)
    options = PromptOptions(
        "1girl, (long hair, blue eyes:1.2), very_long_hair BREAK night",
        negative="lowres, hat",
        negative_preset=None if profile is NAMED else "light+flat",
        quality=("best quality",),
        rating=Rating.SENSITIVE,
        ceiling=Rating.QUESTIONABLE,
        year=year,
        styles=styles,
        order=True,
    )
    first = compose(profile, options)
    second = compose(profile, replace(options, prompt=first.prompt, negative=first.negative_prompt))
    assert (second.prompt, second.negative_prompt, second.added) == (first.prompt, first.negative_prompt, ())
