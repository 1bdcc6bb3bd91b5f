"""What is known of jobs: where they stand, when their turn comes, and their pictures. Speaks no Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

from bot.board import Board, LiveJob
from bot.dispatcher import Dispatcher
from bot.moderation.pauses import Pauses
from bot.orders import PictureGone, Progress, QueueEntry
from bot.pictures import Pictures
from db.jobs import Image, Job, Jobs, JobState
from pipeline.queueing.eta import Estimator
from pipeline.queueing.fair import FairQueue


class Progressing:
    """The part of the studio that looks and changes nothing."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        queue: FairQueue,
        board: Board,
        estimator: Estimator,
        dispatcher: Dispatcher,
        pictures: Pictures,
        pauses: Pauses,
    ) -> None:
        self._jobs = jobs
        self._queue = queue
        self._board = board
        self._estimator = estimator
        self._dispatcher = dispatcher
        self._pictures = pictures
        self._pauses = pauses

    async def park(self, awaitable: Awaitable[Any], *, reason: str) -> Any:
        """Wait for something outside the event loop (see `bot.recorder.plain_park`)."""
        return await self._dispatcher.park(awaitable, reason=reason)

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
            images_done=live.done + live.finishing,
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

    def waiting_jobs(self) -> tuple[int, ...]:
        """Ids of all jobs that wait or run, oldest first."""
        return tuple(job.id for job in self._board.jobs())
