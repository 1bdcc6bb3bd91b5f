"""The whole house on an engine without a model, for everything between asking and being written down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import App, open_app
from bot.orders import Origin
from bot.settings import Settings, read_settings
from pipeline.request import ImagineRequest
from tests.support.scripted_classifier import ScriptedClassifier
from tests.support.scripted_engine import ScriptedEngine


@pytest.fixture
def engine() -> ScriptedEngine:
    """The engine of `app`, to hold, fail and look at."""
    return ScriptedEngine()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of their own, on a folder of their own."""
    return read_settings({}, None, data_dir=tmp_path / "data", min_free_mb=0)


@pytest.fixture
async def app(
    settings: Settings, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[App]:
    """The opened composition root; attempts to write are repeated at once."""
    monkeypatch.setattr("bot.recorder.RETRY_SECONDS", 0.01)
    async with open_app(settings, make_engine=lambda _: engine, make_classifier=ScriptedClassifier) as opened:
        yield opened


@pytest.fixture
def member() -> Origin:
    """A member of a guild."""
    return Origin(kind="discord", guild_id=1, guild_name="g", channel_id=2, user_id=3, user_name="m")


def request(**options: object) -> ImagineRequest:
    """A small request."""
    return ImagineRequest(**{"prompt": "1girl", "steps": 3, **options})  # type: ignore[arg-type]
