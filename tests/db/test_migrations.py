"""The way to the newest schema: numbered, recorded, backed up, all or nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from db.database import Database
from db.errors import DatabaseError
from db.keyvalue import KeyValue
from db.migrate import Migration, backup_path, read_migrations, split_statements
from tests.db.conftest import Clock

FIRST = Migration(1, "first", ("CREATE TABLE a (x INTEGER) STRICT", "INSERT INTO a VALUES (1)"))
SECOND = Migration(2, "second", ("ALTER TABLE a ADD COLUMN y TEXT", "INSERT INTO a VALUES (2, 'two')"))
BROKEN = Migration(2, "broken", ("INSERT INTO a VALUES (2)", "INSERT INTO nowhere VALUES (1)"))


def copy_of(path: Path) -> list[tuple[object, ...]]:
    """What table `a` holds in another file."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT * FROM a").fetchall()
    finally:
        connection.close()


async def test_each_migration_is_recorded(path: Path, clock: Clock) -> None:
    """Number, reason and time, once each, however often the database is opened."""
    for history in ([FIRST], [FIRST, SECOND], [FIRST, SECOND]):
        async with Database.open(path, clock, migrations=history) as db:
            rows = [tuple(row) for row in await db.rows("SELECT * FROM schema_versions ORDER BY version")]
    assert rows == [(1, "first", 1000.0), (2, "second", 1000.0)]


async def test_a_backup_is_made_before_a_migration(path: Path, clock: Clock) -> None:
    """It holds what was there before, and it is a whole database."""
    async with Database.open(path, clock, migrations=[FIRST]):
        pass
    async with Database.open(path, clock, migrations=[FIRST, SECOND]) as db:
        assert [tuple(row) for row in await db.rows("SELECT * FROM a")] == [(1, None), (2, "two")]
    assert backup_path(path, 2).name == "tagbrush.sqlite3.before-0002"
    assert copy_of(backup_path(path, 2)) == [(1,)]


async def test_a_backup_holds_what_is_only_in_the_write_ahead_log(path: Path, clock: Clock) -> None:
    """A copy of the file alone would miss what a killed process left in the log."""
    async with Database.open(path, clock, migrations=[FIRST]):
        pass
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA wal_autocheckpoint = 0")
    other.execute("INSERT INTO a VALUES (5)")
    async with Database.open(path, clock, migrations=[FIRST, SECOND]):
        pass
    other.close()
    assert copy_of(backup_path(path, 2)) == [(1,), (5,)]


async def test_an_empty_database_needs_no_backup(path: Path, clock: Clock) -> None:
    """Nothing is there to be lost; nor when nothing is to be done."""
    for _ in range(2):
        async with Database.open(path, clock, migrations=[FIRST, SECOND]):
            pass
    assert not [file for file in path.parent.iterdir() if "before" in file.name]


async def test_a_migration_that_fails_changes_nothing(path: Path, clock: Clock) -> None:
    """Neither its first statement nor its record stays, and the text says where that leaves the owner."""
    async with Database.open(path, clock, migrations=[FIRST]):
        pass
    with pytest.raises(DatabaseError, match=r"schema 2.*unchanged"):
        async with Database.open(path, clock, migrations=[FIRST, BROKEN]):
            pass
    async with Database.open(path, clock, migrations=[FIRST]) as db:
        assert [tuple(row) for row in await db.rows("SELECT * FROM a")] == [(1,)]


async def test_a_newer_database_is_left_alone(path: Path, clock: Clock) -> None:
    """An older program would write what the newer schema forbids."""
    async with Database.open(path, clock, migrations=[FIRST, SECOND]):
        pass
    with pytest.raises(DatabaseError, match="newer Tagbrush"):
        async with Database.open(path, clock, migrations=[FIRST]):
            pass


async def test_the_shipped_migrations_make_every_table(path: Path) -> None:
    """And what is written through them survives closing and opening."""
    async with Database.open(path) as db:
        await KeyValue(db).set("tree", "abc")
        tables = {row["name"] for row in await db.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    async with Database.open(path) as db:
        assert await KeyValue(db).get("tree") == "abc"
    assert {"guilds", "users", "jobs", "images", "speeds", "keyvalue", "schema_versions"} <= tables


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("0002_x.sql", "-- Revises: 0001\n-- Reason: r\nSELECT 1;\n", "0001_what_it_does.sql"),
        ("first.sql", "-- Revises: 0000\n-- Reason: r\nSELECT 1;\n", "0001_what_it_does.sql"),
        ("0001_x.sql", "-- Revises: 0007\n-- Reason: r\nSELECT 1;\n", "Revises: 0000"),
        ("0001_x.sql", "-- Revises: 0000\nSELECT 1;\n", "Reason"),
        ("0001_x.sql", "-- Revises: 0000\n-- Reason: r\nSELECT 1\n", "semicolon"),
    ],
)
def test_a_badly_named_or_headed_file_is_refused(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    """The text names the file and what it should say."""
    (tmp_path / name).write_text(text)
    with pytest.raises(DatabaseError, match=complaint) as caught:
        read_migrations(tmp_path)
    assert name in caught.value.text


def test_a_trigger_is_one_statement() -> None:
    """The semicolons inside it do not end it."""
    script = (
        "CREATE TABLE a (x);\nCREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM a;\nEND;\n-- the end\n"
    )
    assert len(split_statements(script, "x.sql")) == 2


def test_the_shipped_migrations_are_in_order() -> None:
    """Numbers from 1 without gaps, each with a reason."""
    migrations = read_migrations()
    assert [migration.version for migration in migrations] == list(range(1, len(migrations) + 1))
