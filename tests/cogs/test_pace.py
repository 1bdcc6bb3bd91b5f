"""How changes are slowed down, on a clock of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from bot.orders import Progress
from cogs.pace import QUEUED_SECONDS, RUNNING_SECONDS, paced
from db.jobs import JobState


class Clock:
    """Time passes when somebody waits with a timeout, and only then."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now

    async def park(self, awaitable: Any, *, reason: str) -> Any:
        """Let the tasks work, then let the wait's time pass."""
        frame = awaitable.cr_frame.f_locals
        timeout, tasks = frame["timeout"], frame["fs"]
        awaitable.close()
        for _ in range(5):
            await asyncio.sleep(0)
        if timeout is None:
            await asyncio.wait(tasks)
        elif not all(task.done() for task in tasks):
            self.now += timeout


def running(step: int) -> Progress:
    """A job at this step."""
    return Progress(1, JobState.RUNNING, step=step, steps=25, images=1)


async def collect(clock: Clock, changes: AsyncIterator[Progress]) -> list[tuple[float, Progress]]:
    """What was shown, and when."""
    return [(clock.now, p) async for p in paced(changes, clock=clock, park=clock.park)]


async def test_the_first_and_the_last_come_at_once() -> None:
    """The end never waits for a pause."""

    async def changes() -> AsyncIterator[Progress]:
        yield running(1)
        yield running(2)
        yield Progress(1, JobState.RENDERED)

    shown = await collect(Clock(), changes())
    assert [(at, p.state) for at, p in shown] == [(0.0, JobState.RUNNING), (0.0, JobState.RENDERED)]


async def test_between_them_the_newest_comes_after_each_pause() -> None:
    """Of many steps only the newest is shown, and the last one before a silence is not lost."""
    silence = asyncio.Event()

    async def changes() -> AsyncIterator[Progress]:
        for step in range(1, 10):
            yield running(step)
        await silence.wait()
        yield Progress(1, JobState.RENDERED)

    clock, shown = Clock(), []
    async for progress in paced(changes(), clock=clock, park=clock.park):
        shown.append((clock.now, progress.step))
        if progress.step == 9:
            silence.set()
    assert shown == [(0.0, 1), (RUNNING_SECONDS, 9), (RUNNING_SECONDS, 0)]


async def test_a_waiting_job_moves_slowly_but_leaves_the_queue_soon() -> None:
    """Positions are shown at the slower pace, the start of painting at the quicker one."""
    gate = asyncio.Event()

    async def changes() -> AsyncIterator[Progress]:
        yield Progress(1, JobState.QUEUED, place=3, images=1)
        yield Progress(1, JobState.QUEUED, place=2, images=1)
        await gate.wait()
        yield running(1)
        yield Progress(1, JobState.RENDERED)

    clock, shown = Clock(), []
    async for progress in paced(changes(), clock=clock, park=clock.park):
        shown.append((clock.now, progress.state, progress.place))
        if progress.place == 2:
            gate.set()
    assert shown[:2] == [(0.0, JobState.QUEUED, 3), (QUEUED_SECONDS, JobState.QUEUED, 2)]
    assert shown[-1][1] is JobState.RENDERED


async def test_what_finds_no_room_is_replaced_by_what_is_newer() -> None:
    """Nothing is shown late, and the end asks for no room."""
    gate = asyncio.Event()

    async def changes() -> AsyncIterator[Progress]:
        for step in range(1, 6):
            yield running(step)
        await gate.wait()
        yield Progress(1, JobState.RENDERED)

    clock, shown = Clock(), []

    def room(progress: Progress, due: float) -> float:
        assert not progress.final
        return max(0.0, 7.0 - clock.now)

    async for progress in paced(changes(), clock=clock, park=clock.park, room=room):
        shown.append((clock.now, progress.step, progress.state))
        gate.set()
    assert shown == [(7.0, 5, JobState.RUNNING), (7.0, 0, JobState.RENDERED)]
