"""Forgetting a member while another one hands in the very same file, in whichever order the two meet."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from bot.app import App
from bot.orders import Origin
from bot.pictures import KeptPicture, Pictures
from db.sources import Sources


class Gate:
    """Stops the first call of a method in front of it, until opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: type, method: str) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()
        before: Callable[..., Awaitable[Any]] = getattr(owner, method)

        async def held(*args: Any) -> Any:
            self.reached.set()
            await self.opened.wait()
            return await before(*args)

        monkeypatch.setattr(owner, method, held)


@pytest.fixture
def other(member: Origin) -> Origin:
    """Another member of the same guild."""
    return replace(member, user_id=4, user_name="o")


def file() -> bytes:
    """The picture that both have."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (10, 20, 30)).save(buffer, "PNG")
    return buffer.getvalue()


async def meanwhile(*tasks: asyncio.Task[Any]) -> None:
    """Let tasks go as far as they can while a gate is closed; without a lock one of them comes to its end."""
    await asyncio.wait(tasks, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)


async def is_kept(app: App, kept: KeptPicture) -> bool:
    """Whether the file is there, is somebody's, and is not to go any more."""
    there = app.studio._pictures.path(kept.file).is_file()
    owned = await app.studio._sources.ratings_of(kept.sha256) != ()
    return there and owned and await app.forgetter._forgetting.doomed_files(10) == ()


async def test_a_file_that_is_being_removed_is_handed_in_again(
    app: App, member: Origin, other: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep has chosen the file already: whoever hands it in now waits, and writes it anew."""
    await app.handed_in.take(file(), member)
    await app.forgetter.begin(member.user_id)
    gate = Gate(monkeypatch, Pictures, "remove")
    erasing = asyncio.create_task(app.forgetter.erase(member.user_id))
    await gate.reached.wait()
    taking = asyncio.create_task(app.handed_in.take(file(), other))
    await meanwhile(erasing, taking)
    gate.opened.set()
    kept, _ = await asyncio.gather(taking, erasing)
    assert await is_kept(app, kept)


async def test_a_file_that_is_being_handed_in_is_not_removed(
    app: App, member: Origin, other: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies there, but whose it is has not been written down: the sweep waits, and finds it to be somebody's."""
    await app.handed_in.take(file(), member)
    await app.forgetter.begin(member.user_id)
    gate = Gate(monkeypatch, Sources, "add")
    taking = asyncio.create_task(app.handed_in.take(file(), other))
    await gate.reached.wait()
    erasing = asyncio.create_task(app.forgetter.erase(member.user_id))
    await meanwhile(erasing, taking)
    gate.opened.set()
    kept, _ = await asyncio.gather(taking, erasing)
    assert await is_kept(app, kept)


async def test_a_file_that_only_the_forgotten_had_is_gone(app: App, member: Origin) -> None:
    """Nothing keeps it."""
    kept = await app.handed_in.take(file(), member)
    await app.forgetter.begin(member.user_id)
    await app.forgetter.erase(member.user_id)
    assert not await is_kept(app, kept)
    assert not app.studio._pictures.path(kept.file).exists()
