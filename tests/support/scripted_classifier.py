"""A classifier that says what a test wants."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.classify import Scores
from pipeline.profiles.types import Rating

Pixels = NDArray[np.uint8]


def sure(rating: Rating | str, probability: float = 1.0) -> Scores:
    """Scores that put so much on one rating, and the rest on general (or on sensitive, for general)."""
    steps = dict.fromkeys(Rating, 0.0)
    steps[Rating.SENSITIVE if rating == Rating.GENERAL else Rating.GENERAL] = 1.0 - probability
    steps[Rating(rating)] = probability
    return Scores(*(steps[each] for each in Rating))


class ScriptedClassifier:
    """Takes every picture for what `answer` returns, or raises what it raises.

    Attributes:
        answer: called with the pixels, on the thread; general for all at first.
        hold: while it is set to an event, `classify` waits for that.
        looked: what it was shown, as (height, width), in order.
        threads: names of the threads it was called on.
    """

    id = "scripted@1"

    def __init__(self) -> None:
        self.answer: Callable[[Pixels], Any] = lambda _: sure(Rating.GENERAL)
        self.hold: threading.Event | None = None
        self.looked: list[tuple[int, ...]] = []
        self.threads: set[str] = set()

    def classify(self, pixels: Pixels) -> Scores:
        """See `answer`."""
        self.looked.append(pixels.shape[:2])
        self.threads.add(threading.current_thread().name)
        if self.hold is not None:
            self.hold.wait()
        return self.answer(pixels)  # type: ignore[no-any-return]
