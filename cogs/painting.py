"""From an interaction to a job in the queue, and one follower for each job that is shown on Discord."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import discord

from bot.afterwards import Afterwards
from bot.drafts import Drafts
from bot.errors import tell
from bot.moderation.checking import Checker
from bot.orders import FRESH, Lineage, Origin
from bot.restoring import Restorer
from bot.studio import Studio
from cogs.access import check_place, origin_of
from cogs.budget import Budget
from cogs.errors import defer_privately, refuse, whisper
from cogs.fate import TROUBLE
from cogs.following import Follower
from cogs.patience import in_time
from cogs.text import plural
from cogs.words import say
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
        drafts: Drafts,
        restorer: Restorer,
        checker: Checker,
        *,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._client = client
        self._studio = studio
        self._afterwards = afterwards
        self._drafts = drafts
        self._restorer = restorer
        self._checker = checker
        self._clock = clock or _loop_time
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self.few = asyncio.Semaphore(MAX_DELIVERIES)
        """Held by whoever has the files of a job in memory."""
        self._budget = Budget(self._clock, studio.park)

    # -- asking ----------------------------------------------------------------------------------------------

    async def paint(
        self,
        interaction: discord.Interaction[Any],
        request: ImagineRequest,
        lineage: Lineage = FRESH,
        planned: Plan | None = None,
        *,
        private: bool = False,
        notify: bool = False,
        warnings: tuple[str, ...] = (),
        prepare: Callable[[Origin], Awaitable[ImagineRequest]] | None = None,
    ) -> bool:
        """Check, acknowledge, queue, and follow the job in the background.

        It is the job of whoever pressed or typed, whatever picture it goes on from. `planned` are its recipes, when
        they are known already. A private draft is answered to its member alone, and so is what goes on from one.
        `prepare` gives the final request where that takes its time, such as for files that
        have to be downloaded: it is called after the acknowledgement, and `request` is what can be checked before.

        Returns:
            Whether it was queued; if not, the member was told why.

        Raises:
            MemberError: the bot cannot post here, or the request is wrong; nothing was acknowledged yet, or only
                privately, so the answer can be for the member's eyes only.
        """
        async with in_time(interaction):
            origin = await self.origin(interaction, lineage, private=private, notify=notify)
            # Quick; what needs the disk comes after the acknowledgement.
            planned = (planned or await self._studio.planned(origin, request)).warned(warnings)
        response = None
        # Acknowledged already, what the member alone sees can no longer become what everybody sees.
        apart = interaction.response.is_done() and not origin.private
        if apart:
            pass
        elif origin.private:
            await defer_privately(interaction)
        else:
            response = await interaction.response.defer(thinking=True)
        try:
            if prepare is not None:
                request = await prepare(origin)
                planned = (await self._studio.planned(origin, request)).warned(warnings)
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
        language = language_of(interaction, origin)
        if apart:
            self.follow(job.id, fresh=True, locale=language)
            what = plural(len(job.images), "picture")
            with contextlib.suppress(*TROUBLE):  # it is queued, whether or not that can be said
                await whisper(interaction, say("Queued: {pictures}, in a message below.", pictures=what))
        else:
            self.follow(job.id, interaction, locale=language)
        return True

    async def origin(
        self,
        interaction: discord.Interaction[Any],
        lineage: Lineage,
        *,
        private: bool = False,
        notify: bool = False,
    ) -> Origin:
        """Who asks and from where, and whether it is to be a private draft.

        Raises:
            NotHere: the bot cannot post here.
            DatabaseError: it cannot be known whether this goes on from a private draft.
        """
        check_place(interaction)
        private = private or await self._drafts.inherited(lineage)
        return replace(origin_of(interaction), private=private, notify=notify)

    # -- following -------------------------------------------------------------------------------------------

    def follow(
        self,
        job_id: int,
        interaction: discord.Interaction[Any] | None = None,
        *,
        fresh: bool = False,
        locale: discord.Locale | None = None,
    ) -> None:
        """Show this job until its end. Does nothing when somebody already does.

        A `fresh` one has no message yet; `interaction` is then only what a private draft is answered through.
        """
        if job_id in self._tasks:
            return
        follower = Follower(
            self._client,
            self._studio,
            self._afterwards,
            self._restorer,
            self._checker,
            job_id,
            interaction,
            clock=self._clock,
            budget=self._budget,
            few=self.few,
            fresh=fresh,
            locale=locale,
        )
        task = asyncio.get_running_loop().create_task(follower.run(), name=f"job {job_id}")
        self._tasks[job_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(job_id, None))

    def follow_anew(self, job_id: int, locale: discord.Locale | None = None) -> None:
        """Show a finished job that moderators have changed; whoever shows it now comes to an end before that."""
        task = self._tasks.get(job_id)
        if task is None:
            self.follow(job_id, locale=locale)
        else:
            # The callback that takes it off the list was added before this one, and so comes before it.
            task.add_done_callback(
                lambda done: None if done.cancelled() else self.follow(job_id, locale=locale)
            )

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


def language_of(interaction: discord.Interaction[Any], origin: Origin) -> discord.Locale | None:
    """What everybody reads is in the server's language, and a private draft in its member's."""
    return interaction.locale if origin.private else interaction.guild_locale


def _loop_time() -> float:
    """The event loop's own clock, which its timeouts use too."""
    return asyncio.get_running_loop().time()
