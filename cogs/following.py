"""One job on its way to its member: shows its progress, then its end, exactly once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import discord

from bot.afterwards import Afterwards
from bot.errors import tell
from bot.studio import Studio
from cogs.budget import Budget
from cogs.errors import explain
from cogs.fate import NOBODY, RETRY_SECONDS, TROUBLE, Fate, fate_of
from cogs.post import Post
from cogs.taking_down import take_down
from cogs.text import CONTENT_LIMIT, alt, clean, plain, trim
from cogs.uploads import DEFAULT_LIMIT, LEVELS, limit_of, prepare, remark_of
from cogs.views import asked_prompt, cancelled_view, failed_view, result_view
from cogs.watching import Watch
from db.errors import DatabaseError
from db.jobs import Job, JobState
from pipeline.errors import MemberError

log = logging.getLogger(__name__)

_GONE: Final = "The files of these pictures are no longer on the disk."


class Follower:
    """Follows one job to its end. `run` is to be called once."""

    def __init__(
        self,
        client: discord.Client,
        studio: Studio,
        afterwards: Afterwards,
        job_id: int,
        interaction: discord.Interaction[Any] | None,
        *,
        clock: Callable[[], float],
        budget: Budget,
        few: asyncio.Semaphore,
    ) -> None:
        """Prepare.

        Args:
            client: sends the messages.
            studio: knows the job.
            afterwards: knows what it went on from.
            job_id: the job.
            interaction: that asked for it; None after a restart.
            clock: seconds that only grow.
            budget: of edits, shared with all other followers.
            few: held while files are in memory.
        """
        self.job_id = job_id
        self._client = client
        self._studio = studio
        self._afterwards = afterwards
        self._interaction = interaction
        self._budget = budget
        self._few = few
        self._post: Post | None = None
        self._watch = Watch(studio, budget, self._post_of, job_id, clock, restarted=interaction is None)
        # Only what another attempt or another process may have posted is looked for.
        self._doubtful = interaction is None
        self._told = False

    async def run(self) -> None:
        """Show progress until the job is final, then how it ended, trying again while that fails."""
        try:
            await self._watch.run()
            for pause in (*RETRY_SECONDS, None):
                if await self._settle():
                    return
                self._doubtful = True
                if pause is not None:
                    await self._studio.park(asyncio.sleep(pause), reason="Discord or the database is down")
            log.error("job %s could not be delivered; the next start tries again", self.job_id)
        except Exception as error:  # noqa: BLE001 - a task of its own: nobody else would hear of it
            tell(error, "following a job")

    def _post_of(self, job: Job) -> Post:
        if self._post is None:
            self._post = Post(self._client, job, self._interaction)
        return self._post

    # -- ending ----------------------------------------------------------------------------------------------

    async def _settle(self) -> bool:
        """Show how the job ended. False when that has to be tried again later."""
        job: Job | None = None
        try:
            if self._told:
                return await self._conclude(self.job_id)
            job = await self._studio.job(self.job_id)
            if job is None:
                return True
            if job.state in {JobState.QUEUED, JobState.RUNNING}:
                return False
            async with self._budget.ending(job.channel_id, job.id):
                # Its turn may have come late: it may have been deleted meanwhile.
                job = await self._studio.job(self.job_id) or job
                await self._end(job, self._post_of(job))
        except DatabaseError as error:
            tell(error, "delivering pictures")
            return False
        except TROUBLE as error:
            return await self._troubled(job, error)
        except Exception as error:  # noqa: BLE001 - the member sees a sentence, not an eternal progress bar
            return await self._confess(job, error)
        return True

    async def _end(self, job: Job, post: Post) -> None:
        match job.state:
            case JobState.RENDERED:
                async with self._few:
                    await self._deliver(job, post)
            case JobState.FAILED:
                await post.closing(failed_view(job), insist=True)
            case JobState.CANCELLED:
                await post.closing(cancelled_view(job), insist=False)

    async def _deliver(self, job: Job, post: Post) -> None:
        message_id = await post.find_posted(job) if self._doubtful else None
        if message_id is None:
            pictures, lost = await self._originals(job)
            if pictures:
                message_id = await self._post_pictures(job, post, pictures, lost)
            else:
                gone = replace(job, error=_GONE, reference=None)
                await post.closing(failed_view(gone), insist=True)
        await self._studio.delivered(job.id, message_id)
        now = await self._studio.job(job.id)
        if now is not None and now.deleted_at is not None and message_id is not None:
            # Deleted while the pictures were on their way: whoever did that was told that they are gone.
            await take_down(self._client, replace(now, message_id=message_id))

    async def _post_pictures(
        self, job: Job, post: Post, pictures: Sequence[tuple[int, bytes]], lost: str
    ) -> int:
        guild = self._client.get_guild(job.guild_id)
        limit = limit_of(guild, post.interaction)
        level, profile = 0, self._studio.profiles.get(job.images[0].profile)
        parents, same = await self._afterwards.lineage(job), await self._afterwards.compared(job)
        while True:
            uploads, used = await prepare(job.id, pictures, limit, level)
            remark = " ".join(filter(None, (remark_of(used), lost, same)))
            view = result_view(job, [upload.name for upload in uploads], profile, remark, parents[:1])
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

    # -- trouble ---------------------------------------------------------------------------------------------

    async def _troubled(self, job: Job | None, error: Exception) -> bool:
        match fate_of(error):
            case Fate.LATER:
                log.warning("job %s: not delivered yet: %s", self.job_id, error)
                return False
            case Fate.ELSEWHERE | Fate.NEVER:
                log.warning("job %s cannot be shown in its channel: %s", self.job_id, error)
                return await self._in_private(job)
        return await self._confess(job, error)

    async def _confess(self, job: Job | None, error: Exception) -> bool:
        """Something unforeseen: the member is told once, in the channel or privately."""
        text, _ = explain(error, "showing your pictures")
        if job is None:  # nobody knows whose it was
            return True
        channel = self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)
        try:
            await channel.send(
                trim(f"<@{job.user_id}> {clean(text)}", CONTENT_LIMIT),
                nonce=f"tb{job.id}f",
                allowed_mentions=NOBODY,
            )
        except TROUBLE as trouble:
            if fate_of(trouble) is Fate.LATER:
                return False
            return await self._in_private(job, text)
        self._told = True
        return await self._conclude(job.id)

    async def _in_private(self, job: Job | None, text: str = "") -> bool:
        """The channel is closed to the bot: a direct message, with the pictures unless `text` says why not."""
        if job is None:
            return True
        try:
            await self._write_privately(job, text)
        except DatabaseError as error:
            tell(error, "delivering pictures")
            return False
        except TROUBLE as error:
            if fate_of(error) is Fate.LATER or getattr(error, "status", 0) == 401:
                return False  # 401: the bot's own token is refused, which says nothing about this member
            log.warning("job %s: its member could not be told: %s", job.id, error)
        self._told = True
        return await self._conclude(job.id)

    async def _write_privately(self, job: Job, text: str) -> None:
        where = f"I could not post in <#{job.channel_id}>: I am missing a permission there, or it is gone."
        pictures: Sequence[tuple[int, bytes]] = ()
        if text:
            where = f"{where} {text}"
        elif job.state is JobState.RENDERED:
            pictures, lost = await self._originals(job)
            what = "Here are the pictures you asked for." if pictures else _GONE
            where = " ".join(filter(None, (where, what, lost if pictures else "")))
        elif job.error:
            where = f"{where} Your pictures could not be painted: {plain(job.error)}"
        where = trim(clean(where), CONTENT_LIMIT)
        direct = await self._client.create_dm(discord.Object(job.user_id))
        uploads, _ = await prepare(job.id, pictures, DEFAULT_LIMIT)
        files = [upload.file(alt(asked_prompt(job))) for upload in uploads]
        try:
            await direct.send(where, files=files, nonce=f"tb{job.id}d", allowed_mentions=NOBODY)
        except discord.HTTPException as error:
            if not files or fate_of(error) not in {Fate.TOO_LARGE, Fate.FAULT}:
                raise
            await direct.send(where, nonce=f"tb{job.id}t", allowed_mentions=NOBODY)

    async def _conclude(self, job_id: int) -> bool:
        """Its member knows all there is to know: no later start comes back to it."""
        try:
            await self._studio.delivered(job_id, None)
        except DatabaseError as error:
            tell(error, "recording what a member was told")
            return False
        return True
