"""The use cases: ask for pictures; and, by what it is made of, follow, cancel and find them. Speaks no Discord."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bot.board import Board
from bot.caps import full
from bot.changing import Changing
from bot.dispatcher import Dispatcher, Painter
from bot.moderation.allow_settings import AllowSettings
from bot.moderation.ceilings import Ceilings
from bot.moderation.checking import Checker
from bot.moderation.gate import Gate
from bot.moderation.pauses import Pauses
from bot.new_jobs import new_job, ticket
from bot.orders import (
    FRESH,
    LOCAL,
    LOCAL_CEILING,
    Accepted,
    Lineage,
    Order,
    Origin,
    PictureGone,
    QueueFull,
)
from bot.pictures import Pictures
from bot.ratings import rating_of
from bot.settings import Settings
from db.gallery import Gallery
from db.jobs import CapReached, Jobs
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


class Studio(Changing):
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
        reviews_changed: Callable[[], None],
    ) -> None:
        super().__init__(
            jobs=jobs,
            queue=queue,
            board=board,
            estimator=estimator,
            dispatcher=dispatcher,
            pictures=pictures,
            pauses=pauses,
            speeds=speeds,
            painter=painter,
            notify_after=settings.notify_after,
            reviews_changed=reviews_changed,
        )
        self.profiles = profiles
        self.default_profile = settings.default_profile
        self._settings = settings
        self._gallery = gallery
        self._sources = sources
        self._gate = gate
        self._allowed = allowed
        self._ceilings = ceilings
        self._checker = checker

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
