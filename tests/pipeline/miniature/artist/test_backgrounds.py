"""The places behind the characters: sizes, chance, light and the cat."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from PIL import Image

from pipeline.miniature.artist.backgrounds import paint_cat, paint_place
from pipeline.miniature.artist.scene import LIGHTS, PLACES, QUALITIES, SIMPLE, Scene, random_scene
from pipeline.miniature.training.pictures import BUCKETS

SEEDS = range(8)


def scene(
    place: str, light: str = "day", *, painting: str = "", quality: str = "masterpiece", cat: bool = False
) -> Scene:
    """A place without people."""
    return Scene("no humans", place, "" if place == SIMPLE else light, painting, quality, "", cat=cat)


def paint(what: Scene, seed: int, size: tuple[int, int] = (256, 256)) -> Image.Image:
    """The picture of a seed."""
    return paint_place(what, *size, Random(seed))


def grey(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Luminance from 0 to 255."""
    return np.asarray(image.convert("L"), dtype=np.float64)


@pytest.mark.parametrize("place", PLACES)
def test_every_bucket_gets_its_size_in_every_light(place: str) -> None:
    """At one and at two and a half times the size, with and without the cat."""
    for number, (width, height) in enumerate(BUCKETS):
        what = scene(place, LIGHTS[number % 3], cat=number % 2 == 0)
        for factor in (1, 2.5):
            image = paint(what, number, (round(width * factor), round(height * factor)))
            assert image.mode == "RGB"
            assert image.size == (round(width * factor), round(height * factor))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("light", LIGHTS)
def test_the_seed_decides_everything(place: str, light: str) -> None:
    """The same one gives the same picture, another one another."""
    pictures = [paint(scene(place, light), seed).tobytes() for seed in SEEDS]
    assert pictures == [paint(scene(place, light), seed).tobytes() for seed in SEEDS]
    assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize("place", PLACES[1:])
def test_day_is_brighter_than_sunset_and_sunset_than_night(place: str) -> None:
    """By a margin and for every seed; and sunset is the warm one."""
    mean = {light: [grey(paint(scene(place, light), seed)).mean() for seed in SEEDS] for light in LIGHTS}
    warmth = {
        light: np.mean(
            [np.subtract(*np.asarray(paint(scene(place, light), seed)).mean((0, 1))[[0, 2]]) for seed in SEEDS]
        )
        for light in LIGHTS
    }
    assert min(mean["day"]) > max(mean["night"]) + 40
    assert min(mean["sunset"]) > max(mean["night"]) + 20
    assert np.mean(mean["day"]) > np.mean(mean["sunset"]) + 10
    assert warmth["sunset"] > max(warmth["day"], 0) + 20
    assert warmth["night"] < -10


def test_a_simple_background_is_light_and_quiet() -> None:
    """Pastel, and little contrast."""
    for seed in range(40):
        shades = grey(paint(scene(SIMPLE), seed))
        assert shades.mean() > 150
        assert shades.std() < 32


@pytest.mark.parametrize("place", PLACES[1:])
def test_a_picture_is_never_nearly_empty(place: str) -> None:
    """The sides alone show the place: there is contrast beside the character."""
    for light in LIGHTS:
        for seed in SEEDS:
            shades = grey(paint(scene(place, light), seed))
            assert np.concatenate((shades[:, :76], shades[:, -76:]), axis=1).std() > 10


@pytest.mark.parametrize("place", PLACES)
def test_no_hole_is_left(place: str) -> None:
    """The sheet starts black, and nothing is painted in pure black."""
    for seed in range(30):
        image = paint(scene(place, LIGHTS[seed % 3]), seed, BUCKETS[seed % len(BUCKETS)])
        assert not (np.asarray(image) == 0).all(axis=2).any()


@pytest.mark.parametrize("place", PLACES)
def test_flat_colour_has_no_gradients(place: str) -> None:
    """A few dozen colours cover nearly everything; a gradient has hundreds."""
    for light in LIGHTS:
        image = paint(scene(place, light, painting="flat color"), 5)
        colours = sorted((count for count, _ in image.getcolors(1 << 20) or ()), reverse=True)
        assert sum(colours[:60]) > 0.9 * image.width * image.height


@pytest.mark.parametrize("quality", QUALITIES)
def test_every_quality_can_be_painted(quality: str) -> None:
    """The lowest ones leave details out."""
    for place in PLACES:
        assert paint(scene(place, quality=quality), 3).size == (256, 256)


def test_the_cat_sits_on_the_ground() -> None:
    """It changes the lower part only, and about a third of the height."""
    for place in PLACES[1:]:
        for seed in SEEDS:
            image = paint(scene(place), seed)
            before = np.asarray(image).copy()
            paint_cat(image, scene(place, cat=True), Random(seed))
            changed = np.nonzero((np.asarray(image) != before).any(axis=2))
            top, bottom = changed[0].min() / 256, changed[0].max() / 256
            assert 0.45 < top < 0.66
            assert 0.85 < bottom < 1.0
            assert 0.3 < bottom - top < 0.46


def test_paint_place_draws_the_cat_of_the_scene() -> None:
    """The rest of the place stays as it is."""
    for place in PLACES:
        without, cat = (np.asarray(paint(scene(place, cat=cat), 1)) for cat in (False, True))
        assert (without[:100] == cat[:100]).all()
        assert (without != cat).any()


def test_an_unknown_light_is_day_and_any_scene_can_be_painted() -> None:
    """Also at odd sizes."""
    assert paint(scene("city", ""), 1).tobytes() == paint(scene("city", "day"), 1).tobytes()
    rng = Random(7)
    for _ in range(60):
        size = rng.randint(60, 500), rng.randint(60, 500)
        what = random_scene(rng)
        assert paint_place(replace(what, light=rng.choice(("", *LIGHTS))), *size, rng).size == size
