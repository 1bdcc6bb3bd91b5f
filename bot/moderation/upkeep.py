"""What time does to moderation: bans end, strikes are forgotten, old entries of the log go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from bot.errors import tell
from bot.moderation.sanctions import Sanctions
from bot.recorder import Park, plain_park
from db.audit_search import AuditSearch

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 300.0
AT_ONCE: Final = 2_000
"""Entries of the log deleted in one transaction."""
_DAY: Final = 86_400.0


class Upkeep:
    """Sweeps. None of it is needed for a ban or a strike to end: both go by the clock where they are asked for."""

    def __init__(
        self,
        *,
        sanctions: Sanctions,
        search: AuditSearch,
        audit_days: int,
        now: Callable[[], float],
        park: Park = plain_park,
    ) -> None:
        self._sanctions = sanctions
        self._search = search
        self._days = audit_days
        self._now = now
        self._park = park

    async def run(self) -> None:
        """Sweep now and every few minutes, until cancelled."""
        while True:
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001 - a task of its own: the next time tries again
                tell(error, "sweeping what has ended")
            await self._park(asyncio.sleep(EVERY_SECONDS), reason="the next sweep")

    async def sweep(self) -> tuple[int, int, int]:
        """Do it once. Returns how many bans have ended, how many strikes and how many entries have gone.

        Raises:
            DatabaseError: what is left is done by the next one.
        """
        ended = await self._sanctions.bans.end()
        expired = await self._sanctions.expire()
        swept = 0
        while self._days:
            gone = await self._search.sweep(self._now() - self._days * _DAY, AT_ONCE)
            swept += gone
            if gone < AT_ONCE:
                break
        if ended or expired or swept:
            log.info("%s bans have ended; %s strikes and %s entries of the log are gone", ended, expired, swept)
        return ended, expired, swept
