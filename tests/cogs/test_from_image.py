"""`/imagine image:`, as members use it, with good and with hostile files."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from pipeline.recipe import Recipe
from tests.support.pictures import saved, two_colours
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, text_of


async def recipe(world: World, job_id: int) -> Recipe:
    """What a job's first picture was painted by."""
    job = await world.app.studio.job(job_id)
    assert job is not None
    return Recipe.from_json(job.images[0].recipe)


def kept(world: World) -> list[Path]:
    """The files of what was handed in."""
    return sorted((world.app.settings.pictures / "sources").rglob("*.png"))


def colours(pixels: bytes, size: tuple[int, int]) -> tuple[object, object]:
    """Those in the middle of the left and of the right half."""
    picture = Image.frombytes("RGB", size, pixels)
    across, down = size
    return picture.getpixel((across // 4, down // 2)), picture.getpixel((across * 3 // 4, down // 2))


async def test_a_picture_is_painted_from(world: World, engine: ScriptedEngine) -> None:
    """Scaled and cut to the size that was asked for."""
    await world.imagine(
        image=("me.jpg", saved(two_colours(600, 300), "JPEG", quality=95)), strength=0.4, aspect="1:1", steps=20
    )
    await world.finished()
    made = await recipe(world, 1)
    assert (made.width, made.height, made.strength, made.denoising_steps) == (256, 256, 0.4, 8)
    assert len(made.init_image) == 64
    left, right = colours(engine.sources[0], (256, 256))
    assert left[0] > 240 > 30 > left[2]  # type: ignore[index]
    assert right[2] > 240 > 30 > right[0]  # type: ignore[index]


async def test_without_an_aspect_the_nearest_size_is_taken(world: World) -> None:
    """By the picture's own shape."""
    await world.imagine(image=("wide.png", saved(two_colours(700, 400))))
    await world.finished()
    made = await recipe(world, 1)
    assert (made.width, made.height, made.strength) == (336, 192, 0.6)


async def test_the_same_picture_is_kept_once(world: World) -> None:
    """Whoever hands it in, as whatever file."""
    picture = two_colours()
    await world.imagine(image=("a.png", saved(picture)))
    await world.imagine(world.bob, image=("b.webp", saved(picture, "WEBP", lossless=True)))
    await world.finished()
    assert len(kept(world)) == 1
    assert (await recipe(world, 1)).init_image == (await recipe(world, 2)).init_image


async def test_it_outlives_a_restart(world: World, engine: ScriptedEngine) -> None:
    """A job that waits is given the picture by the next process, and Reroll finds it years later."""
    engine.hold_at = 1
    await world.imagine(image=("a.png", saved(two_colours())), aspect="1:1")
    engine._running.clear()
    await world.restart()
    engine.hold_at = None
    await world.finished()
    assert engine.sources[0] == engine.sources[-1]
    await world.bob.click(world.galleries()[0], label="Reroll")
    await world.finished()
    assert (await recipe(world, 2)).init_image == (await recipe(world, 1)).init_image


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"just some words", "not a picture"),
        (saved(two_colours(), "JPEG")[:1000], "cut short"),
        (saved(Image.new("L", (1, 100_000))), "too large (1 x 100000 pixels)"),
        (saved(two_colours(), "GIF"), "GIF"),
    ],
)
async def test_a_bad_file_is_refused_in_private(world: World, data: bytes, said: str) -> None:
    """With a sentence; nothing is queued, and nothing public stays."""
    result = await world.imagine(image=("lovely.png", data))
    assert said in answer_of(result)
    assert world.history() == []
    assert await world.app.studio.job(1) is None
    assert kept(world) == []


async def test_a_large_file_is_not_even_downloaded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Discord tells how large it is."""
    monkeypatch.setattr("bot.attachments.MAX_BYTES", 100)
    result = await world.imagine(image=("a.png", saved(two_colours())))
    assert "is the most" in answer_of(result)
    assert result.ephemeral


async def test_a_strength_without_a_picture_is_refused(world: World) -> None:
    """It would be ignored otherwise."""
    result = await world.imagine(strength=0.5)
    assert "give one, too" in answer_of(result)


@pytest.mark.parametrize("strength", [0.01, 1.5])
async def test_a_strength_out_of_range_is_refused(world: World, strength: float) -> None:
    """With the range."""
    result = await world.imagine(image=("a.png", saved(two_colours())), strength=strength)
    assert "0.05" in answer_of(result)
    assert result.ephemeral
    assert await world.app.studio.job(1) is None
    assert kept(world) == []


async def test_what_a_member_handed_in_can_be_forgotten(world: World) -> None:
    """The file goes, and what goes on from it says so."""
    await world.imagine(image=("a.png", saved(two_colours())))
    await world.finished()
    assert await world.app.handed_in.forget(world.alice.id) == 1
    assert kept(world) == []
    result = await world.alice.click(world.galleries()[0], label="Reroll")
    assert "was deleted" in answer_of(result)


async def test_another_aspect_leaves_the_picture_behind(world: World) -> None:
    """As for variations: the picture was cut for the old one."""
    await world.imagine(image=("a.png", saved(two_colours())), aspect="1:1")
    await world.finished()
    shown = world.galleries()[0]
    with Image.open(io.BytesIO(await shown.attachments[0].read())) as picture:
        assert picture.size == (256, 256)
    assert "1girl" in text_of(shown)
