"""A world with a scripted engine, for what a member sees around the painting itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, discord_world


@pytest.fixture
def engine() -> ScriptedEngine:
    """The engine of `world`, to hold, fail and look at."""
    return ScriptedEngine()


@pytest.fixture
async def world(tmp_path: Path, engine: ScriptedEngine) -> AsyncIterator[World]:
    """The real bot; only the model is missing."""
    async with discord_world(tmp_path, make_engine=lambda _: engine) as opened:
        yield opened


@pytest.fixture
async def painted(world: World) -> World:
    """A world with one result of alice's: job 1."""
    await world.imagine(prompt="1girl, green hair", negative="hat", seed=7, steps=20, aspect="7:9")
    await world.finished()
    return world
