"""The use cases: ask for pictures, follow them, cancel them, find them. Speaks no Discord."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bot.board import Board, LiveJob
from bot.caps import full
from bot.dispatcher import Dispatcher, Painter
from bot.moderation.allow_settings import AllowSettings
from bot.moderation.ceilings import Ceilings
from bot.moderation.checking import Checker
from bot.moderation.gate import Gate
from bot.moderation.pauses import Pauses
from bot.new_jobs import new_job, ticket, waiting_ticket
from bot.orders import (
    FRESH,
    LOCAL,
    LOCAL_CEILING,
    Accepted,
    Lineage,
    Order,
    Origin,
    PictureGone,
    Progress,
    QueueEntry,
    QueueFull,
)
from bot.pictures import Pictures
from bot.ratings import rating_of
from bot.settings import Settings
from db.audit import Entry
from db.gallery import Gallery
from db.jobs import CapReached, Image, Job, Jobs, JobState
from db.sources import Sources
from db.speeds import Speeds
from pipeline.errors import InvalidRequest, MemberError
from pipeline.profiles.types import Profile, Rating
from pipeline.queueing.eta import Estimator
from pipeline.queueing.fair import FairQueue
from pipeline.recipe import MAX_SEED
from pipeline.request import ImagineRequest, Plan, plan

SHORT_TEXT: Final = 500
"""Characters that are always composed in a few milliseconds."""

LONG_TEXT: Final = 2_000
"""Characters of final prompts, with what the card adds, up to which they are looked at in a few milliseconds."""


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
        sources: Sources,
        gate: Gate,
        pauses: Pauses,
        allowed: AllowSettings,
        ceilings: Ceilings,
        checker: Checker,
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
        self._sources = sources
        self._gate = gate
        self._pauses = pauses
        self._allowed = allowed
        self._ceilings = ceilings
        self._checker = checker

    async def park(self, awaitable: Awaitable[Any], *, reason: str) -> Any:
        """Wait for something outside the event loop (see `bot.recorder.plain_park`)."""
        return await self._dispatcher.park(awaitable, reason=reason)

    def profiles_of(self, guild_id: int) -> Mapping[str, Profile]:
        """The models that may be used in this server."""
        return self._allowed.profiles(guild_id, self.profiles)

    def default_of(self, guild_id: int) -> str:
        """The model of those who name none in this server."""
        return self._allowed.default(guild_id, self.profiles, self.default_profile)

    # -- asking ----------------------------------------------------------------------------------------------

    def ceiling(self, origin: Origin) -> Rating:
        """The highest rating of this place. See `LOCAL_CEILING` for the command line."""
        return LOCAL_CEILING if origin.kind == LOCAL.kind else self._ceilings.of(origin)

    def threshold(self, origin: Origin) -> float | None:
        """From which probability on a picture is too much for this place; None where nobody looks."""
        return self._checker.thresholds.of(origin) if self._checker.on else None

    def plan(self, origin: Origin, request: ImagineRequest) -> Plan:
        """Check and resolve a request without queueing it.

        Raises:
            InvalidRequest: with a sentence that says what is wrong and what would be right.
            MemberError: they may not paint here, or not this.
        """
        planned = plan(
            self._gate.read(origin, request),
            self.profiles,
            self.default_of(origin.guild_id),
            ceiling=self.ceiling(origin),
            draw_seed=draw_seed,
            above=self._ceilings.above(origin.guild_id),
        )
        return self._gate.judge(origin, planned)

    async def planned(self, origin: Origin, request: ImagineRequest) -> Plan:
        """`plan`, off the event loop when the texts are so long that it could be felt there.

        Measured: 12 ms for 6,000 ordinary characters, but 211 ms for 2,900 Chinese ones between commas.
        """
        self._gate.admit(origin)
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
            MemberError: they may not paint here, not this, or not so much.
            PictureGone: the picture to start from has to be painted again first.
            QueueFull: the member or the guild has too much waiting.
            DiskFull: there is no room for pictures.
            DatabaseError: the database cannot be written; nothing was queued.
        """
        planned = planned or await self.planned(origin, request)
        [accepted] = await self.submit_all(origin, [(request, planned, lineage)])
        return accepted

    async def submit_all(
        self, origin: Origin, orders: Sequence[Order], confirmation_id: int | None = None
    ) -> tuple[Accepted, ...]:
        """Commit several requests to the database, all or none; each is a job of its own.

        `confirmation_id` is what they answer, and is taken away with them. Raises as `submit`, and `NotWaiting` when
        that was answered before.
        """
        self._gate.admit(origin)
        # Once more: what comes from a button or an old recipe was never planned here.
        orders = [(request, await self._judged(origin, p), lineage) for request, p, lineage in orders]
        news = [new_job(origin, o, await self._rating(origin, o[1]), self._settings) for o in orders]
        await self._pictures.check_space()
        async with self._gate.one_at_a_time(origin):
            await self._gate.afford(origin, orders)
            try:
                jobs = await self._jobs.create_all(news, confirmation_id)
            except CapReached as error:
                raise self._cap_sentence(error, origin) from error
        left = await self._gate.left(origin)
        for job in jobs:
            live = self._board.open(job.id, job.guild_id, job.user_id, job.images[0].profile, len(job.images))
            live.left = left
            self._queue.add_many([ticket(job, image) for image in job.images])
        try:
            self._gate.admit(origin)
        except MemberError:
            # Banned while this was being written down, too late for whoever cancels a banned member's jobs.
            for job in jobs:
                await self.cancel(job.id)
            raise
        self._dispatcher.wake()
        return tuple(Accepted(job, planned) for job, (_, planned, _) in zip(jobs, orders, strict=True))

    async def _judged(self, origin: Origin, planned: Plan) -> Plan:
        """What the gate makes of a plan, off the event loop when its texts are so long that it could be felt there."""
        texts = {text for each in planned.recipes for text in (each.prompt, each.negative_prompt)}
        if sum(map(len, texts)) <= LONG_TEXT:
            return self._gate.judge(origin, planned)
        return await asyncio.to_thread(self._gate.judge, origin, planned)

    async def _rating(self, origin: Origin, planned: Plan) -> Rating:
        """The rating of what will be painted: the prompt's, or that of the picture it starts from if stronger.

        Raises:
            InvalidRequest: the picture goes beyond what may be painted here, or is not known.
            PictureGone: its file was swept.
        """
        own, first = planned.composed.rating, planned.recipes[0]
        if not first.init_image:
            return own
        sources = await self._gallery.shown_by(first.init_image)
        given = await self._sources.ratings_of(first.init_image)
        if not (sources or given) or (first.mask and not await self._sources.ratings_of(first.mask)):
            raise InvalidRequest(
                "The picture that this one starts from was deleted, so there is nothing to go on from."
            )
        files = [image for job in sources for image in job.images if image.sha256 == first.init_image]
        if not given and all(image.swept_at is not None for image in files):
            stored = await self._gallery.file_of(first.init_image)
            if stored is not None and stored.swept and stored.job_id is not None:
                raise PictureGone(stored.job_id)
        # What members hand in has no rating that anybody knows: the prompt's counts for it.
        known = [
            rating_of(job, self.profiles.get(job.images[0].profile), self.threshold(origin)) for job in sources
        ]
        known += [Rating(each) for each in given if each in set(Rating)]
        stronger = max((own, *known), key=lambda step: step.level)
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
        return full(error, mine)

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
        paused = self._pauses.reason(live.guild_id)
        # While moderators hold the queue back nobody knows when what waits will be painted.
        waits = paused is not None and position is not None
        eta = None if waits else self._estimator.seconds(ahead, live.profile)
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
            paused=None if running else paused,
            left=live.left,
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
            PictureGone: it is no longer on the disk.
        """
        try:
            return await self._pictures.read(image.file or "")
        except (FileNotFoundError, IsADirectoryError) as error:
            raise PictureGone(image.job_id) from error

    def picture_path(self, image: Image) -> Path:
        """Where the original lies."""
        return self._pictures.path(image.file or "")

    # -- changing --------------------------------------------------------------------------------------------

    async def attach_message(self, job_id: int, channel_id: int, message_id: int) -> None:
        """Remember which message shows this job."""
        await self._jobs.set_message(job_id, channel_id, message_id)

    async def posted(self, job_id: int, guild_id: int, channel_id: int, message_id: int) -> None:
        """Remember a message besides the job's own that shows its pictures: a direct one (guild 0), or for moderators.

        So it goes with the others when they are deleted everywhere.
        """
        await self._jobs.posted(job_id, guild_id, channel_id, message_id)

    async def cancel(self, job_id: int, entry: Entry | None = None) -> bool:
        """Cancel what still waits or runs. False when there is nothing left to cancel.

        `entry` is for the audit log, when a moderator decided so.
        """
        ids = await self._jobs.cancel(job_id, entry)
        self.drop(job_id, ids)
        return bool(ids)

    def drop(self, job_id: int, image_ids: Sequence[int]) -> None:
        """Let go of a job that is cancelled in the database: its pictures leave the queue and the engine."""
        self._queue.remove_job(job_id)
        self._dispatcher.forget(job_id)
        for image_id in image_ids:
            self._painter.cancel(image_id)
        if live := self._board.get(job_id):
            self._board.close(job_id)
            self._board.guild_changed(live.guild_id)
        self._dispatcher.wake()

    async def delivered(self, job_id: int, message_id: int | None, revision: int | None = None) -> bool:
        """Write down that the pictures were posted, as of that revision. False when that was already so."""
        return await self._jobs.delivered(job_id, message_id, revision)

    async def withhold(self, job_id: int, why: str) -> bool:
        """Write down that the pictures are not to be shown, and why. False when they were posted or are withheld."""
        return await self._jobs.withhold(job_id, why)

    async def claim_mention(self, job_id: int) -> bool:
        """Whether the member is to be mentioned now: they asked for it, waited long, and never were before."""
        return await self._jobs.notify(job_id, self._settings.notify_after)

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
        self._queue.add_many([waiting_ticket(image) for image in recovery.waiting])
        for job_id in recovery.promoted:
            self._queue.promote(job_id)
        self._dispatcher.wake()
        return recovery.undelivered

    def waiting_jobs(self) -> tuple[int, ...]:
        """Ids of all jobs that wait or run, oldest first."""
        return tuple(job.id for job in self._board.jobs())
