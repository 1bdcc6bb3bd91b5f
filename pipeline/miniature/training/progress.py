"""How far a training is, and the wish to stop it in good order."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Final, Self

from tqdm import tqdm

from pipeline.miniature.training.checkpoint import TrainingError

_LINE_EVERY: Final = 15.0
"""Seconds between two lines when nobody watches a terminal."""


class Stopped(TrainingError):
    """Somebody asked the training to stop; a checkpoint is written."""


class Progress:
    """A bar on a terminal; elsewhere a line now and then. Both say when it will be finished."""

    def __init__(self, what: str, steps: int, done: int, report: Callable[[str], None]) -> None:
        self._what, self._steps, self._report = what, steps, report
        self._done = self._told = done
        self._last = time.monotonic()
        self._bar: Any = tqdm(total=steps, initial=done, desc=what) if sys.stderr.isatty() else None

    def step(self, note: Callable[[], str]) -> None:
        """One step is done; `note` is asked for a few words only when they are shown."""
        self._done += 1
        now = time.monotonic()
        last = self._done == self._steps
        if self._bar is not None:
            self._bar.update()
        if not last and now - self._last < _LINE_EVERY:
            return
        # Only the steps since the last line: the first ones, and other crops, take another time.
        each = (now - self._last) / (self._done - self._told)
        self._last, self._told = now, self._done
        if self._bar is not None:
            self._bar.set_postfix_str(note())
            return
        left = each * (self._steps - self._done)
        self._report(
            f"{self._what} {self._done}/{self._steps}: {note()}; {1000 * each:.0f} ms a step, "
            f"about {left / 60:.1f} minutes left at that pace"
        )

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()


class StopRequest:
    """Notes the first Ctrl+C or SIGTERM instead of dying of it; a second one ends the process as usual.

    Outside the main thread signals cannot be caught, and nothing is noted.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        """Start to listen."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put back what listened before."""
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.wanted = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
