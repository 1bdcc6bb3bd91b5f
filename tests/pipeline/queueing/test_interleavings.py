"""Whatever is done to the queue in whatever order, no picture is lost and none comes twice."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from pipeline.queueing.fair import FairQueue, Ticket

GUILDS = st.integers(1, 3)
MEMBERS = st.integers(1, 3)


class Interleaving(RuleBasedStateMachine):
    """The queue beside a plain dictionary of what must wait."""

    started = Bundle("started")

    def __init__(self) -> None:
        super().__init__()
        self.queue = FairQueue()
        self.waiting: dict[int, Ticket] = {}
        self.paused: set[int] = set()
        self.returned: set[int] = set()
        self.promoted: list[int] = []
        self.next_id = 1

    @rule(guild=GUILDS, member=MEMBERS, costs=st.lists(st.floats(0.01, 100), min_size=1, max_size=4))
    def add_job(self, guild: int, member: int, costs: list[float]) -> None:
        """A member asks for one to four pictures."""
        job = self.next_id
        tickets = [Ticket(job + i, job, guild, member, cost, "abc"[job % 3]) for i, cost in enumerate(costs)]
        self.next_id += len(tickets)
        self.queue.add_many(tickets)
        self.waiting |= {ticket.image_id: ticket for ticket in tickets}

    @rule(target=started, warm=st.sampled_from([(), ("a",), ("b", "c"), ("elsewhere",)]))
    def pick(self, warm: tuple[str, ...]) -> Ticket | None:
        """The engine takes one."""
        ticket = self.queue.pick(warm)
        allowed = [t for t in self.waiting.values() if t.guild_id not in self.paused]
        assert (ticket is None) == (not allowed)
        if ticket is not None:
            assert ticket in allowed
            of_job = [t.image_id for t in self.waiting.values() if t.job_id == ticket.job_id]
            if ticket.job_id not in self.returned:
                assert ticket.image_id == min(of_job), "the pictures of a job start in their order"
            del self.waiting[ticket.image_id]
        return ticket

    @rule(ticket=consumes(started))
    def requeue(self, ticket: Ticket | None) -> None:
        """The disk was full: it comes back."""
        if ticket is not None:
            assert self.queue.requeue(ticket)
            self.waiting[ticket.image_id] = ticket
            self.returned.add(ticket.job_id)

    @rule(guild=GUILDS, data=st.data())
    def remove_job(self, guild: int, data: st.DataObject) -> None:
        """A member presses Cancel."""
        jobs = sorted({t.job_id for t in self.waiting.values() if t.guild_id == guild})
        if not jobs:
            return
        job = data.draw(st.sampled_from(jobs))
        removed = self.queue.remove_job(job)
        assert {t.image_id for t in removed} == {i for i, t in self.waiting.items() if t.job_id == job}
        for ticket in removed:
            del self.waiting[ticket.image_id]

    @rule(data=st.data())
    def promote(self, data: st.DataObject) -> None:
        """A moderator moves a job forward."""
        jobs = sorted({t.job_id for t in self.waiting.values()})
        if not jobs:
            assert not self.queue.promote(1)
            return
        job = data.draw(st.sampled_from(jobs))
        assert self.queue.promote(job)
        self.promoted = [job, *(each for each in self.promoted if each != job)]

    @rule(guild=GUILDS)
    def pause(self, guild: int) -> None:
        """A moderator holds a guild back."""
        self.queue.pause(guild)
        self.paused.add(guild)

    @rule(guild=GUILDS)
    def resume(self, guild: int) -> None:
        """And lets it go on."""
        self.queue.resume(guild)
        self.paused.discard(guild)

    @invariant()
    def agrees(self) -> None:
        """Numbers, jobs and places say the same as the dictionary."""
        assert len(self.queue) == len(self.waiting)
        # Once all of a job has left, it is one like others when something of it comes back.
        self.promoted = [j for j in self.promoted if any(t.job_id == j for t in self.waiting.values())]
        for guild in range(1, 4):
            order = self.queue.jobs_of(guild)
            assert set(order) == {t.job_id for t in self.waiting.values() if t.guild_id == guild}
            ahead = [j for j in self.promoted if j in order]
            assert list(order[: len(ahead)]) == ahead
            for place, job in enumerate(order, start=1):
                position = self.queue.position(job)
                assert position is not None
                assert (position.place, position.jobs_in_guild) == (place, len(order))
                assert position.cost_ahead > 0

    def teardown(self) -> None:
        """In the end everything that waits comes out, once."""
        for guild in range(1, 4):
            self.queue.resume(guild)
        out = []
        while (ticket := self.queue.pick()) is not None:
            out.append(ticket.image_id)
        assert sorted(out) == sorted(self.waiting)


TestInterleaving = Interleaving.TestCase
TestInterleaving.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
