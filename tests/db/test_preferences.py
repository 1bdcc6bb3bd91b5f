"""A member's defaults and presets in the database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from db.database import Database
from db.migrate import read_migrations
from db.preferences import UNSET, Defaults, PreferenceTables, Preset, Saved
from tests.db.conftest import Clock

FULL = Defaults(
    profile="miniature", aspect="7:9", negative_preset="none", count=2, rating="sensitive", private=True
)


@pytest.fixture
def tables(db: Database) -> PreferenceTables:
    """The queries on it."""
    return PreferenceTables(db)


async def test_whoever_has_set_nothing_has_no_defaults(tables: PreferenceTables) -> None:
    """Nor is a row made by looking."""
    assert await tables.defaults(7) == UNSET


async def test_defaults_are_kept_for_each_member(tables: PreferenceTables) -> None:
    """Every field, and of that member only."""
    assert await tables.change(7, "Mia", lambda _: FULL) == FULL
    assert await tables.defaults(7) == FULL
    assert await tables.defaults(8) == UNSET


async def test_two_changes_at_once_are_both_kept(tables: PreferenceTables) -> None:
    """Each starts from what the other one has left."""
    await asyncio.gather(
        tables.change(7, "Mia", lambda each: replace(each, count=3)),
        tables.change(7, "Mia", lambda each: replace(each, aspect="2:3")),
    )
    assert await tables.defaults(7) == Defaults(count=3, aspect="2:3")


async def test_a_change_that_is_refused_changes_nothing(tables: PreferenceTables) -> None:
    """Not even the row is there."""

    def refuse(_: Defaults) -> Defaults:
        raise ValueError

    with pytest.raises(ValueError):
        await tables.change(7, "Mia", refuse)
    assert not await tables.reset(7)


async def test_reset_forgets_the_defaults_but_not_the_presets(tables: PreferenceTables) -> None:
    """And says whether there was anything."""
    await tables.change(7, "Mia", lambda _: FULL)
    await tables.save(7, "Mia", Preset("A", "{}"), "a", cap=25)
    assert await tables.reset(7)
    assert not await tables.reset(7)
    assert await tables.defaults(7) == UNSET
    assert len(await tables.presets(7)) == 1


async def test_a_preset_is_found_by_its_folded_name(tables: PreferenceTables) -> None:
    """By its owner only."""
    assert await tables.save(7, "Mia", Preset("Night", '{"count": 2}'), "night", cap=25) is Saved.NEW
    assert await tables.preset(7, "night") == Preset("Night", '{"count": 2}')
    assert await tables.preset(8, "night") is None


async def test_a_preset_of_the_same_name_is_replaced(tables: PreferenceTables) -> None:
    """Also when there is no room for another one."""
    await tables.save(7, "Mia", Preset("Night", "{}"), "night", cap=1)
    assert await tables.save(7, "Mia", Preset("NIGHT", '{"steps": 9}'), "night", cap=1) is Saved.REPLACED
    assert await tables.presets(7) == (Preset("NIGHT", '{"steps": 9}'),)


async def test_the_cap_counts_one_members_presets(tables: PreferenceTables) -> None:
    """Somebody else's do not."""
    for number in range(3):
        assert await tables.save(7, "Mia", Preset(str(number), "{}"), str(number), cap=3) is Saved.NEW
    assert await tables.save(7, "Mia", Preset("x", "{}"), "x", cap=3) is Saved.FULL
    assert await tables.save(8, "Bo", Preset("x", "{}"), "x", cap=3) is Saved.NEW
    assert [each.name for each in await tables.presets(7)] == ["0", "1", "2"]


async def test_a_preset_is_deleted_once(tables: PreferenceTables) -> None:
    """And only by its owner."""
    await tables.save(7, "Mia", Preset("Night", "{}"), "night", cap=25)
    assert not await tables.delete(8, "night")
    assert await tables.delete(7, "night")
    assert not await tables.delete(7, "night")


async def test_both_go_with_their_member(tables: PreferenceTables, db: Database) -> None:
    """Nothing of a member is left when their row goes."""
    await tables.change(7, "Mia", lambda _: FULL)
    await tables.save(7, "Mia", Preset("Night", "{}"), "night", cap=25)
    async with db.transaction() as tx:
        await tx.execute("DELETE FROM users WHERE id = 7")
    assert await tables.defaults(7) == UNSET
    assert await tables.presets(7) == ()


async def test_a_database_from_before_is_brought_up(path: Path, clock: Clock) -> None:
    """Its members can set something."""
    older = read_migrations()[:3]
    async with Database.open(path, clock, migrations=older) as db, db.transaction() as tx:
        await tx.execute("INSERT INTO users (id, name, first_seen, last_seen) VALUES (7, 'Mia', 1, 1)")
    async with Database.open(path, clock) as db:
        tables = PreferenceTables(db)
        await tables.change(7, "Mia", lambda _: FULL)
        assert await tables.defaults(7) == FULL
