"""The progress of one job in its message: place, step, time left and the picture forming."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, Sequence

import discord

from bot.errors import tell
from bot.moderation.checking import Checker
from bot.orders import Progress
from bot.previews import encode
from bot.studio import Studio
from cogs.budget import Budget
from cogs.draft_post import DraftPost
from cogs.fate import RETRY_SECONDS
from cogs.pace import paced
from cogs.post import Post
from cogs.views import progress_view
from cogs.words import say
from db.jobs import Job, JobState

log = logging.getLogger(__name__)


class Watch:
    """Shows the progress of one job. Whatever goes wrong costs progress only, never the result."""

    def __init__(
        self,
        studio: Studio,
        budget: Budget,
        post_of: Callable[[Job], Post | DraftPost],
        job_id: int,
        clock: Callable[[], float],
        allowed: Callable[[Job], Awaitable[bool]],
        checker: Checker,
        *,
        restarted: bool,
    ) -> None:
        """Prepare.

        Args:
            studio: knows the job.
            budget: of edits, shared with all that show progress.
            post_of: the message of the job.
            job_id: the job.
            clock: seconds that only grow.
            allowed: whether the pictures of the job may be shown in its channel.
            checker: says which previews may be shown.
            restarted: nobody asked just now, or for many jobs at once. Then thousands may wait, and their messages
                show a place already, so they change when something happens to them.
        """
        self._studio = studio
        self._budget = budget
        self._post_of = post_of
        self._job_id = job_id
        self._clock = clock
        self._allowed = allowed
        self._checker = checker
        self._restarted = restarted
        self._stumbled = False
        self._previews = True

    async def open(self) -> bool:
        """Make a message for a job that has none. Without it the result will be a message of its own.

        Returns:
            Whether it is known how that went; if not, it may have been made all the same.
        """
        try:
            job, progress = await self._studio.job(self._job_id), self._studio.progress(self._job_id)
            if job is not None and progress is not None:
                view = progress_view(job, progress, self._model(job))
                message_id = await self._post_of(job).open(view)
                if message_id is not None:
                    await self._studio.attach_message(job.id, job.channel_id, message_id)
        except Exception as error:  # noqa: BLE001 - the result still has to be shown
            self._stumble(error)
            return False
        return True

    async def run(self) -> None:
        """Show progress until the job is final."""
        if self._restarted:
            await self._studio.wait_started(self._job_id)
        while True:
            try:
                job = await self._studio.job(self._job_id)
                if job is not None:
                    await self._show_changes(job.channel_id)
            except Exception as error:  # noqa: BLE001 - the result still has to be shown
                self._stumble(error)
            else:
                return
            if self._job_id not in self._studio.waiting_jobs():
                return
            await self._studio.park(asyncio.sleep(RETRY_SECONDS[0]), reason="progress cannot be shown")

    async def _show_changes(self, channel_id: int) -> None:
        def room(progress: Progress, due: float) -> float:
            if not self._worth_showing(progress):
                return 0.0
            forming = progress.state is JobState.RUNNING
            return self._budget.room(channel_id, self._job_id, due, progress.eta_seconds, forming=forming)

        changes = self._studio.changes(self._job_id)
        try:
            async for progress in paced(changes, clock=self._clock, park=self._studio.park, room=room):
                if not progress.final and self._worth_showing(progress):
                    async with self._budget.progress(channel_id, self._job_id):
                        await self._update(progress)
        finally:
            self._budget.leave(channel_id, self._job_id)

    def _worth_showing(self, progress: Progress) -> bool:
        return not self._restarted or progress.state is not JobState.QUEUED

    async def _update(self, progress: Progress) -> None:
        try:
            job = await self._studio.job(self._job_id)
            if job is None:
                return
            files = await self._preview(job, progress)
            view = progress_view(job, progress, self._model(job), files[0].filename if files else "")
            if not await self._post_of(job).update(view, files) and files:
                log.info("job %s: goes on without previews", self._job_id)
                self._previews = False
        except Exception as error:  # noqa: BLE001 - the next change or the result says it all
            self._stumble(error)

    async def _preview(self, job: Job, progress: Progress) -> Sequence[discord.File]:
        """The picture so far as a file, if there is one. Never worth an error."""
        if not self._previews or not progress.previews:
            return ()
        try:
            if not await self._allowed(job):
                return ()
            previews = await self._checker.shown_previews(job, progress.previews)
            if not any(previews):
                return ()
            data = await asyncio.to_thread(encode, previews)
        except Exception as error:  # noqa: BLE001 - progress is shown without
            self._previews = False
            self._stumble(error)
            return ()
        # Not named like a result, by which `Post.find_posted` would take it for one.
        name = f"preview-{progress.step}.jpg"
        return (discord.File(io.BytesIO(data), name, description=say("What the pictures look like so far")),)

    def _model(self, job: Job) -> str:
        profile = self._studio.profiles.get(job.images[0].profile) if job.images else None
        return profile.name if profile else say("unknown model")

    def _stumble(self, error: Exception) -> None:
        if not self._stumbled:
            tell(error, "showing progress")
        self._stumbled = True
