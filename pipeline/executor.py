"""The thread that owns the engine. Work goes in through a queue, events come out through a callback.

Importing this module needs no torch: the engine's factory runs on the thread.
"""

from __future__ import annotations

import gc
import logging
import queue
import threading
from collections.abc import Callable
from enum import Enum, auto
from typing import Final, Protocol

from pipeline.work import Dropped, Event, Failed, Painted, Started, Work

_log: Final = logging.getLogger(__name__)


class EngineLike(Protocol):
    """What the executor needs of an engine; `pipeline.engine.engine.Engine` is one.

    It may also have:

    - `close() -> Iterable[Event]`, called on the thread after the engine has failed: to let go of all memory, and
      to hand out the events that the failed tick had gathered.
    - `call_when_ready(wake: Callable[[], None])`: an engine that does something beside its ticks, such as a
      download, calls `wake` from any thread when that has made it `busy`.
    """

    @property
    def busy(self) -> bool:
        """Whether a tick would do anything."""

    def add(self, work: Work) -> None:
        """Let a work join."""

    def cancel(self, work_id: int) -> None:
        """Drop a work at the next tick. Called from any thread."""

    def interrupt(self) -> None:
        """Stop whatever takes long inside a tick. Called from any thread."""

    def tick(self) -> list[Event]:
        """Advance everything by one step."""


class _Signal(Enum):
    STOP = auto()
    WAKE = auto()


class Executor:
    """Owns one named thread and, on it, the engine.

    Whatever an engine does, each submitted work ends in exactly one of `Painted`, `Failed` and `Dropped`,
    except those that `stop` leaves behind, which end in nothing: their owner paints them at the next start.

    Args:
        engine_factory: makes the engine; called on the thread when the first work comes, and again after the
            engine itself has failed.
        emit: hears every event, on the thread. What it raises is logged and otherwise ignored.
    """

    def __init__(self, engine_factory: Callable[[], EngineLike], emit: Callable[[Event], None]) -> None:
        self._factory = engine_factory
        self._emit_to = emit
        self._inbox: queue.SimpleQueue[Work | int | _Signal] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="tagbrush-engine", daemon=True)
        self._stopping = False
        self._engine: EngineLike | None = None
        self._open: dict[int, Work] = {}
        self._again: list[Work] = []
        self._started: set[int] = set()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread. Once only."""
        self._thread.start()

    def submit(self, work: Work) -> None:
        """Hand over a work. Any thread; returns at once."""
        self._inbox.put(work)

    def cancel(self, work_id: int) -> None:
        """Drop a work between two steps, wherever it is. Any thread; unknown and finished ids are fine."""
        self._inbox.put(work_id)
        # Also straight away: the thread may be inside a tick that downloads this very work's model.
        engine = self._engine
        if engine is not None:
            engine.cancel(work_id)

    def stop(self, timeout: float | None = None) -> bool:
        """Stop after the step under way and wait for the thread.

        Args:
            timeout: seconds to wait; None for as long as it takes.

        Returns:
            Whether the thread has ended. It dies with the process in any case.
        """
        self._stopping = True
        self._inbox.put(_Signal.STOP)
        engine = self._engine
        if engine is not None:
            engine.interrupt()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._take_messages()
                if self._engine is not None and self._engine.busy and not self._stopping:
                    for event in self._engine.tick():
                        self._emit(event)
            except Exception as error:  # noqa: BLE001 - the thread must outlive anything
                _log.exception("The engine failed")
                self._recover(error)
        self._engine = None

    def _take_messages(self) -> None:
        """Everything in the inbox; waits for a message when there is nothing to paint."""
        # Before the inbox, which may hold their cancellation.
        while self._again:
            self._accept(self._again.pop(0))
        idle = self._engine is None or not self._engine.busy
        while not self._stopping:
            try:
                message = self._inbox.get(block=idle)
            except queue.Empty:
                return
            idle = False
            if isinstance(message, Work):
                self._accept(message)
            elif isinstance(message, int) and message in self._open and self._engine is not None:
                self._engine.cancel(message)

    def _accept(self, work: Work) -> None:
        if work.id in self._open:
            _log.error("Work %d was submitted twice; the second is ignored", work.id)
            return
        self._open[work.id] = work
        if self._engine is None:
            self._engine = self._factory()
            if hear := getattr(self._engine, "call_when_ready", None):
                hear(lambda: self._inbox.put(_Signal.WAKE))
            if self._stopping:
                self._engine.interrupt()
        self._engine.add(work)

    def _recover(self, error: Exception) -> None:
        """After a failure of the engine itself: fail what it was painting, and go on with a new one.

        Works that had not started go over to the new engine. If none had started, nothing tells which of them
        is at fault, so all fail rather than to fail for ever.
        """
        # It travels on in `Failed`, and its frames hold the engine with gigabytes of models.
        _forget_frames(error)
        engine, self._engine = self._engine, None
        try:
            for event in getattr(engine, "close", tuple)():
                self._emit(event)
        except Exception:  # noqa: BLE001 - whatever broke it may break this, too
            _log.exception("The failed engine could not be closed")
        del engine
        gc.collect()
        guilty = [work_id for work_id in self._open if work_id in self._started] or list(self._open)
        for work_id in guilty:
            self._emit(Failed(work_id, error))
        self._again = [*self._open.values(), *self._again]
        self._open.clear()

    def _emit(self, event: Event) -> None:
        match event:
            case Started(id=work_id):
                self._started.add(work_id)
            case Painted(id=work_id) | Failed(id=work_id) | Dropped(id=work_id):
                self._open.pop(work_id, None)
                self._started.discard(work_id)
        try:
            self._emit_to(event)
        except Exception:  # noqa: BLE001 - a listener's fault must not stop the painting
            _log.exception("Nobody took the event %s", type(event).__name__)


def _forget_frames(error: BaseException) -> None:
    """Drop the tracebacks of an error and of those that led to it; they have been logged."""
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        each = todo.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            each.__traceback__ = None
            todo += [each.__cause__, each.__context__]
