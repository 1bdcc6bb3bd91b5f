"""The tour that the demo begins with: every button paints."""

from __future__ import annotations

import discord
import pytest

from cogs.tour import STOPS
from pipeline.profiles import load_profiles
from pipeline.profiles.types import Rating
from pipeline.request import plan
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, buttons_of, text_of


async def tour(world: World) -> discord.Message:
    """The message, posted by the bot."""
    await world.bot.give_tour(world.guild.id, world.channel.id)
    return world.history()[0]


async def test_it_says_what_to_try(world: World) -> None:
    """With a button for each stop."""
    message = await tour(world)
    assert "Welcome to Tagbrush" in text_of(message)
    assert buttons_of(message) == [stop.label for stop in STOPS]


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_stop_is_painted_for_whoever_presses(
    world: World, engine: ScriptedEngine, *, restarted: bool
) -> None:
    """Also long after the message was posted."""
    message = await tour(world)
    if restarted:
        await world.restart()
    await world.bob.click(message, label=STOPS[0].label)
    await world.finished()
    [result] = world.galleries()
    assert STOPS[0].request.prompt in text_of(result)
    assert f"for <@{world.bob.id}>" in text_of(result)


async def test_the_stop_with_alternatives_asks_first(world: World) -> None:
    """As `/imagine` does."""
    message = await tour(world)
    result = await world.bob.click(message, label="Two hair colours")
    assert result.ephemeral
    assert buttons_of(result.response)[0] == "Paint 2 pictures"


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.label)
def test_every_stop_is_in_the_words_of_the_built_in_model(stop: object) -> None:
    """None of them is refused or warned of."""
    request = next(each for each in STOPS if each is stop).request
    planned = plan(request, load_profiles(), "miniature", ceiling=Rating.GENERAL, draw_seed=lambda: 1)
    assert planned.warnings == ()
