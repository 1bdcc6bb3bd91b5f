"""Quotas of members: counted in a window that slides, from what the database holds of the last day."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from bot.moderation.gate import Check
from bot.moderation.quota_settings import Quota, QuotaSettings
from bot.moderation.windows import DAY, MINUTE, Spent, free_at, used
from bot.orders import Left, Order, Origin, QueueFull
from db.jobs import Jobs
from db.usage import Asked, Usage
from pipeline.queueing.cost import cost
from pipeline.queueing.eta import Estimator
from pipeline.sentence import Moment


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for a member, and what of it is used; `soon` is when the first of today's pictures stops counting."""

    quota: Quota
    pictures: int
    seconds: float
    pending: int
    requests: int
    soon: float | None


class Quotas(Check):
    """What members may ask for. It is charged to whoever presses, whatever picture they go on from."""

    def __init__(self, settings: QuotaSettings, usage: Usage, jobs: Jobs, estimator: Estimator) -> None:
        self._settings = settings
        self._usage = usage
        self._jobs = jobs
        self._estimator = estimator

    def _quota(self, origin: Origin) -> Quota:
        return self._settings.of_member(origin.guild_id, origin.role_ids, moderates=origin.moderates)

    def together(self, origin: Origin) -> Hashable | None:
        """The requests of a member with a quota are counted one after the other."""
        return (origin.guild_id, origin.user_id) if self._quota(origin) else None

    async def afford(self, origin: Origin, orders: Sequence[Order]) -> None:
        """Refuse what goes beyond, and say when it is possible."""
        if not (quota := self._quota(origin)):
            return
        now = self._usage.now()
        asked = await self._usage.of_member(origin.guild_id, origin.user_id, now - DAY)
        pictures = sum(len(planned.recipes) for _, planned, _ in orders)
        if quota.per_minute is not None:
            requests = [Spent(at, 1) for at in {each.at for each in asked}]
            _check_rate(requests, quota.per_minute, now)
        if quota.pending is not None:
            pending = (await self._jobs.counts_pending(origin.user_id, origin.guild_id)).user
            _check_pending(pending, quota.pending, pictures)
        if quota.pictures is not None:
            spent = [Spent(each.at, each.pictures) for each in asked]
            check_pictures(spent, quota.pictures, pictures, now)
        if quota.gpu_seconds is not None:
            spent = [Spent(each.at, seconds_of(each, self._estimator)) for each in asked]
            check_seconds(spent, quota.gpu_seconds, expected(orders, self._estimator), now)

    async def left(self, origin: Origin) -> Left | None:
        """What they may still ask for today; None where nothing is limited by the day."""
        quota = self._quota(origin)
        if quota.pictures is None and quota.gpu_seconds is None:
            return None
        standing = await self.standing(origin)
        pictures = None if quota.pictures is None else max(0, quota.pictures - standing.pictures)
        seconds = None if quota.gpu_seconds is None else max(0.0, quota.gpu_seconds - standing.seconds)
        return Left(pictures, quota.pictures, seconds, quota.gpu_seconds)

    async def standing(self, origin: Origin) -> Standing:
        """All of it, for a member who asks."""
        now = self._usage.now()
        asked = await self._usage.of_member(origin.guild_id, origin.user_id, now - DAY)
        counted = [each.at for each in asked if each.pictures]
        return Standing(
            quota=self._quota(origin),
            pictures=sum(each.pictures for each in asked),
            seconds=sum(seconds_of(each, self._estimator) for each in asked),
            pending=(await self._jobs.counts_pending(origin.user_id, origin.guild_id)).user,
            requests=int(used([Spent(at, 1) for at in {each.at for each in asked}], MINUTE, now)),
            soon=min(counted) + DAY if counted else None,
        )


def seconds_of(asked: Asked, estimator: Estimator) -> float:
    """What a job has taken of the engine, and what its waiting pictures are expected to take."""
    return asked.seconds + (estimator.seconds(asked.waiting, asked.profile) or 0.0)


def expected(orders: Sequence[Order], estimator: Estimator) -> float:
    """What is expected to be taken of the engine; nothing while no speed is known."""
    return sum(
        estimator.seconds(cost(*r.painted_size, r.denoising_steps, r.guidance_scale), r.profile) or 0.0
        for _, planned, _ in orders
        for r in planned.recipes
    )


def _check_rate(requests: Sequence[Spent], limit: int, now: float) -> None:
    when = free_at(requests, limit, 1, MINUTE, now)
    if when is None:
        raise QueueFull("You may not ask for pictures here: your limit is 0 requests a minute.")
    if when > now:
        raise QueueFull(
            "You may ask {limit} times a minute here, and have done so. The next request is possible {when}.",
            limit=limit,
            when=Moment(when),
        )


def _check_pending(pending: int, limit: int, needed: int) -> None:
    if pending + needed > limit:
        raise QueueFull(
            "You may have {limit} pictures waiting here at a time; you have {pending}, and this asks for {needed}. "
            "More is possible when some of them are done: `/queue` shows them.",
            limit=limit,
            pending=pending,
            needed=needed,
        )


def check_pictures(spent: Sequence[Spent], limit: int, needed: int, now: float) -> None:
    """Refuse so many pictures more where the day's are used.

    Raises:
        QueueFull: saying when they are possible.
    """
    when = free_at(spent, limit, needed, DAY, now)
    if when is None:
        raise QueueFull(
            "This asks for {needed} pictures, and {limit} a day is the most for you here. Ask for fewer.",
            needed=needed,
            limit=limit,
        )
    if when > now:
        raise QueueFull(
            "You may ask for {limit} pictures a day here; {left} are left, and this asks for {needed}. That is "
            "possible {when}.",
            limit=limit,
            left=max(0, limit - int(used(spent, DAY, now))),
            needed=needed,
            when=Moment(when),
        )


def check_seconds(spent: Sequence[Spent], limit: int, needed: float, now: float) -> None:
    """Refuse so many seconds more where the day's are used.

    Raises:
        QueueFull: saying when they are possible.
    """
    # While no speed is known anything counts as a little, so that nothing starts when all is used.
    needed = max(needed, 0.1)
    when = free_at(spent, limit, needed, DAY, now)
    if when is None:
        raise QueueFull(
            "This takes about {needed:.0f} seconds of the GPU, and {limit} a day is the most for you here. Ask for "
            "fewer or smaller pictures.",
            needed=needed,
            limit=limit,
        )
    if when > now:
        raise QueueFull(
            "You may use {limit} seconds of the GPU a day here; {left:.0f} are left, and this takes about "
            "{needed:.0f}. That is possible {when}.",
            limit=limit,
            left=max(0.0, limit - used(spent, DAY, now)),
            needed=needed,
            when=Moment(when),
        )
