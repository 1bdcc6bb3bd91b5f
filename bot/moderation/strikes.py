"""How long strikes count and what follows from so many of them: the settings of a server, typed and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.moderation.policies import Policies
from db.audit import Entry
from pipeline.errors import InvalidRequest

DAYS: Final = "strikes.days"
STEPS: Final = "strikes.steps"
DEFAULT_DAYS: Final = 90
MOST_DAYS: Final = 3650
DEFAULT_STEPS: Final[Mapping[int, int]] = {3: 86_400, 5: 0}
"""From so many strikes on each one bans for so many seconds; 0 is for good."""
MOST_STRIKES: Final = 50
MOST_STEPS: Final = 10


class StrikeRules:
    """What a server has set, or the defaults."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    def days(self, guild_id: int) -> int:
        """How long a strike counts; 0 for ever."""
        value = self._policies.get(guild_id, DAYS)
        return value if isinstance(value, int) and 0 <= value <= MOST_DAYS else DEFAULT_DAYS

    def since(self, guild_id: int, now: float) -> float:
        """Strikes from this moment on count."""
        days = self.days(guild_id)
        return now - days * 86_400 if days else 0.0

    def steps(self, guild_id: int) -> dict[int, int]:
        """Number of strikes to seconds of the ban, in rising order."""
        value = self._policies.get(guild_id, STEPS)
        if not isinstance(value, dict):
            return dict(DEFAULT_STEPS)
        return {int(count): int(seconds) for count, seconds in sorted(value.items(), key=lambda x: int(x[0]))}

    def step(self, guild_id: int, count: int) -> int | None:
        """Seconds of the ban that follows from the last of so many strikes, 0 for good, None for no ban."""
        reached = [seconds for strikes, seconds in self.steps(guild_id).items() if strikes <= count]
        return reached[-1] if reached else None

    async def set_days(self, days: int, entry: Entry) -> None:
        """Set how long strikes count, in the server of the entry.

        Raises:
            InvalidRequest: out of range.
            DatabaseError: nothing was changed.
        """
        if not 0 <= days <= MOST_DAYS:
            raise InvalidRequest(
                "`days` must be a whole number from 0, for ever, to {most}. `{given}` is not.",
                most=MOST_DAYS,
                given=days,
            )
        before = self.days(entry.guild_id)
        await self._policies.set(DAYS, days, replace(entry, details={"before": before, "after": days}))

    async def set_step(self, strikes: int, seconds: int | None, entry: Entry) -> None:
        """Set what follows from so many strikes; None for nothing.

        Raises:
            InvalidRequest: out of range, or too many steps.
            DatabaseError: nothing was changed.
        """
        if not 1 <= strikes <= MOST_STRIKES:
            raise InvalidRequest(
                "`strikes` must be a whole number from 1 to {most}. `{given}` is not.",
                most=MOST_STRIKES,
                given=strikes,
            )
        before = self.steps(entry.guild_id)
        after = {count: each for count, each in before.items() if count != strikes}
        if seconds is not None:
            after[strikes] = seconds
        if len(after) > MOST_STEPS:
            raise InvalidRequest("There are {most} steps at most. Take one away first.", most=MOST_STEPS)
        details = {"before": _named(before), "after": _named(after)}
        await self._policies.set(STEPS, _named(after), replace(entry, details=details))


def _named(steps: Mapping[int, int]) -> dict[str, int]:
    """As JSON has it: names are texts."""
    return {str(count): seconds for count, seconds in sorted(steps.items())}
