"""After a start: takes up every job that the last run left, and posts what was painted but not delivered."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import Final

from discord.ext import commands

from bot.afterwards import Afterwards
from bot.errors import tell
from bot.retention import Retention
from bot.studio import Studio
from cogs.erasing import Erasing
from cogs.fate import RETRY_SECONDS
from cogs.painting import Painting
from db.errors import DatabaseError

log = logging.getLogger(__name__)

CHUNK: Final = 50
"""Jobs taken up in one pass of the event loop: thousands at once would keep it from everything else."""
MANY: Final = 1000
"""From here on the garbage collector is told to leave alone what was there before them."""


class Delivery(commands.Cog):
    """Recovers once, when the connection is ready and the servers' limits are known."""

    def __init__(
        self,
        bot: commands.Bot,
        studio: Studio,
        afterwards: Afterwards,
        painting: Painting,
        retention: Retention,
        erasing: Erasing,
    ) -> None:
        self._bot = bot
        self._studio = studio
        self._afterwards = afterwards
        self._painting = painting
        self._retention = retention
        self._erasing = erasing
        self._task: asyncio.Task[None] | None = None

    async def cog_load(self) -> None:
        """Start recovering in the background, and sweeping after that."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="recovery and sweeps")

    async def cog_unload(self) -> None:
        """Stop everything this cog runs."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._painting.close()

    async def _run(self) -> None:
        await self._bot.wait_until_ready()
        await self._recover()
        await self._retention.run(self._erasing.take_down)

    async def _recover(self) -> None:
        for pause in (*RETRY_SECONDS, None):
            try:
                undelivered = await self._studio.recover("discord")
            except DatabaseError as error:
                tell(error, "taking up earlier jobs")
            else:
                break
            if pause is None:
                return
            await self._studio.park(asyncio.sleep(pause), reason="the database is locked")
        waiting = self._studio.waiting_jobs()
        if undelivered or waiting:
            log.info("taking up %s waiting jobs, delivering %s", len(waiting), len(undelivered))
        if len(waiting) > MANY:
            # So many new objects make Python look for garbage among all that there are, which was measured to
            # stop the loop for 0.25 s. What is there by now stays until the end anyway.
            gc.freeze()
        for number, job_id in enumerate((*undelivered, *waiting), start=1):
            self._painting.follow(job_id)
            if not number % CHUNK:
                await asyncio.sleep(0)
        try:
            if swept := await self._afterwards.sweep():
                log.info("%s files of deleted pictures taken from the disk", swept)
        except DatabaseError as error:
            tell(error, "sweeping deleted pictures")
