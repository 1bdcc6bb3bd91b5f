"""What two recipes differ in, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.difference import ANOTHER, NOISE, Change, Reweighted, TagChange, difference, tag_change
from pipeline.recipe import Recipe
from pipeline.sentence import Sentence

RECIPE = Recipe(
    profile="miniature",
    prompt="1girl, green hair, smile",
    negative_prompt="lowres",
    width=256,
    height=256,
    sampler="euler_a",
    steps=20,
    guidance_scale=5.0,
    seed=7,
)


def test_a_recipe_is_the_same_as_itself() -> None:
    """Nothing to tell."""
    found = difference(RECIPE, RECIPE)
    assert found.same_recipe
    assert found.weights is None


def test_other_weights_leave_the_recipe_the_same() -> None:
    """They say what met it, not what was asked for; they are told apart."""
    found = difference(RECIPE.with_weights("hub:a"), RECIPE.with_weights("hub:b"))
    assert found.same_recipe
    assert found.weights == Change(Sentence("Weights"), "hub:a", "hub:b")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"seed": 8}, Change(Sentence("Seed"), "7", "8")),
        ({"width": 320}, Change(Sentence("Size"), "256 x 256", "320 x 256")),
        ({"sampler": "euler"}, Change(Sentence("Sampler"), "Euler a", "Euler")),
        ({"sampler": "of-old"}, Change(Sentence("Sampler"), "Euler a", "of-old")),
        ({"steps": 21}, Change(Sentence("Steps"), "20", "21")),
        ({"guidance_scale": 5.5}, Change(Sentence("Guidance"), "5", "5.5")),
        ({"profile": "other"}, Change(Sentence("Model"), "miniature", "other")),
        ({"mask": "ab"}, Change(Sentence("Painted over"), "all of it", "a part")),
        ({"upscaler": "of-old"}, Change(Sentence("Enlarged by"), "nothing", "of-old")),
    ],
)
def test_each_field_has_its_words(changes: dict[str, object], expected: Change) -> None:
    """One change, one line; the tags stay out of it."""
    found = difference(RECIPE, replace(RECIPE, **changes))  # type: ignore[arg-type]
    assert found.changes == (expected,)
    assert not found.same_recipe
    assert not found.prompt


def test_starting_from_a_picture_is_told_with_its_strength() -> None:
    """From noise, from a picture, and from two different ones."""
    varied = replace(RECIPE, init_image="a" * 64, strength=0.5)
    assert difference(RECIPE, varied).changes == (
        Change(Sentence("Starts from"), NOISE, ANOTHER),
        Change(Sentence("Strength"), "-", "0.5"),
    )
    [change] = difference(varied, replace(varied, init_image="b" * 64)).changes
    assert change == Change(Sentence("Starts from"), f"{ANOTHER} (aaaaaaaa)", f"{ANOTHER} (bbbbbbbb)")


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ("1girl, hat", "1girl, hat, smile", TagChange(added=("smile",))),
        ("1girl, hat", "1girl", TagChange(removed=("hat",))),
        ("1girl, Green_Hair", "1girl, green hair", TagChange()),
        ("1girl, hat", "1girl, (hat:1.3)", TagChange(reweighted=(Reweighted("hat", 1.0, 1.3),))),
        ("1girl, (hat:0.5)", "1girl, (hat:1.3)", TagChange(reweighted=(Reweighted("hat", 0.5, 1.3),))),
        ("1girl, red hat", "1girl, red (hat:1.2)", TagChange(reweighted=(Reweighted("red hat", 1.0, None),))),
        ("1girl, hat", "hat, 1girl", TagChange(moved=True)),
        ("1girl, hat", "1girl BREAK hat", TagChange(moved=True)),
        ("hat, hat", "hat", TagChange(removed=("hat",))),
        ("", "hat", TagChange(added=("hat",))),
    ],
)
def test_tags_are_compared_one_by_one(one: str, two: str, expected: TagChange) -> None:
    """By their keys: spelling does not count, weight, order and chunk do."""
    assert tag_change(one, two) == expected


def test_a_prompt_that_cannot_be_read_is_compared_as_a_whole() -> None:
    """An old row with weights that are refused today."""
    assert tag_change("(a:99)", "a") == TagChange(added=("a",), removed=("(a:99)",))
