"""What the owner of the instance refuses: whole servers, everything during maintenance, and too much of a server."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from bot.moderation.gate import Check
from bot.moderation.instance_settings import InstanceSettings
from bot.moderation.quotas import expected, seconds_of
from bot.moderation.windows import DAY, Spent, free_at
from bot.orders import Order, Origin, QueueFull
from db.jobs import Jobs
from db.usage import Usage
from pipeline.errors import MemberError
from pipeline.queueing.eta import Estimator
from pipeline.sentence import Moment


class InstanceCheck(Check):
    """Servers and maintenance."""

    def __init__(self, settings: InstanceSettings) -> None:
        self._settings = settings

    def admit(self, origin: Origin) -> None:
        """Refuse servers that are not allowed, and everybody during maintenance."""
        if origin.guild_id in self._settings.banned():
            raise MemberError("The owner of this bot does not offer it in this server.")
        if not self._settings.allowed(origin.guild_id):
            raise MemberError(
                "The owner of this bot offers it in certain servers only, and this is none of them. Whoever brought "
                "it here can ask them."
            )
        message = self._settings.maintenance()
        if message is not None:
            raise MemberError(
                "Nothing new is taken at the moment; what was asked for is painted. {message}", message=message
            )


class ServerLimits(Check):
    """What all members of a server may ask for together."""

    def __init__(self, settings: InstanceSettings, usage: Usage, jobs: Jobs, estimator: Estimator) -> None:
        self._settings = settings
        self._usage = usage
        self._jobs = jobs
        self._estimator = estimator

    def together(self, origin: Origin) -> Hashable | None:
        """The requests of a server with limits are counted one after the other."""
        return origin.guild_id if self._settings.limit(origin.guild_id) else None

    async def afford(self, origin: Origin, orders: Sequence[Order]) -> None:
        """Refuse what goes beyond, and say when it is possible."""
        if not (limit := self._settings.limit(origin.guild_id)):
            return
        pictures = sum(len(planned.recipes) for _, planned, _ in orders)
        if limit.pending is not None:
            pending = (await self._jobs.counts_pending(origin.user_id, origin.guild_id)).guild
            if pending + pictures > limit.pending:
                raise QueueFull(
                    "This server may have {limit} pictures waiting at a time, and has {pending}. Come back when some "
                    "of them are done: `/queue` shows them.",
                    limit=limit.pending,
                    pending=pending,
                )
        if limit.pictures is None and limit.gpu_seconds is None:
            return
        now = self._usage.now()
        asked = await self._usage.of_guild(origin.guild_id, now - DAY)
        if limit.pictures is not None:
            spent = [Spent(each.at, each.pictures) for each in asked]
            _check(free_at(spent, limit.pictures, pictures, DAY, now), now)
        if limit.gpu_seconds is not None:
            spent = [Spent(each.at, seconds_of(each, self._estimator)) for each in asked]
            needed = max(expected(orders, self._estimator), 0.1)
            _check(free_at(spent, limit.gpu_seconds, needed, DAY, now), now)


def _check(when: float | None, now: float) -> None:
    if when is None:
        raise QueueFull(
            "This is more than this server may have painted in a day. Ask for fewer or smaller pictures."
        )
    if when > now:
        raise QueueFull(
            "This server has used what it may have painted in a day. So much is possible again {when}.",
            when=Moment(when),
        )
