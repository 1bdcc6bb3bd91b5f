"""What moderators do to their server's queue: look, cancel, hold back and move forward. Other servers never notice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.asked import asked
from bot.board import Board
from bot.moderation.pauses import Pauses
from bot.orders import QueueEntry
from bot.studio import Studio
from db.audit import Entry
from db.jobs import Job, Jobs, JobState
from pipeline.errors import MemberError
from pipeline.queueing.fair import FairQueue


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line of the moderators' list. `prompt` is None for a private draft, which is its author's alone."""

    entry: QueueEntry
    prompt: str | None


class QueueControl:
    """The use cases. Each ends in the audit log, in the transaction of what it tells."""

    def __init__(
        self,
        *,
        studio: Studio,
        jobs: Jobs,
        queue: FairQueue,
        board: Board,
        pauses: Pauses,
        wake: Callable[[], None],
    ) -> None:
        self._studio = studio
        self._jobs = jobs
        self._queue = queue
        self._board = board
        self._pauses = pauses
        self._wake = wake

    def hold_paused(self) -> None:
        """At the start, before anything is taken up: go on holding back what was paused."""
        for guild_id in self._pauses.everywhere():
            self._queue.pause(guild_id)

    # -- looking ---------------------------------------------------------------------------------------------

    def paused(self, guild_id: int) -> str | None:
        """Why nothing of this server starts; None when it is not paused."""
        return self._pauses.reason(guild_id)

    def count(self, guild_id: int) -> int:
        """How many jobs wait and run in this server."""
        return len(self._studio.queue_of(guild_id))

    async def waiting(self, guild_id: int, most: int, *, starting: str = "") -> Sequence[Waiting]:
        """What runs and waits in this server, in the order it will start; numbers may have to start so."""
        found = []
        entries = [e for e in self._studio.queue_of(guild_id) if str(e.job_id).startswith(starting)]
        for entry in entries[:most]:
            job = await self._jobs.get(entry.job_id)
            if job is not None:
                found.append(Waiting(entry, None if job.private else _prompt(job)))
        return found

    async def job(self, job_id: int, guild_id: int) -> Job:
        """A job of this server that waits or runs.

        Raises:
            MemberError: there is none of that number, or it is finished.
        """
        job = await self._jobs.get(job_id)
        if job is None or job.guild_id != guild_id:
            raise MemberError(
                "There is no job #{job} in this server. `/mod queue list` shows them.", job=job_id
            )
        if job.state not in {JobState.QUEUED, JobState.RUNNING}:
            raise MemberError("Job #{job} is already finished, so there is nothing left to do.", job=job_id)
        return job

    # -- acting ----------------------------------------------------------------------------------------------

    async def cancel(self, job_id: int, entry: Entry) -> Job:
        """Cancel a job of the entry's server, whether it waits or runs.

        Raises:
            MemberError: there is none, or it is finished.
        """
        job = await self.job(job_id, entry.guild_id)
        if not await self._studio.cancel(job.id, replace(entry, job_id=job.id, user_id=job.user_id)):
            raise MemberError("Job #{job} is already finished, so there is nothing left to do.", job=job_id)
        return job

    async def clear(self, user_id: int, entry: Entry) -> tuple[int, ...]:
        """Cancel all that a member has waiting or running in the entry's server. Returns the jobs.

        Raises:
            MemberError: they have nothing there.
        """
        cancelled = await self._jobs.cancel_all(user_id, replace(entry, user_id=user_id))
        for job_id, image_ids in cancelled.items():
            self._studio.drop(job_id, image_ids)
        if not cancelled:
            raise MemberError("This member has nothing waiting or running in this server.")
        return tuple(cancelled)

    async def pause(self, entry: Entry) -> None:
        """Start nothing more of the entry's server. What runs goes on to its end, and what is new waits."""
        await self._pauses.pause(entry)
        self._queue.pause(entry.guild_id)
        self._board.guild_changed(entry.guild_id)

    async def resume(self, entry: Entry) -> None:
        """Go on.

        Raises:
            MemberError: it is not paused.
        """
        await self._pauses.resume(entry)
        self._queue.resume(entry.guild_id)
        self._board.guild_changed(entry.guild_id)
        self._wake()

    async def promote(self, job_id: int, entry: Entry) -> Job:
        """Move a job of the entry's server before everything else that waits there.

        Raises:
            MemberError: there is none that waits.
        """
        job = await self.job(job_id, entry.guild_id)
        if self._queue.position(job.id) is None:
            raise MemberError("All of job #{job} is being painted already.", job=job_id)
        await self._jobs.promote(job.id, replace(entry, job_id=job.id, user_id=job.user_id))
        self._queue.promote(job.id)
        self._board.guild_changed(entry.guild_id)
        return job


def _prompt(job: Job) -> str:
    try:
        return asked(job).prompt
    except MemberError:
        return ""
