"""One job on its way to its member: shows its progress, then its end, exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, repeat
from typing import Any

import discord

from bot.afterwards import Afterwards
from bot.errors import tell
from bot.moderation.checking import Checker
from bot.orders import RESTORE, PictureGone
from bot.restoring import Restorer
from bot.studio import Studio
from cogs.budget import Budget
from cogs.draft_post import DraftPost
from cogs.fate import RETRY_SECONDS, TROUBLE
from cogs.other_ways import GONE, OtherWays
from cogs.places import check_shown, not_shown_view
from cogs.post import Post
from cogs.taking_down import take_down
from cogs.text import alt, shown
from cogs.uploads import Upload, limit_of, remark_of, send_fitting
from cogs.views import asked_prompt, cancelled_view, failed_view, result_view, withheld_view
from cogs.watching import Watch
from cogs.words import say, speak
from db.errors import DatabaseError
from db.jobs import Job, JobState

log = logging.getLogger(__name__)


class Follower:
    """Follows one job to its end. `run` is to be called once."""

    def __init__(
        self,
        client: discord.Client,
        studio: Studio,
        afterwards: Afterwards,
        restorer: Restorer,
        checker: Checker,
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
            checker: says what may be shown.
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
        self._checker = checker
        self._interaction = interaction
        self._budget = budget
        self._few = few
        self._fresh = fresh
        self._locale = locale
        self._post: Post | DraftPost | None = None
        quiet = interaction is None or fresh
        self._watch = Watch(
            studio, budget, self._post_of, job_id, clock, self._may_be_shown, checker, restarted=quiet
        )
        # Only what another attempt or another process may have posted is looked for.
        self._doubtful = interaction is None and not fresh
        self._ways = OtherWays(client, studio, job_id, few, self._originals_of)

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
                if attempt >= len(RETRY_SECONDS) and await self._ways.give_up():
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
        if self._post is not None:
            self._post.now(job)
        elif job.private:
            self._post = DraftPost(self._client, job, self._interaction, fresh=self._fresh)
        else:
            self._post = Post(self._client, job, self._interaction)
        return self._post

    # -- ending ----------------------------------------------------------------------------------------------

    async def _settle(self) -> bool:
        """Show how the job ended. False when that has to be tried again later."""
        job: Job | None = None
        try:
            if self._ways.told:
                return await self._ways.conclude()
            job = await self._studio.job(self.job_id)
            if job is None:
                await self._withdraw()
                return True
            if job.state in {JobState.QUEUED, JobState.RUNNING}:
                return False
            async with self._budget.ending(job.channel_id, job.id):
                # Its turn may have come late: it may have been deleted meanwhile.
                job = await self._studio.job(self.job_id) or job
                if job.state is JobState.RENDERED:
                    job = await self._checker.ensure(job)
                post = self._post_of(job)
                if not await self._end(job, post):
                    return False
            await self._undo_if_gone(job, post)
        except DatabaseError as error:
            tell(error, "delivering pictures")
            return False
        except TROUBLE as error:
            return await self._ways.troubled(job, error, doubtful=self._doubtful)
        except Exception as error:  # noqa: BLE001 - the member sees a sentence, not an eternal progress bar
            return await self._ways.confess(job, error)
        return True

    async def _end(self, job: Job, post: Post | DraftPost) -> bool:
        """Show it. False when something of it has to be tried again."""
        match job.state:
            case JobState.RENDERED:
                async with self._few:
                    await self._deliver(job, post)
            case JobState.FAILED:
                await post.closing(failed_view(job), insist=True)
                await self._mention(post, say("Your pictures could not be painted."))
                return await self._ways.conclude()
            case JobState.WITHHELD if job.delivered_at is None:
                await post.closing(withheld_view(job), insist=True)
                await self._mention(post, say("Your pictures were withheld."))
                await self._studio.delivered(job.id, post.message_id, job.revision)
            case JobState.CANCELLED:
                await post.closing(cancelled_view(job), insist=False)
        return True

    async def _deliver(self, job: Job, post: Post | DraftPost) -> None:
        found = await post.find_posted(job) if self._doubtful else None
        message_id, posted = None if job.private else found, True
        # One that brings back another one's files shows that one, with its buttons.
        shown = await self._afterwards.restored(job)
        if found is None:
            if (why := await check_shown(self._client, self._afterwards, job, shown or job)) is not None:
                if job.private and post.interaction is None:  # told by a direct message, which names the reason
                    post = DraftPost(self._client, replace(job, error=why.text))
                await post.closing(not_shown_view(job, why), insist=True)
                await self._studio.withhold(job.id, why.text)
                return
            pictures, lost = await self._originals(shown)
            if shown is not None and pictures:
                message_id = await self._post_pictures(job, shown, post, pictures, lost)
                if isinstance(post, DraftPost) and post.sent is not None:
                    await self._studio.posted(job.id, 0, post.sent.channel.id, post.sent.id)
            else:
                posted = False
                gone = replace(job, error=GONE, reference=None)
                await post.closing(failed_view(gone), insist=True)
        if message_id is not None:
            post.message_id = message_id
        if posted:
            await self._mention(post, say("Your pictures are ready."))
        await self._studio.delivered(job.id, message_id, job.revision)
        if posted and job.revision:
            await self._tell_of_release(post)

    async def _tell_of_release(self, post: Post | DraftPost) -> None:
        """An edit notifies nobody. It is claimed first: better never than twice."""
        try:
            if await self._checker.claim_release(self.job_id):
                await post.tell(
                    say("the moderators have released what was withheld of job #{job}.", job=self.job_id)
                )
        except (DatabaseError, *TROUBLE) as error:
            log.warning("job %s: its member could not be told of a release: %s", self.job_id, error)

    async def _mention(self, post: Post | DraftPost, text: str) -> None:
        """Mention the member who asked for that, once. It is claimed first: better never than twice."""
        try:
            if await self._studio.claim_mention(self.job_id):
                await post.mention(text)
        except (DatabaseError, *TROUBLE) as error:
            log.warning("job %s: its member could not be mentioned: %s", self.job_id, error)

    async def _withdraw(self) -> None:
        """The job's member was forgotten: its progress goes, also when its message had not been written down yet."""
        if self._interaction is not None and not self._fresh and not self._interaction.is_expired():
            with contextlib.suppress(*TROUBLE):
                await self._interaction.delete_original_response()

    async def _undo_if_gone(self, job: Job, post: Post | DraftPost) -> None:
        """What was deleted, or whose member was forgotten or banned, while it was on its way must not stay posted.

        Whoever did that was told that it is gone.
        """
        now = await self._studio.job(job.id)
        meant = now
        if now is not None and job.state is JobState.RENDERED:
            meant = await self._afterwards.restored(now)
        gone = any(each is None or each.deleted_at is not None for each in (now, meant))
        gone |= (job.state, now and now.state) == (JobState.RENDERED, JobState.CANCELLED)
        if post.message_id is not None and gone:
            await take_down(self._client, replace(job, message_id=post.message_id))

    async def _post_pictures(
        self, job: Job, seen: Job, post: Post | DraftPost, pictures: Sequence[tuple[int, bytes]], lost: str
    ) -> int | None:
        limit = limit_of(self._client.get_guild(job.guild_id), post.interaction)
        profile = self._studio.profiles.get(seen.images[0].profile)
        parents, same = await self._afterwards.lineage(seen), await self._same(job, seen)

        async def send(uploads: tuple[Upload, ...], used: int) -> int | None:
            remark = " ".join(filter(None, (remark_of(used), lost, same)))
            view = result_view(seen, [upload.name for upload in uploads], profile, remark, parents[:1])
            return await post.result(view, uploads, alt(asked_prompt(seen)))

        return await send_fitting(job.id, pictures, limit, send, job.revision)

    async def _same(self, job: Job, of: Job) -> str:
        """What is to be said of how its pictures compare with those that they repeat or bring back."""
        restored = job.action == RESTORE
        return shown(await self._restorer.remark(job) if restored else await self._afterwards.compared(of))

    async def _may_be_shown(self, job: Job) -> bool:
        meant = await self._afterwards.restored(job) or job
        return await check_shown(self._client, self._afterwards, job, meant) is None

    async def _originals_of(self, job: Job) -> tuple[Sequence[tuple[int, bytes]], str]:
        meant = await self._afterwards.restored(job)
        if (why := await check_shown(self._client, self._afterwards, job, meant or job)) is not None:
            return (), shown(why.text)
        return await self._originals(meant)

    async def _originals(self, job: Job | None) -> tuple[Sequence[tuple[int, bytes]], str]:
        pictures, missing = [], 0
        for image in job.images if job is not None and job.deleted_at is None else ():
            if image.file is None:
                continue
            try:
                pictures.append((image.position, await self._studio.picture_bytes(image)))
            except PictureGone:
                missing += 1
        return pictures, say(
            "{count} of the files are no longer on the disk.", count=missing
        ) if missing else ""
