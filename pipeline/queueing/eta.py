"""How long something takes, from measured speeds, and how to say it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import median
from typing import Final

from pipeline.sentence import Sentence

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Estimator:
    """Turns cost into seconds with the speeds measured so far.

    Args:
        speeds: cost per second by profile id. Entries that are not positive and finite are left out.
    """

    def __init__(self, speeds: Mapping[str, float]) -> None:
        self._speeds: dict[str, float] = {}
        for profile, speed in speeds.items():
            self.learn(profile, speed)

    def learn(self, profile: str, cost_per_second: float | None) -> None:
        """Take a newer measurement of one profile; None or nonsense is left out."""
        if cost_per_second is not None and 0 < cost_per_second < math.inf:
            self._speeds[profile] = cost_per_second

    def seconds(self, cost: float, profile: str | None = None) -> float | None:
        """Seconds for this cost, or None while nothing has been measured.

        Args:
            cost: in the queue's unit, not negative.
            profile: whose pictures most of it is. Another one, or None, takes the middle one of all speeds:
                the checkpoints differ little from each other, and the embedded one differs a lot.
        """
        if not self._speeds:
            return None
        speed = self._speeds.get(profile) if profile is not None else None
        return cost / (median(self._speeds.values()) if speed is None else speed)


ESTIMATES: Final = ("a few seconds", "about {n} s", "about {n} min", "about {n} h", "more than a day")
"""How a duration can be worded, shortest first."""


def wording(seconds: float) -> Sentence:
    """A duration as a fragment of a sentence: "a few seconds", "about 40 s", "about 3 min", "about 2 h".

    Rounded up to what the estimate is worth, so that a promise is kept rather than broken. Anything that is
    not a number a person could wait for is "more than a day".
    """
    words, number = estimate(seconds)
    return Sentence(words, n=number)


def estimate(seconds: float) -> tuple[str, int]:
    """`wording` before it is put together: one of `ESTIMATES` and the number that belongs into it."""
    few, tens_of, minutes_of, hours_of, long = ESTIMATES
    if not seconds < DAY:  # also NaN
        return long, 0
    if seconds <= 5:
        return few, 0
    if (tens := math.ceil(seconds / 10) * 10) < MINUTE:
        return tens_of, tens
    if (minutes := math.ceil(seconds / MINUTE - 0.2)) < 60:
        return minutes_of, max(1, minutes)
    return hours_of, max(1, math.ceil(seconds / HOUR - 0.2))
