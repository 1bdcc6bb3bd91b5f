"""A database of any earlier version, with jobs in it, opened by this one."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.bans import BanTable
from db.database import Database, Transaction
from db.forgetting import Forgetting
from db.jobs import ImageState, Jobs, JobState
from db.migrate import read_migrations
from db.posts import take_all_down
from db.usage import Usage
from tests.db.conftest import Clock, new_job, paint

GUILD, MIA = 9, 7
VERSIONS = len(read_migrations())
STATES = ("queued", "running", "rendered", "delivered", "failed", "cancelled")
"""Of the jobs 1 to 6."""


async def fill(tx: Transaction) -> None:
    """A job in each state, by the columns of the first version, each with a message of its own."""
    await tx.execute("INSERT INTO guilds VALUES (?, 'Guild', 1, 1)", GUILD)
    await tx.execute("INSERT INTO users VALUES (?, 'Mia', 1, 1)", MIA)
    for number, state in enumerate(STATES, start=1):
        await tx.execute(
            """
            INSERT INTO jobs (id, origin, guild_id, user_id, channel_id, message_id, private, state, request, notes,
                              created_at)
            VALUES (?, 'discord', ?, ?, 11, ?, 0, ?, '{"prompt": "1girl"}', '{}', 990)
            """,
            number,
            GUILD,
            MIA,
            1000 + number,
            state,
        )
        painted = state in {"rendered", "delivered"}
        await tx.execute(
            """
            INSERT INTO images (id, job_id, position, state, recipe, profile, prompt, negative_prompt, seed, width,
                                height, steps, cost, file, sha256, seconds)
            VALUES (?1, ?1, 0, ?2, '{}', 'miniature', '1girl', '', 1, 256, 256, 20, 2.5, ?3, ?4, 1.5)
            """,
            number,
            "painted" if painted else state,
            f"{number}.png" if painted else None,
            f"{number:064}" if painted else None,
        )


@pytest.mark.parametrize("version", range(1, VERSIONS))
async def test_what_an_older_version_has_written_goes_on(path: Path, clock: Clock, version: int) -> None:
    """Jobs are what they were, nobody has looked at their pictures, and the bot takes them up and paints more."""
    async with (
        Database.open(path, clock, migrations=read_migrations()[:version]) as old,
        old.transaction() as tx,
    ):
        await fill(tx)
    async with Database.open(path, clock) as db:
        await db.check()
        jobs = Jobs(db)
        for number, state in enumerate(STATES, start=1):
            job = await jobs.get(number)
            assert job is not None
            assert (job.state, job.revision, job.message_id) == (JobState(state), 0, 1000 + number)
            assert [image.check_state for image in job.images] == [None]
        recovery = await jobs.recover("discord")
        assert [each.job_id for each in recovery.waiting] == [1, 2]
        assert 3 in recovery.undelivered
        new = await paint(jobs, (await jobs.create(new_job(user=MIA, guild=GUILD))).images[0].id)
        assert new.state is JobState.RENDERED
        assert new.images[0].state is ImageState.PAINTED
        # Two wait, two are painted, the one that was cancelled had not started, and there is the new one.
        asked = await Usage(db).of_member(GUILD, MIA, 0.0)
        assert sum(each.pictures for each in asked) == 5
        assert await BanTable(db).all() == ()
        assert (await Forgetting(db).belongings(MIA)).jobs == 7


@pytest.mark.parametrize("version", range(1, VERSIONS))
async def test_messages_of_an_older_version_are_known(path: Path, clock: Clock, version: int) -> None:
    """All of them can be taken down."""
    migrations = read_migrations()
    made = next(each.version for each in migrations if "Bans and strikes" in each.reason)
    async with Database.open(path, clock, migrations=migrations[:version]) as old, old.transaction() as tx:
        await fill(tx)
    async with Database.open(path, clock) as db:
        rows = await db.rows("SELECT message_id, guild_id, channel_id, job_id FROM posts ORDER BY job_id")
        if version < made:  # a newer one writes them down by itself
            assert [tuple(row) for row in rows] == [(1000 + n, GUILD, 11, n) for n in range(1, len(STATES) + 1)]
        async with db.transaction() as tx:
            assert await take_all_down(tx, "[4]") == 1
        assert [each.message_id for each in await Forgetting(db).takedowns(10)] == [1004]
        await Jobs(db).set_message(4, 12, 2000)
        found = await db.rows("SELECT message_id, channel_id FROM posts WHERE job_id = 4 AND message_id = 2000")
        assert [tuple(row) for row in found] == [(2000, 12)]
