"""What is expected to be painted before a waiting job is done: an estimate, as who comes later may go first."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from pipeline.queueing.turns import Turn

WHOLE: Final = 1e-6
"""Virtual times are sums of floats: a quotient this close to a whole number is that number."""


@dataclass(frozen=True, slots=True)
class Place:
    """A job among its guild's: its place from 1, and the guild's cost before and after its last picture."""

    place: int
    before_last: float
    after_last: float


Plan = dict[int, Place]
"""By job id, in the order in which the jobs start."""


class Share(NamedTuple):
    """Another guild: its turn in the ring, and what waits in it."""

    time: float
    order: int
    cost: float
    tickets: int


def plan(
    members: list[tuple[Turn, Iterator[tuple[int, float]]]], ahead: Sequence[tuple[int, int, float]] = ()
) -> Plan:
    """Play a guild's queue through with the rule of the ring.

    Args:
        members: the turn of each member and what they have waiting, as (job id, cost) in order.
        ahead: what goes before all that, as (job id, member, cost); its members are charged for it.

    Returns:
        The place of every job, in the order of their first pictures. O(n log m) for n pictures of m members.
    """
    done = 0.0
    places: Plan = {}
    charged: defaultdict[int, float] = defaultdict(float)
    for job_id, member, cost in ahead:
        place = places[job_id].place if job_id in places else len(places) + 1
        places[job_id] = Place(place, done, done + cost)
        done += cost
        charged[member] += cost
    heap: list[tuple[float, int, int, Iterator[tuple[int, float]], tuple[int, float]]] = []
    order = 0
    for turn, waiting in members:
        order = max(order, turn.order)
        if (head := next(waiting, None)) is not None:
            heap.append((turn.time + charged[turn.key], turn.order, turn.key, waiting, head))
    heapq.heapify(heap)
    while heap:
        time, _, key, waiting, (job_id, cost) = heap[0]
        place = places[job_id].place if job_id in places else len(places) + 1
        places[job_id] = Place(place, done, done + cost)
        done += cost
        order += 1
        if (head := next(waiting, None)) is None:
            heapq.heappop(heap)
        else:
            heapq.heapreplace(heap, (time + cost, order, key, waiting, head))
    return places


def cost_ahead(time: float, order: int, mine: Place, others: Iterable[Share]) -> float:
    """The cost of all guilds until the last picture of a job is done.

    The guild's own part is exact: everything up to and including that picture. It starts when the guild's
    virtual time is `time + mine.before_last`. Each other guild has by then been served every picture that
    starts before that virtual time; with n pictures of mean cost c waiting and a virtual time of v these are
    floor((t - v) / c) + 1, at most n, and where both start at the same virtual time, who is first now is first
    then. Off by about one mean picture for each guild whose pictures differ much in cost.

    Args:
        time: the guild's virtual time now.
        order: the guild's order among equal virtual times.
        mine: the job's place in its guild.
        others: the other guilds that wait. O(1) each.
    """
    start = time + mine.before_last
    total = mine.after_last
    for share in others:
        mean = share.cost / share.tickets
        turns = (start - share.time) / mean
        whole = round(turns)
        served = whole + (share.order < order) if abs(turns - whole) < WHOLE else math.floor(turns) + 1
        total += mean * max(0, min(served, share.tickets))
    return total
