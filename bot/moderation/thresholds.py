"""From which probability on a picture is withheld: the owner's choice, for the server and for single channels."""

from __future__ import annotations

from typing import Final

from bot.moderation.policies import Policies, Scope
from bot.orders import Origin
from db.audit import Entry
from pipeline.errors import InvalidRequest

NAME: Final = "check.threshold"
DEFAULT: Final = 0.7
"""Of being above the channel's ceiling. Measured by `benchmarks.check`."""
LOWEST: Final = 0.001
"""Withholds next to everything, for an owner who wants each picture looked at first."""
HIGHEST: Final = 0.99
"""Nothing switches the check off for a channel: that is for the owner of the instance."""


class Thresholds:
    """Typed reading and writing of the setting."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    def of(self, origin: Origin) -> float:
        """What holds in a place: the channel's own, its parent's for a thread, the server's, the default."""
        for channel in (origin.channel_id, origin.parent_id):
            found = _valid(
                self._policies.get(origin.guild_id, NAME, scope=Scope.CHANNEL, target=channel)
                if channel
                else None
            )
            if found is not None:
                return found
        return self.of_guild(origin.guild_id)

    def of_guild(self, guild_id: int) -> float:
        """What holds where a channel has none of its own."""
        found = _valid(self._policies.get(guild_id, NAME))
        return DEFAULT if found is None else found

    def of_channels(self, guild_id: int) -> dict[int, float]:
        """Those of channels, by their ids."""
        targets = self._policies.targets(guild_id, Scope.CHANNEL, NAME).items()
        return {channel: found for channel, value in targets if (found := _valid(value)) is not None}

    async def set(self, value: float, entry: Entry, channel_id: int = 0) -> None:
        """Set it for the entry's server, or for one of its channels.

        Raises:
            InvalidRequest: out of range.
            DatabaseError: nothing was changed.
        """
        if not LOWEST <= value <= HIGHEST:
            raise InvalidRequest(
                "A threshold is a number from {low} to {high}: the smaller, the more is withheld.",
                low=LOWEST,
                high=HIGHEST,
            )
        scope = Scope.CHANNEL if channel_id else Scope.GUILD
        await self._policies.set(NAME, float(value), entry, scope=scope, target=channel_id)

    async def unset(self, entry: Entry, channel_id: int = 0) -> bool:
        """Let the server's hold for a channel again, or the default for the server. Returns whether there was one."""
        scope = Scope.CHANNEL if channel_id else Scope.GUILD
        return await self._policies.unset(NAME, entry, scope=scope, target=channel_id)


def _valid(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and LOWEST <= value <= HIGHEST:
        return float(value)
    return None
