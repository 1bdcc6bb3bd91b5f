"""Bans, strikes and the log when a member is forgotten, and jobs that are removed with all their messages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.audit import FORGOTTEN, Audit, Entry
from db.bans import Ban, BanTable
from db.database import Database
from db.forgetting import Forgetting
from db.gallery import Gallery
from db.jobs import Jobs, JobState
from db.removal import Removals
from db.strikes import StrikeTable
from tests.db.conftest import Clock, new_job, paint
from tests.db.test_forgetting import MIA, content, done, erase

GUILD = 9


def about(action: str = "ban.add", **what: Any) -> Entry:
    """A decision of moderator 5 about Mia."""
    values: dict[str, Any] = {
        "guild_id": GUILD,
        "actor_id": 5,
        "actor_name": "mod",
        "user_id": MIA,
        "reason": "zanzibar",
    }
    return Entry(action=action, **{**values, **what})


def ban(until: float | None = None, guild_id: int = GUILD) -> Ban:
    """Of Mia."""
    return Ban(guild_id=guild_id, user_id=MIA, since=1_000.0, until=until, reason="spam")


@pytest.fixture
def bans(db: Database) -> BanTable:
    """The queries."""
    return BanTable(db)


async def entries(db: Database) -> list[Entry]:
    """The whole log of the server, oldest first."""
    return [each.entry for each in reversed(await Audit(db).newest(GUILD, 100))]


async def test_forgetting_keeps_the_ban_and_names_nobody_else(db: Database, bans: BanTable) -> None:
    """Id, end and reason; strikes are gone, and the log knows neither whom nor who, where that was them."""
    await bans.put(ban(5_000.0), about())
    await StrikeTable(db).add(about("strike.add"), 0.0, lambda _: None)
    await Audit(db).add(about("ban.add", actor_id=MIA, actor_name="Mia", user_id=3))
    forgetting = Forgetting(db)
    await forgetting.begin(MIA)
    await erase(forgetting)
    assert await bans.all() == (ban(5_000.0),)
    assert await StrikeTable(db).of_member(GUILD, MIA, 0.0) == ()
    log = await entries(db)
    assert [(each.actor_id, each.actor_name, each.user_id) for each in log] == [
        (5, "mod", None),
        (5, "mod", None),
        (FORGOTTEN, "", 3),
    ]
    assert not await forgetting.belongings(MIA)


async def test_a_ban_of_a_forgotten_member_ends_without_naming_them(db: Database, bans: BanTable) -> None:
    """Lifted, or by itself; whoever is banned anew is named again."""
    await bans.put(ban(), about())
    forgetting = Forgetting(db)
    await forgetting.begin(MIA)
    await erase(forgetting)
    await bans.remove(ban(), about("ban.remove"))
    await bans.put(replace(ban(), since=1_001.0), about())
    await bans.end([(replace(ban(), since=1_001.0), about("ban.end"))])
    assert [(each.action, each.user_id) for each in await entries(db)] == [
        ("ban.add", None),
        ("ban.remove", None),
        ("ban.add", MIA),
        ("ban.end", MIA),
    ]
    assert await bans.all() == ()


async def test_whoever_was_only_decided_about_can_be_forgotten(db: Database, bans: BanTable) -> None:
    """They have painted nothing."""
    await bans.put(ban(), about())
    assert (await Forgetting(db).belongings(MIA)).decisions == 1


async def test_the_reason_of_a_strike_is_not_left_in_the_file(db: Database, path: Path) -> None:
    """The log keeps its own copy, which names nobody: the strike's goes."""
    await StrikeTable(db).add(about("strike.add", reason="quetzalcoatl"), 0.0, lambda _: None)
    forgetting = Forgetting(db)
    await forgetting.begin(MIA)
    await erase(forgetting)
    assert content(path).count(b"quetzalcoatl") == 1


async def test_a_ban_stops_what_is_under_way_in_its_server(jobs: Jobs, bans: BanTable) -> None:
    """Queued, running and rendered, and nothing elsewhere or of others."""
    queued = await jobs.create(new_job(user=MIA, images=2))
    rendered = await jobs.create(new_job(user=MIA))
    await paint(jobs, rendered.images[0].id)
    delivered = await done(jobs, MIA)
    elsewhere = await jobs.create(new_job(user=MIA, guild=10))
    other = await jobs.create(new_job(user=8))
    stopped = await bans.put(ban(), about())
    assert [each.job_id for each in stopped] == [queued.id, rendered.id]
    assert stopped[0].image_ids == tuple(image.id for image in queued.images)
    states = {}
    for job in (queued, rendered, delivered, elsewhere, other):
        found = await jobs.get(job.id)
        assert found is not None
        states[job.id] = found.state
    assert list(states.values()) == [
        JobState.CANCELLED,
        JobState.CANCELLED,
        JobState.DELIVERED,
        JobState.QUEUED,
        JobState.QUEUED,
    ]
    assert not await jobs.delivered(rendered.id, 5)
    assert (await jobs.recover("discord")).undelivered == ()
    assert [each.job_id for each in await bans.put(ban(guild_id=0), about(guild_id=0))] == [elsewhere.id]


async def test_a_start_stops_what_was_left(jobs: Jobs, bans: BanTable, clock: Clock) -> None:
    """Of those whose ban stands, here or everywhere."""
    await bans.put(ban(2_000.0), about())
    left = await jobs.create(new_job(user=MIA))
    await jobs.create(new_job(user=MIA, guild=10))
    assert await bans.stop_all() == 1
    found = await jobs.get(left.id)
    assert found is not None
    assert found.state is JobState.CANCELLED
    clock.time = 3_000
    await jobs.create(new_job(user=MIA))
    assert await bans.stop_all() == 0


async def test_nothing_is_written_when_the_step_fails(db: Database) -> None:
    """A warning and the ban that follows come together or not at all."""

    def broken(_: int) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await StrikeTable(db).add(about("strike.add"), 0.0, broken)
    assert await entries(db) == []
    assert await StrikeTable(db).of_member(GUILD, MIA, 0.0) == ()


async def test_every_message_of_a_job_is_known(db: Database, jobs: Jobs) -> None:
    """The one that it has, those that it had, and those that are written down for it."""
    job = await done(jobs)
    await jobs.set_message(job.id, 12, 77)
    await jobs.posted(job.id, 0, 13, 78)
    await jobs.posted(999, 0, 13, 79)
    for message_id in (1000 + job.id, 77, 78):
        found = await jobs.find_by_message(message_id)
        assert found is not None
        assert found.id == job.id
    assert await jobs.find_by_message(79) is None
    removed = await Removals(db).remove(job.id, about("job.delete"), offspring=False)
    assert removed.messages == 3
    messages = await Forgetting(db).takedowns(10)
    assert [(each.message_id, each.channel_id) for each in messages] == [
        (77, 12),
        (78, 13),
        (1000 + job.id, 11),
    ]
    assert [each.image_id for each in await Gallery(db).left_files(10)] == [job.images[0].id]


async def test_forgetting_takes_every_message_down(db: Database, jobs: Jobs) -> None:
    """Not the newest alone."""
    job = await done(jobs)
    await jobs.set_message(job.id, 12, 77)
    await jobs.posted(job.id, 0, 13, 78)
    forgetting = Forgetting(db)
    await forgetting.begin(MIA)
    await erase(forgetting)
    assert [each.message_id for each in await forgetting.takedowns(10)] == [77, 78, 1000 + job.id]


async def test_a_family_ends_at_the_server(db: Database, jobs: Jobs) -> None:
    """And holds everything that came of a picture, whoever made it."""
    first = await done(jobs)
    second = await done(jobs, 8, parent=first)
    third = await done(jobs, MIA, parent=second)
    removals = Removals(db)
    assert await removals.family(first.id, GUILD, offspring=True) == (first.id, second.id, third.id)
    assert await removals.family(first.id, GUILD, offspring=False) == (first.id,)
    assert await removals.family(first.id, GUILD + 1, offspring=True) == ()
