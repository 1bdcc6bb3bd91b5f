"""The draw of scenes: what is held out stays out, and everything in the vocabulary occurs."""

from __future__ import annotations

from itertools import product
from random import Random

from pipeline.miniature.artist.scene import (
    BOY,
    BOY_GARMENTS,
    FRAMINGS,
    GARMENT_COLOURS,
    HAIR_COLOURS,
    HAIR_STYLES,
    HEADWEAR,
    NOBODY,
    PLACES,
    SIMPLE,
    is_held_out,
    random_scene,
)


def test_at_least_a_tenth_of_the_triples_is_held_out() -> None:
    """At least a tenth of the triples is held out."""
    triples = list(product(HAIR_COLOURS, GARMENT_COLOURS, PLACES))
    held = [triple for triple in triples if is_held_out(*triple)]
    assert 0.10 * len(triples) <= len(held) <= 0.15 * len(triples)


def test_training_never_draws_what_is_held_out() -> None:
    """Training never draws what is held out."""
    rng = Random(1)
    scenes = [random_scene(rng) for _ in range(2000)]
    assert not [scene for scene in scenes if scene.person and is_held_out(*scene.triple)]


def test_held_out_scenes_are_all_of_people_in_unseen_combinations() -> None:
    """Held out scenes are all of people in unseen combinations."""
    rng = Random(2)
    scenes = [random_scene(rng, held_out=True) for _ in range(300)]
    assert all(scene.person and is_held_out(*scene.triple) for scene in scenes)


def test_every_colour_and_place_still_occurs_in_training() -> None:
    """Every colour and place still occurs in training."""
    rng = Random(3)
    scenes = [random_scene(rng) for _ in range(2000)]
    people = [scene for scene in scenes if scene.person]
    assert {scene.hair_colour for scene in people} == set(HAIR_COLOURS)
    assert {scene.hair_style for scene in people} == set(HAIR_STYLES)
    assert {scene.garment_colour for scene in people} == set(GARMENT_COLOURS)
    assert {scene.headwear for scene in people} == {"", *HEADWEAR}
    assert {scene.framing for scene in people} == set(FRAMINGS)
    assert {scene.place for scene in people} == set(PLACES)


def test_portraits_ask_for_no_pose_that_they_could_not_show() -> None:
    """Portraits ask for no pose that they could not show."""
    rng = Random(4)
    scenes = [random_scene(rng) for _ in range(1000)]
    assert not [scene for scene in scenes if scene.framing == "portrait" and scene.pose]


def test_boys_wear_what_boys_are_drawn_in() -> None:
    """Boys wear what boys are drawn in."""
    rng = Random(5)
    boys = [scene for scene in (random_scene(rng) for _ in range(1500)) if scene.subject == BOY]
    assert {scene.garment for scene in boys} == set(BOY_GARMENTS)


def test_a_place_without_people_is_a_real_place() -> None:
    """A place without people is a real place."""
    rng = Random(6)
    empty = [scene for scene in (random_scene(rng) for _ in range(1500)) if scene.subject == NOBODY]
    assert empty
    assert not [scene for scene in empty if scene.place == SIMPLE or scene.hair_colour]


def test_the_same_chance_draws_the_same_scene() -> None:
    """The same chance draws the same scene."""
    assert random_scene(Random("seven")) == random_scene(Random("seven"))
