"""Numbered migrations: SQL files that are applied in order, each together with its record, after a backup."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from db.errors import DatabaseError

FOLDER: Final = Path(__file__).parent / "migrations"

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_HEADER = re.compile(r"-- Revises: (\d{4})\n-- Reason: (\S.*)\n")

RECORDS: Final = """
    CREATE TABLE IF NOT EXISTS schema_versions (
        version    INTEGER PRIMARY KEY,
        reason     TEXT NOT NULL,
        applied_at REAL NOT NULL
    ) STRICT
"""
"""The one table that no migration makes, because it records them."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema.

    Attributes:
        version: 1, 2, 3 and so on, without gaps.
        reason: one line for whoever reads the history.
        statements: the SQL, one statement each.
    """

    version: int
    reason: str
    statements: tuple[str, ...]


def read_migrations(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """Read and check the migration files of a folder, oldest first.

    Raises:
        DatabaseError: a file name, a header or the numbering is wrong; the text names the file.
    """
    migrations: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        expected = len(migrations) + 1
        text = path.read_text(encoding="utf-8")
        name, header = _NAME.fullmatch(path.name), _HEADER.match(text)
        if name is None or int(name[1]) != expected:
            raise DatabaseError(f"The migration {path.name} must be called {expected:04d}_what_it_does.sql.")
        if header is None or int(header[1]) != expected - 1:
            raise DatabaseError(
                f"The migration {path.name} must begin with the lines “-- Revises: {expected - 1:04d}” and "
                "“-- Reason: why it is needed”."
            )
        migrations.append(Migration(expected, header[2], split_statements(text, path.name)))
    return tuple(migrations)


def split_statements(script: str, name: str) -> tuple[str, ...]:
    """Split a script into statements.

    `sqlite3`'s own `executescript` commits whatever is open before it begins, so a migration and its record
    could not share a transaction.

    Raises:
        DatabaseError: the last statement does not end with a semicolon at the end of a line.
    """
    statements: list[str] = []
    current = ""
    for line in script.splitlines(keepends=True):
        current += line
        if line.rstrip().endswith(";") and sqlite3.complete_statement(current):
            statements.append(current.strip())
            current = ""
    if any(line.strip() and not line.lstrip().startswith("--") for line in current.splitlines()):
        raise DatabaseError(f"The migration {name} does not end with a semicolon.")
    return tuple(statements)


def pending(migrations: tuple[Migration, ...], version: int, name: str) -> tuple[Migration, ...]:
    """What must still be applied to a database of this version.

    Raises:
        DatabaseError: the database is newer than this program.
    """
    newest = len(migrations)
    if version > newest:
        raise DatabaseError(
            f"The database {name} was written by a newer Tagbrush (its schema is {version}, this program knows "
            f"{newest}). Install that version again, or put back the backup from before the upgrade, beside it."
        )
    return migrations[version:]


def backup_path(database: Path, version: int) -> Path:
    """Where the copy goes that is made before the migration with this number."""
    return database.with_name(f"{database.name}.before-{version:04d}")
