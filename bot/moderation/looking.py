"""The thread on which pictures are looked at. One that hangs is left behind, and another takes its place."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from bot.recorder import Park, plain_park
from pipeline.classify import Classifier, Scores
from pipeline.errors import MemberError

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 30.0
"""For one picture: a hundred times what it takes, so that a busy machine is not taken for a broken one."""
LOAD_SECONDS: Final = 600.0
"""For the first one, before which the weights are read and perhaps downloaded."""
MOST_LEFT_BEHIND: Final = 3
"""Threads that hang at the same time. Beyond that no other is made: each holds a classifier's memory."""
CLOSE_SECONDS: Final = 5.0

ClassifierFactory = Callable[[], Classifier]


class Hangs(Exception):
    """The classifier does not answer."""


class Ended(Exception):
    """The program ends before the picture was looked at."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is looked at: RGB, 3 bytes a pixel, row by row."""

    width: int
    height: int
    pixels: bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """What a classifier says, and which one."""

    scores: Scores
    classifier: str


class _Worker:
    """One thread with its own classifier, made when the first picture comes."""

    def __init__(self, make: ClassifierFactory, number: int) -> None:
        self.ready = False
        self._make = make
        self._loop = asyncio.get_running_loop()
        self._inbox: queue.SimpleQueue[tuple[Picture | None, asyncio.Future[Seen | None]] | None] = (
            queue.SimpleQueue()
        )
        self._thread = threading.Thread(target=self._run, name=f"tagbrush-check-{number}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def ask(self, picture: Picture | None) -> asyncio.Future[Seen | None]:
        """Look at a picture, or only make ready for one."""
        future: asyncio.Future[Seen | None] = self._loop.create_future()
        self._inbox.put((picture, future))
        return future

    def end(self) -> None:
        """When it comes back, if ever."""
        self._inbox.put(None)

    def _run(self) -> None:
        classifier: Classifier | None = None
        while (task := self._inbox.get()) is not None:
            picture, future = task
            answer: Seen | Exception | None = None
            try:
                if classifier is None:
                    classifier = self._make()
                    self.ready = True
                if picture is not None:
                    answer = _look(classifier, picture)
            except Exception as error:  # noqa: BLE001 - whoever asked decides; the thread must outlive it
                answer = error
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody asks any more
                self._loop.call_soon_threadsafe(_answer, future, answer)


def _look(classifier: Classifier, picture: Picture) -> Seen:
    pixels = np.frombuffer(picture.pixels, np.uint8).reshape(picture.height, picture.width, 3)
    found = classifier.classify(pixels)
    if not isinstance(found, Scores):
        raise TypeError(f"a classifier answers with {type(found).__name__} instead of Scores")
    # Once more: what was made by other means than its own constructor was never validated.
    return Seen(dataclasses.replace(found), classifier.id)


def _answer(future: asyncio.Future[Seen | None], answer: Seen | Exception | None) -> None:
    if future.done():  # nobody waits any more
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


class Looker:
    """Looks at pictures one after the other, off the event loop, the engine's thread and the picture pool.

    Args:
        make: makes the classifier, on the thread; again after that one had to be left behind or could not be made.
        park: see `bot.recorder.plain_park`.
        seconds: for one picture.
        loading: for the first one of a new classifier.
    """

    def __init__(
        self,
        make: ClassifierFactory,
        *,
        park: Park = plain_park,
        seconds: float | None = None,
        loading: float = LOAD_SECONDS,
    ) -> None:
        self._make = make
        self._park = park
        self._seconds = LOOK_SECONDS if seconds is None else seconds
        self._loading = loading
        self._turn = asyncio.Lock()
        self._worker: _Worker | None = None
        self._left: list[_Worker] = []
        self._made = 0
        self._asked: asyncio.Future[Seen | None] | None = None
        self._timer: threading.Timer | None = None
        self._ended = False

    def warm(self) -> None:
        """Make the classifier now, so that the first picture does not wait for it. Returns at once."""
        self._get().ask(None).add_done_callback(_warmed)

    async def look(self, picture: Picture, *, parked: bool = True) -> Seen:
        """What the classifier says.

        Args:
            picture: what to look at.
            parked: whether a simulator need not wait for the answer; see `bot.recorder.plain_park`.

        Raises:
            Hangs: it does not answer in time.
            Ended: the program ends first.
            Exception: whatever the classifier raises, or that what it says is nonsense.
        """
        park = self._park if parked else plain_park
        await park(self._turn.acquire(), reason="other pictures are being looked at")
        try:
            seen = await self._ask(picture, park)
        finally:
            self._turn.release()
        if seen is None:
            raise TypeError("a classifier answers with nothing")
        return seen

    async def _ask(self, picture: Picture, park: Park) -> Seen | None:
        if self._ended:
            raise Ended
        worker = self._get()
        self._asked = worker.ask(picture)
        try:
            # From the picture's own turn on: what others take is not its fault.
            async with asyncio.timeout(self._seconds if worker.ready else self._loading):
                return await park(self._asked, reason="a picture is being looked at")  # type: ignore[no-any-return]
        except TimeoutError:
            if not self._asked.cancelled():  # the classifier's own
                raise
            worker.end()
            self._left.append(worker)
            self._worker = None
            raise Hangs("the classifier does not answer") from None
        finally:
            self._asked = None

    def _get(self) -> _Worker:
        if self._worker is None:
            self._left = [each for each in self._left if each.alive]
            if len(self._left) >= MOST_LEFT_BEHIND:
                raise Hangs(f"{len(self._left)} threads wait for a classifier that does not answer")
            self._made += 1
            self._worker = _Worker(self._make, self._made)
        return self._worker

    def close(self) -> None:
        """Look at what waits, but not for long: what is not looked at by then is painted again at the next start."""
        loop = asyncio.get_running_loop()

        def late() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has closed, as it should
                loop.call_soon_threadsafe(self.end)

        # By the real clock: the loop's may be one that a test advances.
        self._timer = threading.Timer(CLOSE_SECONDS, late)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        """Look at nothing more. The thread ends as soon as it comes back."""
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        if self._asked is not None and not self._asked.done():
            self._asked.set_exception(Ended())
        if self._worker is not None:
            self._worker.end()
            self._worker = None


def _warmed(done: asyncio.Future[Seen | None]) -> None:
    """Tell the owner at the start what every member would be told later."""
    error = None if done.cancelled() else done.exception()
    if isinstance(error, MemberError):
        log.error("%s Until that is mended every picture is withheld.", error.text)
    elif error is not None:
        log.error("the check of pictures cannot be made ready, so every picture is withheld", exc_info=error)
