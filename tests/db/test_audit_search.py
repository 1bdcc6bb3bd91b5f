"""Looking through the audit log: every filter, either way, and never in one long query."""

from __future__ import annotations

import pytest

from db.audit import Entry, add_entry
from db.audit_search import NEWEST, AuditSearch, Filter
from db.database import Database
from tests.db.conftest import Clock


@pytest.fixture
def search(db: Database, monkeypatch: pytest.MonkeyPatch) -> AuditSearch:
    """With windows so small that every search needs several."""
    monkeypatch.setattr("db.audit_search.WINDOW", 4)
    return AuditSearch(db)


async def fill(db: Database, clock: Clock, count: int = 30) -> None:
    """Entries 1 to `count`, each ten seconds after the other, in two servers by turns."""
    async with db.transaction() as tx:
        for number in range(1, count + 1):
            entry = Entry(
                guild_id=1 + number % 2,
                actor_id=100 + number % 3,
                actor_name="m",
                action="ban.add" if number % 5 else "rule.add",
                user_id=7 if number % 7 == 0 else 8,
                target=f"100% _{number}_",
                reason="Große Worte" if number == 3 else "",
            )
            await add_entry(tx, entry, clock.time + 10 * number)


def ids(entries: object) -> list[int]:
    """Numbers of entries."""
    return [each.id for each in entries]  # type: ignore[attr-defined]


async def test_only_this_server_s_newest_first(db: Database, clock: Clock, search: AuditSearch) -> None:
    """Across windows."""
    await fill(db, clock)
    assert ids(await search.before(2, Filter(), 100)) == list(range(29, 0, -2))
    assert ids(await search.before(2, Filter(), 3, 21)) == [19, 17, 15]
    assert ids(await search.after(2, Filter(), 3, 21)) == [27, 25, 23]
    assert await search.before(3, Filter(), 10) == ()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(user_id=7), [21, 7]),
        (Filter(actor_id=100), [27, 21, 15, 9, 3]),
        (Filter(area="rule"), [25, 15, 5]),
        (Filter(area="ru"), []),
        (Filter(text="große"), [3]),
        (Filter(text="GROßE WORTE"), [3]),
        (Filter(text="_9_"), [9]),
        (Filter(text="100%"), list(range(29, 0, -2))),
        (Filter(text="' OR 1=1"), []),
        (Filter(since=1_000 + 255), [29, 27]),
        (Filter(user_id=7, area="ban", since=1_000 + 100), [21]),
    ],
)
async def test_filters(
    db: Database, clock: Clock, search: AuditSearch, wanted: Filter, found: list[int]
) -> None:
    """Each alone, and together; nothing that is typed is a pattern."""
    await fill(db, clock)
    assert ids(await search.before(2, wanted, 100)) == found
    assert ids(await search.after(2, wanted, 100, 0)) == found


async def test_pages_both_ways(db: Database, clock: Clock, search: AuditSearch) -> None:
    """Forth and back without a gap, and each knows whether there is another."""
    await fill(db, clock)
    first = await search.page(2, Filter(), 6)
    assert (ids(first.entries), first.newer, first.older) == ([29, 27, 25, 23, 21, 19], False, True)
    second = await search.page(2, Filter(), 6, before=19)
    assert (ids(second.entries), second.newer, second.older) == ([17, 15, 13, 11, 9, 7], True, True)
    third = await search.page(2, Filter(), 6, before=7)
    assert (ids(third.entries), third.newer, third.older) == ([5, 3, 1], True, False)
    assert await search.page(2, Filter(), 6, after=5) == second
    assert ids((await search.page(2, Filter(), 6, after=17)).entries) == ids(first.entries)
    assert ids((await search.page(2, Filter(), 6, after=29)).entries) == ids(first.entries)


async def test_areas_are_those_that_there_are(db: Database, clock: Clock, search: AuditSearch) -> None:
    """For suggestions."""
    await fill(db, clock)
    assert await AuditSearch(db).areas(2) == ("ban", "rule") or await search.areas(1) == ("ban", "rule")
    assert await search.areas(9) == ()


async def test_old_entries_are_swept_in_pieces(db: Database, clock: Clock, search: AuditSearch) -> None:
    """The oldest first, of every server, and no number is given out again."""
    await fill(db, clock)
    assert await search.sweep(1_000 + 105, 4) == 4
    assert await search.sweep(1_000 + 105, 100) == 6
    assert await search.sweep(1_000 + 105, 100) == 0
    assert ids(await search.before(1, Filter(), 100, NEWEST))[-1] == 12
