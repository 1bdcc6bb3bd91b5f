"""Bans, warnings and strikes as moderators and owners decide them, in effect at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.moderation.bans import BY_ITSELF, Bans
from bot.moderation.policies import INSTANCE
from bot.moderation.strikes import StrikeRules
from bot.studio import Studio
from db.audit import Entry
from db.bans import Ban, Stopped
from db.strikes import Counted, Strike, StrikeTable
from pipeline.errors import MemberError

log = logging.getLogger(__name__)

_NOT_BANNED: Final = "Nobody with this id is banned here, or the ban has ended. `/mod ban list` shows who is."
_NOT_BANNED_ANYWHERE: Final = (
    "Nobody with this id is banned in every server, or the ban has ended. `/owner member list` shows who is."
)


@dataclass(frozen=True, slots=True)
class Lifted:
    """Strikes that were taken away, and how many are left."""

    strikes: tuple[Strike, ...]
    left: int


class Sanctions:
    """The use cases. Speaks no Discord; who may be banned at all is asked before."""

    def __init__(
        self,
        *,
        bans: Bans,
        rules: StrikeRules,
        table: StrikeTable,
        studio: Studio,
        now: Callable[[], float],
    ) -> None:
        self.bans = bans
        self.rules = rules
        self._table = table
        self._studio = studio
        self._now = now
        self._untold: set[tuple[int, int]] = set()

    async def load(self) -> None:
        """Read who does not know of a warning yet, once at the start.

        Raises:
            DatabaseError: the database is unusable.
        """
        self._untold = {(each.guild_id, each.user_id) for each in await self._table.untold()}

    # -- bans ------------------------------------------------------------------------------------------------

    async def ban(self, entry: Entry, seconds: int | None = None) -> tuple[Ban, int]:
        """Ban the entry's member in its server, in all servers where that is `INSTANCE`.

        What they wait for is cancelled, what is being painted is dropped at the next step, and what is painted but
        not posted never is. An earlier ban is replaced.

        Args:
            entry: who decided that, about whom, and why.
            seconds: how long; None for good.

        Returns:
            The ban, and how many jobs were stopped.

        Raises:
            DatabaseError: nothing was changed.
        """
        now, user_id = self._now(), entry.user_id or 0
        ban = Ban(
            guild_id=entry.guild_id,
            user_id=user_id,
            since=now,
            until=None if seconds is None else now + seconds,
            reason=entry.reason,
        )
        before = self.bans.of(ban.guild_id, user_id)
        details = {"until": ban.until} | ({"before": before.until} if before else {})
        stopped = await self.bans.put(ban, replace(entry, details=details))
        self._drop(stopped)
        return ban, len(stopped)

    async def unban(self, entry: Entry) -> Ban:
        """Take the ban of the entry's member away.

        Raises:
            MemberError: they are not banned there.
            DatabaseError: nothing was changed.
        """
        ban = self.bans.of(entry.guild_id, entry.user_id or 0)
        if ban is None:
            raise MemberError(_NOT_BANNED_ANYWHERE if entry.guild_id == INSTANCE else _NOT_BANNED)
        await self.bans.lift(ban, replace(entry, details={"reason": ban.reason, "until": ban.until}))
        return ban

    def _drop(self, stopped: Sequence[Stopped]) -> None:
        for each in stopped:
            self._studio.drop(each.job_id, each.image_ids)

    # -- strikes ---------------------------------------------------------------------------------------------

    async def warn(self, entry: Entry) -> Counted:
        """Warn the entry's member in its server: a strike, and the ban that the server's rules make of it.

        Raises:
            DatabaseError: nothing was changed.
        """
        now = self._now()

        def step(count: int) -> tuple[Ban, Entry] | None:
            return self._following(entry, count, now)

        counted = await self._table.add(entry, self.rules.since(entry.guild_id, now), step)
        if counted.ban is not None:
            self.bans.holds(counted.ban)
        self._drop(counted.stopped)
        self._untold.add((entry.guild_id, counted.strike.user_id))
        return counted

    def _following(self, entry: Entry, count: int, now: float) -> tuple[Ban, Entry] | None:
        """The ban that follows by itself. One that stands is never made shorter."""
        seconds = self.rules.step(entry.guild_id, count)
        if seconds is None:
            return None
        until, user_id = now + seconds if seconds else None, entry.user_id or 0
        standing = self.bans.of(entry.guild_id, user_id)
        if standing is not None and (standing.until is None or (until is not None and standing.until >= until)):
            return None
        ban = Ban(guild_id=entry.guild_id, user_id=user_id, since=now, until=until, reason=entry.reason)
        details = {"strikes": count, "until": until}
        written = replace(entry, actor_id=0, actor_name=BY_ITSELF, action="ban.add", details=details)
        return ban, written

    async def strikes(self, guild_id: int, user_id: int) -> tuple[Strike, ...]:
        """Those of a member that count, the newest first."""
        return await self._table.of_member(guild_id, user_id, self.rules.since(guild_id, self._now()))

    async def pardon(self, entry: Entry, strike_id: int | None = None) -> Lifted:
        """Take one strike of the entry's member away, or all of them. A ban that followed stays.

        Raises:
            MemberError: they have none, or not this one.
            DatabaseError: nothing was changed.
        """
        user_id = entry.user_id or 0
        found = await self.strikes(entry.guild_id, user_id)
        if not found:
            raise MemberError("This member has no strikes here.")
        chosen = tuple(each for each in found if strike_id in {None, each.id})
        if not chosen:
            raise MemberError(
                "Strike #{number} is none of this member's. `/mod strikes list` shows those they have.",
                number=strike_id,
            )
        named = ", ".join(f"#{each.id}" for each in chosen)
        await self._table.remove(chosen, replace(entry, target=named))
        return Lifted(chosen, len(found) - len(chosen))

    # -- telling ---------------------------------------------------------------------------------------------

    def owes(self, guild_id: int, user_id: int) -> bool:
        """Whether a member is to be told of a warning in this server. Reads memory only."""
        return (guild_id, user_id) in self._untold

    async def untold(self, guild_id: int, user_id: int) -> tuple[Strike, ...]:
        """Those that a member does not know of yet, the oldest first."""
        return tuple(each for each in reversed(await self.strikes(guild_id, user_id)) if each.told_at is None)

    async def told(self, guild_id: int, user_id: int, strikes: Sequence[Strike]) -> None:
        """They know of these now."""
        await self._table.told([each.id for each in strikes])
        if not await self.untold(guild_id, user_id):
            self._untold.discard((guild_id, user_id))

    # -- time ------------------------------------------------------------------------------------------------

    async def expire(self) -> int:
        """Take strikes away that count no more. Returns how many."""
        gone = 0
        for guild_id in await self._table.guilds():
            if since := self.rules.since(guild_id, self._now()):
                gone += await self._table.expire(guild_id, since)
        return gone
