"""From an interaction to pictures: asks the studio, follows the job, delivers it exactly once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import discord

from bot.errors import tell
from bot.studio import Studio
from cogs.access import check_place, origin_of
from cogs.errors import refuse
from cogs.pace import paced
from cogs.post import TROUBLE, Fate, Post, fate_of
from cogs.text import alt, clean
from cogs.uploads import LEVELS, limit_of, prepare, remark_of
from cogs.views import asked_prompt, cancelled_view, failed_view, progress_view, result_view
from db.errors import DatabaseError
from db.jobs import Job, JobState
from pipeline.errors import MemberError
from pipeline.request import ImagineRequest

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = (5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)
"""Pauses between attempts to deliver while Discord or the database is down; then the next start tries."""


MAX_DELIVERIES: Final = 4
"""Jobs whose files are in memory at the same time; after an outage thousands may wait to be posted."""


class Painting:
    """One task for each job that is shown on Discord. Owns the tasks; `close` ends them."""

    def __init__(
        self, client: discord.Client, studio: Studio, *, clock: Callable[[], float] | None = None
    ) -> None:
        self._client = client
        self._studio = studio
        self._clock = clock or _loop_time
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._few = asyncio.Semaphore(MAX_DELIVERIES)

    # -- asking ----------------------------------------------------------------------------------------------

    async def paint(self, interaction: discord.Interaction[Any], request: ImagineRequest) -> None:
        """Check, acknowledge, queue, and follow the job in the background.

        Raises:
            MemberError: the bot cannot post here, or the request is wrong; nothing was acknowledged yet, so
                the answer can be for the member's eyes only.
        """
        check_place(interaction)
        origin = origin_of(interaction)
        # Pure and quick; what needs the disk comes after the acknowledgement.
        planned = self._studio.plan(origin, request)
        response = await interaction.response.defer(thinking=True)
        try:
            accepted = await self._studio.submit(origin, request, planned)
        except Exception as error:  # noqa: BLE001 - answered right here: the public "is thinking" must go
            await refuse(interaction, error, "queueing your pictures")
            return
        job = accepted.job
        message_id = response.message_id if response is not None else None
        if message_id is not None:
            try:
                await self._studio.attach_message(job.id, job.channel_id, message_id)
            except DatabaseError as error:
                # The job is safe; without its message a restart would post a new one.
                tell(error, "remembering the message of a job")
        self.follow(job.id, interaction)

    # -- following -------------------------------------------------------------------------------------------

    def follow(self, job_id: int, interaction: discord.Interaction[Any] | None = None) -> None:
        """Show this job until its end. Does nothing when somebody already does."""
        if job_id in self._tasks:
            return
        task = asyncio.get_running_loop().create_task(self._follow(job_id, interaction), name=f"job {job_id}")
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

    async def _follow(self, job_id: int, interaction: discord.Interaction[Any] | None) -> None:
        try:
            post = await self._show(job_id, interaction)
            # Only what another attempt or another process may have posted is looked for.
            doubtful = interaction is None
            for pause in (*RETRY_SECONDS, None):
                if await self._end(job_id, post, doubtful=doubtful):
                    return
                doubtful = True
                if pause is not None:
                    await self._studio.park(asyncio.sleep(pause), reason="Discord is down")
            log.error("job %s could not be delivered; the next start tries again", job_id)
        except Exception as error:  # noqa: BLE001 - a task of its own: nobody else would hear of it
            await self._confess(job_id, error)

    async def _show(self, job_id: int, interaction: discord.Interaction[Any] | None) -> Post | None:
        """Show progress until the job is final."""
        post: Post | None = None
        changes = self._studio.changes(job_id)
        async for progress in paced(changes, clock=self._clock, park=self._studio.park):
            # After a restart thousands may wait: their messages change when something happens to them.
            if progress.final or (interaction is None and progress.state is JobState.QUEUED):
                continue
            job = await self._studio.job(job_id)
            if job is None:
                break
            post = post or Post(self._client, job, interaction)
            await post.update(progress_view(job, progress, self._model(job)))
        if post is None and (job := await self._studio.job(job_id)) is not None:
            post = Post(self._client, job, interaction)
        return post

    def _model(self, job: Job) -> str:
        profile = self._studio.profiles.get(job.images[0].profile) if job.images else None
        return profile.name if profile else "unknown model"

    # -- ending ----------------------------------------------------------------------------------------------

    async def _end(self, job_id: int, post: Post | None, *, doubtful: bool) -> bool:
        """Show how the job ended. False when that has to be tried again later."""
        try:
            job = await self._studio.job(job_id)
            if job is None or post is None:
                return True
            match job.state:
                case JobState.RENDERED:
                    async with self._few:
                        await self._deliver(job, post, doubtful=doubtful)
                case JobState.FAILED:
                    await post.closing(failed_view(job), insist=True)
                case JobState.CANCELLED:
                    await post.closing(cancelled_view(job), insist=False)
        except DatabaseError as error:
            tell(error, "delivering pictures")
            return False
        except TROUBLE as error:
            return await self._troubled(job_id, error)
        return True

    async def _troubled(self, job_id: int, error: BaseException) -> bool:
        fate = fate_of(error)
        if fate is Fate.LATER:
            log.warning("job %s: not delivered yet: %s", job_id, error)
            return False
        if fate is Fate.FAULT:
            raise error
        log.warning("job %s cannot be delivered: %s", job_id, error)
        if fate is Fate.NEVER:
            await self._studio.delivered(job_id, None)
        return True

    async def _deliver(self, job: Job, post: Post, *, doubtful: bool) -> None:
        message_id = await post.find_posted() if doubtful else None
        if message_id is None:
            pictures, lost = await self._originals(job)
            if pictures:
                message_id = await self._post_pictures(job, post, pictures, lost)
            else:
                gone = replace(
                    job, error="The files of these pictures are no longer on the disk.", reference=None
                )
                await post.closing(failed_view(gone), insist=True)
        await self._studio.delivered(job.id, message_id)

    async def _post_pictures(
        self, job: Job, post: Post, pictures: Sequence[tuple[int, bytes]], lost: str
    ) -> int:
        guild = self._client.get_guild(job.guild_id)
        limit = limit_of(guild, post.interaction)
        level, profile = 0, self._studio.profiles.get(job.images[0].profile)
        while True:
            uploads, used = await prepare(job.id, pictures, limit, level)
            remark = " ".join(filter(None, (remark_of(used), lost)))
            view = result_view(job, [upload.name for upload in uploads], profile, remark)
            try:
                return await post.result(view, uploads, alt(asked_prompt(job)))
            except discord.HTTPException as error:
                if fate_of(error) is not Fate.TOO_LARGE or used + 1 >= len(LEVELS):
                    raise
                level = used + 1

    async def _originals(self, job: Job) -> tuple[Sequence[tuple[int, bytes]], str]:
        pictures, missing = [], 0
        for image in job.images:
            if image.file is None:
                continue
            try:
                pictures.append((image.position, await self._studio.picture_bytes(image)))
            except MemberError:
                missing += 1
        return pictures, f"{missing} of the files are no longer on the disk." if missing else ""

    async def _confess(self, job_id: int, error: Exception) -> None:
        """Something unforeseen: the member sees a sentence instead of an eternal progress bar."""
        text, _ = tell(error, "showing your pictures")
        try:
            job = await self._studio.job(job_id)
            if job is not None:
                channel = self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)
                await channel.send(
                    f"<@{job.user_id}> {clean(text)}"[:2000], allowed_mentions=discord.AllowedMentions.none()
                )
        except (*TROUBLE, DatabaseError) as trouble:
            log.warning("job %s: its member could not be told: %s", job_id, trouble)


def _loop_time() -> float:
    """The event loop's own clock, which its timeouts use too."""
    return asyncio.get_running_loop().time()
