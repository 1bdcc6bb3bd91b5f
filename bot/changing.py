"""What happens to jobs after they were asked for: shown, cancelled, withheld, taken up again. Speaks no Discord."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.dispatcher import Painter
from bot.new_jobs import waiting_ticket
from bot.progressing import Progressing
from bot.said import stored
from db.audit import Entry
from db.speeds import Speeds
from pipeline.sentence import Sentence


class Changing(Progressing):
    """The part of the studio that changes jobs."""

    def __init__(
        self,
        *,
        speeds: Speeds,
        painter: Painter,
        notify_after: float,
        reviews_changed: Callable[[], None],
        **parts: Any,
    ) -> None:
        """Prepare. `parts` are those of `Progressing`."""
        super().__init__(**parts)
        self._speeds = speeds
        self._painter = painter
        self._notify_after = notify_after
        self.reviews_changed = reviews_changed
        """To be called when reviews have ended with their jobs: whoever shows them to moderators looks again."""

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
        self.reviews_changed()
        for image_id in image_ids:
            self._painter.cancel(image_id)
        if live := self._board.get(job_id):
            self._board.close(job_id)
            self._board.guild_changed(live.guild_id)
        self._dispatcher.wake()

    async def delivered(self, job_id: int, message_id: int | None, revision: int | None = None) -> bool:
        """Write down that the pictures were posted, as of that revision. False when that was already so."""
        return await self._jobs.delivered(job_id, message_id, revision)

    async def withhold(self, job_id: int, why: Sentence) -> bool:
        """Write down that the pictures are not to be shown, and why. False when they were posted or are withheld."""
        return await self._jobs.withhold(job_id, why, stored(why))

    async def claim_mention(self, job_id: int) -> bool:
        """Whether the member is to be mentioned now: they asked for it, waited long, and never were before."""
        return await self._jobs.notify(job_id, self._notify_after)

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
