"""Edits of messages, shared out among all that follow jobs in one channel, so that Discord never has to refuse one.

Discord allows about five edits in five seconds a channel. The ends of jobs go first: they wait for nothing but each
other. Progress takes what is left, so a place that is not free is not waited for: whoever finds none comes again with
what is newest then.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

LIMIT: Final = 5
"""Edits that Discord takes from a bot in one channel ..."""
SECONDS: Final = 5.1
"""... in this time; it says 5, and its clock is not ours."""
RESERVE: Final = 1
"""Of these, kept from progress in any case; more while more jobs are about to end."""
SOON: Final = 0.25
LATE: Final = 2.5
"""Shortest and longest pause before asking again for a place: others may leave theirs."""

Park = Callable[..., Awaitable[Any]]


@dataclass(slots=True, eq=False)
class Slot:
    """A place for one edit. Taken until some seconds after its answer came: Discord counts from somewhere between."""

    free_at: float = math.inf


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """A wish to show progress. Of one kind, the longest due goes first."""

    since: float
    job_id: int
    forming: bool


@dataclass(slots=True)
class _Channel:
    slots: list[Slot] = field(default_factory=list)
    endings: list[object] = field(default_factory=list)
    """Ends of jobs that wait for a place, the longest waiting first."""
    claims: dict[int, Claim] = field(default_factory=dict)
    """Jobs with progress to show."""
    lead: int = 0
    """How many more pictures that form were shown than places in the queue, while there were both."""
    due: dict[int, float] = field(default_factory=dict)
    """When jobs are expected to end."""

    def wait(self, ahead: int, now: float) -> float:
        """Seconds until there is a place with so many others going first; 0 for now."""
        self.slots = [slot for slot in self.slots if slot.free_at > now]
        missing = len(self.slots) + ahead + 1 - LIMIT
        if missing <= 0:
            return 0.0
        frees = sorted(slot.free_at for slot in self.slots)
        if missing <= len(frees):
            # What is on its way to Discord frees its place nobody knows when.
            return max(SOON, frees[missing - 1] - now) if frees[missing - 1] < math.inf else SOON
        return min(LATE, max(SOON, (missing - len(frees)) // LIMIT * SECONDS))

    def before(self, mine: Claim) -> int:
        """How many go before this one: pictures that form and places in the queue take turns."""
        same = sum(claim < mine for claim in self.claims.values() if claim.forming is mine.forming)
        other = sum(claim.forming is not mine.forming for claim in self.claims.values())
        lead = self.lead if mine.forming else 1 - self.lead
        return same + min(other, max(0, same + lead))

    def granted(self, job_id: int) -> None:
        """This one is shown."""
        mine = self.claims.pop(job_id, None)
        if mine is not None and any(claim.forming is not mine.forming for claim in self.claims.values()):
            self.lead = max(-LIMIT, min(LIMIT, self.lead + (1 if mine.forming else -1)))

    @property
    def idle(self) -> bool:
        return not (self.slots or self.endings or self.claims or self.due)


class Budget:
    """The edits of all channels. One for all followers."""

    def __init__(self, clock: Callable[[], float], park: Park) -> None:
        """Prepare.

        Args:
            clock: seconds that only grow.
            park: waits for something outside the event loop.
        """
        self._clock = clock
        self._park = park
        self._channels: dict[int, _Channel] = {}

    def room(
        self, channel_id: int, job_id: int, since: float, ends_in: float | None = None, *, forming: bool = True
    ) -> float:
        """Seconds until this job may show progress; 0 for now, and then `progress` is to be called at once.

        Args:
            channel_id: where.
            job_id: who asks. It keeps its turn among the others until it was granted or `leave` is called.
            since: when it became due, by the clock; the longest due goes first.
            ends_in: seconds until it is expected to end; a place is kept free for that when it is near.
            forming: whether it is being painted, so that there is more to see than its place in the queue.
        """
        now, channel = self._clock(), self._channel(channel_id)
        mine = channel.claims[job_id] = Claim(since, job_id, forming)
        if ends_in is None:
            channel.due.pop(job_id, None)
        else:
            channel.due[job_id] = now + ends_in
        near = sum(end < now + SECONDS for end in channel.due.values())
        # Never all: an estimate may be wrong for long.
        kept = min(LIMIT - 1, max(RESERVE, near))
        return channel.wait(len(channel.endings) + kept + channel.before(mine), now)

    @contextlib.asynccontextmanager
    async def progress(self, channel_id: int, job_id: int) -> AsyncIterator[None]:
        """Hold the place that `room` has found."""
        channel = self._channel(channel_id)
        channel.granted(job_id)
        async with self._taken(channel):
            yield

    @contextlib.asynccontextmanager
    async def ending(self, channel_id: int, job_id: int) -> AsyncIterator[None]:
        """Wait for a place behind other ends only, and hold it."""
        channel, me = self._channel(channel_id), object()
        channel.claims.pop(job_id, None)
        channel.due.pop(job_id, None)
        channel.endings.append(me)
        try:
            while (seconds := channel.wait(channel.endings.index(me), self._clock())) > 0:
                await self._park(asyncio.sleep(seconds), reason="many jobs of one channel end at once")
        finally:
            channel.endings.remove(me)
        async with self._taken(channel):
            yield

    def leave(self, channel_id: int, job_id: int) -> None:
        """This job shows no more progress."""
        channel = self._channel(channel_id)
        channel.claims.pop(job_id, None)
        channel.due.pop(job_id, None)

    @contextlib.asynccontextmanager
    async def _taken(self, channel: _Channel) -> AsyncIterator[None]:
        slot = Slot()
        channel.slots.append(slot)
        try:
            yield
        finally:
            slot.free_at = self._clock() + SECONDS

    def _channel(self, channel_id: int) -> _Channel:
        channel = self._channels.get(channel_id)
        if channel is None:
            self._sweep()
            channel = self._channels[channel_id] = _Channel()
        return channel

    def _sweep(self) -> None:
        """Forget the channels in which nothing happens any more."""
        now = self._clock()
        for channel_id, channel in list(self._channels.items()):
            channel.wait(0, now)
            if channel.idle:
                del self._channels[channel_id]
