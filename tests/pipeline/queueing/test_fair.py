"""The fair queue: order, shares, positions, and the bound of what may go before its turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.queueing.fair import MOST_DEFERRALS, FairQueue, Ticket

Make = Callable[..., Ticket]


@pytest.fixture
def make() -> Make:
    """Tickets with numbers of their own."""
    ids = count(1)

    def ticket(
        guild: int = 1, member: int = 1, job: int | None = None, cost: float = 1.0, profile: str = "a"
    ) -> Ticket:
        number = next(ids)
        return Ticket(number, 1000 + number if job is None else job, guild, member, cost, profile)

    return ticket


def drain(queue: FairQueue, warm: tuple[str, ...] = ()) -> list[Ticket]:
    """Pick until nothing is left."""
    picked = []
    while (ticket := queue.pick(warm)) is not None:
        picked.append(ticket)
    return picked


def jain(shares: list[float]) -> float:
    """Jain's fairness index: 1 when all get the same."""
    return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))


def test_a_job_moved_forward_goes_before_all_of_its_guild(make: Make) -> None:
    """With all its pictures, and the one moved last goes first."""
    queue = FairQueue()
    for job in range(1, 5):
        queue.add_many(make(job=job, member=job % 3) for _ in range(2))
    assert queue.promote(4)
    assert queue.promote(3)
    assert [ticket.job_id for ticket in drain(queue)][:4] == [3, 3, 4, 4]
    assert not queue.promote(3)


def test_its_member_is_charged_for_it(make: Make) -> None:
    """So the others of the guild make up for it afterwards."""
    queue = FairQueue()
    queue.add_many([make(member=1, job=1), make(member=1, job=1), make(member=1, job=2)])
    queue.add_many([make(member=2, job=3) for _ in range(3)])
    queue.promote(1)
    assert [t.member_id for t in drain(queue)] == [1, 1, 2, 2, 1, 2]


@given(
    costs=st.lists(st.floats(0.1, 10), min_size=4, max_size=12),
    moved=st.lists(st.integers(0, 11), max_size=12),
)
def test_other_guilds_never_wait_longer_for_it(costs: list[float], moved: list[int]) -> None:
    """Whatever is moved forward in one guild, another one is served as often and at the same moments in cost."""

    def served(*, promote: bool) -> list[float]:
        queue = FairQueue()
        queue.add_many(Ticket(n, n, 1, n % 3, 1.0, "a") for n in range(len(costs)))
        queue.add_many(Ticket(100 + n, 100 + n, 2, 9, cost, "a") for n, cost in enumerate(costs))
        for job in moved if promote else ():
            queue.promote(job)
        done, moments = 0.0, []
        for ticket in drain(queue):
            done += ticket.cost
            if ticket.guild_id == 2:
                moments.append(done)
        return moments

    assert served(promote=True) == pytest.approx(served(promote=False))


def test_an_empty_queue_has_nothing() -> None:
    """None, and no error."""
    assert FairQueue().pick() is None


def test_a_lone_member_is_served_in_order(make: Make) -> None:
    """Jobs as asked for, and the pictures of a job in their order."""
    queue, tickets = FairQueue(), [make(job=1), make(job=1), make(job=2), make(job=3)]
    queue.add_many(tickets)
    assert drain(queue) == tickets


def test_a_late_guild_does_not_wait_for_the_whole_queue_of_another(make: Make) -> None:
    """One picture of a second guild comes within the next two, however many the first has waiting."""
    queue = FairQueue()
    queue.add_many(make(guild=1) for _ in range(100))
    queue.pick()
    late = make(guild=2)
    queue.add(late)
    assert late in [queue.pick(), queue.pick()]


def test_guilds_share_by_cost_and_not_by_number(make: Make) -> None:
    """A guild with pictures of four times the cost gets a quarter of the pictures."""
    queue = FairQueue()
    queue.add_many(make(guild=1, cost=4.0) for _ in range(100))
    queue.add_many(make(guild=2, cost=1.0) for _ in range(100))
    picked = Counter(ticket.guild_id for ticket in (queue.pick() for _ in range(50)) if ticket)
    assert picked == {1: 10, 2: 40}


def test_members_share_their_guilds_part(make: Make) -> None:
    """Inside a guild two members alternate, whatever the first has waiting."""
    queue = FairQueue()
    queue.add_many(make(member=1) for _ in range(50))
    queue.add_many(make(member=2) for _ in range(3))
    assert [ticket.member_id for ticket in drain(queue)[:6]] == [1, 2, 1, 2, 1, 2]


def test_many_members_give_a_guild_no_more(make: Make) -> None:
    """A guild of fifty who ask gets as much as a guild of one."""
    queue = FairQueue()
    queue.add_many(make(guild=1, member=member) for member in range(50))
    queue.add_many(make(guild=2) for _ in range(50))
    assert Counter(t.guild_id for t in drain(queue)[:40]) == {1: 20, 2: 20}


def test_idling_banks_no_credit(make: Make) -> None:
    """A guild that was silent while another painted for long gets half from now on, not everything."""
    queue = FairQueue()
    queue.add_many(make(guild=1) for _ in range(200))
    for _ in range(100):
        queue.pick()
    queue.add_many(make(guild=2) for _ in range(50))
    assert Counter(t.guild_id for t in (queue.pick() for _ in range(20)) if t) == {1: 10, 2: 10}


def test_a_member_who_just_got_their_turn_cannot_skip_the_line_by_leaving(make: Make) -> None:
    """Always having exactly one job waiting gives no more than having many."""
    queue = FairQueue()
    queue.add_many(make(guild=1) for _ in range(100))
    queue.add(make(guild=2))
    served: Counter[int] = Counter()
    for _ in range(40):
        ticket = queue.pick()
        assert ticket is not None
        served[ticket.guild_id] += 1
        if ticket.guild_id == 2:
            queue.add(make(guild=2))
    assert served == {1: 20, 2: 20}


def test_a_returned_picture_is_next_and_costs_nothing(make: Make) -> None:
    """What could not be saved is picked again at once, and its guild is not charged twice."""
    queue = FairQueue()
    queue.add_many(make(guild=guild) for _ in range(20) for guild in (1, 2))
    first = queue.pick()
    assert first is not None
    queue.requeue(first)
    assert queue.pick() == first
    assert Counter(t.guild_id for t in (queue.pick() for _ in range(9)) if t) == {1: 4, 2: 5}


def test_a_returned_picture_of_a_finished_queue_waits_again(make: Make) -> None:
    """Nothing else of its job, member or guild needs to wait."""
    queue, ticket = FairQueue(), make()
    queue.add(ticket)
    queue.pick()
    assert queue.requeue(ticket)
    assert queue.jobs_of(1) == (ticket.job_id,)
    assert queue.pick() == ticket


def test_a_picture_waits_only_once(make: Make) -> None:
    """Adding or returning what waits already has no effect."""
    queue, ticket = FairQueue(), make()
    assert queue.add(ticket)
    assert not queue.add(ticket)
    assert not queue.requeue(ticket)
    assert drain(queue) == [ticket]


@pytest.mark.parametrize("cost", [0.0, -1.0, float("nan"), float("inf")])
def test_a_cost_that_would_break_the_order_is_refused(make: Make, cost: float) -> None:
    """NaN compares with nothing, and a free picture would never end its turn."""
    queue = FairQueue()
    with pytest.raises(ValueError, match="cost"):
        queue.add(make(cost=cost))
    assert len(queue) == 0


def test_a_job_has_one_owner(make: Make) -> None:
    """Pictures of one job under two members are a fault of the caller."""
    queue = FairQueue()
    queue.add(make(job=7, member=1))
    with pytest.raises(ValueError, match="job 7"):
        queue.add(make(job=7, member=2))


def test_a_cancelled_job_leaves_at_once(make: Make) -> None:
    """All its pictures come back to the caller, and the others close up."""
    queue, mine, other = FairQueue(), [make(job=1), make(job=1)], make(job=2)
    queue.add_many([*mine, other])
    assert queue.remove_job(1) == tuple(mine)
    assert queue.remove_job(1) == ()
    assert drain(queue) == [other]


def test_a_paused_guild_waits_and_others_go_on(make: Make) -> None:
    """What waits there is kept, and more may be added."""
    queue, other = FairQueue(), make(guild=2)
    queue.add_many([make(guild=1), other])
    queue.pause(1)
    queue.add(make(guild=1))
    assert drain(queue) == [other]
    assert len(queue) == 2


def test_a_resumed_guild_is_not_given_what_it_missed(make: Make) -> None:
    """It shares from now on."""
    queue = FairQueue()
    queue.add_many(make(guild=guild) for _ in range(60) for guild in (1, 2))
    queue.pause(1)
    for _ in range(30):
        queue.pick()
    queue.resume(1)
    assert Counter(t.guild_id for t in (queue.pick() for _ in range(20)) if t) == {1: 10, 2: 10}


# -- models that are loaded --------------------------------------------------------------------------------


def test_a_loaded_model_may_go_first(make: Make) -> None:
    """Of two whose turn is near, the one that needs no switch."""
    queue, cold, warm = FairQueue(), make(guild=1, profile="cold"), make(guild=2, profile="warm")
    queue.add_many([cold, warm])
    assert drain(queue, ("warm",)) == [warm, cold]


def test_a_loaded_model_may_go_first_within_a_guild(make: Make) -> None:
    """Members of one guild who use different models do not force a switch for each picture."""
    queue = FairQueue()
    queue.add_many(
        make(member=member, profile=profile) for _ in range(8) for member, profile in ((1, "a"), (2, "b"))
    )
    warm, switches = "a", 0
    while (ticket := queue.pick((warm,))) is not None:
        switches += ticket.profile != warm
        warm = ticket.profile
    assert switches <= 2


def test_waiting_for_another_model_is_bounded(make: Make) -> None:
    """However many pictures of the loaded model come in, the cold one starts after so many."""
    queue, cold = FairQueue(), make(guild=1, profile="cold")
    queue.add(cold)
    queue.add_many(make(guild=guild, profile="warm") for guild in range(2, 60) for _ in range(20))
    picked = [queue.pick(("warm",)) for _ in range(MOST_DEFERRALS + 1)]
    assert cold in picked


@pytest.mark.parametrize("level", ["guild", "member"])
def test_nobody_far_ahead_goes_before_their_turn(make: Make, level: str) -> None:
    """A loaded model excuses a lead of a few pictures and no more: cheap ones do not let dear ones pass."""
    queue = FairQueue()
    dear = [make(**{level: 2}, profile="warm", cost=100.0) for _ in range(3)]
    queue.add_many([*dear, *(make(profile="cold", cost=1.0) for _ in range(100))])
    picked = [queue.pick(("warm",)) for _ in range(5)]
    assert picked.count(dear[0]) == 1
    assert dear[1] not in picked


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from("abc"), st.floats(0.5, 8.0)), min_size=1, max_size=80)
)
def test_preferring_loaded_models_starves_nobody(jobs: list[tuple[int, str, float]]) -> None:
    """At least every ninth pick is the one whose turn it is."""
    queue = FairQueue()
    queue.add_many(Ticket(i, i, guild, 0, cost, profile) for i, (guild, profile, cost) in enumerate(jobs))
    out_of_turn = 0
    while len(queue):
        first = queue._turns.first()
        assert first is not None
        ticket = queue.pick(("a",))
        assert ticket is not None
        out_of_turn = 0 if ticket.guild_id == first.key else out_of_turn + 1
        assert out_of_turn <= MOST_DEFERRALS


@given(st.lists(st.lists(st.floats(0.5, 8.0), min_size=30, max_size=30), min_size=2, max_size=6), st.booleans())
def test_guilds_that_always_have_work_get_equal_parts(costs: list[list[float]], prefer: bool) -> None:
    """At any moment two of them differ by at most one picture of each, and what a loaded model excuses."""
    queue, largest = FairQueue(), max(map(max, costs))
    queue.add_many(
        Ticket(guild * 100 + i, guild * 100 + i, guild, i % 3, cost, "ab"[i % 2])
        for guild, mine in enumerate(costs)
        for i, cost in enumerate(mine)
    )
    served = dict.fromkeys(range(len(costs)), 0.0)
    left = dict.fromkeys(served, 30)
    while min(left.values()) > 0:
        ticket = queue.pick(("a",) if prefer else ())
        assert ticket is not None
        served[ticket.guild_id] += ticket.cost
        left[ticket.guild_id] -= 1
        allowed = largest * (1 + MOST_DEFERRALS * prefer)
        assert max(served.values()) - min(served.values()) <= allowed + 1e-6


def test_jains_index_of_equal_guilds(make: Make) -> None:
    """Forty guilds with very different pictures get the same cost to within a percent."""
    queue = FairQueue()
    for guild in range(40):
        queue.add_many(make(guild=guild, member=i % 4, cost=1.0 + (i * 7 + guild * 3) % 11) for i in range(100))
    served = dict.fromkeys(range(40), 0.0)
    for _ in range(2000):
        ticket = queue.pick()
        assert ticket is not None
        served[ticket.guild_id] += ticket.cost
    assert jain(list(served.values())) > 0.99


def test_a_newcomer_is_whoever_has_nothing_in_the_engine(make: Make) -> None:
    """The fairest of them, past members and whole guilds that have."""
    queue = FairQueue()
    queue.add_many(
        [make(guild=1, member=1), make(guild=1, member=2), make(guild=2, member=1), make(guild=3, member=7)]
    )
    picked = queue.pick_newcomer({(1, 1), (2, 1)})
    assert picked is not None
    assert (picked.guild_id, picked.member_id) == (1, 2)
    picked = queue.pick_newcomer({(1, 1), (1, 2), (2, 1)})
    assert picked is not None
    assert picked.guild_id == 3
    assert queue.pick_newcomer({(1, 1), (2, 1)}) is None
    assert len(queue) == 2
