"""Rules as files: written and read back the same, and whatever is broken is named by its line."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.moderation.rule_files import MAX_BYTES, TOLD, BrokenFile, Format, check_size, read_rules, write_rules
from bot.moderation.word_rules import new_rule
from pipeline.errors import InvalidRequest
from pipeline.safety.matcher import Kind, Rule

RULES = (
    Rule(number=1, pattern="sword*", note="No weapons, please."),
    Rule(number=2, pattern="addiction", kind=Kind.ALLOW),
    Rule(number=3, pattern='"quoted", with comma; 剣', note="=1+1"),
    Rule(number=4, pattern="-minus", note="@everyone"),
    Rule(number=5, pattern="'tis", note="''"),
    Rule(number=6, pattern="+plus", note="＝wide"),
)


@pytest.mark.parametrize("form", list(Format))
def test_what_is_written_is_read_back(form: Format) -> None:
    """Kind, words and note."""
    read = read_rules(write_rules(RULES, form), f"rules.{form}")
    assert [(r.kind, r.pattern, r.note) for r in read] == [(r.kind, r.pattern, r.note) for r in RULES]


def test_no_exported_cell_begins_a_formula() -> None:
    """Whatever the rules say."""
    table = csv.reader(io.StringIO(write_rules(RULES, Format.CSV).decode("utf-8-sig"), newline=""))
    cells = [cell for row in table for cell in row]
    assert len(cells) == 3 * (len(RULES) + 1)
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))] == []


@settings(max_examples=150, deadline=None)
@given(
    note=st.text(max_size=40),
    start=st.sampled_from(["", "=", "'", "'=", "-", "\t"]),
    form=st.sampled_from(list(Format)),
)
def test_any_note_comes_back(note: str, start: str, form: Format) -> None:
    """As it was stored, on one line."""
    try:
        new = new_rule("sword", Kind.BLOCK, (start + note).replace("\0", "").encode("utf-8", "ignore").decode())
    except InvalidRequest:
        return
    data = write_rules([Rule(number=1, pattern=new.pattern, note=new.note)], form)
    assert read_rules(data, f"a.{form}")[0].note == new.note


def test_a_spreadsheet_s_own_file_is_read() -> None:
    """With semicolons, a mark at its beginning, columns in another order, empty lines and other columns empty."""
    data = "\ufeffPattern;Kind\r\nsword;Block\r\n\r\n;\r\nbow;allow\r\naxe;\r\n".encode()
    assert [(r.pattern, r.kind) for r in read_rules(data, "x.csv")] == [
        ("sword", "block"),
        ("bow", "allow"),
        ("axe", "block"),
    ]


def test_the_kind_of_a_file_without_ending_is_seen() -> None:
    """By how it begins."""
    assert read_rules(b'{"pattern": "sword"}\n', "rules")[0].pattern == "sword"
    assert read_rules(b"pattern\nsword\n", "rules.txt")[0].pattern == "sword"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("kind,pattern\nblock,sword\nblock,*\n", 3, "almost everything"),
        ("kind,pattern\nblock,=sword\n", 2, "begins as a formula does"),
        ("kind,pattern,note\nblock,sword,@SUM(A1)\n", 2, "begins as a formula does"),
        ("kind,pattern\nforbid,sword\n", 2, "no kind of rule"),
        ("kind,pattern\nblock,sword,note,more\n", 2, "needs the fields"),
        ('kind,pattern\nblock,"sword\n', 2, "needs the fields"),
        ("kind,pattern\nblock,sword\nallow,SWORD\n", 3, "blocked on one line and allowed on another"),
        ('{"pattern": "sword"}\n{"pattern": \n', 2, "needs the fields"),
        ('{"pattern": 7}\n', 1, "needs text"),
        ("{" + '"a":' * 2000 + "\n", 1, "needs the fields"),
        ('{"pattern": "bow"}\n[1]\n', 2, "needs the fields"),
        ('{"pattern": "bow", "user": 1}\n', 1, "needs the fields"),
        ('{"kind": "block"}\n', 1, "has no letter"),
    ],
)
def test_a_broken_line_is_named(text: str, line: int, words: str) -> None:
    """And nothing of the file is taken."""
    with pytest.raises(BrokenFile, match="Nothing was imported") as broken:
        read_rules(text.encode(), "rules")
    [(number, problem)] = broken.value.lines
    assert number == line
    assert words in problem.text


def test_many_broken_lines_are_counted() -> None:
    """Some are told, so that the answer stays short."""
    data = "".join(json.dumps({"pattern": "*"}) + "\n" for _ in range(50)).encode()
    with pytest.raises(BrokenFile) as broken:
        read_rules(data, "a.jsonl")
    assert broken.value.count == 50
    assert len(broken.value.lines) == TOLD


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("pattern\nschön\n".encode("latin-1"), "Line 2 of this file is not UTF-8"),
        ("pattern\nsword\n".encode("utf-16"), "not UTF-8"),
        ("pattern\nsword\n".encode("utf-16-le"), "another encoding"),
        (b"\x89PNG\r\n\x1a\n", "not UTF-8"),
        (b"", "no rule in this file"),
        (b"kind,pattern\n", "no rule in this file"),
        (b"word,kind\nsword,block\n", "must name its columns"),
        (b"sword\n", "must name its columns"),
        (b" " * (MAX_BYTES + 1), "may have 10 MB"),
    ],
)
def test_another_file_gets_a_sentence(data: bytes, words: str) -> None:
    """That says what would be right."""
    with pytest.raises(InvalidRequest, match=words):
        read_rules(data, "rules.csv")


def test_a_file_is_refused_by_its_size_alone() -> None:
    """Before it is downloaded."""
    check_size(MAX_BYTES)
    with pytest.raises(InvalidRequest, match=r"This file has 100\.0 MB"):
        check_size(100 * 1024 * 1024)


def test_too_many_rules_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With both numbers."""
    monkeypatch.setattr("bot.moderation.rule_files.MAX_RULES", 2)
    with pytest.raises(InvalidRequest, match="has 3 rules, and a server may have 2"):
        read_rules(b"pattern\nsword\nbow\naxe\n", "a.csv")
