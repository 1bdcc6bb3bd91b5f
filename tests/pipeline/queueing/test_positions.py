"""Places and the cost ahead: what a member is told must be what happens."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.queueing.fair import FairQueue, Position, Ticket

Jobs = list[tuple[int, int, list[float]]]

JOBS = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.integers(1, 3),
        st.lists(st.integers(1, 16).map(lambda quarters: quarters / 4), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=25,
)
"""(guild, member, costs of the pictures); costs that floats add up exactly."""


def filled(jobs: Jobs) -> FairQueue:
    """A queue with these jobs, numbered from 1."""
    queue, ids = FairQueue(), count(1)
    for number, (guild, member, costs) in enumerate(jobs, start=1):
        queue.add_many(Ticket(next(ids), number, guild, member, cost, "a") for cost in costs)
    return queue


def test_places_follow_turns_and_not_arrival() -> None:
    """A second member's first job goes before the first member's second."""
    queue = filled([(1, 1, [1.0]), (1, 1, [1.0]), (1, 2, [1.0])])
    assert queue.jobs_of(1) == (1, 3, 2)
    assert [queue.position(job) for job in (1, 2, 3)] == [
        Position(1, 3, 1.0),
        Position(3, 3, 3.0),
        Position(2, 3, 2.0),
    ]


def test_a_guild_sees_its_own_jobs_only() -> None:
    """Other guilds cost time and take no place."""
    queue = filled([(1, 1, [1.0]), (2, 1, [1.0]), (3, 1, [1.0])])
    assert queue.jobs_of(3) == (3,)
    assert queue.position(3) == Position(1, 1, 3.0)


def test_what_does_not_wait_has_no_position() -> None:
    """Unknown, started and cancelled jobs alike."""
    queue = filled([(1, 1, [1.0]), (1, 1, [1.0])])
    queue.pick()
    queue.remove_job(2)
    assert [queue.position(job) for job in (1, 2, 99)] == [None, None, None]
    assert queue.jobs_of(1) == queue.jobs_of(99) == ()


def test_a_job_that_has_begun_keeps_a_position_until_its_last_picture_starts() -> None:
    """The rest of it still waits for turns."""
    queue = filled([(1, 1, [1.0, 1.0]), (1, 2, [1.0])])
    queue.pick()
    assert queue.jobs_of(1) == (2, 1)
    assert queue.position(1) == Position(2, 2, 2.0)


def test_a_paused_guild_is_not_in_the_way() -> None:
    """Its pictures are not counted for others; its own jobs are counted as if it went on now."""
    queue = filled([(1, 1, [8.0]), (2, 1, [1.0])])
    queue.pause(1)
    assert queue.position(2) == Position(1, 1, 1.0)
    assert queue.position(1) == Position(1, 1, 9.0)


@given(JOBS, st.integers(0, 20))
def test_jobs_start_in_the_order_they_were_told(jobs: Jobs, moved: int) -> None:
    """When nothing comes in, each guild's jobs start exactly in the order of their places."""
    queue = filled(jobs)
    for _ in range(moved):
        queue.pick()
    told = {guild: queue.jobs_of(guild) for guild in range(1, 5)}
    places = {job: place for order in told.values() for place, job in enumerate(order, start=1)}
    assert {job: position.place for job in places if (position := queue.position(job))} == places
    started: dict[int, list[int]] = {guild: [] for guild in told}
    while (ticket := queue.pick()) is not None:
        if ticket.job_id not in started[ticket.guild_id]:
            started[ticket.guild_id].append(ticket.job_id)
    assert {guild: tuple(order) for guild, order in started.items()} == told


@given(JOBS, st.integers(0, 20))
def test_the_cost_ahead_is_what_gets_painted(jobs: Jobs, moved: int) -> None:
    """Off by no more than the pictures that each other guild may have in a different order of size."""
    queue = filled(jobs)
    for _ in range(moved):
        queue.pick()
    told = {job: position for job in range(1, len(jobs) + 1) if (position := queue.position(job))}
    largest = {guild: max(max(costs) for g, _, costs in jobs if g == guild) for guild, _, _ in jobs}
    done, painted = {}, 0.0
    while (ticket := queue.pick()) is not None:
        painted += ticket.cost
        done[ticket.job_id] = painted
    for job, position in told.items():
        slack = sum(2 * cost for guild, cost in largest.items() if guild != jobs[job - 1][0])
        assert position.cost_ahead == pytest.approx(done[job], abs=slack + 1e-6)


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 3), st.just([1.0])), min_size=1, max_size=40))
def test_the_cost_ahead_is_exact_when_pictures_are_alike(jobs: Jobs) -> None:
    """With equal costs the estimate is the truth, to the picture."""
    queue = filled(jobs)
    told = {job: position.cost_ahead for job in range(1, len(jobs) + 1) if (position := queue.position(job))}
    painted = 0.0
    while (ticket := queue.pick()) is not None:
        painted += ticket.cost
        assert told[ticket.job_id] == pytest.approx(painted)
