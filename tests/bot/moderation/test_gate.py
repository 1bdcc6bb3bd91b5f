"""Every way to a picture leads through the gate."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.app import App
from bot.moderation.gate import Check, Gate
from bot.orders import LOCAL, Order, Origin
from db.jobs import JobState
from pipeline.errors import MemberError
from pipeline.request import ImagineRequest, Plan
from tests.bot.conftest import request


class Recording(Check):
    """Notes what it was asked, and refuses what it is told to."""

    def __init__(self, refuse: str = "", after: int = 0) -> None:
        self.asked: list[str] = []
        self._refuse, self._after = refuse, after

    def _note(self, what: str) -> None:
        self.asked.append(what)
        if what == self._refuse and self.asked.count(what) > self._after:
            raise MemberError("Not here.")

    def admit(self, origin: Origin) -> None:
        """Noted."""
        self._note("admit")

    def read(self, origin: Origin, request: ImagineRequest) -> ImagineRequest:
        """Noted, and changed."""
        self._note("read")
        return replace(request, prompt=request.prompt + ", read")

    def judge(self, origin: Origin, planned: Plan) -> Plan:
        """Noted."""
        self._note("judge")
        return planned

    async def afford(self, origin: Origin, orders: Sequence[Order]) -> None:
        """Noted."""
        self._note("afford")


def guarded(app: App, monkeypatch: pytest.MonkeyPatch, check: Check) -> None:
    """Put a rule in front of the studio."""
    monkeypatch.setattr(app.studio, "_gate", Gate([check]))


async def test_a_request_is_asked_about_at_every_step(
    app: App, member: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what a rule makes of it is painted, while what was typed is kept."""
    check = Recording()
    guarded(app, monkeypatch, check)
    accepted = await app.studio.submit(member, request())
    assert check.asked == ["admit", "read", "judge", "admit", "judge", "afford", "admit"]
    assert "read" in accepted.job.images[0].prompt
    assert "read" not in accepted.job.request


async def test_recipes_that_were_planned_elsewhere_are_judged(
    app: App, member: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of an old job that is painted again."""
    planned = await app.studio.planned(member, request())
    guarded(app, monkeypatch, Recording("judge"))
    with pytest.raises(MemberError, match=r"Not here\."):
        await app.studio.submit(member, request(), planned)
    assert app.studio.waiting_jobs() == ()


@pytest.mark.parametrize("step", ["admit", "read", "judge", "afford"])
async def test_what_is_refused_is_never_queued(
    app: App, member: Origin, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """At whichever step."""
    guarded(app, monkeypatch, Recording(step))
    with pytest.raises(MemberError, match=r"Not here\."):
        await app.studio.submit(member, request())
    assert app.studio.waiting_jobs() == ()


async def test_whoever_is_banned_in_that_moment_has_nothing_queued(
    app: App, member: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job was written down already, and is cancelled."""
    guarded(app, monkeypatch, Recording("admit", after=2))
    with pytest.raises(MemberError, match=r"Not here\."):
        await app.studio.submit(member, request())
    await asyncio.sleep(0)
    job = await app.studio.job(1)
    assert job is not None
    assert job.state is JobState.CANCELLED


async def test_the_owner_at_the_command_line_passes(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Except for rules that hold everywhere."""
    check = Recording("admit")
    guarded(app, monkeypatch, check)
    await app.studio.planned(LOCAL, request())
    assert check.asked == []
    monkeypatch.setattr(check, "everywhere", True)
    with pytest.raises(MemberError):
        await app.studio.planned(LOCAL, request())
