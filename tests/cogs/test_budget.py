"""How the edits of a channel are shared out, on a clock of its own."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any

from cogs.budget import LIMIT, SECONDS, Budget

HERE = 1


class Clock:
    """Time passes when somebody sleeps, and only then; sleepers wake in the order of their times."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asleep: list[tuple[float, asyncio.Event]] = []

    def __call__(self) -> float:
        """Seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Wait on this clock."""
        event = asyncio.Event()
        self.asleep.append((self.now + seconds, event))
        await event.wait()

    async def park(self, awaitable: Any, *, reason: str) -> None:
        """Sleep on this clock instead."""
        seconds = awaitable.cr_frame.f_locals["delay"]
        awaitable.close()
        await self.sleep(seconds)

    async def run(self, *tasks: Any) -> None:
        """Let time pass until all are done."""
        everything = asyncio.gather(*tasks)
        while not everything.done():
            for _ in range(20):
                await asyncio.sleep(0)
            if self.asleep and not everything.done():
                self.asleep.sort(key=lambda sleeper: sleeper[0])
                self.now, event = self.asleep.pop(0)
                event.set()
        await everything


async def edit_progress(budget: Budget, job_id: int, channel_id: int = HERE) -> None:
    """One edit that takes no time."""
    async with budget.progress(channel_id, job_id):
        pass


async def edit_end(budget: Budget, clock: Clock, job_id: int, ended: list[tuple[float, int]]) -> None:
    """The end of a job, and when it was shown."""
    async with budget.ending(HERE, job_id):
        ended.append((clock.now, job_id))


def most_in_a_window(times: list[float], seconds: float = 5.0) -> int:
    """The most of these within any so many seconds."""
    return max(sum(start <= at < start + seconds for at in times) for start in times)


async def test_progress_leaves_a_place_for_an_end() -> None:
    """One place of five stays free, and the end takes it at once."""
    clock, ended = Clock(), list[tuple[float, int]]()
    budget = Budget(clock, clock.park)
    for job_id in range(LIMIT - 1):
        assert budget.room(HERE, job_id, 0.0) == 0
        await edit_progress(budget, job_id)
    assert budget.room(HERE, 99, 0.0) > 0
    await clock.run(edit_end(budget, clock, 1, ended))
    assert ended == [(0.0, 1)]


async def test_places_are_kept_for_all_jobs_that_are_about_to_end() -> None:
    """Four jobs painted side by side end in the same moment, and none of their ends waits."""
    clock, ended = Clock(), list[tuple[float, int]]()
    budget = Budget(clock, clock.park)
    for job_id in range(4):
        budget.room(HERE, job_id, 0.0, ends_in=3.0)
    shown = 0
    for job_id in range(4):
        if budget.room(HERE, job_id, 0.0, ends_in=3.0) == 0:
            await edit_progress(budget, job_id)
            shown += 1
    await clock.run(*(edit_end(budget, clock, job_id, ended) for job_id in range(4)))
    assert shown == 1
    assert [at for at, _ in ended] == [0.0] * 4


async def test_ends_wait_for_each_other_in_their_order() -> None:
    """Twenty at once: five in each five seconds, the first first, and no progress between them."""
    clock, ended = Clock(), list[tuple[float, int]]()
    budget = Budget(clock, clock.park)
    refused = []

    async def progress() -> None:
        for _ in range(20):
            await clock.sleep(0.5)
            refused.append(budget.room(HERE, 99, 0.0) > 0)

    await clock.run(*(edit_end(budget, clock, job_id, ended) for job_id in range(20)), progress())
    assert [job_id for _, job_id in ended] == list(range(20))
    assert most_in_a_window([at for at, _ in ended]) == LIMIT
    assert ended[-1][0] < 4 * SECONDS
    assert all(refused)


async def test_who_has_waited_longest_goes_first() -> None:
    """A place that becomes free is not taken by whoever happens to ask first."""
    clock = Clock()
    budget = Budget(clock, clock.park)
    for job_id in range(LIMIT - 1):
        budget.room(HERE, job_id, 0.0)
        await edit_progress(budget, job_id)
    assert budget.room(HERE, 10, 2.0) > 0
    assert budget.room(HERE, 11, 1.0) > 0
    clock.now = SECONDS
    for job_id in range(12, 12 + LIMIT - 2):
        budget.room(HERE, job_id, 0.5)
    assert budget.room(HERE, 11, 1.0) == 0
    assert budget.room(HERE, 10, 2.0) > 0
    budget.leave(HERE, 12)
    assert budget.room(HERE, 10, 2.0) == 0


async def test_pictures_forming_and_places_in_the_queue_take_turns() -> None:
    """A hundred that wait do not keep those from sight that are painted, nor the other way round."""
    clock = Clock()
    budget = Budget(clock, clock.park)
    order = []
    for _ in range(4):
        for job_id in (1, 2):
            budget.room(HERE, job_id, clock.now, forming=True)
        for job_id in range(10, 20):
            budget.room(HERE, job_id, 0.0, forming=False)
        for job_id in (*range(10, 20), 1, 2):
            forming = job_id < 10
            since = clock.now if forming else 0.0
            if budget.room(HERE, job_id, since, forming=forming) == 0:
                order.append(forming)
                await edit_progress(budget, job_id)
        clock.now += SECONDS
    assert order.count(True) == order.count(False) == 8


async def test_an_edit_under_way_keeps_its_place() -> None:
    """Discord may count it late: a slow one is not followed by five others."""
    clock = Clock()
    budget = Budget(clock, clock.park)
    async with contextlib.AsyncExitStack() as stack:
        for job_id in range(LIMIT - 1):
            await stack.enter_async_context(budget.progress(HERE, job_id))
        clock.now = 60.0
        assert budget.room(HERE, 9, 0.0) > 0
    assert budget.room(HERE, 9, 0.0) > 0
    clock.now += SECONDS
    assert budget.room(HERE, 9, 0.0) == 0


async def test_channels_have_budgets_of_their_own_and_are_forgotten() -> None:
    """What happens in one says nothing about another, and nothing stays of those that are quiet."""
    clock = Clock()
    budget = Budget(clock, clock.park)
    for channel_id in range(50):
        for job_id in range(LIMIT - 1):
            assert budget.room(channel_id, job_id, 0.0) == 0
            await edit_progress(budget, job_id, channel_id)
            budget.leave(channel_id, job_id)
    clock.now = 60.0
    budget.room(1000, 1, 60.0)
    assert len(budget._channels) == 1


async def test_a_failed_edit_counts_and_does_not_block() -> None:
    """Discord counts what it refuses, too."""
    clock, ended = Clock(), list[tuple[float, int]]()
    budget = Budget(clock, clock.park)
    for job_id in range(LIMIT):
        with contextlib.suppress(ZeroDivisionError):
            async with budget.ending(HERE, job_id):
                raise ZeroDivisionError
    await clock.run(edit_end(budget, clock, 9, ended))
    assert ended == [(SECONDS, 9)]


async def test_any_mixture_stays_below_the_limit() -> None:
    """Twenty jobs with progress and ends at random times, edits of random length: never six in five seconds."""
    chance = random.Random(4)
    clock = Clock()
    budget = Budget(clock, clock.park)
    edits: list[float] = []
    shown: dict[int, int] = {}

    async def send() -> None:
        before = clock.now
        await clock.sleep(chance.uniform(0, 0.6))
        edits.append(chance.uniform(before, clock.now))  # Discord counts it somewhere between

    async def job(job_id: int) -> None:
        ends = clock.now + chance.uniform(20, 120)
        due = clock.now
        while clock.now < ends:
            wait = budget.room(HERE, job_id, due, ends - clock.now)
            if wait == 0:
                async with budget.progress(HERE, job_id):
                    await send()
                due, wait = clock.now + 2.5, 2.5
                shown[job_id] = shown.get(job_id, 0) + 1
            await clock.sleep(wait)
        async with budget.ending(HERE, job_id):
            await send()

    await clock.run(*(job(job_id) for job_id in range(20)))
    assert most_in_a_window(edits) <= LIMIT
    assert len(shown) == 20
