"""Writes down what the engine has made. A full disk or a locked database delays that, and loses nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from bot.board import Board
from bot.errors import tell
from bot.pictures import DiskFull, Pictures, SavedPicture
from bot.said import stored
from db.errors import DatabaseError
from db.jobs import ImageState, Job, Jobs, JobState
from db.speeds import Speeds
from db.withholding import Verdict
from pipeline.queueing.eta import Estimator
from pipeline.queueing.fair import Ticket
from pipeline.recipe import Recipe
from pipeline.work import Painted

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 15.0
"""Pause between attempts to write something down."""
MOST_WAITING: Final = 8
"""Pictures that wait to be checked or written down, beyond which the engine gets no more (3 MB each at 1024 x 1024)."""

Park = Callable[..., Awaitable[Any]]
Judge = Callable[[Job | None, Painted], Awaitable[Verdict]]
"""Looks at a finished picture of a job. May raise `Closing` when the program ends, and nothing else."""
T = TypeVar("T")


async def plain_park(awaitable: Awaitable[Any], *, reason: str) -> Any:  # noqa: ARG001 - simcord's takes a reason
    """Wait for something outside the event loop. Tests and the demo inject their simulator's own."""
    return await awaitable


class Closing(Exception):
    """The program ends while something could not be written down; the next start paints it again."""


class Recorder:
    """Turns painted pixels into files and rows, and failures into sentences, however long that takes.

    While something waits for the disk or the database, or much waits to be checked, `busy` is true and nothing new
    should be started: what is kept in memory is then at most that and what the engine was painting.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        speeds: Speeds,
        pictures: Pictures,
        board: Board,
        estimator: Estimator,
        park: Park,
        judge: Judge,
        withheld: Callable[[], None],
    ) -> None:
        """Prepare. `judge` says whether a picture may be shown; `withheld` is told when one may not."""
        self._judge = judge
        self._withheld = withheld
        self._jobs = jobs
        self._speeds = speeds
        self._pictures = pictures
        self._board = board
        self._estimator = estimator
        self._park = park
        self._closing = asyncio.Event()
        self._waiting = 0
        self._pending = 0

    @property
    def busy(self) -> bool:
        """Whether something waits for the disk or the database, or too much for the check."""
        return self._waiting > 0 or self._pending >= MOST_WAITING

    def close(self) -> None:
        """Try nothing again from now on."""
        self._closing.set()

    async def pause(self) -> bool:
        """Rest before the next attempt. False when the program ends."""
        try:
            async with asyncio.timeout(RETRY_SECONDS):
                await self._park(self._closing.wait(), reason="waiting for the disk or the database")
        except TimeoutError:
            return True
        return False

    async def until_done(self, action: Callable[[], Awaitable[T]], doing: str) -> T:
        """Do something that needs the disk or the database, again and again until it works.

        Raises:
            Closing: the program ends first.
            Exception: whatever `action` raises that is neither `DiskFull` nor a `DatabaseError`.
        """
        troubled = False
        try:
            while True:
                try:
                    return await action()
                except (DiskFull, DatabaseError) as error:
                    text, _ = tell(error, doing)
                    if not troubled:
                        troubled, self._waiting = True, self._waiting + 1
                    self._board.set_trouble(text)
                    if not await self.pause():
                        raise Closing from error
        finally:
            if troubled:
                self._waiting -= 1
                if not self._waiting:
                    self._board.set_trouble("")

    async def painted(self, ticket: Ticket, recipe: Recipe, event: Painted, seconds: float) -> None:
        """Encode, save and write down one picture; `seconds` is its own share of the engine's time."""
        self._pending += 1
        self._board.finish(ticket.job_id, 1)
        try:
            await self._record(ticket, recipe.with_weights(event.weights), event, seconds)
        except Closing:
            log.info("picture %s could not be written down before the end", event.id)
        except Exception as error:  # noqa: BLE001 - told to the member
            await self.failed(ticket, error)
        finally:
            self._pending -= 1
            self._board.finish(ticket.job_id, -1)

    async def _record(self, ticket: Ticket, recipe: Recipe, event: Painted, seconds: float) -> None:
        found = await self.until_done(lambda: self._jobs.get(ticket.job_id), "looking up a job")
        position = next((image.position for image in found.images if image.id == event.id), 0) if found else 0
        # Looked at while it is being saved. Both are done before anything says that there is a picture.
        judging = asyncio.get_running_loop().create_task(
            self._judged(found, event), name=f"check of picture {event.id}"
        )
        try:
            saved = await self.until_done(
                lambda: self._pictures.save(ticket.job_id, position, recipe, event.pixels), "saving a picture"
            )
            verdict = await judging
        finally:
            judging.cancel()
            # What it raised beside a failure of the disk is nobody's to hear any more.
            await asyncio.gather(judging, return_exceptions=True)
        try:
            job = await self.until_done(
                lambda: self._write(recipe, event, saved, verdict, seconds), "writing down a picture"
            )
        except LookupError:
            # Its member was forgotten while it was being painted: nothing of it may stay.
            await self._pictures.remove(saved.file)
            self._board.close(ticket.job_id)
            return
        image = next((each for each in job.images if each.id == event.id), None)
        if image is not None and image.state is ImageState.WITHHELD:
            self._board.hide(job.id, position)
            self._withheld()
        elif all(image.file != saved.file for image in job.images):
            # Cancelled while it was being saved: nobody will ever ask for this file.
            await self._pictures.remove(saved.file)
        if not recipe.upscaler:  # which says nothing about how fast the model paints
            speed = await self.until_done(
                lambda: self._speeds.record(recipe.profile, ticket.cost, seconds), "writing down a speed"
            )
            self._estimator.learn(recipe.profile, speed)
        self._settle(job)

    async def _judged(self, job: Job | None, event: Painted) -> Verdict:
        return await self._judge(job, event)

    async def _write(
        self, recipe: Recipe, event: Painted, saved: SavedPicture, verdict: Verdict, share: float
    ) -> Job:
        return await self._jobs.image_painted(
            event.id,
            file=saved.file,
            sha256=saved.sha256,
            seconds=event.seconds,
            weights=event.weights,
            recipe=recipe.to_json(),
            size=saved.size,
            share=share,
            verdict=verdict,
        )

    async def failed(self, ticket: Ticket, error: Exception) -> None:
        """Write down why a picture could not be painted."""
        text, reference = tell(error, "painting")
        try:
            self._settle(
                await self.until_done(
                    lambda: self._jobs.image_failed(ticket.image_id, str(text), reference, stored(text)),
                    "writing down a failure",
                )
            )
        except Closing:
            log.info("the failure of picture %s could not be written down before the end", ticket.image_id)
        except LookupError:  # its member was forgotten meanwhile
            self._board.close(ticket.job_id)
        except Exception as fault:  # noqa: BLE001 - a task of its own: nobody else would hear of it
            tell(fault, "writing down a failure")

    def _settle(self, job: Job) -> None:
        if job.state in {JobState.QUEUED, JobState.RUNNING}:
            if live := self._board.get(job.id):
                live.done = sum(image.file is not None for image in job.images)
            self._board.changed(job.id)
        else:
            self._board.close(job.id)
        self._board.guild_changed(job.guild_id)
