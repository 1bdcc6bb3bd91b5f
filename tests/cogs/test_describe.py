"""`/describe` and the menu "Use these settings": what is found, where nothing is, and what the form makes of it."""

from __future__ import annotations

import json
from typing import Any

import discord
import pytest
from PIL import Image

from cogs.borrow_form import BORROW_FORM, kept_of
from pipeline.metadata import encode_png
from pipeline.recipe import Recipe
from tests.pipeline.test_metadata import PIXELS, RECIPE
from tests.pipeline.test_metadata_reading import FOREIGN, png
from tests.support.pictures import saved
from tests.support.results import filled, form_of
from tests.support.simcord_env import World, answer_of, buttons_of

MENU = "Use these settings"
FILE = ("found.png", png(("parameters", FOREIGN)))


@pytest.fixture
async def painted(world: World) -> World:
    """A world with one result of alice's: job 1."""
    await world.imagine(prompt="1girl, green hair", negative="hat", seed=7, steps=20, aspect="7:9")
    await world.finished()
    return world


async def recipe(world: World, job_id: int) -> Recipe:
    """What a job's first picture was painted by."""
    job = await world.app.studio.job(job_id)
    assert job is not None
    return Recipe.from_json(job.images[0].recipe)


async def posted(world: World, *files: tuple[str, bytes]) -> discord.Message:
    """A message of bob's with files."""
    return await world.bob.send(world.channel, "look", attachments=files)


async def menu(world: World, message: discord.Message) -> Any:
    """Alice chooses it from the message's menu."""
    return await world.alice.context_menu(world.channel, MENU, message)


# -- /describe ---------------------------------------------------------------------------------------------------


async def test_a_foreign_file_is_described(world: World) -> None:
    """In private: its prompt, its numbers, and what our model cannot do."""
    result = await world.alice.slash(world.channel, "describe", image=FILE)
    told = answer_of(result)
    assert result.ephemeral
    for part in ("Painted with A1111", "(green hair:1.2)", "worst quality", "28 steps", "seed 1234567890"):
        assert part in told
    assert result.response is not None
    [attached] = result.response.attachments
    assert json.loads(await attached.read())["guidance"] == 6.5
    assert buttons_of(result.response) == [MENU]


@pytest.mark.parametrize("restarted", [False, True])
async def test_its_settings_are_used(world: World, *, restarted: bool) -> None:
    """By the button, in a form, with what the form has no field for."""
    result = await world.alice.slash(world.channel, "describe", image=FILE)
    assert result.response is not None
    opened = await world.alice.click(result.response, label=MENU)
    assert form_of(opened)["negative"]["value"] == "lowres, bad hands,\nworst quality"
    if restarted:
        await world.restart()
    await world.alice.submit_modal(opened, filled(opened, prompt="1girl, red hair"))
    await world.finished()
    made = await recipe(world, 1)
    assert (made.seed, made.steps, made.guidance_scale, made.sampler) == (
        1234567890,
        28,
        6.5,
        "dpmpp_2m_karras",
    )
    assert made.prompt.startswith("1girl, red hair")
    assert len(world.galleries()) == 1


async def test_our_own_file_paints_the_same_again(painted: World) -> None:
    """The recipe inside it is exact."""
    job = await painted.app.studio.job(1)
    assert job is not None
    data = await painted.app.studio.picture_bytes(job.images[0])
    result = await painted.bob.slash(painted.channel, "describe", image=("saved.png", data))
    assert result.response is not None
    opened = await painted.bob.click(result.response, label=MENU)
    await painted.bob.submit_modal(opened, filled(opened))
    await painted.finished()
    first, again = await recipe(painted, 1), await recipe(painted, 2)
    assert (again.seed, again.width, again.height, again.steps) == (7, first.width, first.height, 20)
    assert set(again.prompt.split(", ")) == set(first.prompt.split(", "))


async def test_a_job_of_ours_is_described_by_its_number(painted: World) -> None:
    """With a form of what was asked."""
    result = await painted.bob.slash(painted.channel, "describe", job="#1")
    assert "green hair" in answer_of(result)
    assert result.response is not None
    assert buttons_of(result.response) == ["Edit"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "Give either"),
        ({"image": FILE, "job": "1"}, "Give either"),
        ({"image": ("a.png", saved(Image.new("RGB", (64, 64))))}, "says nothing of how"),
        ({"image": ("a.png", b"nonsense")}, "says nothing of how"),
        ({"job": "99"}, "no longer known"),
        ({"job": "the third"}, "neither the number"),
        ({"job": "https://discord.com/channels/1/2/3"}, "No pictures of mine"),
    ],
)
async def test_where_nothing_is_that_is_said(world: World, options: dict[str, Any], said: str) -> None:
    """In private."""
    result = await world.alice.slash(world.channel, "describe", **options)
    assert said in answer_of(result)
    assert world.history() == []


@pytest.mark.parametrize(("kind", "shown"), [("JPEG", "JPEG"), ("WEBP", "WebP")])
async def test_other_kinds_of_files_are_named(world: World, kind: str, shown: str) -> None:
    """By what they are and not by their name, with what would be right; in private, for the command and the menu."""
    other = ("painted.png", saved(Image.new("RGB", (64, 64)), kind))
    by_command = await world.alice.slash(world.channel, "describe", image=other)
    by_menu = await menu(world, await posted(world, other))
    for result in (by_command, by_menu):
        assert f"{shown} file, and settings are read from PNG files only" in answer_of(result)
        assert result.ephemeral
    both = await menu(world, await posted(world, other, FILE))
    assert form_of(both)["prompt"]["value"].startswith("masterpiece, 1girl")


async def test_hostile_text_stays_text(world: World) -> None:
    """No ping, no broken block, no link of somebody else's."""
    text = "```@everyone [click](https://evil.example)\nSteps: 3, Sampler: **x** @here, CFG scale: 5, Model: [a](b)"
    result = await world.alice.slash(world.channel, "describe", image=("a.png", png(("parameters", text))))
    told = answer_of(result)
    assert told.count("```") == 2
    assert "[a](b)" not in told


# -- the menu ----------------------------------------------------------------------------------------------------


async def test_the_menu_opens_a_foreign_file_as_a_form(world: World) -> None:
    """The first file that says anything."""
    message = await posted(world, ("a.txt", b"hello"), ("b.png", saved(Image.new("RGB", (64, 64)))), FILE)
    opened = await menu(world, message)
    assert form_of(opened)["prompt"]["value"].startswith("masterpiece, 1girl")
    await world.alice.submit_modal(opened, filled(opened))
    await world.finished()
    assert (await recipe(world, 1)).seed == 1234567890


async def test_the_menu_on_our_own_message_opens_what_was_asked(painted: World) -> None:
    """From the database, whatever has become of the file."""
    opened = await menu(painted, painted.galleries()[0])
    assert form_of(opened)["prompt"]["value"] == "1girl, green hair"
    assert form_of(opened)["negative"]["value"] == "hat"
    await painted.alice.submit_modal(opened, filled(opened, prompt="1girl, hat"))
    await painted.finished()
    assert (await recipe(painted, 2)).seed == 7


@pytest.mark.parametrize(
    ("files", "said"), [((), "no picture in this message"), ((("a.txt", b"hello"),), "says nothing of how")]
)
async def test_the_menu_says_where_nothing_is(
    world: World, files: tuple[tuple[str, bytes], ...], said: str
) -> None:
    """For the member's eyes only."""
    result = await menu(world, await posted(world, *files))
    assert said in answer_of(result)
    assert result.ephemeral


async def test_a_prompt_too_long_for_a_form_is_said(world: World) -> None:
    """Discord's fields take 4,000 characters."""
    result = await menu(world, await posted(world, ("a.png", png(("parameters", "1girl, " * 1000)))))
    assert "Discord's form takes 4000" in answer_of(result)


async def test_what_the_channel_does_not_allow_is_given_back(world: World) -> None:
    """The form is closed by then, so the text comes in a file."""
    recipe_of = encode_png(PIXELS, Recipe.from_json(RECIPE.to_json().replace("1girl", "1girl, nsfw, explicit")))
    opened = await menu(world, await posted(world, ("a.png", recipe_of)))
    result = await world.alice.submit_modal(opened, filled(opened))
    assert "goes beyond what may be painted here" in answer_of(result)
    assert result.response is not None
    assert "Nothing was queued" in result.response.content
    assert await world.app.studio.job(1) is None


async def test_every_profile_fits_into_the_form_s_name(world: World) -> None:
    """Discord's limit is 100 characters."""
    for profile in world.app.profiles:
        name = f"tb:use:{profile}:dpmpp_sde_karras:150:12.345:4294967295"
        assert len(name) <= 100
        assert BORROW_FORM.fullmatch(name)
        assert kept_of(name)
