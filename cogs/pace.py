"""Slows a stream of changes down to what Discord allows, without ever losing the last one."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from bot.orders import Progress
from db.jobs import JobState

RUNNING_SECONDS: Final = 2.5
"""Between two edits of one message while it paints."""
QUEUED_SECONDS: Final = 10.0
"""While it waits: many jobs of a channel may wait at once, and a position moves slowly."""

Park = Callable[..., Awaitable[Any]]
Room = Callable[[Progress, float], float]


def pause(shown: Progress | None, newest: Progress) -> float:
    """Seconds between showing one progress and the next. The end is shown at once."""
    if shown is None or newest.final:
        return 0.0
    return QUEUED_SECONDS if newest.state is JobState.QUEUED else RUNNING_SECONDS


async def paced(
    changes: AsyncIterator[Progress], *, clock: Callable[[], float], park: Park, room: Room = lambda *_: 0.0
) -> AsyncIterator[Progress]:
    """Yield the newest progress: the first at once, then with pauses, a final one at once.

    What finds no room is not shown late but replaced by what is newer.

    Args:
        changes: snapshots of one job; the last one may be final.
        clock: seconds that only grow.
        park: waits for something outside the event loop.
        room: given a progress that is not final and when it became due, seconds until there is room to show it.
    """
    newest: Progress | None = None
    shown: Progress | None = None
    shown_at = -math.inf
    upcoming: asyncio.Task[Progress | None] | None = None

    def remaining(progress: Progress) -> float:
        due = shown_at + pause(shown, progress)
        seconds = due - clock()
        return seconds if seconds > 0 or progress.final else room(progress, due)

    try:
        while True:
            if upcoming is None:
                upcoming = asyncio.ensure_future(_next(changes))
            wait = None if newest is None else max(0.0, remaining(newest))
            await park(asyncio.wait({upcoming}, timeout=wait), reason="waiting for progress to show")
            if upcoming.done():
                newest, upcoming = upcoming.result(), None
                if newest is None:
                    return
            if newest is not None and remaining(newest) <= 0:
                yield newest
                shown, shown_at, newest = newest, clock(), None
    finally:
        if upcoming is not None:
            upcoming.cancel()


async def _next(changes: AsyncIterator[Progress]) -> Progress | None:
    return await anext(changes, None)
