"""Erasing a member: everything of theirs and nothing of anybody else's, however it is interrupted."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from db.database import Database
from db.errors import DatabaseError
from db.forgetting import KEPT, OWNED, REFUSALS, Forgetting
from db.gallery import Gallery
from db.history import History
from db.jobs import Job, Jobs, JobState
from db.migrate import read_migrations
from tests.db.conftest import Clock, new_job, paint

MIA, BEN = 7, 8
TREATED = {"jobs", "forgetting"}
"""Tables with a `user_id` that `Forgetting` treats by itself."""
MEMBER_WORDS = ("user", "member", "author", "owner", "moderator")

FORGETTING = 7
"""The migration that made forgetting possible."""


@pytest.fixture
def forgetting(db: Database) -> Forgetting:
    """The queries."""
    return Forgetting(db)


async def done(jobs: Jobs, user: int = MIA, *, parent: Job | None = None, prompt: str = "1girl") -> Job:
    """A delivered job with a message."""
    new = replace(new_job(user=user, user_name=f"name{user}"), request=json.dumps({"prompt": prompt}))
    job = await jobs.create(replace(new, parent_image_id=parent.images[0].id if parent else None))
    await paint(jobs, job.images[0].id)
    await jobs.set_message(job.id, 11, 1000 + job.id)
    await jobs.delivered(job.id, None)
    found = await jobs.get(job.id)
    assert found is not None
    return found


async def erase(forgetting: Forgetting, user: int = MIA, at_once: int = 100) -> None:
    """All steps after `begin`."""
    while await forgetting.erase_some(user, at_once):
        pass
    await forgetting.compact()
    await forgetting.finish(user)
    await forgetting.compact()


def columns(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Every table's columns with their types."""
    connection = sqlite3.connect(path)
    try:
        names = [
            row[0]
            for row in connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'job_texts%'"
            )
        ]
        return {
            name: [(row[1], row[2]) for row in connection.execute(f"PRAGMA table_info({name})")]
            for name in names
        }
    finally:
        connection.close()


def tables_of_members(path: Path) -> set[str]:
    """The tables that name a member by `user_id`."""
    return {table for table, found in columns(path).items() if any(name == "user_id" for name, _ in found)}


async def test_every_table_that_names_members_is_listed(db: Database, path: Path) -> None:
    """Whoever adds one decides in `db/forgetting.py` what becomes of it; and the column is called `user_id`."""
    assert tables_of_members(path) == TREATED | set(OWNED) | set(KEPT)
    other = {
        f"{table}.{name}"
        for table, found in columns(path).items()
        for name, kind in found
        if kind == "INTEGER" and name != "user_id" and any(word in name for word in MEMBER_WORDS)
    }
    assert other == set()


async def test_nothing_is_left_in_any_table(
    db: Database, path: Path, jobs: Jobs, forgetting: Forgetting
) -> None:
    """A row of the member's in every table there is, those of later features too; another's stay."""
    for user in (MIA, BEN):
        await done(jobs, user)
    fill(path, tables_of_members(path) - TREATED - set(KEPT))
    before = rows_by_user(path, BEN)
    assert set(rows_by_user(path, MIA)) == {"jobs", "users", *OWNED}
    await forgetting.begin(MIA)
    await erase(forgetting)
    assert rows_by_user(path, MIA) == {}
    assert rows_by_user(path, BEN) == before
    found = await forgetting.belongings(MIA)
    assert not found
    assert (await forgetting.belongings(BEN)).jobs == 1


def fill(path: Path, tables: set[str]) -> None:
    """A row of each of the two in every table, whatever its columns mean."""
    values = {"INTEGER": 1, "REAL": 1.0, "TEXT": "x", "BLOB": b"x", "ANY": 1}
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for table in tables:
        found = columns(path)[table]
        for user in (MIA, BEN):
            # The two jobs and pictures have the numbers 1 and 2.
            own = {"user_id": user, "id": user, "image_id": user - 6, "job_id": user - 6}
            row = [own.get(name, values[kind]) for name, kind in found]
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)
    connection.commit()
    connection.close()


def rows_by_user(path: Path, user: int) -> dict[str, int]:
    """How many rows of each table name a member."""
    connection = sqlite3.connect(path)
    try:
        found = {
            table: connection.execute(f"SELECT count(*) FROM {table} WHERE user_id = ?", (user,)).fetchone()[0]
            for table in tables_of_members(path)
        }
        found["users"] = connection.execute("SELECT count(*) FROM users WHERE id = ?", (user,)).fetchone()[0]
    finally:
        connection.close()
    return {table: count for table, count in found.items() if count}


async def test_the_files_hold_nothing_of_it_any_more(
    db: Database, path: Path, jobs: Jobs, forgetting: Forgetting
) -> None:
    """Neither prompt nor name can be read in the database, its log or the search index; another's can."""
    for number in range(30):
        await done(jobs, MIA, prompt=f"zanzibar lighthouse{number}")
        await done(jobs, BEN, prompt=f"quetzal feather{number}")
    # The index keeps words as what they add to the word before, so a part is looked for.
    words = (b"zanzibar", b"anzibar", b"ighthouse", b"name7")
    assert all(word in content(path) for word in words)
    await forgetting.begin(MIA)
    await erase(forgetting, at_once=7)
    assert [word for word in words if word in content(path)] == []
    assert b"quetzal" in content(path)
    wal = path.with_name(path.name + "-wal")
    assert wal.stat().st_size == 0
    rows = await db.rows("SELECT count(*) AS n FROM job_texts WHERE job_texts MATCH 'quetzal'")
    assert rows[0]["n"] == 30
    await db.check()


def content(path: Path) -> bytes:
    """Every byte of the database and its log."""
    return b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*") if "shm" not in file.name)


async def test_what_is_left_to_do_is_noted_with_the_erasing(
    db: Database, jobs: Jobs, forgetting: Forgetting
) -> None:
    """Files and messages, without the member's name; each until it is done."""
    first, second = await done(jobs), await done(jobs)
    await forgetting.begin(MIA)
    assert await forgetting.pending() == (MIA,)
    assert await forgetting.erase_some(MIA, 1) == 1
    assert await jobs.get(first.id) is None
    assert await jobs.get(second.id) is not None
    assert await forgetting.doomed_files(10) == (first.images[0].file,)
    assert [each.message_id for each in await forgetting.takedowns(10)] == [1000 + first.id]
    await erase(forgetting)
    assert await forgetting.pending() == ()
    files = await forgetting.doomed_files(10)
    assert len(files) == 2
    assert await forgetting.doomed_files(10, files[0]) == files[1:]
    await forgetting.files_gone(files)
    assert await forgetting.doomed_files(10) == ()
    messages = await forgetting.takedowns(10)
    assert [each.message_id for each in messages] == [1000 + first.id, 1000 + second.id]
    await forgetting.taken_down(messages[0].message_id)
    assert await forgetting.takedowns(10) == messages[1:]
    assert await forgetting.takedowns(10, messages[1].message_id) == ()


async def test_a_message_that_discord_keeps_is_given_up(jobs: Jobs, forgetting: Forgetting) -> None:
    """After some starts, not at the first."""
    job = await done(jobs)
    await forgetting.begin(MIA)
    await erase(forgetting)
    for _ in range(REFUSALS):
        assert len(await forgetting.takedowns(10)) == 1
        await forgetting.refused(1000 + job.id)
    assert await forgetting.takedowns(10) == ()


async def test_numbers_are_never_given_out_again(jobs: Jobs, forgetting: Forgetting) -> None:
    """Old buttons name them."""
    last = await done(jobs)
    await forgetting.begin(MIA)
    await erase(forgetting)
    new = await done(jobs, BEN)
    assert new.id > last.id
    assert new.images[0].id > last.images[0].id


async def test_others_pictures_stay_and_lose_the_link(db: Database, jobs: Jobs, forgetting: Forgetting) -> None:
    """And others' marks on the erased ones go with them."""
    mine = await done(jobs)
    theirs = await done(jobs, BEN, parent=mine)
    await History(db).toggle_favourite(BEN, "Ben", mine.images[0].id)
    await History(db).toggle_favourite(MIA, "Mia", theirs.images[0].id)
    await forgetting.begin(MIA)
    await erase(forgetting)
    left = await jobs.get(theirs.id)
    assert left is not None
    assert left.parent_image_id is None
    assert left.images[0].file is not None
    assert await db.rows("SELECT * FROM favourites") == []


async def test_going_on_from_a_picture_that_is_just_erased_is_a_job_without_the_link(
    jobs: Jobs, forgetting: Forgetting
) -> None:
    """Looked up before, queued after."""
    mine = await done(jobs)
    await forgetting.begin(MIA)
    await erase(forgetting)
    theirs = await done(jobs, BEN, parent=mine)
    assert theirs.parent_image_id is None


async def test_what_they_ask_for_afterwards_stays(jobs: Jobs, forgetting: Forgetting) -> None:
    """They have come back, with their name; a second wish takes that too."""
    await done(jobs)
    await forgetting.begin(MIA)
    later = await done(jobs)
    await erase(forgetting)
    assert await jobs.get(later.id) is not None
    assert (await forgetting.belongings(MIA)).jobs == 1
    await forgetting.begin(MIA)
    await erase(forgetting)
    assert not await forgetting.belongings(MIA)


async def test_nothing_is_shown_or_delivered_from_the_first_commit_on(
    db: Database, jobs: Jobs, clock: Clock, forgetting: Forgetting
) -> None:
    """Whatever is killed after it."""
    waiting = await jobs.create(new_job(user=MIA))
    rendered = await jobs.create(new_job(user=MIA))
    await paint(jobs, rendered.images[0].id)
    job = await done(jobs)
    clock.time = 5000
    await forgetting.begin(MIA)
    assert (await jobs.recover("discord")).undelivered == ()
    stored = await jobs.get(job.id)
    assert stored is not None
    assert stored.deleted_at == 5000
    assert await forgetting.unfinished(MIA) == (waiting.id,)
    assert await forgetting.unfinished(BEN) == ()
    await erase(forgetting)
    assert await jobs.counts() == dict.fromkeys(JobState, 0)


async def test_belongings_are_counted(db: Database, jobs: Jobs, forgetting: Forgetting) -> None:
    """What the question names: of this member, in all guilds, without what is gone already."""
    assert not await forgetting.belongings(MIA)
    job = await done(jobs)
    await jobs.create(new_job(user=MIA, guild=10, images=2))
    await done(jobs, BEN)
    await History(db).toggle_favourite(MIA, "Mia", job.images[0].id)
    found = await forgetting.belongings(MIA)
    assert (found.known, found.jobs, found.waiting, found.pictures, found.messages) == (True, 2, 1, 1, 1)
    assert found.owned == (("favourites", 1),)
    await Gallery(db).delete(job.id)
    await Gallery(db).swept([job.images[0].id])
    assert (await forgetting.belongings(MIA)).pictures == 0


async def test_a_locked_database_erases_nothing_half(path: Path, jobs: Jobs, forgetting: Forgetting) -> None:
    """It is tried again later."""
    job = await done(jobs)
    await forgetting.begin(MIA)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError, match="locked"):
        await forgetting.erase_some(MIA, 10)
    other.execute("ROLLBACK")
    other.close()
    assert await jobs.get(job.id) is not None
    assert await forgetting.takedowns(10) == ()
    await erase(forgetting)
    assert await jobs.get(job.id) is None


async def test_an_older_database_can_forget(path: Path, clock: Clock) -> None:
    """What was written before the migration is erased as well."""
    before = [each for each in read_migrations() if each.version < FORGETTING]
    async with Database.open(path, clock, migrations=before) as old, old.transaction() as tx:
        # As that version wrote it: today's queries know columns that it had not.
        await tx.execute("INSERT INTO guilds (id, name, first_seen, last_seen) VALUES (9, 'g', 1.0, 1.0)")
        await tx.execute("INSERT INTO users (id, name, first_seen, last_seen) VALUES (?, 'm', 1.0, 1.0)", MIA)
        await tx.execute(
            """
            INSERT INTO jobs (origin, guild_id, user_id, channel_id, message_id, private, state, request, notes,
                              created_at)
            VALUES ('discord', 9, ?, 11, 12, 0, 'delivered', '{}', '{}', 1.0)
            """,
            MIA,
        )
    async with Database.open(path, clock) as db:
        forgetting = Forgetting(db)
        assert (await forgetting.belongings(MIA)).jobs == 1
        await forgetting.begin(MIA)
        await erase(forgetting)
        assert not await forgetting.belongings(MIA)
