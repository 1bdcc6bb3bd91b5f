"""A database that does not answer, as one that another program has locked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from db.database import Database
from tests.support.simcord_env import World


class SlowDatabase:
    """Lets whatever is read or written wait, from `hang` to `answer`; nothing of it gets lost."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ready = asyncio.Event()
        self._ready.set()
        exclusive = Database._exclusive

        @contextlib.asynccontextmanager
        async def waiting(database: Database) -> AsyncIterator[None]:
            if not self._ready.is_set():
                await self._wait(world)
            async with exclusive(database):
                yield

        monkeypatch.setattr(Database, "_exclusive", waiting)

    async def _wait(self, world: World) -> None:
        if asyncio.current_task() in world.env._work.external_waits:
            await self._ready.wait()
        else:
            await world._park(self._ready.wait(), reason="the database does not answer")

    def hang(self) -> None:
        """From now on."""
        self._ready.clear()

    def answer(self) -> None:
        """To all that waits."""
        self._ready.set()
