"""The audit log as CSV files, however long it is: read in pieces, written on a thread, cut to what Discord takes."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import shutil
import unicodedata
from collections.abc import AsyncGenerator, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from db.audit import Written
from db.audit_search import NEWEST, AuditSearch, Filter
from pipeline.errors import MemberError

HEADER: Final = (
    "id", "time", "moderator_id", "moderator", "action", "member_id", "job", "target", "reason", "details",
)  # fmt: skip
BOM: Final = b"\xef\xbb\xbf"
"""Without it spreadsheets take the file for one in their machine's old encoding."""
ROWS: Final = 2_000
"""Entries between two visits to the database."""
MOST_BYTES: Final = 250 * 1024 * 1024
"""Of one export: a million entries and more."""
_FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")


def cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula, whoever typed it, and without control characters."""
    kept = "".join(c for c in text if c in "\t\r\n" or unicodedata.category(c) not in {"Cc", "Cs"})
    bare = kept.lstrip(" \u00a0\u3000")
    return f"'{kept}" if bare[:1] in _FORMULA and bare else kept


def row(written: Written) -> tuple[str, ...]:
    """An entry as cells."""
    entry = written.entry
    return (
        str(written.id),
        datetime.fromtimestamp(written.at, UTC).strftime("%Y-%m-%d %H:%M:%S"),
        # A number below zero is a formula, too.
        str(entry.actor_id) if entry.actor_id > 0 else "",
        cell(entry.actor_name),
        cell(entry.action),
        str(entry.user_id) if entry.user_id is not None else "",
        str(entry.job_id) if entry.job_id is not None else "",
        cell(entry.target),
        cell(entry.reason),
        cell(json.dumps(dict(entry.details), ensure_ascii=False, sort_keys=True) if entry.details else ""),
    )


def lines(rows: Iterable[Sequence[str]]) -> list[bytes]:
    """Rows as the lines of a file, each cell in quotes, so that no separator of another country's splits them."""
    found = []
    for each in rows:
        out = io.StringIO()
        csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(each)
        found.append(out.getvalue().encode("utf-8", "replace"))
    return found


class _Parts:
    """Files one after the other, each with the header and none above the limit. For a thread."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._head = BOM + lines([HEADER])[0]
        self.done: list[Path] = []
        self._size = 0
        self.total = 0

    def write(self, entries: Sequence[Written]) -> None:
        """Write rows, and begin a new file where the last one is full."""
        pieces = lines(map(row, entries))
        start = 0
        while start < len(pieces):
            if not self.done or self._size + len(pieces[start]) > self._limit:
                self.done.append(self._folder / f"audit-{len(self.done) + 1}.csv")
                self.done[-1].write_bytes(self._head)
                self._size = len(self._head)
            end = start
            while end < len(pieces) and (end == start or self._size + len(pieces[end]) <= self._limit):
                self._size += len(pieces[end])
                end += 1
            with self.done[-1].open("ab") as file:
                file.writelines(pieces[start:end])
            start = end
        self.total += sum(map(len, pieces))


class AuditExport:
    """Makes the files, in a folder of their own that is empty when the bot does not run."""

    def __init__(self, search: AuditSearch, folder: Path) -> None:
        self._search = search
        self._folder = folder

    async def parts(self, guild_id: int, wanted: Filter, limit: int) -> AsyncGenerator[tuple[Path, int]]:
        """Every part of the log, the newest entries first, and how many entries there are up to its end.

        A part is there until the next one is asked for.

        Args:
            guild_id: the server.
            wanted: which entries.
            limit: bytes of a part.

        Raises:
            MemberError: it is larger than one export may be; what came until then is sound.
            DatabaseError: the database is unusable.
        """
        folder = Path(await asyncio.to_thread(self._make))
        try:
            files, before, count, given = _Parts(folder, limit), NEWEST, 0, 0
            while entries := await self._search.before(guild_id, wanted, ROWS, before):
                await asyncio.to_thread(files.write, entries)
                before = entries[-1].id
                count += len(entries)
                while given < len(files.done) - 1:  # all but the last are full
                    yield files.done[given], count
                    await asyncio.to_thread(files.done[given].unlink)
                    given += 1
                if files.total > MOST_BYTES:
                    raise MemberError(
                        "The log is larger than one export takes. Narrow it with `days`, `member` or `area`."
                    )
            for path in files.done[given:]:
                yield path, count
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, True)  # noqa: FBT003 - the standard library's

    def _make(self) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        return mkdtemp(prefix="audit-", dir=self._folder)
