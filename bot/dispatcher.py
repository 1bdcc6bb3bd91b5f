"""Feeds the executor from the fair queue and passes on what it reports. Runs on the event loop only."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, Final, Protocol

from bot.board import Board, LiveImage, LiveJob
from bot.errors import tell
from bot.orders import LOCAL
from bot.pictures import Pictures
from bot.recorder import Closing, Park, Recorder, plain_park
from bot.source_reader import SourceReader
from db.jobs import Job, Jobs
from pipeline.queueing.fair import FairQueue, Ticket
from pipeline.recipe import Recipe
from pipeline.sentence import Sentence
from pipeline.work import Dropped, Event, Failed, Loading, Notice, Painted, Preview, Started, Stepped, Work

log = logging.getLogger(__name__)

PREVIEWS: Final = 12
"""Previews made of one picture, about: at 25 steps one every second step, of which the newest is shown."""


class Paused(Exception):
    """The server's moderators held its queue back just when one of its pictures was to start."""


class Painter(Protocol):
    """What the dispatcher needs of the executor."""

    def submit(self, work: Work) -> None:
        """Add a picture to the running ones."""

    def cancel(self, work_id: int) -> None:
        """Drop a picture at the next tick."""


class Dispatcher:
    """Keeps at most `max_running` pictures in the engine, chosen by the fair queue.

    `spare` more may join for members who have none in it.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        queue: FairQueue,
        painter: Painter,
        board: Board,
        pictures: Pictures,
        recorder: Recorder,
        sources: SourceReader,
        may_start: Callable[[Job, Recipe], Awaitable[None]],
        max_running: int,
        spare: int,
        max_models: int,
        previews: bool = False,
        park: Park = plain_park,
    ) -> None:
        self._jobs = jobs
        self._queue = queue
        self._painter = painter
        self._board = board
        self._pictures = pictures
        self._recorder = recorder
        self._sources = sources
        self._may_start = may_start
        self._max_running = max_running
        self._spare = spare
        self._max_models = max_models
        self._previews = previews
        self.park = park
        self._running: dict[int, tuple[Ticket, Recipe, float]] = {}
        self._fetching: set[int] = set()
        """Pictures of `_running` that wait for their model to be fetched or read."""
        self._held: Ticket | None = None
        self._warm: list[str] = []
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
            except Closing:
                return
            except Exception as error:  # noqa: BLE001 - the queue must outlive any one bad job
                tell(error, "feeding the engine")

    def cost_running(self) -> float:
        """What is still to do of the pictures in the engine, in the queue's unit of cost."""
        left = 0.0
        for image_id, (ticket, recipe, _) in self._running.items():
            image = self._board.images.get(image_id)
            left += ticket.cost * (1 - (image.step if image else 0) / recipe.denoising_steps)
        return left

    async def close(self) -> None:
        """Write down everything reported so far, as far as that works at the first attempt."""
        self._recorder.close()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _feed(self) -> None:
        # While too much waits to be checked or written down nothing new starts: it would be painted and have to be kept
        # in memory.
        while not self._recorder.busy and (ticket := self._next()) is not None:
            try:
                started = await self._recorder.until_done(
                    functools.partial(self._start, ticket), "taking a picture from the queue"
                )
            except (Closing, asyncio.CancelledError):
                self._queue.requeue(ticket)
                raise
            except Paused:
                self._queue.requeue(ticket)
                continue
            except Exception as error:  # noqa: BLE001 - a recipe that cannot be read, say: this picture's trouble only
                await self._recorder.failed(ticket, error)
                continue
            if started is None:  # cancelled between the pick and now
                continue
            work, position = started
            recipe = work.recipe
            self._advance_share()
            self._running[ticket.image_id] = (ticket, recipe, self._share)
            self._board.images[ticket.image_id] = LiveImage(ticket.job_id, 0, recipe.denoising_steps, position)
            if recipe.profile in self._warm:
                self._warm.remove(recipe.profile)
            self._warm.append(recipe.profile)
            del self._warm[: -self._max_models]
            self._painter.submit(work)
            self._board.guild_changed(ticket.guild_id)

    async def _start(self, ticket: Ticket) -> tuple[Work, int] | None:
        """Write down that a picture starts.

        Returns:
            What to paint and its place among its job's pictures, None when it may not start any more.

        Raises:
            DiskFull, DatabaseError: not now.
            Paused: not while its server is held back.
            InvalidRequest: its recipe cannot be read.
            MemberError: the picture it starts from is gone, or it may not be painted any more.
        """
        await self._pictures.check_space()
        job = await self._jobs.get(ticket.job_id)
        image = next((i for i in job.images if i.id == ticket.image_id), None) if job else None
        if job is None or image is None:
            self._board.close(ticket.job_id)  # its member was forgotten meanwhile
            return None
        recipe = Recipe.from_json(image.recipe)
        await self._may_start(job, recipe)
        recipe, source, mask = await self._sources.of(recipe)
        # Nobody sees those of the command line.
        every = max(1, recipe.denoising_steps // PREVIEWS) if self._previews and job.origin != LOCAL.kind else 0
        work = Work(ticket.image_id, recipe, every, source, mask)
        if self._queue.is_paused(ticket.guild_id):
            raise Paused
        # Last: once this is written down, nothing may keep the picture from the engine.
        return (work, image.position) if await self._jobs.image_started(ticket.image_id) else None

    def _next(self) -> Ticket | None:
        """The next picture that may start now, or None."""
        # Those whose weights are still being downloaded take no part: the engine paints the others meanwhile.
        painting = [ticket for i, (ticket, _, _) in self._running.items() if i not in self._fetching]
        places = self._max_running + self._spare
        if len(painting) >= places or len(self._running) >= 2 * places:
            return None
        if self._held is not None and self._queue.is_paused(self._held.guild_id):
            self._queue.requeue(self._held)
            self._held = None
        ticket, self._held = self._held or self._pick(painting), None
        if ticket is None:
            return None
        active = {other.profile for other in painting}
        if ticket.profile not in active and len(active) >= self._max_models:
            # Another model would have to be loaded beside those that are painting. Its turn has come, so
            # nobody overtakes it: it starts when they are done.
            self._held = ticket
            return None
        return ticket

    def _pick(self, painting: list[Ticket]) -> Ticket | None:
        if len(painting) < self._max_running:
            return self._queue.pick(self._warm)
        # What is left is for members who have nothing in the engine, so that nobody's first picture has to wait
        # for somebody else's last.
        return self._queue.pick_newcomer({(ticket.guild_id, ticket.member_id) for ticket in painting})

    def forget(self, job_id: int) -> None:
        """A job was cancelled: drop what was held back for it."""
        if self._held is not None and self._held.job_id == job_id:
            # Back and out again: its member and guild are not charged for what is never painted.
            self._queue.requeue(self._held)
            self._queue.remove_job(job_id)
            self._held = None

    # -- what the executor reports ---------------------------------------------------------------------------

    def on_event(self, event: Event) -> None:
        """Take one event. Called on the event loop; what needs the disk goes on in a task of its own."""
        match event:
            case Stepped(image_id, step, steps):
                self._fetching.discard(image_id)
                if image := self._board.images.get(image_id):
                    image.step, image.steps = step, steps
                    self._note((image_id,), "")
            case Loading(_, text, fraction, ids):
                self._fetching.update(i for i in ids if i in self._running)
                self.wake()
                self._note(ids, _loading(text, fraction))
            case Notice(image_id, text):
                self._notice(image_id, text)
            case Dropped(image_id):
                self._leave(image_id)
            case Painted(image_id):
                if entry := self._leave(image_id):
                    self._spawn(
                        self._recorder.painted(entry[0], entry[1], event, entry[2]), f"picture-{image_id}"
                    )
            case Failed(image_id, error):
                self._board.unshow(image_id)
                if entry := self._leave(image_id):
                    self._spawn(self._recorder.failed(entry[0], error), f"failure-{image_id}")
            case Started(image_id):
                self._fetching.discard(image_id)
            case Preview():
                # The step that it belongs to comes right after it and wakes whoever follows.
                self._board.show(event)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.wake()  # it may have been one too many

    def _job_of(self, image_id: int) -> LiveJob | None:
        image = self._board.images.get(image_id)
        return None if image is None else self._board.get(image.job_id)

    def _note(self, image_ids: Iterable[int], text: str) -> None:
        """Say what is going on now, until something else is said."""
        for live in filter(None, map(self._job_of, image_ids)):
            live.note = text
            self._board.changed(live.id)

    def _notice(self, image_id: int, text: str) -> None:
        """Say something that stays worth knowing until the end."""
        live = self._job_of(image_id)
        if live and text not in live.notices:
            live.notices = (*live.notices, text)
            self._board.changed(live.id)

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
        self._fetching.discard(image_id)
        self._board.images.pop(image_id, None)
        self.wake()
        return None if entry is None else (entry[0], entry[1], self._share - entry[2])


def _loading(text: str, fraction: float | None) -> str:
    return text if fraction is None else Sentence("{what} {part:.0%}", what=text, part=fraction)
