"""The way of a database to the newest schema: a copy first, then one migration after the other."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from db.errors import DatabaseError, explain
from db.migrate import RECORDS, Migration, backup_path, pending

if TYPE_CHECKING:
    from db.database import Database, Transaction


async def upgrade(database: Database, migrations: Sequence[Migration], path: Path) -> None:
    """Bring a database to the newest schema, after a copy of it was made.

    Args:
        database: open, and used by nobody else yet.
        migrations: the schema's history.
        path: the database's file; the copy lies beside it.

    Raises:
        DatabaseError: it is newer than this program, or cannot be written or copied.
    """
    # A write at once: a read-only or locked file is refused now and not at the first job.
    async with database.transaction() as tx:
        (tables,) = await tx.rows("SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")
        await tx.execute(RECORDS)
        version = await _version(tx)
    todo = pending(tuple(migrations), version, str(path))
    if todo and tables[0]:
        await _back_up(database, backup_path(path, todo[0].version))
    for migration in todo:
        await _apply(database, migration, str(path))


async def _apply(database: Database, migration: Migration, name: str) -> None:
    async with database.transaction() as tx:
        if await _version(tx) >= migration.version:  # another program was faster
            return
        try:
            for statement in migration.statements:
                await tx.execute(statement)
            await tx.execute(
                "INSERT INTO schema_versions (version, reason, applied_at) VALUES (?, ?, ?)",
                migration.version,
                migration.reason,
                database.now(),
            )
        except sqlite3.Error as error:
            raise explain(error, name) or DatabaseError(
                f"The database {name} could not be upgraded to schema {migration.version}: {error}. "
                f"It is unchanged; install the version of Tagbrush you had before."
            ) from error


async def _back_up(database: Database, target: Path) -> None:
    """Copy the database page by page; a copy that was cut short never carries the final name."""
    part = target.with_name(target.name + ".part")
    try:
        await asyncio.to_thread(part.unlink, missing_ok=True)
        await database.copy_to(part)
        await asyncio.to_thread(part.replace, target)
    except OSError as error:
        raise DatabaseError(
            f"The backup {target} cannot be made: {error.strerror or error}. The database is unchanged."
        ) from error


async def _version(tx: Transaction) -> int:
    (row,) = await tx.rows("SELECT coalesce(max(version), 0) FROM schema_versions")
    return int(row[0])
