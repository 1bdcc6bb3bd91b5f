"""The connection: transactions, cancelling, and every way in which a file can be unusable."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest

from db.database import Database, uninterrupted
from db.errors import DatabaseError, explain
from db.keyvalue import KeyValue
from tests.db.conftest import Clock


async def test_what_is_written_is_synced_before_it_is_acknowledged(db: Database) -> None:
    """WAL, with a sync at every commit, and foreign keys checked."""
    values = [
        (await db.rows(f"PRAGMA {name}"))[0][0] for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    assert values == ["wal", 2, 1]


async def test_every_table_is_strict(db: Database) -> None:
    """SQLite refuses text in a number's column only in STRICT tables; an index of words cannot be one."""
    rows = await db.rows("PRAGMA table_list")
    loose = {row["name"] for row in rows if not row["strict"] and not row["name"].startswith("sqlite_")}
    assert {name for name in loose if not name.startswith("job_texts")} == set()


async def test_a_block_that_raises_writes_nothing(db: Database) -> None:
    """All or nothing."""
    store = KeyValue(db)

    async def write() -> None:
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO keyvalue VALUES ('a', '1')")
            raise KeyError

    with pytest.raises(KeyError):
        await write()
    assert await store.get("a") is None


async def test_a_cancelled_block_writes_nothing_and_blocks_nobody(db: Database) -> None:
    """The transaction of a cancelled task is rolled back before the next one begins."""
    inside = asyncio.Event()

    async def write_and_wait() -> None:
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO keyvalue VALUES ('a', '1')")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write_and_wait())
    await inside.wait()
    task.cancel()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await KeyValue(db).set("b", "2")
    assert await KeyValue(db).get("a") is None


@pytest.mark.parametrize("turns", range(12))
async def test_cancelling_at_any_point_leaves_all_or_nothing(db: Database, turns: int) -> None:
    """Wherever the cancelling hits, in BEGIN, a statement or COMMIT, the next transaction works."""

    async def write() -> None:
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO keyvalue VALUES ('a', '1')")
            await tx.execute("INSERT INTO keyvalue VALUES ('b', '2')")

    task = asyncio.create_task(write())
    for _ in range(turns):
        await asyncio.sleep(0)
        if turns % 2:  # give the database thread time to be in another place
            await asyncio.to_thread(lambda: None)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert not db._connection.in_transaction
    async with db.transaction() as tx:
        rows = await tx.rows("SELECT key FROM keyvalue")
    assert len(rows) in {0, 2}


async def test_transactions_do_not_mix(db: Database) -> None:
    """A reader never sees half of what another task is writing."""
    seen: list[int] = []

    async def write() -> None:
        async with db.transaction() as tx:
            for key in "abc":
                await tx.execute("INSERT INTO keyvalue VALUES (?, '1')", key)
                await asyncio.sleep(0)

    async def read() -> None:
        seen.append(len(await db.rows("SELECT * FROM keyvalue")))

    await asyncio.gather(write(), *(read() for _ in range(5)))
    assert set(seen) <= {0, 3}


async def test_whoever_comes_after_the_end_is_told(path: Path) -> None:
    """A member who asks while the bot is stopping gets a sentence."""
    async with Database.open(path) as db:
        store = KeyValue(db)
    with pytest.raises(DatabaseError, match="closed"):
        await store.set("a", "1")


async def test_a_nested_use_is_a_fault_and_not_a_deadlock(db: Database) -> None:
    """Waiting for oneself would be forever."""
    with pytest.raises(RuntimeError, match="inside its own transaction"):
        async with db.transaction():
            await db.rows("SELECT 1")


async def test_a_second_cancel_does_not_cut_the_clean_up() -> None:
    """`uninterrupted` waits to the end, then passes the cancelling on."""
    steps: list[str] = []
    begun = asyncio.Event()

    async def clean_up() -> None:
        begun.set()
        await asyncio.to_thread(lambda: None)
        steps.append("done")

    task = asyncio.create_task(uninterrupted(clean_up()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert steps == ["done"]


# -- files that cannot be used ------------------------------------------------------------------------------


async def refusal(path: Path) -> str:
    """The sentence with which a file is refused."""
    with pytest.raises(DatabaseError) as caught:
        async with Database.open(path, busy_seconds=0.01):
            pass
    return caught.value.text


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """Which folder, and what to do."""
    text = await refusal(tmp_path / "nowhere" / "x.sqlite3")
    assert str(tmp_path / "nowhere") in text
    assert "does not exist" in text


async def test_a_folder_is_no_database(tmp_path: Path) -> None:
    """A path that is a folder is refused."""
    assert "is a folder" in await refusal(tmp_path)


async def test_another_file_is_no_database(path: Path) -> None:
    """Something that is not SQLite is left alone."""
    letter = b"This is a letter to my aunt. " * 200
    await asyncio.to_thread(path.write_bytes, letter)
    assert "no database" in await refusal(path)
    assert await asyncio.to_thread(path.read_bytes) == letter


async def test_a_damaged_database_is_told(path: Path, clock: Clock) -> None:
    """Overwritten pages become a sentence, at the opening, at the check or at the query that meets them."""
    async with Database.open(path, clock) as db, db.transaction() as tx:
        await tx.execute_many("INSERT INTO keyvalue VALUES (?, ?)", [(f"{i}", "x" * 500) for i in range(500)])

    def damage() -> None:
        whole = path.read_bytes()
        half = len(whole) // 2
        path.write_bytes(whole[:half] + b"\x99" * half)

    await asyncio.to_thread(damage)
    with pytest.raises(DatabaseError, match="damaged"):
        async with Database.open(path, clock) as db:
            await db.check()


async def test_a_sound_database_passes_the_check(db: Database) -> None:
    """Nothing is raised."""
    await db.check()


async def test_a_locked_database_is_told_when_opened(path: Path, clock: Clock) -> None:
    """Another program that holds the write lock for long."""
    async with Database.open(path, clock):
        pass
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert "locked" in await refusal(path)
    finally:
        other.close()


async def test_a_write_to_a_locked_database_is_told_and_works_later(db: Database, path: Path) -> None:
    """The write fails with a sentence; nothing is stuck afterwards."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError, match="locked"):
        await KeyValue(db).set("a", "1")
    other.execute("ROLLBACK")
    other.close()
    await KeyValue(db).set("a", "2")
    assert await KeyValue(db).get("a") == "2"


async def test_a_full_disk_is_told_and_works_later(db: Database) -> None:
    """SQLITE_FULL rolls back by itself; the next write finds everything in order."""
    pages = (await db.rows("PRAGMA page_count"))[0][0]
    await db.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseError, match="full"):
        await KeyValue(db).set("a", "x" * 100_000)
    await db.rows("PRAGMA max_page_count = 1000000")
    await KeyValue(db).set("a", "1")
    assert await KeyValue(db).get("a") == "1"


async def test_a_database_that_cannot_be_written_is_told(db: Database) -> None:
    """SQLITE_READONLY, here by SQLite's own switch, because the super-user may write any file."""
    await db.rows("PRAGMA query_only = ON")
    with pytest.raises(DatabaseError, match="write permission"):
        await KeyValue(db).set("a", "1")


async def test_a_place_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    """Here a name that is too long for any file system."""
    assert "cannot be opened" in await refusal(tmp_path / ("x" * 300))


async def test_half_a_character_is_told(db: Database) -> None:
    """A lone surrogate, as a terminal may hand over, has no bytes in UTF-8."""
    with pytest.raises(DatabaseError, match="half a Unicode character"):
        await KeyValue(db).set("a", "\ud83d")


async def test_a_sentence_for_members_names_no_folder(db: Database, path: Path) -> None:
    """After the start sentences may reach Discord, where the owner's folders are nobody's business."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError) as caught:
        await KeyValue(db).set("a", "1")
    other.close()
    assert path.name in caught.value.text
    assert str(path.parent) not in caught.value.text


def test_a_fault_of_ours_has_no_sentence() -> None:
    """A broken query is logged with its traceback, and not blamed on the disk."""
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(":memory:").execute("SELEKT 1")
    assert explain(caught.value, "x") is None
