"""`/expand` and the Expand button."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot.canvas import outpainting
from bot.orders import Origin
from pipeline.errors import InvalidRequest
from pipeline.recipe import Recipe
from pipeline.request import ImagineRequest
from tests.support.pictures import saved, two_colours
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of, discord_world, text_of


async def recipe(world: World, job_id: int) -> Recipe:
    """What a job's first picture was painted by."""
    job = await world.app.studio.job(job_id)
    assert job is not None
    return Recipe.from_json(job.images[0].recipe)


async def expand(world: World, **changes: Any) -> Any:
    """`/expand` by alice."""
    values = {"prompt": "1girl", "aspect": "7:4", "image": ("a.png", saved(two_colours(256, 256)))} | changes
    return await world.alice.slash(world.channel, "expand", **values)


@pytest.fixture
async def enlarged(world: World) -> World:
    """A world with a square picture of alice's and the same enlarged: jobs 1 and 2."""
    await world.imagine(prompt="1girl, green hair", seed=7, steps=20, aspect="1:1")
    await world.finished()
    await world.alice.click(world.galleries()[0], label="Upscale x2")
    await world.finished()
    return world


def newest(world: World) -> Any:
    """The last result in the channel."""
    return max(world.galleries(), key=lambda message: message.id)


async def test_what_is_around_is_painted(world: World, engine: ScriptedEngine) -> None:
    """The engine is given the canvas and the mask of its margins."""
    works: list[Any] = []
    engine.fault = lambda work: works.append(work)
    await expand(world)
    await world.finished()
    made = await recipe(world, 1)
    assert (made.width, made.height, made.strength) == (336, 192, 0.95)
    canvas, mask = outpainting(two_colours(256, 256), (336, 192))
    assert works[0].source == canvas.tobytes()
    assert works[0].mask == mask.tobytes()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"aspect": "1:1"}, "that shape already"),
        ({"aspect": "sideways"}, "not an aspect"),
        ({"image": ("a.png", b"nonsense")}, "not a picture"),
        ({"strength": 9}, "0.05"),
    ],
)
async def test_what_cannot_be_expanded_is_refused(world: World, given: dict[str, Any], said: str) -> None:
    """With a sentence, and nothing is queued."""
    assert said in answer_of(await expand(world, **given))
    assert await world.app.studio.job(1) is None
    assert world.history() == []


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_enlarged_picture_is_expanded(
    enlarged: World, engine: ScriptedEngine, *, restarted: bool
) -> None:
    """By the button: it asks for the shape, and the job is of whoever presses."""
    asked = await enlarged.bob.click(newest(enlarged), label="Expand")
    assert asked.ephemeral
    assert asked.response is not None
    labels = buttons_of(asked.response)
    assert len(labels) == 8
    assert not any(label.startswith("1:1") for label in labels)
    if restarted:
        await enlarged.restart()
    await enlarged.bob.click(asked.response, label=next(label for label in labels if label.startswith("7:4")))
    await enlarged.finished()
    first, made = await recipe(enlarged, 1), await recipe(enlarged, 3)
    assert (made.width, made.height, made.prompt, made.seed) == (336, 192, first.prompt, 7)
    assert len(made.mask) == 64
    job = await enlarged.app.studio.job(3)
    assert job is not None
    assert job.user_id == enlarged.bob.id
    assert "expansion of [#2]" in text_of(newest(enlarged))
    middle = Image.frombytes("RGB", (336, 192), engine.sources[-1]).getpixel((168, 96))
    assert bytes(middle) == engine.colours(replace(first, width=1, height=1))  # type: ignore[arg-type]


async def test_the_canvas_keeps_the_rating(enlarged: World) -> None:
    """What was painted where more is allowed is not gone on from where less is, whatever the prompt says."""
    job = await enlarged.app.studio.job(1)
    assert job is not None
    origin = Origin(
        kind="discord", guild_id=job.guild_id, guild_name="", channel_id=1, user_id=job.user_id, user_name="a"
    )
    expanded = await enlarged.app.expander.expanded(job, 0, (336, 192), origin)
    assert await enlarged.app.studio._sources.ratings_of(expanded.init_image) == ("general",)
    given = await enlarged.app.handed_in.expand(job.images[0].file or "", (192, 336), origin, "sensitive")
    request = ImagineRequest(prompt="1girl", size="192x336", init_image=given.picture.sha256)
    with pytest.raises(InvalidRequest, match="is rated `sensitive`"):
        await enlarged.app.studio.submit(origin, request)


async def test_pressed_on_what_was_deleted(enlarged: World) -> None:
    """Between asking for the shape and choosing one."""
    asked = await enlarged.bob.click(newest(enlarged), label="Expand")
    job = await enlarged.app.studio.job(2)
    assert job is not None
    assert asked.response is not None
    await enlarged.app.afterwards.delete(job)
    result = await enlarged.bob.click(asked.response, label=buttons_of(asked.response)[0])
    assert "were deleted" in answer_of(result)
    assert await enlarged.app.studio.job(3) is None


async def test_real_pixels_of_the_picture_stay(tmp_path: Path) -> None:
    """With the built-in model: the middle is the given picture, the margins are new."""
    given = two_colours(192, 192)
    async with discord_world(tmp_path) as world:
        await expand(world, image=("a.png", saved(given)), seed=3)
        await world.finished(seconds=120)
        job = await world.app.studio.job(1)
        assert job is not None
        data = await world.app.studio.picture_bytes(job.images[0])
    after = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.int16)
    canvas, mask = outpainting(given, (336, 192))
    kept = np.asarray(mask) == 0
    before = np.asarray(canvas, np.int16)
    assert np.array_equal(before[kept], after[kept])
    assert (np.abs(before - after).max(axis=-1)[:, :60] > 10).mean() > 0.5
