"""From what was asked to recipes: every bad option is refused with a sentence, every default resolved."""

from __future__ import annotations

import contextlib
import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidRequest
from pipeline.profiles import load_profiles
from pipeline.profiles.types import Rating
from pipeline.recipe import MAX_SEED
from pipeline.request import ImagineRequest, Plan, plan

PROFILES = load_profiles()


def planned(**options: object) -> Plan:
    """The plan for some options of `/imagine`."""
    values = {"prompt": "1girl, green hair", "profile": "animagine-xl-4.0", **options}
    return plan(
        ImagineRequest(**values),  # type: ignore[arg-type]
        PROFILES,
        "miniature",
        ceiling=Rating.EXPLICIT,
        draw_seed=lambda: 7,
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_the_defaults_are_the_cards(profile: str) -> None:
    """Nothing chosen: sampler, steps, guidance and size are what the card recommends."""
    card = PROFILES[profile]
    recipe = planned(profile=profile).recipes[0]
    assert (recipe.sampler, recipe.steps, recipe.guidance_scale) == (
        card.sampler,
        card.steps.default,
        card.guidance_scale.default,
    )
    assert (recipe.width, recipe.height) in {(b.width, b.height) for b in card.buckets}


def test_without_a_profile_the_default_one_paints() -> None:
    """The owner's default."""
    assert planned(profile=None).profile.id == "miniature"


def test_a_profile_is_found_by_its_name_too() -> None:
    """As `/models` shows it."""
    assert planned(profile=PROFILES["aidxl-0.8"].name.upper()).profile.id == "aidxl-0.8"


def test_picture_i_uses_seed_plus_i() -> None:
    """So that any of them can be painted alone."""
    assert [r.seed for r in planned(count=4, seed=100).recipes] == [100, 101, 102, 103]


def test_a_drawn_seed_leaves_room_for_all_pictures() -> None:
    """The last picture's seed is a seed, too."""
    result = plan(
        ImagineRequest(prompt="1girl", count=4),
        PROFILES,
        "miniature",
        ceiling=Rating.GENERAL,
        draw_seed=lambda: MAX_SEED,
    )
    assert max(r.seed for r in result.recipes) <= MAX_SEED


def test_only_the_seed_differs_between_pictures() -> None:
    """One job, one recipe."""
    first, second = planned(count=2).recipes
    assert dataclasses.replace(second, seed=first.seed) == first


def test_leaving_the_recommended_range_is_allowed_and_said() -> None:
    """Members are encouraged to experiment, knowingly."""
    assert any("card recommends" in warning for warning in planned(steps=50).warnings)


def test_lcm_brings_its_own_steps_and_guidance() -> None:
    """25 steps at guidance 6 would only burn with it."""
    recipe = planned(sampler="LCM").recipes[0]
    assert (recipe.steps, recipe.guidance_scale) == (8, 1.5)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"profile": "animagine"}, "model"),
        ({"steps": "NaN"}, "steps"),
        ({"steps": float("nan")}, "steps"),
        ({"steps": -1}, "steps"),
        ({"steps": "25.5"}, "steps"),
        ({"steps": "９" * 3}, "steps"),
        ({"steps": "9" * 5000}, "steps"),
        ({"steps": "many"}, "steps"),
        ({"guidance_scale": "nan"}, "guidance"),
        ({"guidance_scale": "1e999"}, "guidance"),
        ({"guidance_scale": "-inf"}, "guidance"),
        ({"guidance_scale": "six"}, "guidance"),
        ({"sampler": "lcm", "steps": 51}, "LCM"),
        ({"count": 0}, "count"),
        ({"count": 5}, "count"),
        ({"count": "two"}, "count"),
        ({"seed": -1}, "seed"),
        ({"seed": MAX_SEED + 1}, "seed"),
        ({"seed": MAX_SEED, "count": 2}, "seed"),
        ({"seed": "0x10"}, "seed"),
        ({"sampler": "euler z"}, "sampler"),
        ({"rating": "spicy"}, "rating"),
        ({"aspect": "99:1"}, "aspect"),
        ({"size": "100x100"}, "1024"),
        ({"size": "nanxnan"}, "size"),
        ({"size": "1024"}, "size"),
        ({"year": "year 1066"}, "year"),
        ({"styles": ("no such style",)}, "style"),
        ({"quality": ("no such quality",)}, "quality"),
        ({"negative_preset": "no such preset"}, "preset"),
        ({"prompt": ""}, "prompt"),
        ({"init_image": "ab" * 32, "strength": 0}, "strength"),
        ({"init_image": "ab" * 32, "strength": "much"}, "strength"),
        ({"init_image": "ab" * 32, "strength": 0.05, "steps": 10}, "at least 0.1"),
    ],
)
def test_a_wrong_option_is_refused_with_a_sentence(options: dict[str, object], word: str) -> None:
    """The sentence is about that option and stays short enough for a message."""
    with pytest.raises(InvalidRequest) as caught:
        planned(**options)
    assert word.lower() in caught.value.text.lower()
    assert len(caught.value.text) < 1500


TEXT = st.text(max_size=30)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "profile": st.one_of(TEXT, st.sampled_from(list(PROFILES))),
            "aspect": TEXT,
            "size": st.one_of(TEXT, st.from_regex(r"\d{1,5}x\d{1,5}", fullmatch=True)),
            "count": st.one_of(TEXT, st.integers(), st.floats()),
            "seed": st.one_of(TEXT, st.integers(), st.floats()),
            "steps": st.one_of(TEXT, st.integers(), st.floats()),
            "guidance_scale": st.one_of(TEXT, st.floats(), st.integers()),
            "sampler": TEXT,
            "rating": TEXT,
            "year": TEXT,
            "negative": TEXT,
            "negative_preset": TEXT,
            "quality": st.lists(TEXT, max_size=2).map(tuple),
            "styles": st.lists(TEXT, max_size=2).map(tuple),
            "order": st.booleans(),
            "prompt": TEXT,
        },
    )
)
def test_no_combination_raises_anything_but_a_sentence(options: dict[str, object]) -> None:
    """Whatever is typed into whatever option."""
    with contextlib.suppress(InvalidRequest):
        assert planned(**options).recipes


def test_a_request_reads_back_equal() -> None:
    """From the database's JSON, with lists for tuples, unknown keys and keys that an older version lacked."""
    request = ImagineRequest(
        prompt="1girl", quality=("masterpiece",), styles=("impasto",), seed=7, strength=0.5
    )
    data = json.loads(json.dumps(request.to_dict()))
    assert ImagineRequest.from_dict(data) == request
    assert ImagineRequest.from_dict(data | {"of_tomorrow": 1}) == request
    assert ImagineRequest.from_dict({"prompt": "1girl"}) == ImagineRequest(prompt="1girl")
    with pytest.raises(InvalidRequest):
        ImagineRequest.from_dict({"seed": 7})
