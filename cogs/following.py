"""One job on its way to its member: shows its progress, then its end, exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, repeat
from typing import Any, Final

import discord

from bot.afterwards import Afterwards
from bot.errors import tell
from bot.orders import RESTORE, PictureGone
from bot.restoring import Restorer
from bot.studio import Studio
from cogs.budget import Budget
from cogs.direct import kept, write
from cogs.draft_post import DraftPost
from cogs.errors import explain
from cogs.fate import NOBODY, RETRY_SECONDS, TROUBLE, Fate, fate_of
from cogs.post import Post
from cogs.taking_down import take_down
from cogs.text import CONTENT_LIMIT, alt, clean, plain, trim
from cogs.uploads import Upload, limit_of, remark_of, send_fitting
from cogs.views import asked_prompt, cancelled_view, failed_view, result_view
from cogs.watching import Watch
from cogs.words import speak
from db.errors import DatabaseError
from db.jobs import Job, JobState

log = logging.getLogger(__name__)

_GONE: Final = "The files of these pictures are no longer on the disk."


class Follower:
    """Follows one job to its end. `run` is to be called once."""

    def __init__(
        self,
        client: discord.Client,
        studio: Studio,
        afterwards: Afterwards,
        restorer: Restorer,
        job_id: int,
        interaction: discord.Interaction[Any] | None,
        *,
        clock: Callable[[], float],
        budget: Budget,
        few: asyncio.Semaphore,
        fresh: bool = False,
        locale: discord.Locale | None = None,
    ) -> None:
        """Prepare.

        Args:
            client: sends the messages.
            studio: knows the job.
            afterwards: knows what it went on from.
            restorer: knows what it brings back.
            job_id: the job.
            interaction: that asked for it; None after a restart.
            clock: seconds that only grow.
            budget: of edits, shared with all other followers.
            few: held while files are in memory.
            fresh: the job was queued just now and has no message yet, so that one is made.
            locale: of what is said: the server's, or the member's for a private draft; None to find it out.
        """
        self.job_id = job_id
        self._client = client
        self._studio = studio
        self._afterwards = afterwards
        self._restorer = restorer
        self._interaction = interaction
        self._budget = budget
        self._few = few
        self._fresh = fresh
        self._locale = locale
        self._post: Post | DraftPost | None = None
        quiet = interaction is None or fresh
        self._watch = Watch(studio, budget, self._post_of, job_id, clock, restarted=quiet)
        # Only what another attempt or another process may have posted is looked for.
        self._doubtful = interaction is None and not fresh
        self._told = False

    async def run(self) -> None:
        """Show progress until the job is final, then how it ended, trying again while that fails."""
        try:
            await self._choose_language()
            if self._fresh:
                self._doubtful = not await self._watch.open()
            await self._watch.run()
            for attempt, pause in enumerate(chain(RETRY_SECONDS, repeat(RETRY_SECONDS[-1]))):
                if await self._settle():
                    return
                self._doubtful = True
                if attempt >= len(RETRY_SECONDS) and await self._give_up():
                    return
                await self._studio.park(asyncio.sleep(pause), reason="Discord or the database is down")
        except Exception as error:  # noqa: BLE001 - a task of its own: nobody else would hear of it
            tell(error, "following a job")

    async def _choose_language(self) -> None:
        """After a restart; else it is known from the interaction."""
        if self._locale is None:
            with contextlib.suppress(DatabaseError):  # in English, then
                job = await self._studio.job(self.job_id)
                guild = self._client.get_guild(job.guild_id) if job is not None else None
                self._locale = guild.preferred_locale if guild is not None else None
        speak(self._locale)

    def _post_of(self, job: Job) -> Post | DraftPost:
        if self._post is None:
            kind = DraftPost if job.private else Post
            self._post = kind(self._client, job, self._interaction)
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
                await self._withdraw()
                return True
            if job.state in {JobState.QUEUED, JobState.RUNNING}:
                return False
            async with self._budget.ending(job.channel_id, job.id):
                # Its turn may have come late: it may have been deleted meanwhile.
                job = await self._studio.job(self.job_id) or job
                post = self._post_of(job)
                if not await self._end(job, post):
                    return False
            await self._undo_if_gone(job, post)
        except DatabaseError as error:
            tell(error, "delivering pictures")
            return False
        except TROUBLE as error:
            return await self._troubled(job, error)
        except Exception as error:  # noqa: BLE001 - the member sees a sentence, not an eternal progress bar
            return await self._confess(job, error)
        return True

    async def _end(self, job: Job, post: Post | DraftPost) -> bool:
        """Show it. False when something of it has to be tried again."""
        match job.state:
            case JobState.RENDERED:
                async with self._few:
                    await self._deliver(job, post)
            case JobState.FAILED:
                await post.closing(failed_view(job), insist=True)
                await self._mention(post, "Your pictures could not be painted.")
                return await self._conclude(job.id)
            case JobState.CANCELLED:
                await post.closing(cancelled_view(job), insist=False)
        return True

    async def _deliver(self, job: Job, post: Post | DraftPost) -> None:
        found = await post.find_posted(job) if self._doubtful else None
        message_id, posted = None if job.private else found, True
        # One that brings back another one's files shows that one, with its buttons.
        shown = await self._afterwards.restored(job)
        if found is None:
            pictures, lost = await self._originals(shown)
            if shown is not None and pictures:
                message_id = await self._post_pictures(job, shown, post, pictures, lost)
            else:
                posted = False
                gone = replace(job, error=_GONE, reference=None)
                await post.closing(failed_view(gone), insist=True)
        if message_id is not None:
            post.message_id = message_id
        if posted:
            await self._mention(post, "Your pictures are ready.")
        await self._studio.delivered(job.id, message_id)

    async def _mention(self, post: Post | DraftPost, text: str) -> None:
        """Mention the member who asked for that, once. It is claimed first: better never than twice."""
        try:
            if await self._studio.claim_mention(self.job_id):
                await post.mention(text)
        except (DatabaseError, *TROUBLE) as error:
            log.warning("job %s: its member could not be mentioned: %s", self.job_id, error)

    async def _withdraw(self) -> None:
        """The job's member was forgotten: its progress goes, also when its message had not been written down yet."""
        if self._interaction is not None and not self._interaction.is_expired():
            with contextlib.suppress(*TROUBLE):
                await self._interaction.delete_original_response()

    async def _undo_if_gone(self, job: Job, post: Post | DraftPost) -> None:
        """What was deleted, or whose member was forgotten, while it was on its way must not stay posted.

        Whoever did that was told that it is gone.
        """
        now = await self._studio.job(job.id)
        shown = now
        if now is not None and job.state is JobState.RENDERED:
            shown = await self._afterwards.restored(now)
        gone = any(each is None or each.deleted_at is not None for each in (now, shown))
        if post.message_id is not None and gone:
            await take_down(self._client, replace(job, message_id=post.message_id))

    async def _post_pictures(
        self, job: Job, shown: Job, post: Post | DraftPost, pictures: Sequence[tuple[int, bytes]], lost: str
    ) -> int | None:
        limit = limit_of(self._client.get_guild(job.guild_id), post.interaction)
        profile = self._studio.profiles.get(shown.images[0].profile)
        parents, same = await self._afterwards.lineage(shown), await self._afterwards.compared(shown)
        if job.action == RESTORE:
            same = await self._restorer.remark(job)

        async def send(uploads: tuple[Upload, ...], used: int) -> int | None:
            remark = " ".join(filter(None, (remark_of(used), lost, same)))
            view = result_view(shown, [upload.name for upload in uploads], profile, remark, parents[:1])
            return await post.result(view, uploads, alt(asked_prompt(shown)))

        return await send_fitting(job.id, pictures, limit, send)

    async def _originals(self, job: Job | None) -> tuple[Sequence[tuple[int, bytes]], str]:
        pictures, missing = [], 0
        for image in job.images if job is not None and job.deleted_at is None else ():
            if image.file is None:
                continue
            try:
                pictures.append((image.position, await self._studio.picture_bytes(image)))
            except PictureGone:
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
        if fate_of(error) is Fate.TOO_LARGE:
            text = "Discord does not take these pictures here, however small I make them."
        if job is None:  # nobody knows whose it was
            return True
        return await self._say(job, f"{text} {kept(job)}")

    async def _give_up(self) -> bool:
        """The pictures could not be posted for hours: say where they are. False when not even that works."""
        try:
            job = await self._studio.job(self.job_id)
        except DatabaseError as error:
            tell(error, "delivering pictures")
            return False
        if job is None or job.state is not JobState.RENDERED:
            return False
        log.error("job %s could not be delivered", job.id)
        return await self._say(job, f"For hours Discord did not take what I painted. {kept(job)}")

    async def _say(self, job: Job, text: str) -> bool:
        """Words instead of pictures, in the channel or privately. False when that has to be tried again later."""
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
            async with self._few:
                await self._write_privately(job, text)
        except DatabaseError as error:
            tell(error, "delivering pictures")
            return False
        except TROUBLE as error:
            if fate_of(error) is Fate.LATER:
                return False
            log.warning("job %s: its member could not be told: %s", job.id, error)
        self._told = True
        return await self._conclude(job.id)

    async def _write_privately(self, job: Job, text: str) -> None:
        where = f"I could not post in <#{job.channel_id}>: I am missing a permission there, or it is gone."
        pictures: Sequence[tuple[int, bytes]] = ()
        if text:
            where = f"{where} {text}"
        elif job.state is JobState.RENDERED:
            pictures, lost = await self._originals(await self._afterwards.restored(job))
            what = "Here are the pictures you asked for." if pictures else _GONE
            where = " ".join(filter(None, (where, what, lost if pictures else "")))
        elif job.error:
            where = f"{where} Your pictures could not be painted: {plain(job.error)}"
        await write(self._client, job, where, pictures, doubtful=self._doubtful)

    async def _conclude(self, job_id: int) -> bool:
        """Its member knows all there is to know: no later start comes back to it."""
        try:
            await self._studio.delivered(job_id, None)
        except DatabaseError as error:
            tell(error, "recording what a member was told")
            return False
        return True
