"""`/inpaint`, with the scripted engine and with the real one."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from pipeline.recipe import Recipe
from tests.support.pictures import saved, two_colours
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, discord_world


async def recipe(world: World, job_id: int) -> Recipe:
    """What a job's first picture was painted by."""
    job = await world.app.studio.job(job_id)
    assert job is not None
    return Recipe.from_json(job.images[0].recipe)


async def inpaint(world: World, **changes: Any) -> Any:
    """`/inpaint` by alice."""
    values = {"prompt": "1girl, hat", "image": ("a.png", saved(two_colours(256, 256)))} | changes
    return await world.alice.slash(world.channel, "inpaint", **values)


def a_mask(width: int = 256, height: int = 256) -> bytes:
    """White in the middle."""
    mask = Image.new("L", (width, height))
    mask.paste(255, (width // 4, height // 4, width * 3 // 4, height * 3 // 4))
    return saved(mask)


@pytest.mark.parametrize("given", [{"region": "center"}, {"mask": ("m.png", a_mask())}])
async def test_a_part_is_painted_over(world: World, engine: ScriptedEngine, given: dict[str, Any]) -> None:
    """Named or drawn; the engine is given the picture and the mask."""
    works: list[Any] = []
    engine.fault = lambda work: works.append(work)
    await inpaint(world, **given)
    await world.finished()
    made = await recipe(world, 1)
    assert (made.width, made.height, made.strength, len(made.mask)) == (256, 256, 0.8, 64)
    [work] = works
    mask = Image.frombytes("L", (256, 256), work.mask)
    assert mask.getbbox() == (64, 64, 192, 192)
    assert work.source == two_colours(256, 256).tobytes()


async def test_reroll_keeps_the_mask_and_a_variation_needs_none(world: World) -> None:
    """The first asks for the same again, the second goes on from the result."""
    await inpaint(world, region="top half")
    await world.finished()
    await world.alice.click(world.galleries()[0], label="Reroll")
    await world.alice.click(world.galleries()[0], label="Vary (subtle)")
    await world.finished()
    first, again, variation = [await recipe(world, n) for n in (1, 2, 3)]
    assert (again.mask, again.init_image) == (first.mask, first.init_image)
    assert variation.mask == ""
    assert variation.init_image != first.init_image


async def test_a_picture_of_another_shape_is_cut_as_its_mask_is(world: World, engine: ScriptedEngine) -> None:
    """Both stay in register."""
    works: list[Any] = []
    engine.fault = lambda work: works.append(work)
    picture = two_colours(800, 300)
    mask = picture.getchannel("B")  # white where the picture is blue
    await inpaint(world, image=("a.png", saved(picture)), mask=("m.png", saved(mask)))
    await world.finished()
    [work] = works
    size = (work.recipe.width, work.recipe.height)
    blue = np.asarray(Image.frombytes("RGB", size, work.source))[..., 2] > 127
    white = np.asarray(Image.frombytes("L", size, work.mask)) > 127
    assert (blue == white).mean() > 0.99


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Say what to paint over"),
        ({"region": "center", "mask": ("m.png", a_mask())}, "Say what to paint over"),
        ({"mask": ("m.png", a_mask(255, 256))}, "255 x 256 pixels, and the picture 256 x 256"),
        ({"mask": ("m.png", saved(Image.new("L", (256, 256))))}, "Nothing in the mask is white"),
        ({"mask": ("m.png", b"nonsense")}, "not a picture"),
        ({"region": "center", "image": ("a.png", b"nonsense")}, "not a picture"),
        ({"region": "center", "strength": 7}, "0.05"),
    ],
)
async def test_what_cannot_be_painted_is_refused(world: World, given: dict[str, Any], said: str) -> None:
    """With a sentence, and nothing is queued."""
    assert said in answer_of(await inpaint(world, **given))
    assert await world.app.studio.job(1) is None
    assert world.history() == []


async def test_a_mask_that_was_forgotten_is_said(world: World) -> None:
    """When the picture is somebody else's, too, and stays."""
    await world.imagine(world.bob, image=("a.png", saved(two_colours(256, 256))))
    await inpaint(world, region="top half")
    await world.finished()
    await world.app.handed_in.forget(world.alice.id)
    mine = next(m for m in world.galleries() if m.attachments[0].filename.startswith("tagbrush-2-"))
    result = await world.alice.click(mine, label="Reroll")
    assert "was deleted" in answer_of(result)


async def test_real_pixels_outside_the_mask_are_the_given_ones(tmp_path: Path) -> None:
    """With the built-in model, from the member's file to the file that is kept."""
    given = two_colours(256, 256)
    async with discord_world(tmp_path) as world:
        await inpaint(world, image=("a.png", saved(given)), region="bottom half", strength=1, seed=3)
        await world.finished(seconds=120)
        job = await world.app.studio.job(1)
        assert job is not None
        data = await world.app.studio.picture_bytes(job.images[0])
    before, after = pixels(given), pixels(Image.open(io.BytesIO(data)))
    assert np.array_equal(before[:128], after[:128])
    assert (np.abs(before[140:] - after[140:]).max(axis=-1) > 20).mean() > 0.5


def pixels(picture: Image.Image) -> npt.NDArray[np.int16]:
    """Rows, columns, colours."""
    return np.asarray(picture.convert("RGB"), np.int16)


async def test_who_paints_privately_hands_in_privately(world: World) -> None:
    """As they have set it: neither their picture nor the result is shown in the channel."""
    tables = world.app.preferences._tables
    await tables.change(world.alice.id, "alice", lambda defaults: replace(defaults, private=True))
    await inpaint(world, region="center")
    await world.finished()
    job = await world.app.studio.job(1)
    assert job is not None
    assert job.private
    assert world.history() == []
