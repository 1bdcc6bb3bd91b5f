"""What time does by itself: bans, strikes and old entries of the log."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.app import App
from bot.moderation.upkeep import Upkeep
from db.audit import Audit, Entry

DAY = 86_400.0
ENTRY = Entry(guild_id=1, actor_id=5, actor_name="m", action="ban.add", user_id=3, reason="x")


def upkeep(app: App, days: int, ahead: float = 0.0) -> Upkeep:
    """With a clock so many seconds ahead."""
    deeds = app.enforcement
    now = deeds.sanctions._now()
    return Upkeep(sanctions=deeds.sanctions, search=deeds.search, audit_days=days, now=lambda: now + ahead)


async def count(app: App) -> int:
    """Entries of the log."""
    return len(await app.moderation.audit.newest(1, 1_000))


async def test_old_entries_go(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many days, however many there are; 0 keeps them for ever."""
    monkeypatch.setattr("bot.moderation.upkeep.AT_ONCE", 2)
    for _ in range(5):
        await app.moderation.audit.add(ENTRY)
    assert await upkeep(app, 10, 9 * DAY).sweep() == (0, 0, 0)
    assert await upkeep(app, 0, 99 * DAY).sweep() == (0, 0, 0)
    assert await count(app) == 5
    assert await upkeep(app, 10, 11 * DAY).sweep() == (0, 0, 5)
    assert await count(app) == 0


async def test_a_ban_that_outlasts_its_entry_still_ends(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is not what a ban lives on."""
    sanctions = app.enforcement.sanctions
    await sanctions.ban(ENTRY, 100 * 86_400)
    await upkeep(app, 1, 2 * DAY).sweep()
    assert await count(app) == 0
    assert sanctions.bans.of(1, 3) is not None
    now = sanctions._now()
    monkeypatch.setattr(sanctions.bans, "_now", lambda: now + 101 * DAY)
    assert sanctions.bans.of(1, 3) is None
    assert (await upkeep(app, 0).sweep())[0] == 1


async def test_a_failing_sweep_is_tried_again(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a task of its own, which nothing may end."""
    monkeypatch.setattr("bot.moderation.upkeep.EVERY_SECONDS", 0.0)
    tries = 0
    again = asyncio.Event()

    async def broken() -> int:
        nonlocal tries
        tries += 1
        if tries > 2:
            again.set()
        raise RuntimeError("no")

    monkeypatch.setattr(app.enforcement.sanctions.bans, "end", broken)
    task = asyncio.get_running_loop().create_task(upkeep(app, 0).run())
    async with asyncio.timeout(10):
        await again.wait()
    task.cancel()


async def test_two_bans_at_once_are_both_written_down(app: App) -> None:
    """The later one holds, in memory as in the database."""
    sanctions = app.enforcement.sanctions
    await asyncio.gather(sanctions.ban(ENTRY, 3_600), sanctions.ban(replace(ENTRY, reason="y")))
    held = sanctions.bans.of(1, 3)
    (stored,) = await sanctions.bans._table.all()
    assert held == stored
    assert await count(app) == 2


async def test_an_unwritable_database_changes_nothing(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in memory."""

    async def broken(*_: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr("db.bans.add_entry", broken)
    with pytest.raises(RuntimeError):
        await app.enforcement.sanctions.ban(ENTRY)
    assert app.moderation.bans.of(1, 3) is None
    assert await Audit(app.moderation.audit._db).newest(1, 10) == ()
