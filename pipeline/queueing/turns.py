"""Whose turn it is among several who share one resource by cost: start-time fair queueing.

Everyone has a virtual time: the cost they have been served. Whoever is furthest behind goes next, and their
time advances by the cost of what they get. The ring's own time is that of the one furthest behind, and it never
runs backwards; who comes back from idling starts there, so that idling neither banks credit nor costs a place.
(P. Goyal, H. M. Vin, H. Cheng, "Start-time Fair Queueing", SIGCOMM 1996.)
"""

from __future__ import annotations

import heapq
from typing import Final, NamedTuple

SLACK: Final = 64
"""How many out-of-date entries are kept before cleaning up is worth it."""


class Turn(NamedTuple):
    """One participant's place: by virtual time, and by who came first where times are equal."""

    time: float
    order: int
    key: int


class Turns:
    """A ring of participants. Every method is O(log n), cleaning up included on average."""

    def __init__(self) -> None:
        self._now = 0.0
        self._order = 0
        self._waiting: dict[int, Turn] = {}
        self._idle: dict[int, float] = {}
        # Entries are not removed when they go out of date: one is current only if `_waiting` holds the same.
        self._heap: list[Turn] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, key: int) -> bool:
        return key in self._waiting

    def knows(self, key: int) -> bool:
        """Whether it waits, or was served so recently that it still matters."""
        return key in self._waiting or key in self._idle

    def enter(self, key: int) -> None:
        """It has something waiting from now on. No effect when it had already."""
        if key not in self._waiting:
            self._put(key, max(self._idle.pop(key, self._now), self._now))

    def leave(self, key: int) -> None:
        """It has nothing waiting any more. Its time is remembered while that is ahead of the ring's."""
        turn = self._waiting.pop(key, None)
        if turn is not None:
            self._idle[key] = turn.time
            self._tidy()

    def charge(self, key: int, cost: float) -> None:
        """It was served: its time advances by the cost."""
        first = self.first()
        if first is not None:
            self._now = max(self._now, first.time)
        self._put(key, self._waiting[key].time + cost)
        self._tidy()

    def refund(self, key: int, cost: float) -> None:
        """It was charged and not served: its time goes back by the cost, and among equals it is the first."""
        self._put(key, self._waiting[key].time - cost, first=True)

    def first(self) -> Turn | None:
        """Who is next, or None when nobody waits."""
        while self._heap:
            turn = self._heap[0]
            if self._waiting.get(turn.key) is turn:
                return turn
            heapq.heappop(self._heap)
        return None

    def in_order(self, most: int) -> list[Turn]:
        """The next ones, at most so many."""
        turns: list[Turn] = []
        while len(turns) < most and (turn := self.first()) is not None:
            turns.append(heapq.heappop(self._heap))
        for turn in turns:
            heapq.heappush(self._heap, turn)
        return turns

    def everyone(self) -> list[Turn]:
        """All who wait, in no particular order."""
        return list(self._waiting.values())

    def turn_of(self, key: int) -> Turn:
        """The place of one of them; of one who is idle, the place it would enter at."""
        turn = self._waiting.get(key)
        return turn or Turn(max(self._idle.get(key, self._now), self._now), self._order + 1, key)

    def _put(self, key: int, time: float, *, first: bool = False) -> None:
        self._order += 1
        turn = self._waiting[key] = Turn(time, -self._order if first else self._order, key)
        heapq.heappush(self._heap, turn)

    def _tidy(self) -> None:
        if len(self._heap) > 2 * len(self._waiting) + SLACK:
            self._heap = list(self._waiting.values())
            heapq.heapify(self._heap)
        if len(self._idle) > 2 * len(self._waiting) + SLACK:
            # Whoever is not ahead of the ring would enter at its time anyway.
            self._idle = {key: time for key, time in self._idle.items() if time > self._now}
