"""The one connection to SQLite, its transactions, and its way to the newest schema."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import aiosqlite

from db.errors import DatabaseError, damaged, explain
from db.migrate import Migration, read_migrations
from db.upgrade import upgrade

Value = str | int | float | None
T = TypeVar("T")

BUSY_SECONDS: Final = 5.0
"""How long a write waits for another program (a command line beside the bot, a backup tool) to let go."""

OLDEST_SQLITE: Final = (3, 37, 0)
"""The first one with STRICT tables, November 2021."""


class Transaction:
    """What may be done between BEGIN and COMMIT. Every value is a parameter, never part of the SQL text."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def execute(self, sql: str, *values: Value) -> int:
        """Run one statement. Returns the number of rows it changed."""
        async with self._connection.execute(sql, values) as cursor:
            return cursor.rowcount

    async def execute_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement once for each row of values."""
        async with self._connection.executemany(sql, rows):
            pass

    async def rows(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        """All rows of a query."""
        return list(await self._connection.execute_fetchall(sql, values))

    async def row(self, sql: str, *values: Value) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        rows = await self.rows(sql, *values)
        return rows[0] if rows else None


class Database:
    """One connection on a thread of its own. Made by `open`.

    Whoever reads or writes holds a lock meanwhile: on a shared connection another task would otherwise see,
    commit or roll back half of somebody else's transaction.
    """

    def __init__(self, connection: aiosqlite.Connection, path: Path, now: Callable[[], float]) -> None:
        self.now = now
        self._connection = connection
        self._name = str(path)
        self._lock = asyncio.Lock()
        self._owner: asyncio.Task[Any] | None = None
        self._closed = False

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        path: Path,
        now: Callable[[], float] = time.time,
        *,
        busy_seconds: float = BUSY_SECONDS,
        migrations: Sequence[Migration] | None = None,
    ) -> AsyncIterator[Database]:
        """Open a database, making it when it is missing and bringing it to the newest schema.

        Args:
            path: the file; its folder must exist.
            now: the clock, Unix seconds.
            busy_seconds: how long to wait for another program's write.
            migrations: the schema's history; this package's own when left out.

        Raises:
            DatabaseError: the folder is missing, or the file is locked, damaged, not writable or newer than
                this program; the text says which.
        """
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise DatabaseError(
                f"This Python brings SQLite {sqlite3.sqlite_version}, and 3.37 or newer is needed. "
                "Use a newer Python or a newer system."
            )
        await asyncio.to_thread(_check_place, path)
        # isolation_level None: the module itself never begins or commits anything.
        connect = aiosqlite.connect(path, timeout=busy_seconds, isolation_level=None)
        try:
            connection = await connect
        except sqlite3.Error as error:
            raise explain(error, str(path)) or DatabaseError(
                f"The database {path} cannot be opened: {error}."
            ) from error
        database = cls(connection, path, now)
        try:
            await database._prepare()
            history = read_migrations() if migrations is None else tuple(migrations)
            await upgrade(database, history, path)
            database._name = path.name
            yield database
        finally:
            # To its end: the thread of a connection that is not closed would keep the process alive.
            await uninterrupted(database._close())

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Everything inside is written together when the block ends, or not at all when it raises.

        That includes being cancelled: the transaction is rolled back, or its commit brought to an end, before
        the next one begins. One at a time; do not call other methods of the database inside.

        Raises:
            DatabaseError: locked, damaged, not writable, disk full.
        """
        async with self._exclusive():
            try:
                # IMMEDIATE takes the write lock at once: a transaction that begins by reading could find at its
                # first write that somebody else has written meanwhile, and would have to begin again.
                await self._run("BEGIN IMMEDIATE")
                yield Transaction(self._connection)
            except BaseException:
                await uninterrupted(self._roll_back())
                raise
            await uninterrupted(self._commit())

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """For several queries that belong together; nothing of this program is written in between.

        Raises:
            DatabaseError: locked or damaged.
        """
        async with self._exclusive():
            yield Transaction(self._connection)

    async def rows(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        """All rows of one query.

        Raises:
            DatabaseError: locked or damaged.
        """
        async with self.reading() as tx:
            return await tx.rows(sql, *values)

    async def check(self) -> None:
        """Read the whole file and check that it is sound. Takes about a second for each gigabyte.

        Raises:
            DatabaseError: it is damaged.
        """
        report = await self.rows("PRAGMA quick_check(1)")
        if report[0][0] != "ok":
            raise damaged(self._name)

    async def empty_log(self) -> None:
        """Write everything in the write-ahead log into the database and cut the log to nothing.

        Another program that reads just then keeps that from happening; the log is then emptied some other time.

        Raises:
            DatabaseError: locked, damaged, disk full.
        """
        await self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    async def copy_to(self, target: Path) -> None:
        """Copy the whole database, page by page, into a new file.

        Raises:
            DatabaseError: damaged, disk full.
        """
        async with self._exclusive(), aiosqlite.connect(target) as copy:
            await self._connection.backup(copy)

    @contextlib.asynccontextmanager
    async def _exclusive(self) -> AsyncIterator[None]:
        task = asyncio.current_task()
        if self._owner is not None and self._owner is task:
            raise RuntimeError("the database was used inside its own transaction: that would wait forever")
        async with self._lock:
            if self._closed:
                raise DatabaseError(
                    "The database is closed, because the program is stopping. Nothing was changed."
                )
            self._owner = task
            try:
                yield
            except (sqlite3.Error, UnicodeEncodeError, OverflowError) as error:
                if (sentence := explain(error, self._name)) is None:
                    raise
                raise sentence from error
            finally:
                self._owner = None

    async def _run(self, sql: str) -> None:
        await Transaction(self._connection).execute(sql)

    async def _commit(self) -> None:
        try:
            await self._run("COMMIT")
        except sqlite3.Error:
            await self._roll_back()
            raise

    async def _roll_back(self) -> None:
        # SQLite has already rolled back by itself after some errors, such as a full disk. A statement that was
        # cancelled is still on its way through the thread; this one is queued behind it, so it sees its end.
        with contextlib.suppress(sqlite3.Error):
            await self._run("ROLLBACK")

    async def _close(self) -> None:
        async with self._lock:
            self._closed = True
            await self._connection.close()

    async def _prepare(self) -> None:
        self._connection.row_factory = sqlite3.Row
        async with self._exclusive():
            for pragma in (
                "journal_mode = WAL",
                # WAL with NORMAL may lose the newest commits when the power fails. A member is told "queued"
                # after the commit, and what was acknowledged is never lost: so FULL, which syncs every commit,
                # and on macOS fullfsync, because a plain fsync stops at the drive's cache there.
                "synchronous = FULL",
                "fullfsync = ON",
                "checkpoint_fullfsync = ON",
                "foreign_keys = ON",
                "trusted_schema = OFF",
                # What members delete is overwritten in the file and not only left out of its lists.
                "secure_delete = ON",
            ):
                await self._run(f"PRAGMA {pragma}")


async def uninterrupted(work: Awaitable[T]) -> T:
    """Wait for something to its end although this task is cancelled meanwhile; the cancelling follows then."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception:  # noqa: BLE001 - `task.result()` below raises it
            break
    if cancelled is not None:
        task.cancelled() or task.exception()  # looked at, so that asyncio does not report it as forgotten
        raise cancelled
    return task.result()


def _check_place(path: Path) -> None:
    try:
        folder_there, is_folder = path.parent.is_dir(), path.is_dir()
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise DatabaseError(
            f"The database {path} cannot be opened: {error.strerror or error}. Name another place for it."
        ) from error
    if not folder_there:
        raise DatabaseError(
            f"The folder {path.parent} of the database does not exist. Make it, or name another one."
        )
    if is_folder:
        raise DatabaseError(f"The database {path} is a folder. Name a file instead.")
