"""From an interaction to a job in the queue, and one follower for each job that is shown on Discord."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import discord

from bot.afterwards import Afterwards
from bot.errors import tell
from bot.orders import FRESH, Lineage
from bot.studio import Studio
from cogs.access import check_place, origin_of
from cogs.budget import Budget
from cogs.errors import refuse
from cogs.following import Follower
from db.errors import DatabaseError
from pipeline.request import ImagineRequest, Plan

MAX_DELIVERIES: Final = 4
"""Jobs whose files are in memory at the same time; after an outage thousands may wait to be posted."""


class Painting:
    """One task for each job that is shown on Discord. Owns the tasks; `close` ends them."""

    def __init__(
        self,
        client: discord.Client,
        studio: Studio,
        afterwards: Afterwards,
        *,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._client = client
        self._studio = studio
        self._afterwards = afterwards
        self._clock = clock or _loop_time
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._few = asyncio.Semaphore(MAX_DELIVERIES)
        self._budget = Budget(self._clock, studio.park)

    # -- asking ----------------------------------------------------------------------------------------------

    async def paint(
        self,
        interaction: discord.Interaction[Any],
        request: ImagineRequest,
        lineage: Lineage = FRESH,
        planned: Plan | None = None,
    ) -> bool:
        """Check, acknowledge, queue, and follow the job in the background.

        It is the job of whoever pressed or typed, whatever picture it goes on from. `planned` are its recipes, when
        they are known already.

        Returns:
            Whether it was queued; if not, the member was told why.

        Raises:
            MemberError: the bot cannot post here, or the request is wrong; nothing was acknowledged yet, so
                the answer can be for the member's eyes only.
        """
        check_place(interaction)
        origin = origin_of(interaction)
        # Quick; what needs the disk comes after the acknowledgement.
        planned = planned or await self._studio.planned(origin, request)
        response = await interaction.response.defer(thinking=True)
        try:
            accepted = await self._studio.submit(origin, request, planned, lineage)
        except Exception as error:  # noqa: BLE001 - answered right here: the public "is thinking" must go
            await refuse(interaction, error, "queueing your pictures")
            return False
        job = accepted.job
        message_id = response.message_id if response is not None else None
        if message_id is not None:
            try:
                await self._studio.attach_message(job.id, job.channel_id, message_id)
            except DatabaseError as error:
                # The job is safe; without its message a restart would post a new one.
                tell(error, "remembering the message of a job")
        self.follow(job.id, interaction)
        return True

    # -- following -------------------------------------------------------------------------------------------

    def follow(self, job_id: int, interaction: discord.Interaction[Any] | None = None) -> None:
        """Show this job until its end. Does nothing when somebody already does."""
        if job_id in self._tasks:
            return
        follower = Follower(
            self._client,
            self._studio,
            self._afterwards,
            job_id,
            interaction,
            clock=self._clock,
            budget=self._budget,
            few=self._few,
        )
        task = asyncio.get_running_loop().create_task(follower.run(), name=f"job {job_id}")
        self._tasks[job_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(job_id, None))

    @property
    def busy(self) -> bool:
        """Whether any job is being followed or delivered."""
        return bool(self._tasks)

    async def close(self) -> None:
        """Stop following. The jobs go on in the database."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _loop_time() -> float:
    """The event loop's own clock, which its timeouts use too."""
    return asyncio.get_running_loop().time()
