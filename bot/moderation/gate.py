"""What every request passes before anything is queued, whichever command or button it comes from.

The studio asks at four moments. `admit` is about who asks and where, before anything else and once more when the job
is written, as a ban may have come between. `read` sees the words as they were typed, `judge` the final recipes, which
is also what buttons and old recipes come by that were never typed here. `afford` comes last and counts.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Hashable, Sequence
from weakref import WeakValueDictionary

from bot.errors import tell
from bot.orders import LOCAL, Left, Order, Origin
from db.errors import DatabaseError
from pipeline.request import ImagineRequest, Plan


class Check:
    """One rule. Each method raises a `MemberError` to refuse; a rule overrides those that it needs."""

    everywhere = False
    """Whether it holds for the owner at the command line, too."""

    def admit(self, origin: Origin) -> None:
        """Whether they may paint here at all. Reads memory only."""

    def read(self, origin: Origin, request: ImagineRequest) -> ImagineRequest:  # noqa: ARG002 - for overriding
        """Look at what was asked for; returns it, or what may be painted instead. May run on any thread."""
        return request

    def judge(self, origin: Origin, planned: Plan) -> Plan:  # noqa: ARG002 - for overriding
        """Look at what would be painted; returns it, or what may be painted instead. May run on any thread."""
        return planned

    async def afford(self, origin: Origin, orders: Sequence[Order]) -> None:
        """Whether so much may still be painted. May read the database."""

    def together(self, origin: Origin) -> Hashable | None:  # noqa: ARG002 - for overriding
        """Whose requests `afford` counts together. They are taken one after the other; None where nothing counts."""
        return None

    async def left(self, origin: Origin) -> Left | None:  # noqa: ARG002 - for overriding
        """What they may still ask for; None where this rule limits nothing. May read the database."""
        return None


class Gate:
    """All rules, in the order in which they are asked."""

    def __init__(self, checks: Sequence[Check] = ()) -> None:
        self._checks = tuple(checks)
        self._locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    def _for(self, origin: Origin) -> tuple[Check, ...]:
        if origin.kind == LOCAL.kind:
            return tuple(check for check in self._checks if check.everywhere)
        return self._checks

    def admit(self, origin: Origin) -> None:
        """Raises a `MemberError` if they may not paint here."""
        for check in self._for(origin):
            check.admit(origin)

    def read(self, origin: Origin, request: ImagineRequest) -> ImagineRequest:
        """What of a request may be asked for. Raises a `MemberError` if nothing."""
        for check in self._for(origin):
            request = check.read(origin, request)
        return request

    def judge(self, origin: Origin, planned: Plan) -> Plan:
        """What of a plan may be painted. Raises a `MemberError` if nothing."""
        for check in self._for(origin):
            planned = check.judge(origin, planned)
        return planned

    @contextlib.asynccontextmanager
    async def one_at_a_time(self, origin: Origin) -> AsyncIterator[None]:
        """Around `afford` and writing down what it has allowed, so that two requests never use the same room."""
        checks = self._for(origin)
        keys = [(place, key) for place, c in enumerate(checks) if (key := c.together(origin)) is not None]
        async with contextlib.AsyncExitStack() as held:
            for key in keys:  # always in the same order, so that nobody waits in a circle
                lock = self._locks.setdefault(key, asyncio.Lock())
                await held.enter_async_context(lock)
            yield

    async def left(self, origin: Origin) -> Left | None:
        """What they may still ask for, where that is limited. Never raises: it is told beside what was queued."""
        try:
            for check in self._for(origin):
                if (left := await check.left(origin)) is not None:
                    return left
        except DatabaseError as error:
            tell(error, "counting what is left")
        return None

    async def afford(self, origin: Origin, orders: Sequence[Order]) -> None:
        """Raises a `MemberError` if so much is too much."""
        for check in self._for(origin):
            await check.afford(origin, orders)
