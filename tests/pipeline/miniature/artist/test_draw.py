"""Whole pictures: sizes, sameness, and that what a tag says can be seen in the pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageFilter

from pipeline.miniature.artist.colours import EYES
from pipeline.miniature.artist.draw import draw, placement
from pipeline.miniature.artist.scene import (
    EYE_COLOURS,
    FRAMINGS,
    GARMENT_COLOURS,
    GARMENTS,
    HAIR_COLOURS,
    HAIR_STYLES,
    HEADWEAR,
    MOUTHS,
    PAINTINGS,
    Scene,
    random_scene,
)
from pipeline.miniature.training.pictures import BUCKETS

PLAIN = Scene(
    "1girl",
    "simple background",
    "",
    "",
    "best quality",
    "",
    hair_colour="green hair",
    hair_style="long hair",
    eye_colour="blue eyes",
    mouth="smile",
    garment="sweater",
    garment_colour="red",
    framing="upper body",
    seed=11,
)


def pixels(image: Image.Image) -> npt.NDArray[np.int16]:
    """The picture as signed numbers, (height, width, channels)."""
    return np.asarray(image, dtype=np.int16)


def share(image: Image.Image, found: Callable[..., npt.NDArray[np.bool_]]) -> float:
    """Share of the pixels whose red, green and blue satisfy `found`."""
    data = pixels(image)
    return float(found(data[..., 0], data[..., 1], data[..., 2]).mean())


def sharpness(image: Image.Image) -> float:
    """Variance of the Laplacian."""
    return float(
        np.var(
            pixels(image.convert("L").filter(ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), 1, 128)))
        )
    )


def vividness(image: Image.Image) -> float:
    """How much the colours of a picture differ from one another."""
    red, green, blue = np.moveaxis(pixels(image).astype(float), -1, 0)
    return float((red - green).std() + (green - blue).std())


@pytest.mark.parametrize(("width", "height"), BUCKETS)
def test_every_bucket_is_drawn_at_exactly_its_size(width: int, height: int) -> None:
    """Every bucket is drawn at exactly its size."""
    scene = random_scene(Random(f"{width}x{height}"))
    image = draw(scene, width, height)
    assert (image.mode, image.size) == ("RGB", (width, height))


def test_the_same_scene_is_the_same_picture() -> None:
    """The same scene is the same picture."""
    assert draw(PLAIN, 256, 256).tobytes() == draw(PLAIN, 256, 256).tobytes()


def test_another_seed_is_another_picture_of_the_same_tags() -> None:
    """Another seed is another picture of the same tags."""
    one, other = pixels(draw(PLAIN, 128, 128)), pixels(draw(replace(PLAIN, seed=12), 128, 128))
    assert np.abs(one - other).mean() > 3


@pytest.mark.parametrize("seed", range(60))
def test_any_scene_can_be_drawn_at_any_size(seed: int) -> None:
    """Any scene can be drawn at any size."""
    rng = Random(f"any/{seed}")
    draw(random_scene(rng), rng.randrange(96, 400, 8), rng.randrange(96, 400, 8))


@pytest.mark.parametrize("style", HAIR_STYLES)
@pytest.mark.parametrize("headwear", ["", *HEADWEAR])
def test_every_hair_style_goes_with_every_head_wear(style: str, headwear: str) -> None:
    """Every hair style goes with every head wear."""
    bare = draw(replace(PLAIN, hair_style=style), 128, 128)
    dressed = draw(replace(PLAIN, hair_style=style, headwear=headwear), 128, 128)
    assert (bare.tobytes() != dressed.tobytes()) == bool(headwear)


@pytest.mark.parametrize("garment", GARMENTS)
@pytest.mark.parametrize("framing", FRAMINGS)
def test_the_colour_of_clothes_is_seen_in_every_framing(garment: str, framing: str) -> None:
    """The colour of clothes is seen in every framing."""
    scene = replace(PLAIN, garment=garment, framing=framing, hair_colour="black hair")
    redness = [
        share(
            draw(replace(scene, garment_colour=colour), 256, 256),
            lambda r, g, b: (r > 130) & (g < 100) & (b < 100),
        )
        for colour in ("red", "blue")
    ]
    assert redness[0] > redness[1] + 0.01


def test_hair_colours_differ_pairwise() -> None:
    """Hair colours differ pairwise."""
    means = {
        colour: pixels(draw(replace(PLAIN, hair_colour=colour, garment_colour="white"), 128, 128))[
            20:60, 30:98
        ].mean((0, 1))
        for colour in HAIR_COLOURS
    }
    for one in HAIR_COLOURS:
        for other in HAIR_COLOURS:
            assert one == other or np.abs(means[one] - means[other]).sum() > 12, (one, other)


def test_clothing_colours_differ_pairwise() -> None:
    """Clothing colours differ pairwise."""
    means = {
        colour: pixels(draw(replace(PLAIN, garment_colour=colour), 128, 128))[90:, 40:88].mean((0, 1))
        for colour in GARMENT_COLOURS
    }
    for one in GARMENT_COLOURS:
        for other in GARMENT_COLOURS:
            assert one == other or np.abs(means[one] - means[other]).sum() > 20, (one, other)


def sleeves(image: Image.Image) -> tuple[float, float]:
    """Share of clearly red pixels from the chin upwards, in the left and in the right third."""
    height, width = round(0.6 * image.height), image.width // 3
    thirds = (image.crop((0, 0, width, height)), image.crop((2 * width, 0, image.width, height)))
    left, right = (share(third, lambda r, g, b: (r > 130) & (g < 100) & (b < 100)) for third in thirds)
    return left, right


def test_raised_arms_show_beside_the_head() -> None:
    """Two of them for arms up, one for waving, none otherwise."""
    for seed in range(6):
        scene = replace(PLAIN, hair_colour="black hair", hair_style="short hair", seed=seed)
        assert max(sleeves(draw(scene, 256, 256))) < 0.01
        assert min(sleeves(draw(replace(scene, pose="arms up"), 256, 256))) > 0.01
        down, up = sorted(sleeves(draw(replace(scene, pose="waving"), 256, 256)))
        assert down < 0.01 < up


def near(image: Image.Image, colour: tuple[int, int, int], within: int = 60) -> float:
    """Share of the pixels of about that colour."""
    return float((np.abs(pixels(image) - np.array(colour)).sum(-1) < within).mean())


@pytest.mark.parametrize("colour", EYE_COLOURS)
def test_eyes_have_the_colour_of_their_tag(colour: str) -> None:
    """More pixels of it than with any other eyes, and none behind closed lids."""
    scene = replace(PLAIN, framing="portrait", hair_colour="white hair", garment_colour="white")
    found = {eyes: near(draw(replace(scene, eye_colour=eyes), 256, 256), EYES[colour]) for eyes in EYE_COLOURS}
    assert max(found, key=lambda eyes: found[eyes]) == colour
    closed = near(draw(replace(scene, eye_colour=colour, closed_eyes=True), 256, 256), EYES[colour])
    assert closed < found[colour] - 0.001


def test_an_open_mouth_shows_its_tongue_and_a_smile_is_wider_than_no_smile() -> None:
    """In every drawing."""
    for seed in range(6):
        scene = replace(PLAIN, framing="portrait", garment_colour="white", seed=seed)
        mouths = {mouth: draw(replace(scene, mouth=mouth), 256, 256) for mouth in MOUTHS}
        tongue = {mouth: near(image, (238, 120, 128)) for mouth, image in mouths.items()}
        assert tongue["open mouth"] > max(tongue["smile"], tongue["expressionless"]) + 0.001
        # What differs from the open mouth's picture is mouth and brows; of the mouth, a smile is the wider.
        lower = [pixels(mouths[mouth])[128:] for mouth in ("smile", "expressionless")]
        changed = np.abs(lower[0] - lower[1]).sum(-1).max(0) > 60
        assert 8 < int(np.ptp(np.flatnonzero(changed))) < 128


def test_blush_reddens_the_cheeks() -> None:
    """In every drawing, whatever the skin."""
    for seed in range(6):
        scene = replace(PLAIN, framing="portrait", garment_colour="white", seed=seed)
        red = [
            share(
                draw(replace(scene, blush=blush), 256, 256), lambda r, g, b: (r > 150) & (r - g > 70) & (b > 60)
            )
            for blush in (False, True)
        ]
        assert red[1] > red[0] + 0.002


def test_the_wider_the_framing_the_smaller_the_face() -> None:
    """Portrait, upper body, cowboy shot, full body."""
    for seed in range(6):
        scene = replace(PLAIN, hair_colour="black hair", garment_colour="white", seed=seed)
        eyes = [near(draw(replace(scene, framing=one), 256, 256), EYES["blue eyes"]) for one in FRAMINGS]
        assert eyes == sorted(eyes, reverse=True)
        assert eyes[-1] < eyes[0] / 3


def test_worst_quality_is_blurrier_than_masterpiece() -> None:
    """Worst quality is blurrier than masterpiece."""
    worse = 0
    for seed in range(20):
        scene = random_scene(Random(f"blur/{seed}"))
        good = sharpness(draw(replace(scene, quality="masterpiece", year=""), 192, 192))
        worse += sharpness(draw(replace(scene, quality="worst quality", year=""), 192, 192)) < good
    assert worse == 20


def test_oldest_is_muted_and_newest_vivid() -> None:
    """Oldest is muted and newest vivid."""
    for seed in range(10):
        scene = replace(random_scene(Random(f"year/{seed}")), quality="best quality")
        old, new = (vividness(draw(replace(scene, year=year), 128, 128)) for year in ("oldest", "newest"))
        assert old < new


def test_flat_colour_has_fewer_colours() -> None:
    """Flat colour has fewer colours."""
    flat = draw(replace(PLAIN, painting="flat color"), 256, 256).getcolors(1 << 20)
    usual = draw(replace(PLAIN, painting=""), 256, 256).getcolors(1 << 20)
    assert flat is not None
    assert usual is not None
    assert len(flat) < len(usual)


@pytest.mark.parametrize("painting", PAINTINGS)
def test_painting_styles_change_the_picture(painting: str) -> None:
    """Painting styles change the picture."""
    assert draw(PLAIN, 128, 128).tobytes() != draw(replace(PLAIN, painting=painting), 128, 128).tobytes()


def test_people_seen_whole_have_large_heads() -> None:
    """Under three heads, so that a face can be read; closer framings keep the longer body."""
    whole, close = (
        placement(replace(PLAIN, framing=framing), 256, 256) for framing in ("full body", "cowboy shot")
    )
    assert whole is not None
    assert close is not None
    assert 2.5 < (256 - whole.y) / whole.unit < 3.0
    assert whole.unit > 0.9 * close.unit


def test_a_full_body_stands_on_two_separate_legs() -> None:
    """A full body stands on two separate legs."""
    for seed in range(20):
        scene = replace(PLAIN, framing="full body", garment="sweater", seed=seed)
        data = pixels(draw(scene, 256, 256))
        background = data[:, :4].mean((0, 1))
        row = data[int(256 * 0.86)]
        figure = np.abs(row - background).sum(-1) > 90
        runs = int((figure[1:] & ~figure[:-1]).sum())
        assert runs >= 2, seed
