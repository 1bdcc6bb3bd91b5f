"""The demo page, without a browser."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import aiohttp
import pytest

from bot.app import App, open_app
from bot.demo.glue import Park
from bot.demo.server import serve
from bot.settings import read_settings
from tests.support.scripted_classifier import ScriptedClassifier
from tests.support.scripted_engine import ScriptedEngine


async def test_the_pages_are_served_on_this_machine_only_and_end_cleanly(tmp_path: Path) -> None:
    """Their addresses are loopback ones, answer while the demo runs, and nothing is left behind."""
    settings = read_settings({}, None, data_dir=tmp_path, min_free_mb=0)
    addresses: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()

    def opened(park: Park) -> AbstractAsyncContextManager[App]:
        return open_app(
            settings, park=park, make_engine=lambda _: ScriptedEngine(), make_classifier=ScriptedClassifier
        )

    task = asyncio.create_task(serve(opened, ready=lambda *urls: addresses.set_result(urls)))
    for url in await asyncio.wait_for(addresses, 30):
        assert url.startswith("http://127.0.0.1:")
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            assert answer.status == 200
            assert "<html" in (await answer.text()).lower()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    left = [t.get_name() for t in asyncio.all_tasks() if t is not asyncio.current_task()]
    assert "demo page" not in left
    assert not any(name.startswith("job ") for name in left)


async def test_a_wait_outside_of_the_simulation_is_a_plain_one() -> None:
    """The dispatcher's task belongs to nobody's bot, and production has no simulation at all."""

    async def answer() -> int:
        return 42

    assert await Park()(answer(), reason="test") == 42
