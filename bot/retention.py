"""How long things are kept: original files by days or gigabytes, and whole jobs, with their prompts, by days."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from bot.errors import tell
from bot.forgetting import Forgetter
from bot.pictures import Pictures
from bot.recorder import Park, plain_park
from bot.settings import Settings
from db.expiring import Expiring
from db.keeping import Keeping, KeptFile

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 3600.0
BATCH: Final = 200
"""Files between two visits to the database."""
MOST_AT_ONCE: Final = 10_000
"""Files taken from the disk in one sweep; the next one goes on."""
_DAY: Final = 86_400.0
_GIGABYTE: Final = 1024**3


class Retention:
    """Sweeps the originals. Favourites stay whatever their age, and go last when there is too much.

    What was not posted yet and what a waiting picture starts from is left alone. A file is removed first and noted
    then, so that whatever is cut short in between is noted by the next sweep.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        keeping: Keeping,
        pictures: Pictures,
        expiring: Expiring,
        forgetter: Forgetter,
        park: Park = plain_park,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._days = settings.retention_days
        self._most_bytes = settings.retention_gb * _GIGABYTE
        self._keeping = keeping
        self._pictures = pictures
        self._history_days = settings.history_days
        self._expiring = expiring
        self._forgetter = forgetter
        self._park = park
        self._now = now

    async def run(self, erased: Callable[[], None] = lambda: None) -> None:
        """Sweep now and every hour, until cancelled. Returns at once where everything is kept.

        `erased` is told when jobs are gone, as messages for moderators may have to go with them.
        """
        while self._days or self._most_bytes or self._history_days:
            try:
                if expired := await self.expire():
                    log.info("%s old jobs erased with everything about them", expired)
                    erased()
                if swept := await self.sweep():
                    log.info("%s original files swept; their recipes are kept", swept)
            except Exception as error:  # noqa: BLE001 - a task of its own: the next hour tries again
                tell(error, "sweeping original files")
            await self._park(asyncio.sleep(EVERY_SECONDS), reason="the next sweep")

    async def expire(self) -> int:
        """Erase the jobs that are over and older than the rule says. Returns how many.

        Raises:
            DatabaseError: the next time goes on.
        """
        if not self._history_days:
            return 0
        total, before = 0, self._now() - self._history_days * _DAY
        while total < MOST_AT_ONCE and (gone := await self._expiring.expire(before, BATCH)):
            total += gone
        if total:
            await self._forgetter.sweep()
            await self._forgetter.compact()
        return total

    async def sweep(self) -> int:
        """Take from the disk what the rule says. Returns how many files that were.

        Raises:
            DatabaseError: what was removed until then is noted by the next sweep.
        """
        gone = 0
        if self._days:
            gone, _ = await self._remove_until(self._now() - self._days * _DAY, room=None, most=MOST_AT_ONCE)
        if self._most_bytes:
            await self._measure()
            excess = await self._keeping.total() - self._most_bytes
            for favourites in (False, True):
                if excess > 0:
                    removed, freed = await self._remove_until(
                        self._now(), room=excess, most=MOST_AT_ONCE - gone, favourites=favourites
                    )
                    gone, excess = gone + removed, excess - freed
        return gone

    async def _remove_until(
        self, before: float, *, room: int | None, most: int, favourites: bool = False
    ) -> tuple[int, int]:
        """Remove the oldest files made before a moment, until `room` bytes are free. Returns files and bytes."""
        gone, freed, after = 0, 0, (0.0, 0)
        while gone < most and (room is None or freed < room):
            batch = await self._keeping.sweepable(before, min(BATCH, most - gone), after, favourites=favourites)
            if not batch:
                break
            removed: list[KeptFile] = []
            for each in batch:
                if room is not None and freed >= room:
                    break
                after = (each.ended_at, each.image_id)  # one that cannot be removed is passed by
                if await self._pictures.remove(each.file):
                    removed.append(each)
                    freed += each.bytes
            await self._keeping.swept([each.image_id for each in removed])
            gone += len(removed)
        return gone, freed

    async def _measure(self) -> None:
        """Look up the sizes that earlier versions did not write down; what is not there any more counts as swept."""
        after = 0
        while batch := await self._keeping.unmeasured(BATCH, after):
            sizes = await self._pictures.sizes([each.file for each in batch])
            found = [(each.image_id, size) for each, size in zip(batch, sizes, strict=True) if size is not None]
            await self._keeping.measured(found)
            there = {image_id for image_id, _ in found}
            await self._keeping.swept([each.image_id for each in batch if each.image_id not in there])
            after = batch[-1].image_id
