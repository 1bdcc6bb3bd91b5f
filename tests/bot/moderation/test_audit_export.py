"""The audit log as CSV: no cell is a formula, no part is too large, nothing is missing."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import time
from pathlib import Path

import pytest

from bot.app import App
from bot.moderation.audit_export import HEADER, AuditExport, cell
from db.audit import FORGOTTEN, Entry
from db.audit_search import Filter
from pipeline.errors import MemberError


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u00a0=1",
        "＝1+1",
        "\x00=1",
        "=cmd|' /C calc'!A0",
    ],
)
def test_no_cell_starts_a_formula(text: str) -> None:
    """Whatever comes before the sign."""
    made = cell(text)
    assert made.startswith("'")
    assert "\x00" not in made


@pytest.mark.parametrize("text", ["", "spam", "a=b", "3 strikes", 'é, "x"\ny', "1girl"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    """Most of them."""
    assert cell(text) == text


async def entries(app: App, count: int, **what: object) -> None:
    """So many decisions in server 1."""
    for number in range(count):
        values = {"reason": f"reason {number}", **what}
        await app.moderation.audit.add(
            Entry(guild_id=1, actor_id=5, actor_name="=mod", action="ban.add", user_id=7, **values)  # type: ignore[arg-type]
        )


async def collect(export: AuditExport, limit: int = 10**7, wanted: Filter | None = None) -> list[bytes]:
    """The parts, as they are sent."""
    found = []
    async with contextlib.aclosing(export.parts(1, wanted or Filter(), limit)) as parts:
        async for path, _ in parts:
            found.append(await asyncio.to_thread(path.read_bytes))
    return found


def rows(part: bytes) -> list[list[str]]:
    """As a spreadsheet reads them."""
    return list(csv.reader(io.StringIO(part.decode("utf-8-sig"), newline="")))


async def test_every_entry_is_in_it(app: App) -> None:
    """With a head, and a mark by which spreadsheets know UTF-8."""
    await entries(app, 3, details={"until": None}, job_id=4, target='größe\nünd, "mehr"')
    (part,) = await collect(app.enforcement.export)
    assert part.startswith(b"\xef\xbb\xbf")
    head, *found = rows(part)
    assert tuple(head) == HEADER
    assert [row[0] for row in found] == ["3", "2", "1"]
    assert found[0][2:] == [
        "5", "'=mod", "ban.add", "7", "4", 'größe\nünd, "mehr"', "reason 2", '{"until": null}',
    ]  # fmt: skip
    assert list(app.settings.exports.iterdir()) == []


async def test_parts_stay_below_the_limit(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with the head, and together they are all."""
    monkeypatch.setattr("bot.moderation.audit_export.ROWS", 7)
    await entries(app, 50)
    parts = await collect(app.enforcement.export, 1_000)
    assert len(parts) > 4
    assert all(len(part) <= 1_000 for part in parts)
    found = [row for part in parts for row in rows(part)[1:]]
    assert [row[0] for row in found] == [str(number) for number in range(50, 0, -1)]


async def test_no_entry_no_part(app: App) -> None:
    """And other servers' entries are none."""
    await app.moderation.audit.add(Entry(guild_id=2, actor_id=1, actor_name="x", action="a.b"))
    assert await collect(app.enforcement.export) == []


async def test_filters_hold(app: App) -> None:
    """As for the search."""
    await entries(app, 5)
    (part,) = await collect(app.enforcement.export, wanted=Filter(text="reason 3"))
    assert len(rows(part)) == 2


async def test_whoever_was_forgotten_is_no_number(app: App) -> None:
    """Which would be below zero, and so a formula."""
    await app.moderation.audit.add(Entry(guild_id=1, actor_id=FORGOTTEN, actor_name="", action="a.b"))
    (part,) = await collect(app.enforcement.export)
    assert rows(part)[1][2:4] == ["", ""]


async def test_an_export_has_an_end(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a sentence, and nothing left on the disk."""
    monkeypatch.setattr("bot.moderation.audit_export.MOST_BYTES", 500)
    await entries(app, 20)
    with pytest.raises(MemberError, match="larger than one export"):
        await collect(app.enforcement.export)
    assert list(app.settings.exports.iterdir()) == []


async def test_the_loop_is_free_meanwhile(app: App) -> None:
    """20,000 entries; what is measured is the longest that nothing else could run."""
    async with app.moderation.audit._db.transaction() as tx:
        await tx.execute_many(
            "INSERT INTO audit (guild_id, at, actor_id, actor_name, action, target, reason, details)"
            " VALUES (1, ?, 5, 'm', 'ban.add', '', 'because of this and that', '{}')",
            ((float(number),) for number in range(20_000)),
        )
    longest, running = 0.0, True

    async def watch() -> None:
        nonlocal longest
        while running:
            before = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - before)

    watching = asyncio.get_running_loop().create_task(watch())
    parts = await collect(app.enforcement.export)
    running = False
    await watching
    assert sum(len(rows(part)) - 1 for part in parts) == 20_000
    print(f"20,000 entries exported; the loop waited {longest * 1000:.0f} ms at most")
    assert longest < 1.0


def test_the_folder_is_made(tmp_path: Path) -> None:
    """An export may be the first."""
    assert AuditExport(None, tmp_path / "new")._make().startswith(str(tmp_path))  # type: ignore[arg-type]
