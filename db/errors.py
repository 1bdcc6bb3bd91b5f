"""The one exception of this package, and how SQLite's errors become sentences."""

from __future__ import annotations

import sqlite3
from typing import Final


class DatabaseError(Exception):
    """The database cannot be used as things stand; `text` is a full sentence that says what would help.

    It is `template`, with `values` in its fields: apart, so that another language can be looked up by the template.

    What was being written when it is raised has not been written. Everything the owner can do nothing about
    (a broken query, a violated constraint) stays a `sqlite3.Error`: that is a fault of ours.
    """

    def __init__(self, template: str, **values: str) -> None:
        self.template = template
        self.values = values
        self.text = template.format(**values) if values else template
        super().__init__(self.text)


_LOCKED: Final = (
    "The database {name} is locked by another program. Nothing was changed: close what else has it open, "
    "or try again in a moment."
)
_DAMAGED: Final = (
    "The database {name} is damaged. Stop the bot, then put a backup in its place (such as the file whose name "
    "ends in .before- and a number, beside it), or move it away to begin with an empty one."
)
_NOT_OURS: Final = (
    "The file {name} is damaged, or no database at all. Put a backup in its place, or move it away to "
    "begin with an empty one."
)
_READ_ONLY: Final = (
    "The database {name} cannot be written. Give the user that runs the bot write permission for the file and "
    "for its folder."
)
_NO_ACCESS: Final = (
    "The database {name} cannot be opened. Its folder must exist, and the user that runs the bot must be able "
    "to write there."
)
_FULL: Final = (
    "The disk that holds the database {name} is full. Nothing was changed: free some space and try again."
)
_BROKEN_DISK: Final = (
    "The disk that holds the database {name} reports an error. Nothing was changed: check the disk, then start "
    "the bot again."
)
_UNSTORABLE: Final = (
    "This cannot be stored: it holds half a Unicode character or a number of more than 64 bits. Leave that out "
    "and try again."
)

_SENTENCES: Final = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _NOT_OURS,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _NO_ACCESS,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _BROKEN_DISK,
}
"""By SQLite's primary result code, https://www.sqlite.org/rescode.html."""

_PRIMARY: Final = 0xFF
"""The low byte of an extended result code is the primary one."""


def explain(error: BaseException, name: str) -> DatabaseError | None:
    """The sentence for an error from SQLite, or None when it is a fault of ours.

    Args:
        error: what was raised by `sqlite3`.
        name: how to call the database: its whole path for the owner at the start, its file name later, when
            the sentence may reach a member.
    """
    if isinstance(error, UnicodeEncodeError | OverflowError):
        return DatabaseError(_UNSTORABLE)
    code: int = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    sentence = _SENTENCES.get(code)
    return None if sentence is None else DatabaseError(sentence, name=name)


def damaged(name: str) -> DatabaseError:
    """What to raise when the file was read and is not sound."""
    return DatabaseError(_DAMAGED, name=name)
