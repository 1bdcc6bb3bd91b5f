"""Upscaling, redrawing and original files, as members press for them."""

from __future__ import annotations

import io
import json

import discord
import pytest
from PIL import Image

from pipeline.recipe import Recipe
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of, text_of


@pytest.fixture
async def painted(world: World) -> World:
    """A world with one result of alice's: job 1, of 224 x 288."""
    await world.imagine(prompt="1girl, green hair", seed=7, steps=20, aspect="7:9")
    await world.finished()
    return world


async def recipe(world: World, job_id: int) -> Recipe:
    """What a job's first picture was painted by."""
    job = await world.app.studio.job(job_id)
    assert job is not None
    return Recipe.from_json(job.images[0].recipe)


def newest(world: World) -> discord.Message:
    """The last result in the channel."""
    return max(world.galleries(), key=lambda message: message.id)


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("scale", [2, 4])
async def test_a_picture_is_enlarged(
    painted: World, engine: ScriptedEngine, *, scale: int, restarted: bool
) -> None:
    """From its own pixels, as a job of whoever presses; the result says what enlarged it."""
    if restarted:
        await painted.restart()
    first = await recipe(painted, 1)
    await painted.bob.click(painted.galleries()[0], label=f"Upscale x{scale}")
    await painted.finished()
    job = await painted.app.studio.job(2)
    assert job is not None
    larger = Recipe.from_json(job.images[0].recipe)
    assert (larger.width, larger.height) == (first.width * scale, first.height * scale)
    assert (larger.prompt, larger.seed, larger.painted_size) == (first.prompt, 7, (first.width, first.height))
    assert engine.sources[-1] == engine.colours(first)
    assert (job.user_id, job.action) == (painted.bob.id, "upscale")
    text = text_of(newest(painted))
    assert "Real-ESRGAN" in text
    assert "enlarged picture of [#1]" in text


async def test_each_of_several_pictures_has_its_own_button(world: World, engine: ScriptedEngine) -> None:
    """U3 enlarges the third."""
    await world.imagine(count=4, seed=20)
    await world.finished()
    assert [label for label in buttons_of(world.galleries()[0]) if label.startswith("U")] == [
        "U1",
        "U2",
        "U3",
        "U4",
    ]
    await world.alice.click(world.galleries()[0], label="U3")
    await world.finished()
    assert (await recipe(world, 2)).seed == 22
    assert len((await world.app.studio.job(2)).images) == 1  # type: ignore[union-attr]


async def test_an_upscaled_picture_can_be_gone_on_from(painted: World, engine: ScriptedEngine) -> None:
    """The other factor starts from the original again; a variation has the original's size."""
    await painted.alice.click(painted.galleries()[0], label="Upscale x2")
    await painted.finished()
    labels = buttons_of(newest(painted))
    assert labels[5:] == [
        "Upscale x4",
        "Redraw details",
        "Original file",
        "Vary (subtle)",
        "Vary (strong)",
        "Expand",
    ]
    first = await recipe(painted, 1)
    await painted.alice.click(newest(painted), label="Upscale x4")
    await painted.finished()
    fourfold = await recipe(painted, 3)
    assert (fourfold.width, fourfold.init_image) == (first.width * 4, (await recipe(painted, 2)).init_image)
    await painted.alice.click(newest(painted), label="Vary (subtle)")
    await painted.finished()
    variation = await recipe(painted, 4)
    assert (variation.width, variation.height, variation.upscaler) == (first.width, first.height, "")


async def test_details_are_redrawn_at_a_larger_size(painted: World, engine: ScriptedEngine) -> None:
    """img2img from the upscaled picture, little of it painted again."""
    await painted.alice.click(painted.galleries()[0], label="Upscale x2")
    await painted.finished()
    await painted.bob.click(newest(painted), label="Redraw details")
    await painted.finished()
    first, again = await recipe(painted, 1), await recipe(painted, 3)
    job = await painted.app.studio.job(2)
    assert job is not None
    assert (again.width, again.height) == (first.width * 1.5, first.height * 1.5)
    assert (again.init_image, again.strength, again.upscaler) == (job.images[0].sha256, 0.35, "")
    assert "redrawing of [#2]" in text_of(newest(painted))


async def test_reroll_of_an_enlarged_picture_paints_the_prompt_again(painted: World) -> None:
    """At the model's size, once."""
    await painted.alice.click(painted.galleries()[0], label="Upscale x2")
    await painted.finished()
    await painted.alice.click(newest(painted), label="Reroll")
    await painted.finished()
    first, again = await recipe(painted, 1), await recipe(painted, 3)
    assert again.with_seed(first.seed).with_weights("") == first.with_weights("")


async def test_rerun_of_an_enlarged_picture_enlarges_again(painted: World) -> None:
    """The very same recipe, as for every other picture."""
    await painted.alice.click(painted.galleries()[0], label="Upscale x2")
    await painted.finished()
    await painted.alice.slash(painted.channel, "rerun", job="2")
    await painted.finished()
    assert (await recipe(painted, 3)) == (await recipe(painted, 2))
    assert "pixel for pixel" in text_of(newest(painted))


async def test_the_original_is_handed_out_with_its_metadata(painted: World) -> None:
    """To whoever asks, and to them alone."""
    result = await painted.bob.click(painted.galleries()[0], label="Original file")
    assert result.ephemeral
    assert result.response is not None
    [attachment] = result.response.attachments
    data = await attachment.read()
    with Image.open(io.BytesIO(data)) as picture:
        assert json.loads(picture.info["tagbrush"])["seed"] == 7
        assert "Seed: 7" in picture.info["parameters"]


async def test_an_original_that_is_too_large_is_said(painted: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent that Discord would refuse."""
    monkeypatch.setattr("cogs.enlarging_buttons.limit_of", lambda *_: 100)
    result = await painted.bob.click(painted.galleries()[0], label="Original file")
    assert "larger than the" in answer_of(result)


async def test_what_was_deleted_meanwhile_cannot_be_enlarged(painted: World, engine: ScriptedEngine) -> None:
    """The job fails with a sentence; nothing is posted."""
    engine.hold_at = 1
    for _ in range(6):
        await painted.imagine()
    await painted.alice.click(painted.galleries()[0], label="Upscale x2")
    job = await painted.app.studio.job(1)
    assert job is not None
    await painted.app.afterwards.delete(job)
    engine.hold_at = None
    await painted.finished()
    assert "was deleted" in painted.shown()


async def test_a_redrawn_picture_is_varied_at_a_size_of_its_model(painted: World) -> None:
    """Its own is larger than what the model takes by itself."""
    await painted.alice.click(painted.galleries()[0], label="Upscale x2")
    await painted.finished()
    await painted.alice.click(newest(painted), label="Redraw details")
    await painted.finished()
    await painted.alice.click(newest(painted), label="Vary (strong)")
    await painted.finished()
    first, varied = await recipe(painted, 1), await recipe(painted, 4)
    assert (varied.width, varied.height) == (first.width, first.height)
