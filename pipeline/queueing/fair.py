"""The fair queue: guilds share the GPU by cost, and the members of a guild share their guild's part.

Two rings of `pipeline.queueing.turns`, one inside the other. A member's own jobs go one after the other in the
order they were asked for, and the pictures of a job in their order. Everything lives on the event loop.

A picture of a model that is loaded already may go before its turn, because switching models takes as long as
painting. That is bounded twice: at most `MOST_DEFERRALS` times in a row, and only for somebody who has been
served at most `MOST_DEFERRALS` pictures more than the one who is kept waiting (pictures that cost what theirs
does). Who is kept waiting is charged nothing meanwhile, so their next turns make up for it.

A job that a moderator moves forward goes before everything else of its guild, and is charged to its member as ever:
other guilds wait no longer for it than they would have for the guild's next picture.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from pipeline.queueing.expected import Plan, Share, cost_ahead, plan
from pipeline.queueing.turns import Turns

MOST_DEFERRALS: Final = 8
"""Switching an SDXL checkpoint takes about as long as one to three pictures: 8 of them make it worthwhile, and
are a minute at most on a card that people would run this on."""

SCAN_GUILDS: Final = 8
SCAN_MEMBERS: Final = 4
"""How many of those whose turn comes next are searched for a loaded model. Bounds the time of a pick."""

SLACK: Final = 64
"""Empty guilds that are kept before cleaning up is worth it."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One picture that waits. `cost` is positive (see `pipeline.queueing.cost`)."""

    image_id: int
    job_id: int
    guild_id: int
    member_id: int
    cost: float
    profile: str


@dataclass(frozen=True, slots=True)
class Position:
    """Where a job stands among the waiting jobs of its own guild.

    Attributes:
        place: from 1, in the order in which the guild's jobs will start.
        jobs_in_guild: how many of them wait.
        cost_ahead: what is expected to be painted, of all guilds, until its last picture is done, that
            picture included; without what is in the engine already.
    """

    place: int
    jobs_in_guild: int
    cost_ahead: float


class _Guild:
    """What waits in one guild."""

    def __init__(self) -> None:
        self.turns = Turns()
        # A job that comes back goes to the front, hence OrderedDict: a dict has no cheap front.
        self.members: dict[int, OrderedDict[int, deque[Ticket]]] = {}
        self.cost = 0.0
        self.tickets = 0
        self.plan: Plan | None = None
        self.promoted: list[int] = []
        """Jobs that were moved forward, with something waiting, in their order."""

    def front(self, member_id: int) -> Ticket:
        return next(iter(self.members[member_id].values()))[0]

    def first(self, jobs: dict[int, tuple[int, int]]) -> Ticket:
        """What is next here. `jobs` says whose they are."""
        for job_id in self.promoted:
            return self.members[jobs[job_id][1]][job_id][0]
        return self.front(self.turns.in_order(1)[0].key)


class FairQueue:
    """All pictures that wait, and who of them is next."""

    def __init__(self) -> None:
        self._turns = Turns()
        self._guilds: dict[int, _Guild] = {}
        self._jobs: dict[int, tuple[int, int]] = {}
        self._images: set[int] = set()
        self._paused: set[int] = set()
        self._deferrals = 0

    def __len__(self) -> int:
        """How many pictures wait, those of paused guilds included."""
        return len(self._images)

    # -- in ---------------------------------------------------------------------------------------------------

    def add(self, ticket: Ticket) -> bool:
        """Put a picture at the end of its member's jobs. False, and no effect, when it waits already.

        Raises:
            ValueError: the cost is not positive and finite, or the job belongs to somebody else.
        """
        return self._insert(ticket, front=False)

    def add_many(self, tickets: Iterable[Ticket]) -> None:
        """Put several pictures in, in their order.

        Raises:
            ValueError: as `add`; those before the wrong one are in.
        """
        for ticket in tickets:
            self._insert(ticket, front=False)

    def requeue(self, ticket: Ticket) -> bool:
        """Put a picked picture back before everything of its member, and take back what it was charged.

        False, and no effect, when it waits already.

        Raises:
            ValueError: as `add`.
        """
        if not self._insert(ticket, front=True):
            return False
        self._guilds[ticket.guild_id].turns.refund(ticket.member_id, ticket.cost)
        if ticket.guild_id in self._turns:
            self._turns.refund(ticket.guild_id, ticket.cost)
        return True

    def _insert(self, ticket: Ticket, *, front: bool) -> bool:
        if not 0 < ticket.cost < math.inf:
            raise ValueError(f"the cost of a picture must be positive and finite, not {ticket.cost}")
        owner = (ticket.guild_id, ticket.member_id)
        if self._jobs.get(ticket.job_id, owner) != owner:
            raise ValueError(f"job {ticket.job_id} belongs to another member or guild")
        if ticket.image_id in self._images:
            return False
        guild = self._guilds.get(ticket.guild_id)
        if guild is None:
            self._forget_guilds()
            guild = self._guilds[ticket.guild_id] = _Guild()
        jobs = guild.members.setdefault(ticket.member_id, OrderedDict())
        tickets = jobs.setdefault(ticket.job_id, deque())
        if front:
            tickets.appendleft(ticket)
            jobs.move_to_end(ticket.job_id, last=False)
        else:
            tickets.append(ticket)
        self._jobs[ticket.job_id] = owner
        self._images.add(ticket.image_id)
        guild.cost += ticket.cost
        guild.tickets += 1
        guild.plan = None
        guild.turns.enter(ticket.member_id)
        if ticket.guild_id not in self._paused:
            self._turns.enter(ticket.guild_id)
        return True

    # -- out --------------------------------------------------------------------------------------------------

    def pick(self, warm: Collection[str] = ()) -> Ticket | None:
        """Take out the picture that is next, or None when nothing may start.

        Args:
            warm: profile ids of loaded models, which may go before their turn within the bound above.
        """
        first = self._turns.first()
        if first is None:
            return None
        guild = self._guilds[first.key]
        ticket = guild.first(self._jobs)
        instead = None
        if warm and ticket.profile not in warm and self._deferrals < MOST_DEFERRALS:
            instead = self._find_warm(first.time, ticket.cost * MOST_DEFERRALS, warm)
        self._deferrals = 0 if instead is None else self._deferrals + 1
        ticket = instead or ticket
        self._take(ticket)
        return ticket

    def pick_newcomer(self, painting: Collection[tuple[int, int]]) -> Ticket | None:
        """Take out the next picture of a member who has none in the engine, or None when there is no such.

        Args:
            painting: (guild id, member id) of those who have.
        """
        # Each entry hides at most one member and at most one guild, so looking one further always suffices.
        most = len(painting) + 1
        for first in self._turns.in_order(most):
            guild = self._guilds[first.key]
            promoted = [guild.members[self._jobs[job][1]][job][0] for job in guild.promoted]
            for ticket in promoted:
                if (first.key, ticket.member_id) not in painting:
                    self._take(ticket)
                    return ticket
            for turn in guild.turns.in_order(most):
                if (first.key, turn.key) not in painting:
                    ticket = guild.front(turn.key)
                    self._take(ticket)
                    return ticket
        return None

    def _find_warm(self, time: float, bound: float, warm: Collection[str]) -> Ticket | None:
        """The next picture of a loaded model whose guild and member are ahead by at most the bound."""
        for first in self._turns.in_order(SCAN_GUILDS):
            if first.time > time + bound:
                break
            guild = self._guilds[first.key]
            if guild.promoted:  # nothing goes before that in its own guild
                if (ticket := guild.first(self._jobs)).profile in warm:
                    return ticket
                continue
            turns = guild.turns.in_order(SCAN_MEMBERS)
            for turn in turns:
                if turn.time > turns[0].time + bound:
                    break
                if (ticket := guild.front(turn.key)).profile in warm:
                    return ticket
        return None

    def _take(self, ticket: Ticket) -> None:
        guild = self._guilds[ticket.guild_id]
        guild.turns.charge(ticket.member_id, ticket.cost)
        self._turns.charge(ticket.guild_id, ticket.cost)
        guild.members[ticket.member_id][ticket.job_id].popleft()
        self._settle(ticket.job_id, [ticket])

    def remove_job(self, job_id: int) -> tuple[Ticket, ...]:
        """Take out what waits of a job. Returns it, empty when nothing does."""
        if job_id not in self._jobs:
            return ()
        guild_id, member_id = self._jobs[job_id]
        waiting = self._guilds[guild_id].members[member_id][job_id]
        tickets = tuple(waiting)
        waiting.clear()
        self._settle(job_id, tickets)
        return tickets

    def _settle(self, job_id: int, gone: Collection[Ticket]) -> None:
        """Book the tickets that have just left a job out of everything that counts them."""
        guild_id, member_id = self._jobs[job_id]
        guild = self._guilds[guild_id]
        jobs = guild.members[member_id]
        self._images.difference_update(ticket.image_id for ticket in gone)
        guild.tickets -= len(gone)
        guild.cost = guild.cost - sum(ticket.cost for ticket in gone) if guild.tickets else 0.0
        guild.plan = None
        if not jobs[job_id]:
            del jobs[job_id]
            del self._jobs[job_id]
            if job_id in guild.promoted:
                guild.promoted.remove(job_id)
        if not jobs:
            del guild.members[member_id]
            guild.turns.leave(member_id)
        if not guild.members:
            self._turns.leave(guild_id)

    def _forget_guilds(self) -> None:
        if len(self._guilds) > 2 * len(self._turns) + SLACK:
            self._guilds = {
                key: guild for key, guild in self._guilds.items() if guild.tickets or self._turns.knows(key)
            }

    # -- holding back -----------------------------------------------------------------------------------------

    def pause(self, guild_id: int) -> None:
        """Start nothing of this guild until `resume`; what waits, waits on, and more may be added."""
        self._paused.add(guild_id)
        self._turns.leave(guild_id)

    def is_paused(self, guild_id: int) -> bool:
        """Whether this guild is held back."""
        return guild_id in self._paused

    def resume(self, guild_id: int) -> None:
        """Go on with this guild. It enters like one that was idle: the pause is not made up for."""
        self._paused.discard(guild_id)
        if guild_id in self._guilds and self._guilds[guild_id].tickets:
            self._turns.enter(guild_id)

    # -- moving forward ---------------------------------------------------------------------------------------

    def promote(self, job_id: int) -> bool:
        """Move a job before everything else that waits in its guild. False when nothing of it waits.

        The guild's own turn among the others stays what it was, and so does what its member is charged.
        """
        if job_id not in self._jobs:
            return False
        guild = self._guilds[self._jobs[job_id][0]]
        guild.promoted = [job_id, *(each for each in guild.promoted if each != job_id)]
        guild.plan = None
        return True

    # -- looking ----------------------------------------------------------------------------------------------

    def jobs_of(self, guild_id: int) -> tuple[int, ...]:
        """The guild's waiting jobs, in the order in which they will start."""
        if guild_id not in self._guilds:
            return ()
        return tuple(self._plan(self._guilds[guild_id]))

    def position(self, job_id: int) -> Position | None:
        """Where a job stands, or None when nothing of it waits. For a paused guild: as if it went on now."""
        if job_id not in self._jobs:
            return None
        guild_id, _ = self._jobs[job_id]
        guild = self._guilds[guild_id]
        places = self._plan(guild)
        mine = places[job_id]
        others = (
            Share(turn.time, turn.order, self._guilds[turn.key].cost, self._guilds[turn.key].tickets)
            for turn in self._turns.everyone()
            if turn.key != guild_id
        )
        turn = self._turns.turn_of(guild_id)
        return Position(mine.place, len(places), cost_ahead(turn.time, turn.order, mine, others))

    def _plan(self, guild: _Guild) -> Plan:
        if guild.plan is None:
            ahead = [guild.members[self._jobs[job][1]][job] for job in guild.promoted]
            guild.plan = plan(
                [(turn, self._shares(guild, turn.key)) for turn in guild.turns.everyone()],
                [(ticket.job_id, ticket.member_id, ticket.cost) for waiting in ahead for ticket in waiting],
            )
        return guild.plan

    def _shares(self, guild: _Guild, member_id: int) -> Iterator[tuple[int, float]]:
        """What a member has waiting that was not moved forward, as (job id, cost)."""
        jobs = guild.members[member_id].items()
        left = chain.from_iterable(waiting for job_id, waiting in jobs if job_id not in guild.promoted)
        return ((ticket.job_id, ticket.cost) for ticket in left)
