"""Feeds the executor from the fair queue and writes down what it reports. Runs on the event loop only."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Protocol

from bot.board import Board, LiveImage
from bot.errors import tell
from bot.pictures import DiskFull, Pictures
from db.errors import DatabaseError
from db.jobs import Job, Jobs, JobState
from db.speeds import Speeds
from pipeline.errors import InvalidRequest
from pipeline.queueing.eta import Estimator
from pipeline.queueing.fair import FairQueue, Ticket
from pipeline.recipe import Recipe
from pipeline.work import Dropped, Event, Failed, Loading, Notice, Painted, Preview, Started, Stepped, Work

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 15.0
"""How long the queue rests when the disk is full or the database is locked before it tries again."""

Park = Callable[..., Awaitable[Any]]


async def plain_park(awaitable: Awaitable[Any], *, reason: str) -> Any:  # noqa: ARG001 - simcord's takes a reason
    """Wait for something outside the event loop. Tests and the demo inject their simulator's own."""
    return await awaitable


class Painter(Protocol):
    """What the dispatcher needs of the executor."""

    def submit(self, work: Work) -> None:
        """Add a picture to the running ones."""

    def cancel(self, work_id: int) -> None:
        """Drop a picture at the next tick."""


class Dispatcher:
    """Keeps at most `max_running` pictures in the engine, chosen by the fair queue."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        speeds: Speeds,
        queue: FairQueue,
        painter: Painter,
        board: Board,
        pictures: Pictures,
        max_running: int,
        max_models: int,
        park: Park = plain_park,
    ) -> None:
        self._jobs = jobs
        self._speeds = speeds
        self._queue = queue
        self._painter = painter
        self._board = board
        self._pictures = pictures
        self._max_running = max_running
        self._max_models = max_models
        self.park = park
        self.estimator = Estimator({})
        """Knows what was measured; `Studio.recover` fills in what earlier runs measured."""
        self._running: dict[int, tuple[Ticket, Recipe, float]] = {}
        self._held: Ticket | None = None
        self._warm: list[str] = []
        self._resting = False
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._share = 0.0
        self._share_at = time.perf_counter()

    # -- feeding ---------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Something changed: look for work."""
        self._wake.set()

    async def run(self) -> None:
        """Feed until cancelled."""
        while True:
            await self.park(self._wake.wait(), reason="waiting for work")
            self._wake.clear()
            try:
                await self._feed()
            except DatabaseError as error:
                tell(error, "taking a picture from the queue")
                self._rest()
            except Exception as error:  # noqa: BLE001 - the queue must outlive any one bad job
                tell(error, "feeding the engine")
                self._rest()

    def cost_running(self) -> float:
        """What is still to do of the pictures in the engine, in the queue's unit of cost."""
        left = 0.0
        for image_id, (ticket, recipe, _) in self._running.items():
            image = self._board.images.get(image_id)
            left += ticket.cost * (1 - (image.step if image else 0) / recipe.steps)
        return left

    async def close(self) -> None:
        """Wait until everything reported so far is written down."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _feed(self) -> None:
        while not self._resting and (ticket := self._next()) is not None:
            try:
                recipe = await self._start(ticket)
            except InvalidRequest as error:
                await self._failed(ticket.image_id, error, ticket)
                continue
            except BaseException:
                self._queue.requeue(ticket)
                raise
            if recipe is None:  # cancelled between the pick and now
                continue
            self._advance_share()
            self._running[ticket.image_id] = (ticket, recipe, self._share)
            self._board.images[ticket.image_id] = LiveImage(ticket.job_id, 0, recipe.steps)
            if recipe.profile in self._warm:
                self._warm.remove(recipe.profile)
            self._warm.append(recipe.profile)
            del self._warm[: -self._max_models]
            self._painter.submit(Work(ticket.image_id, recipe))
            self._board.guild_changed(ticket.guild_id)

    async def _start(self, ticket: Ticket) -> Recipe | None:
        """Write down that a picture starts. Returns its recipe, None when it may not start any more.

        Raises:
            InvalidRequest: its recipe cannot be read.
        """
        job = await self._jobs.get(ticket.job_id)
        image = next((i for i in job.images if i.id == ticket.image_id), None) if job else None
        if image is None or not await self._jobs.image_started(ticket.image_id):
            return None
        return Recipe.from_json(image.recipe)

    def _next(self) -> Ticket | None:
        """The next picture that may start now, or None."""
        if len(self._running) >= self._max_running:
            return None
        ticket, self._held = self._held or self._queue.pick(self._warm), None
        if ticket is None:
            return None
        active = {running.profile for running, _, _ in self._running.values()}
        if ticket.profile not in active and len(active) >= self._max_models:
            # Another model would have to be loaded beside those that are painting. Its turn has come, so
            # nobody overtakes it: it starts when they are done.
            self._held = ticket
            return None
        return ticket

    def forget(self, job_id: int) -> None:
        """A job was cancelled: drop what was held back for it."""
        if self._held is not None and self._held.job_id == job_id:
            # Back and out again: its member and guild are not charged for what is never painted.
            self._queue.requeue(self._held)
            self._queue.remove_job(job_id)
            self._held = None

    def _rest(self) -> None:
        if not self._resting:
            self._resting = True
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self._resume)

    def _resume(self) -> None:
        self._resting = False
        self.wake()

    # -- what the executor reports ---------------------------------------------------------------------------

    def on_event(self, event: Event) -> None:
        """Take one event. Called on the event loop; what needs the disk goes on in a task of its own."""
        match event:
            case Stepped(image_id, step, steps):
                if image := self._board.images.get(image_id):
                    image.step, image.steps = step, steps
                    self._note(image.job_id, "")
            case Loading(_, text, fraction, ids):
                percent = "" if fraction is None else f" {fraction:.0%}"
                for image_id in ids:
                    if image := self._board.images.get(image_id):
                        self._note(image.job_id, f"{text}{percent}")
            case Notice(image_id, text):
                if image := self._board.images.get(image_id):
                    self._notice(image.job_id, text)
            case Painted():
                self._spawn(self._painted(event), f"picture {event.id}")
            case Failed():
                self._spawn(self._failed(event.id, event.error), f"failure {event.id}")
            case Dropped(image_id):
                self._leave(image_id)
            case Started() | Preview():
                pass

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _note(self, job_id: int, text: str) -> None:
        if live := self._board.get(job_id):
            live.note = text
            self._board.changed(job_id)

    def _notice(self, job_id: int, text: str) -> None:
        live = self._board.get(job_id)
        if live and text not in live.notices:
            live.notices = (*live.notices, text)
            self._board.changed(job_id)

    def _advance_share(self) -> None:
        # Running pictures share the engine, so a second of the wall clock counts 1/n for each of n pictures.
        now = time.perf_counter()
        if self._running:
            self._share += (now - self._share_at) / len(self._running)
        self._share_at = now

    def _leave(self, image_id: int) -> tuple[Ticket, Recipe, float] | None:
        """The picture has left the engine. Returns its ticket, recipe and own share of seconds."""
        self._advance_share()
        entry = self._running.pop(image_id, None)
        self._board.images.pop(image_id, None)
        self.wake()
        return None if entry is None else (entry[0], entry[1], self._share - entry[2])

    async def _painted(self, event: Painted) -> None:
        entry = self._leave(event.id)
        if entry is None:
            return
        ticket, recipe, seconds = entry
        recipe = recipe.with_weights(event.weights)
        try:
            job = await self._jobs.get(ticket.job_id)
            position = next(i.position for i in job.images if i.id == event.id) if job else 0
            saved = await self._pictures.save(ticket.job_id, position, recipe, event.pixels)
            job = await self._jobs.image_painted(
                event.id,
                file=saved.file,
                sha256=saved.sha256,
                seconds=event.seconds,
                weights=event.weights,
                recipe=recipe.to_json(),
            )
            self.estimator.learn(
                recipe.profile, await self._speeds.record(recipe.profile, ticket.cost, seconds)
            )
        except (DiskFull, DatabaseError) as error:
            text, _ = tell(error, "saving a picture")
            await self._put_back(ticket, text)
            return
        except Exception as error:  # noqa: BLE001 - told to the member below
            await self._failed(event.id, error, ticket)
            return
        self._settled(job)

    async def _put_back(self, ticket: Ticket, text: str) -> None:
        """The picture could not be written down: it is painted again when that is possible."""
        self._rest()
        self._note(ticket.job_id, text)
        try:
            if await self._jobs.image_requeued(ticket.image_id):
                self._queue.requeue(ticket)
        except DatabaseError as error:
            # The next start finds it as "running" and paints it again.
            tell(error, "putting a picture back into the queue")

    async def _failed(self, image_id: int, error: Exception, ticket: Ticket | None = None) -> None:
        if ticket is None:
            entry = self._leave(image_id)
            if entry is None:
                return
            ticket = entry[0]
        text, reference = tell(error, "painting")
        try:
            self._settled(await self._jobs.image_failed(image_id, text, reference))
        except DatabaseError as trouble:
            tell(trouble, "writing down a failure")

    def _settled(self, job: Job) -> None:
        if job.state in {JobState.QUEUED, JobState.RUNNING}:
            if live := self._board.get(job.id):
                live.done = sum(image.file is not None for image in job.images)
            self._board.changed(job.id)
        else:
            self._board.close(job.id)
        self._board.guild_changed(job.guild_id)
