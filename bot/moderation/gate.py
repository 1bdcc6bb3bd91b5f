"""What every request passes before anything is queued, whichever command or button it comes from.

The studio asks at four moments. `admit` is about who asks and where, before anything else and once more when the job
is written, as a ban may have come between. `read` sees the words as they were typed, `judge` the final recipes, which
is also what buttons and old recipes come by that were never typed here. `afford` comes last and counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.orders import LOCAL, Order, Origin
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


class Gate:
    """All rules, in the order in which they are asked."""

    def __init__(self, checks: Sequence[Check] = ()) -> None:
        self._checks = tuple(checks)

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

    async def afford(self, origin: Origin, orders: Sequence[Order]) -> None:
        """Raises a `MemberError` if so much is too much."""
        for check in self._for(origin):
            await check.afford(origin, orders)
