"""Who may not use the bot: read from memory at every request, by the clock, so that a ban ends by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from bot.moderation.gate import Check
from bot.moderation.policies import INSTANCE
from bot.orders import Origin
from db.audit import Entry
from db.bans import Ban, BanTable, Stopped
from pipeline.errors import MemberError

BY_ITSELF: Final = "Tagbrush"
"""The name of the bot in the log, for what it does by its own rules."""


class Banned(MemberError):
    """They are banned; the text says why and until when, and not by whom."""


class Bans:
    """The bans of every server and of the instance. This process alone writes them, so memory never lags behind."""

    def __init__(self, table: BanTable, now: Callable[[], float]) -> None:
        self._table = table
        self._now = now
        self._bans: dict[tuple[int, int], Ban] = {}
        self._writing = asyncio.Lock()

    async def load(self) -> None:
        """Read everything, once at the start, and stop what banned members still have under way.

        Raises:
            DatabaseError: the database is unusable.
        """
        self._bans = {(ban.guild_id, ban.user_id): ban for ban in await self._table.all()}
        await self._table.stop_all()

    # -- reading ---------------------------------------------------------------------------------------------

    def of(self, guild_id: int, user_id: int) -> Ban | None:
        """A member's ban in this very server, or of the instance for `INSTANCE`, while it stands."""
        ban = self._bans.get((guild_id, user_id))
        return ban if ban is not None and self._stands(ban) else None

    def standing(self, guild_id: int, user_id: int) -> Ban | None:
        """What keeps a member from using the bot in a server, the instance's ban first."""
        return self.of(INSTANCE, user_id) or self.of(guild_id, user_id)

    def of_guild(self, guild_id: int) -> tuple[Ban, ...]:
        """All that stand in a server, the newest first."""
        found = (ban for ban in self._bans.values() if ban.guild_id == guild_id and self._stands(ban))
        return tuple(sorted(found, key=lambda ban: (-ban.since, ban.user_id)))

    def check(self, guild_id: int, user_id: int) -> None:
        """Refuse a banned member.

        Raises:
            Banned: with why and until when.
        """
        ban = self.standing(guild_id, user_id)
        if ban is None:
            return
        if ban.guild_id == INSTANCE and ban.until is None:
            raise Banned(
                "You are banned from using me, in every server. The reason: {reason}", reason=ban.reason
            )
        if ban.guild_id == INSTANCE:
            raise Banned(
                "You are banned from using me in every server until <t:{until}:f>. The reason: {reason}",
                until=int(ban.until or 0),
                reason=ban.reason,
            )
        if ban.until is None:
            raise Banned("You are banned from using me in this server. The reason: {reason}", reason=ban.reason)
        raise Banned(
            "You are banned from using me in this server until <t:{until}:f>. The reason: {reason}",
            until=int(ban.until),
            reason=ban.reason,
        )

    def _stands(self, ban: Ban) -> bool:
        return ban.until is None or ban.until > self._now()

    # -- changing --------------------------------------------------------------------------------------------

    async def put(self, ban: Ban, entry: Entry) -> tuple[Stopped, ...]:
        """Ban a member, in place of an earlier ban. From here on they are, also after a restart.

        Returns:
            What was stopped in the database by that; it may still be in the engine.

        Raises:
            DatabaseError: nothing was changed.
        """
        async with self._writing:
            stopped = await self._table.put(ban, entry)
            # Nothing comes between the commit and this: the next transaction begins after it.
            self.holds(ban)
        return stopped

    def holds(self, ban: Ban) -> None:
        """A ban that somebody else has just written down."""
        self._bans[ban.guild_id, ban.user_id] = ban

    async def lift(self, ban: Ban, entry: Entry) -> None:
        """Take a ban away.

        Raises:
            DatabaseError: nothing was changed.
        """
        async with self._writing:
            await self._table.remove(ban, entry)
            self._forget(ban)

    async def end(self) -> int:
        """Take away those that have ended, and write that down. Returns how many.

        Raises:
            DatabaseError: nothing was changed.
        """
        async with self._writing:
            ended = [ban for ban in self._bans.values() if not self._stands(ban)]
            if ended:
                await self._table.end([(ban, _ending(ban)) for ban in ended])
            for ban in ended:
                self._forget(ban)
        return len(ended)

    def _forget(self, ban: Ban) -> None:
        if self._bans.get((ban.guild_id, ban.user_id)) == ban:
            del self._bans[ban.guild_id, ban.user_id]


class BanCheck(Check):
    """Keeps banned members out."""

    def __init__(self, bans: Bans) -> None:
        self._bans = bans

    def admit(self, origin: Origin) -> None:
        """Whether they are banned here or everywhere."""
        self._bans.check(origin.guild_id, origin.user_id)


def _ending(ban: Ban) -> Entry:
    return Entry(guild_id=ban.guild_id, actor_id=0, actor_name=BY_ITSELF, action="ban.end", user_id=ban.user_id)
