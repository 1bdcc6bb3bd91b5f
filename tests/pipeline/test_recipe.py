"""Recipes survive being written down."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidRequest
from pipeline.recipe import Recipe

RECIPES = st.builds(
    Recipe,
    profile=st.text(max_size=20),
    prompt=st.text(max_size=200),
    negative_prompt=st.text(max_size=50),
    width=st.integers(8, 4096),
    height=st.integers(8, 4096),
    sampler=st.sampled_from(["euler_a", "lcm"]),
    steps=st.integers(1, 150),
    guidance_scale=st.floats(0, 30),
    seed=st.integers(0, 2**32 - 1),
    weights=st.text(max_size=20),
    init_image=st.sampled_from(["", "ab" * 32]),
    strength=st.floats(0, 1),
)


@given(RECIPES)
def test_json_reads_back_equal(recipe: Recipe) -> None:
    """Whatever is in the prompt."""
    assert Recipe.from_json(recipe.to_json()) == recipe


@given(st.text(max_size=60))
def test_other_text_is_refused_with_a_sentence(text: str) -> None:
    """No text makes it raise anything else."""
    with pytest.raises(InvalidRequest):
        Recipe.from_json(text)


@pytest.mark.parametrize(
    ("key", "value"),
    [("seed", "1"), ("seed", True), ("prompt", None), ("guidance_scale", "6"), ("version", 99), ("width", 1.5)],
)
def test_a_wrong_key_is_named(key: str, value: object) -> None:
    """So that a hand-edited recipe can be mended."""
    data = json.loads(Recipe("p", "a", "b", 8, 8, "euler_a", 1, 1.0, 0).to_json())
    data[key] = value
    with pytest.raises(InvalidRequest, match=key):
        Recipe.from_json(json.dumps(data))


def test_the_first_version_is_read() -> None:
    """Old databases and old PNG files hold it; it had no picture to start from."""
    recipe = Recipe("p", "a", "b", 8, 8, "euler_a", 20, 1.0, 0)
    data = json.loads(recipe.to_json()) | {"version": 1}
    del data["init_image"], data["strength"]
    assert Recipe.from_json(json.dumps(data)) == recipe
    assert recipe.denoising_steps == 20


@pytest.mark.parametrize(("strength", "steps"), [(0.45, 11), (0.75, 18), (1.0, 25), (0.03, 0)])
def test_strength_leaves_the_last_steps(strength: float, steps: int) -> None:
    """As in diffusers: rounded down."""
    recipe = Recipe("p", "a", "b", 8, 8, "euler_a", 25, 1.0, 0, init_image="ab" * 32, strength=strength)
    assert recipe.denoising_steps == steps


def test_deep_nesting_is_refused_too() -> None:
    """A recursion error inside the JSON reader is no crash of ours."""
    with pytest.raises(InvalidRequest):
        Recipe.from_json("[" * 100_000)
