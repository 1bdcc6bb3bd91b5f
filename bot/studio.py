"""The use cases: ask for pictures, follow them, cancel them, find them. Speaks no Discord."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Mapping
from pathlib import Path
from typing import Any, Final

from bot.board import Board, LiveJob
from bot.dispatcher import Dispatcher, Painter
from bot.orders import FRESH, LOCAL, LOCAL_CEILING, Accepted, Lineage, Origin, Progress, QueueEntry, QueueFull
from bot.pictures import Pictures
from bot.ratings import rating_of
from bot.settings import Settings
from db.gallery import Gallery
from db.jobs import CapReached, Image, Job, Jobs, JobState, NewImage, NewJob
from db.speeds import Speeds
from pipeline.errors import InvalidRequest, MemberError
from pipeline.profiles.types import Profile, Rating
from pipeline.queueing.cost import cost
from pipeline.queueing.eta import Estimator, wording
from pipeline.queueing.fair import FairQueue, Ticket
from pipeline.recipe import MAX_SEED
from pipeline.request import ImagineRequest, Plan, plan

SHORT_TEXT: Final = 500
"""Characters that are always composed in a few milliseconds."""


def draw_seed() -> int:
    """A random seed, 0 to `MAX_SEED`."""
    return secrets.randbelow(MAX_SEED + 1)


class Studio:
    """Everything a member can do, without knowing how they are connected."""

    def __init__(
        self,
        *,
        settings: Settings,
        profiles: Mapping[str, Profile],
        jobs: Jobs,
        speeds: Speeds,
        queue: FairQueue,
        board: Board,
        estimator: Estimator,
        dispatcher: Dispatcher,
        painter: Painter,
        pictures: Pictures,
        gallery: Gallery,
    ) -> None:
        self.profiles = profiles
        self.default_profile = settings.default_profile
        self._settings = settings
        self._jobs = jobs
        self._speeds = speeds
        self._queue = queue
        self._board = board
        self._estimator = estimator
        self._dispatcher = dispatcher
        self._painter = painter
        self._pictures = pictures
        self._gallery = gallery

    async def park(self, awaitable: Awaitable[Any], *, reason: str) -> Any:
        """Wait for something outside the event loop (see `bot.recorder.plain_park`)."""
        return await self._dispatcher.park(awaitable, reason=reason)

    # -- asking ----------------------------------------------------------------------------------------------

    def ceiling(self, origin: Origin) -> Rating:
        """The highest rating of this place. See `LOCAL_CEILING` for the command line."""
        if origin.kind == LOCAL.kind:
            return LOCAL_CEILING
        if origin.nsfw_channel:
            return self._settings.rating_ceiling_age_restricted
        return self._settings.rating_ceiling

    def plan(self, origin: Origin, request: ImagineRequest) -> Plan:
        """Check and resolve a request without queueing it.

        Raises:
            InvalidRequest: with a sentence that says what is wrong and what would be right.
        """
        return plan(
            request,
            self.profiles,
            self.default_profile,
            ceiling=self.ceiling(origin),
            draw_seed=draw_seed,
        )

    async def planned(self, origin: Origin, request: ImagineRequest) -> Plan:
        """`plan`, off the event loop when the texts are so long that it could be felt there.

        Measured: 12 ms for 6,000 ordinary characters, but 211 ms for 2,900 Chinese ones between commas.
        """
        if len(request.prompt) + len(request.negative) <= SHORT_TEXT:
            return self.plan(origin, request)
        return await asyncio.to_thread(self.plan, origin, request)

    async def submit(
        self,
        origin: Origin,
        request: ImagineRequest,
        planned: Plan | None = None,
        lineage: Lineage = FRESH,
    ) -> Accepted:
        """Check a request, resolve it and commit it to the database; then it is in the queue.

        `planned` is what `plan` made of the same request, when the caller has asked before. `lineage` says which
        picture the request goes on from.

        Raises:
            InvalidRequest: something in the request is wrong.
            QueueFull: the member or the guild has too much waiting.
            DiskFull: there is no room for pictures.
            DatabaseError: the database cannot be written; nothing was queued.
        """
        planned = planned or await self.planned(origin, request)
        rating = await self._rating(origin, planned)
        await self._pictures.check_space()
        images = tuple(
            NewImage(
                recipe=r.to_json(),
                profile=r.profile,
                prompt=r.prompt,
                negative_prompt=r.negative_prompt,
                seed=r.seed,
                width=r.width,
                height=r.height,
                steps=r.steps,
                cost=cost(*r.painted_size, r.denoising_steps, r.guidance_scale),
            )
            for r in planned.recipes
        )
        new = NewJob(
            origin=origin.kind,
            guild_id=origin.guild_id,
            guild_name=origin.guild_name,
            channel_id=origin.channel_id,
            user_id=origin.user_id,
            user_name=origin.user_name,
            private=origin.private,
            request=json.dumps(request.to_dict(), ensure_ascii=False),
            notes=json.dumps(
                {
                    "added": [[a.tag, a.rule, a.where] for a in planned.composed.added],
                    "warnings": list(planned.warnings),
                    "rating": rating.value,
                },
                ensure_ascii=False,
            ),
            images=images,
            pending_cap_user=self._settings.max_pending_per_member,
            pending_cap_guild=self._settings.max_pending_per_guild,
            action=lineage.action,
            parent_image_id=lineage.parent_image_id,
        )
        try:
            job = await self._jobs.create(new)
        except CapReached as error:
            raise self._cap_sentence(error, origin) from error
        self._board.open(job.id, job.guild_id, job.user_id, planned.profile.id, len(job.images))
        self._queue.add_many([_ticket(job, image) for image in job.images])
        self._dispatcher.wake()
        return Accepted(job, planned)

    async def _rating(self, origin: Origin, planned: Plan) -> Rating:
        """The rating of what will be painted: the prompt's, or that of the picture it starts from if stronger.

        Raises:
            InvalidRequest: the picture goes beyond what may be painted here, or is not known.
        """
        own, source = planned.composed.rating, planned.recipes[0].init_image
        if not source:
            return own
        sources = await self._gallery.shown_by(source)
        if not sources:
            raise InvalidRequest(
                "The picture that this one starts from was deleted, so there is nothing to go on from."
            )
        known = [rating_of(job, self.profiles.get(job.images[0].profile)) for job in sources]
        stronger = max(own, *known, key=lambda step: step.level)
        if stronger.level > self.ceiling(origin).level:
            raise InvalidRequest(
                "The picture to start from is rated `{rating}`, and the most here is `{ceiling}`.",
                rating=stronger.value,
                ceiling=self.ceiling(origin).value,
            )
        return stronger

    def _cap_sentence(self, error: CapReached, origin: Origin) -> QueueFull:
        mine = [
            p.eta_seconds
            for entry in self.queue_of(origin.guild_id)
            if (error.which == "guild" or entry.user_id == origin.user_id)
            and (p := self.progress(entry.job_id)) is not None
            and p.eta_seconds is not None
        ]
        when = f"Come back in {wording(min(mine))}" if mine else "Come back when the first of them is done"
        who = "You already have" if error.which == "user" else "This server already has"
        return QueueFull(
            "{who} {pending} pictures waiting, and {cap} is the most here. {when}; `/queue` shows them.",
            who=who,
            pending=error.pending,
            cap=error.cap,
            when=when,
        )

    # -- following -------------------------------------------------------------------------------------------

    def progress(self, job_id: int) -> Progress | None:
        """A snapshot of a job that waits or runs; None when it is final (then `job` tells)."""
        live = self._board.get(job_id)
        return None if live is None else self._snapshot(live)

    def _snapshot(self, live: LiveJob) -> Progress:
        running = self._board.running(live.id)
        step, steps = self._board.steps_of(live.id)
        position = self._queue.position(live.id)
        ahead = self._dispatcher.cost_running() + (position.cost_ahead if position else 0.0)
        eta = self._estimator.seconds(ahead, live.profile)
        return Progress(
            job_id=live.id,
            state=JobState.RUNNING if running else JobState.QUEUED,
            place=0 if running or position is None else position.place,
            jobs_in_guild=position.jobs_in_guild if position else 0,
            eta_seconds=eta,
            step=step,
            steps=steps,
            images_done=live.done,
            images=live.images,
            note=self._board.trouble or live.note,
            notices=live.notices,
            previews=self._board.previews_of(live),
        )

    async def changes(self, job_id: int) -> AsyncIterator[Progress]:
        """Yield a snapshot now and after every change, the last one final."""
        notices: tuple[str, ...] = ()
        while (live := self._board.get(job_id)) is not None:
            event, notices = live.event, live.notices
            yield self._snapshot(live)
            await self.park(event.wait(), reason=f"job {job_id} is being painted")
        job = await self._jobs.get(job_id)
        if job is not None:
            yield Progress(
                job_id,
                job.state,
                images=len(job.images),
                images_done=sum(image.file is not None for image in job.images),
                notices=notices,
            )

    async def wait_started(self, job_id: int) -> None:
        """Return when the first picture of this job is in the engine, or the job is final. Takes no snapshot."""
        while (live := self._board.get(job_id)) is not None and not self._board.running(job_id):
            await self.park(live.event.wait(), reason=f"job {job_id} is waiting")

    async def job(self, job_id: int) -> Job | None:
        """A job with its pictures, whatever its state."""
        return await self._jobs.get(job_id)

    def queue_of(self, guild_id: int) -> tuple[QueueEntry, ...]:
        """What runs and waits in this guild, in the order it will start. Other guilds are never shown."""
        entries = []
        order = {job_id: place for place, job_id in enumerate(self._queue.jobs_of(guild_id), start=1)}
        live = [job for job in self._board.jobs() if job.guild_id == guild_id]
        # Those that are painting have no place any more, whether or not more of their pictures wait.
        for job in sorted(live, key=lambda j: (0 if self._board.running(j.id) else order.get(j.id, 0), j.id)):
            shot = self._snapshot(job)
            entries.append(
                QueueEntry(
                    job.id, job.user_id, job.images, job.profile, shot.state, shot.place, shot.eta_seconds
                )
            )
        return tuple(entries)

    async def picture_bytes(self, image: Image) -> bytes:
        """The original PNG of a painted picture.

        Raises:
            MemberError: it has been deleted from the disk.
        """
        try:
            return await self._pictures.read(image.file or "")
        except (FileNotFoundError, IsADirectoryError) as error:
            raise MemberError("The file of this picture is no longer on the disk.") from error

    def picture_path(self, image: Image) -> Path:
        """Where the original lies."""
        return self._pictures.path(image.file or "")

    # -- changing --------------------------------------------------------------------------------------------

    async def attach_message(self, job_id: int, channel_id: int, message_id: int) -> None:
        """Remember which message shows this job."""
        await self._jobs.set_message(job_id, channel_id, message_id)

    async def cancel(self, job_id: int) -> bool:
        """Cancel what still waits or runs. False when there is nothing left to cancel."""
        ids = await self._jobs.cancel(job_id)
        self._queue.remove_job(job_id)
        self._dispatcher.forget(job_id)
        for image_id in ids:
            self._painter.cancel(image_id)
        if live := self._board.get(job_id):
            self._board.close(job_id)
            self._board.guild_changed(live.guild_id)
        self._dispatcher.wake()
        return bool(ids)

    async def delivered(self, job_id: int, message_id: int | None) -> bool:
        """Write down that the pictures were posted. False when that was already so."""
        return await self._jobs.delivered(job_id, message_id)

    async def learn_speeds(self) -> None:
        """Take what earlier runs measured, so that the first estimate is already a good one."""
        for profile, speed in (await self._speeds.all()).items():
            self._estimator.learn(profile, speed)

    async def recover(self, origin: str) -> tuple[int, ...]:
        """Take up what the last run left: queue again what was not painted. Returns jobs yet to be delivered."""
        recovery = await self._jobs.recover(origin)
        await self.learn_speeds()
        waiting: dict[int, int] = {}
        for image in recovery.waiting:
            waiting[image.job_id] = waiting.get(image.job_id, 0) + 1
        for image in recovery.waiting:
            done = image.images - waiting[image.job_id]
            self._board.open(image.job_id, image.guild_id, image.user_id, image.profile, image.images, done)
        self._queue.add_many(
            [
                Ticket(
                    image_id=i.image_id,
                    job_id=i.job_id,
                    guild_id=i.guild_id,
                    member_id=i.user_id,
                    cost=i.cost,
                    profile=i.profile,
                )
                for i in recovery.waiting
            ]
        )
        self._dispatcher.wake()
        return recovery.undelivered

    def waiting_jobs(self) -> tuple[int, ...]:
        """Ids of all jobs that wait or run, oldest first."""
        return tuple(job.id for job in self._board.jobs())


def _ticket(job: Job, image: Image) -> Ticket:
    return Ticket(
        image_id=image.id,
        job_id=job.id,
        guild_id=job.guild_id,
        member_id=job.user_id,
        cost=image.cost,
        profile=image.profile,
    )
