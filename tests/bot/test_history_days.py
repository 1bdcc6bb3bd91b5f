"""HISTORY_DAYS: old jobs go with everything about them, and what somebody still needs stays."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing

import pytest

from bot.app import App, open_app
from bot.orders import LOCAL, Origin
from bot.settings import Settings
from db.jobs import Job
from tests.bot.conftest import request
from tests.support.scripted_engine import ScriptedEngine

DAY = 86_400.0


@pytest.fixture
async def keeping(settings: Settings, engine: ScriptedEngine) -> AsyncIterator[App]:
    """An app that keeps jobs for thirty days."""
    rule = dataclasses.replace(settings, history_days=30)
    async with open_app(rule, make_engine=lambda _: engine) as opened:
        yield opened


async def painted(app: App, origin: Origin, *, days: float, delivered: bool = True, **options: object) -> Job:
    """A job whose pictures are on the disk, so many days old."""
    job = (await app.studio.submit(origin, request(**options))).job
    async for _ in app.studio.changes(job.id):
        pass
    if delivered:
        await app.studio.delivered(job.id, None)
    with closing(sqlite3.connect(app.settings.database)) as database, database:
        database.execute("UPDATE jobs SET created_at = created_at - ? WHERE id = ?", (days * DAY, job.id))
    found = await app.studio.job(job.id)
    assert found is not None
    return found


async def test_old_jobs_go_with_prompts_and_files(keeping: App, member: Origin) -> None:
    """And nothing of their words is left in the database's files; younger ones stay."""
    old = await painted(keeping, member, days=31, prompt="zanzibarian sunset")
    young = await painted(keeping, member, days=29)
    assert await keeping.retention.expire() == 1
    assert await keeping.studio.job(old.id) is None
    assert not keeping.studio.picture_path(old.images[0]).exists()
    assert await keeping.studio.job(young.id) is not None
    assert keeping.studio.picture_path(young.images[0]).is_file()
    assert b"zanzibarian" not in keeping.settings.database.read_bytes()
    assert await keeping.retention.expire() == 0


async def test_favourites_and_what_was_not_delivered_stay(keeping: App, member: Origin) -> None:
    """Whoever's favourites, and however old."""
    kept = await painted(keeping, member, days=99)
    await keeping.album.mark(kept, 0, 77, "somebody")
    waiting = await painted(keeping, member, days=99, delivered=False)
    assert await keeping.retention.expire() == 0
    assert {kept.id, waiting.id} == {j.id for j in [await keeping.studio.job(n) for n in (1, 2)] if j}


async def test_what_a_waiting_picture_starts_from_stays(
    keeping: App, member: Origin, engine: ScriptedEngine
) -> None:
    """Until that is painted."""
    old = await painted(keeping, member, days=99)
    engine.hold_at = 1
    going_on = (await keeping.studio.submit(member, request(init_image=old.images[0].sha256, strength=1.0))).job
    assert await keeping.retention.expire() == 0
    engine.hold_at = None
    async for _ in keeping.studio.changes(going_on.id):
        pass
    assert await keeping.retention.expire() == 1


async def test_what_waits_and_what_the_owner_painted_stays(
    keeping: App, member: Origin, engine: ScriptedEngine
) -> None:
    """The rule is for what members asked for, once it is over."""
    await painted(keeping, LOCAL, days=99)
    engine.hold_at = 1
    waiting = (await keeping.studio.submit(member, request())).job
    with closing(sqlite3.connect(keeping.settings.database)) as database, database:
        database.execute("UPDATE jobs SET created_at = 1 WHERE id = ?", (waiting.id,))
    assert await keeping.retention.expire() == 0
    engine.hold_at = None


async def test_without_a_rule_everything_is_kept(app: App, member: Origin) -> None:
    """Which is the default."""
    await painted(app, member, days=9999)
    assert await app.retention.expire() == 0
