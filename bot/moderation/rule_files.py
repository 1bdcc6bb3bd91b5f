"""Word rules as files: CSV for a spreadsheet, JSON lines for a program. Pure and slow: to be called on a thread.

No cell of an exported CSV begins as a formula does: an apostrophe stands before it, which reading takes off again. A
cell that begins so in a file that is read is refused, because nobody can tell whether it was meant as one.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, Final

from bot.moderation.word_rules import new_rule
from db.word_rules import NewWordRule
from pipeline.errors import InvalidRequest, MemberError
from pipeline.safety.matcher import MAX_RULES, Kind, Rule

MAX_BYTES: Final = 10 * 1024 * 1024
"""Of a file: ten thousand of the longest rules with the longest notes fit."""
TOLD: Final = 8
"""Broken lines that are named; the rest is counted."""
COLUMNS: Final = ("kind", "pattern", "note")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula."""
_GUARD: Final = "'"


class Format(StrEnum):
    """How a file is written."""

    CSV = "csv"
    JSON_LINES = "jsonl"


class BrokenFile(MemberError):
    """Lines that cannot be read. Nothing of the file is.

    Attributes:
        lines: the number of each line with what is wrong, at most `TOLD` of them.
        count: how many there are.
    """

    def __init__(self, lines: list[tuple[int, MemberError]], count: int) -> None:
        super().__init__("Nothing was imported. Lines of the file that cannot be read: {count}.", count=count)
        self.lines = tuple(lines)
        self.count = count


def check_size(size: int) -> None:
    """Refuse a file that is too large, before it is downloaded.

    Raises:
        InvalidRequest: it is.
    """
    if size > MAX_BYTES:
        raise InvalidRequest(
            "This file has {size:.1f} MB, and a file of rules may have {limit} MB. Send the rules in several files.",
            size=size / 1024**2,
            limit=MAX_BYTES // 1024**2,
        )


def write_rules(rules: Iterable[Rule], form: Format) -> bytes:
    """A file of rules, which `read_rules` reads back to the same ones."""
    rows = [{"kind": rule.kind.value, "pattern": rule.pattern, "note": rule.note} for rule in rules]
    if form is Format.JSON_LINES:
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for row in rows:
        table.writerow([unformulated(row[name]) for name in COLUMNS])
    # With its mark, or Excel takes the file for another encoding.
    return out.getvalue().encode("utf-8-sig")


def unformulated(cell: str) -> str:
    """A cell of a CSV that no spreadsheet runs."""
    return _GUARD + cell if cell.startswith((*_FORMULA, _GUARD)) else cell


def read_rules(data: bytes, name: str) -> tuple[NewWordRule, ...]:
    """The rules of a file. What it is is told by its name, else by how it begins.

    Raises:
        BrokenFile: some lines cannot be read.
        InvalidRequest: it is too large, of another encoding, of neither kind, or holds no or too many rules.
    """
    check_size(len(data))
    text = _decoded(data)
    lines = _json_lines(text) if _is_json(text, name) else _csv_lines(text)
    found: dict[str, NewWordRule] = {}
    broken: list[tuple[int, MemberError]] = []
    count = 0
    for line, row in lines:
        try:
            rule = _rule(row)
            before = found.setdefault(rule.words, rule)
            if before.kind != rule.kind:
                raise InvalidRequest(
                    "`{pattern}` is blocked on one line and allowed on another. Leave one of them out.",
                    pattern=rule.pattern,
                )
            found[rule.words] = rule
        except MemberError as error:
            count += 1
            if len(broken) < TOLD:
                broken.append((line, error))
    if broken:
        raise BrokenFile(broken, count)
    if not found:
        raise InvalidRequest("There is no rule in this file.")
    if len(found) > MAX_RULES:
        raise InvalidRequest(
            "This file has {count} rules, and a server may have {limit}.", count=len(found), limit=MAX_RULES
        )
    return tuple(found.values())


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InvalidRequest(
            "Line {line} of this file is not UTF-8. Save it as “CSV UTF-8” or as UTF-8 text, and send it again.",
            line=line,
        ) from None
    if "\0" in text:
        raise InvalidRequest(
            "This is no text file, or it is in another encoding. Save it as “CSV UTF-8” or as UTF-8 text."
        )
    return text


def _is_json(text: str, name: str) -> bool:
    ending = name.casefold().rpartition(".")[2]
    if ending in {"jsonl", "ndjson", "json"}:
        return True
    return ending != "csv" and text.lstrip().startswith("{")


def _json_lines(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError):
                yield number, None


def _csv_lines(text: str) -> Iterator[tuple[int, Any]]:
    table = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=_delimiter(text))
    head: list[str] = []
    while True:
        line = table.line_num + 1
        try:
            row = next(table, None)
        except csv.Error:
            # What follows a quotation mark that is never closed belongs to nothing.
            yield line, None
            return
        if row is None:
            return
        if not any(cell.strip() for cell in row):
            continue
        if not head:
            head = _head(row)
            continue
        if len(row) > len(head) and any(row[len(head) :]):
            yield line, None
            continue
        yield line, {name: _cell(cell) for name, cell in zip(head, row, strict=False)}


def _delimiter(text: str) -> str:
    """Spreadsheets of some countries write semicolons."""
    first = text.partition("\n")[0]
    return ";" if ";" in first and "," not in first else ","


def _head(row: list[str]) -> list[str]:
    names = [cell.strip().casefold() for cell in row]
    if "pattern" not in names or not set(names) <= set(COLUMNS) or len(set(names)) < len(names):
        raise InvalidRequest(
            "The first line of a CSV must name its columns: `{columns}`.", columns=",".join(COLUMNS)
        )
    return names


def _cell(cell: str) -> str | MemberError:
    if cell.startswith(_FORMULA):
        return InvalidRequest(
            "`{cell}` begins as a formula does. Put an apostrophe before it if it is meant as text.",
            cell=cell[:40],
        )
    rest = cell.removeprefix(_GUARD)
    return rest if rest.startswith((*_FORMULA, _GUARD)) else cell


def _rule(row: Any) -> NewWordRule:
    if not isinstance(row, dict) or not set(row) <= set(COLUMNS):
        raise InvalidRequest("It needs the fields {columns} and no others.", columns=", ".join(COLUMNS))
    for value in row.values():
        if isinstance(value, MemberError):
            raise value
    kind, pattern, note = (row.get(name, "") for name in COLUMNS)
    if not (isinstance(kind, str) and isinstance(pattern, str) and isinstance(note, str)):
        raise InvalidRequest("It needs text in the fields {columns}.", columns=", ".join(COLUMNS))
    kind = kind.strip().casefold() or Kind.BLOCK
    if kind not in set(Kind):
        raise InvalidRequest("`{kind}` is no kind of rule: `block` or `allow`.", kind=kind[:40])
    return new_rule(pattern, Kind(kind), note)
