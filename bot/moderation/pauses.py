"""Servers whose moderators hold their queue back. Who may do so is asked elsewhere; this is what is set."""

from __future__ import annotations

from typing import Final

from bot.moderation.policies import Policies
from db.audit import Entry
from pipeline.errors import MemberError

PAUSED: Final = "queue.paused"


class Pauses:
    """What is paused, and why. Written to the database, so that a restart goes on holding it back."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    def reason(self, guild_id: int) -> str | None:
        """Why nothing of this server starts, empty when no reason was given; None when it is not paused."""
        value = self._policies.get(guild_id, PAUSED)
        return value if isinstance(value, str) else None

    def everywhere(self) -> tuple[int, ...]:
        """All servers that are paused."""
        return tuple(g for g in self._policies.guilds(PAUSED) if self.reason(g) is not None)

    async def pause(self, entry: Entry) -> None:
        """Hold the server of the entry back, with the entry's reason.

        Raises:
            DatabaseError: nothing was changed.
        """
        await self._policies.set(PAUSED, entry.reason, entry)

    async def resume(self, entry: Entry) -> None:
        """Let it go on.

        Raises:
            MemberError: it is not paused.
            DatabaseError: nothing was changed.
        """
        if not await self._policies.unset(PAUSED, entry):
            raise MemberError("The queue of this server is not paused, so there is nothing to resume.")
