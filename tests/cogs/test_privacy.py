"""`/privacy` says all that is stored, as this instance keeps it."""

from __future__ import annotations

import dataclasses
import sqlite3
from contextlib import closing

import pytest

from cogs.privacy import LINES, NOT_PERSONAL, privacy_text
from cogs.words import speak
from tests.support.simcord_env import World, answer_of


def tables(world: World) -> set[str]:
    """Every table of the database, without those that SQLite makes for itself and for a search index."""
    with closing(sqlite3.connect(world.app.settings.database)) as database:
        rows = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return {name for (name,) in rows if not name.startswith(("sqlite_", "job_texts_"))}


async def test_every_table_is_told_of_or_knows_nobody(world: World) -> None:
    """A new one has to be thought about."""
    told = {table for names in LINES for table in names.split(",")}
    assert tables(world) == told | NOT_PERSONAL
    assert not told & NOT_PERSONAL


async def test_tables_that_know_nobody_have_no_members(world: World) -> None:
    """No column of theirs names one."""
    with closing(sqlite3.connect(world.app.settings.database)) as database:
        for table in sorted(NOT_PERSONAL):
            columns = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
            assert not columns & {"user_id", "actor_id", "user_name", "prompt", "request"}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"retention_days": 7}, "7 days, favourites for ever"),
        ({"retention_gb": 9}, "at most 9 GB"),
        ({"history_days": 30}, "30 days, except for favourites"),
        ({"audit_days": 11}, "the log of moderators: 11 days"),
        ({"audit_days": 0}, "until the owner of this bot deletes it"),
        ({}, "with prompts and recipes: until they are deleted"),
    ],
)
async def test_periods_are_those_of_this_instance(world: World, settings: dict[str, int], told: str) -> None:
    """As they are set."""
    assert told in privacy_text(dataclasses.replace(world.app.settings, **settings))  # type: ignore[arg-type]


async def test_everybody_may_read_it(world: World) -> None:
    """For their eyes only, and it names the way out."""
    result = await world.alice.slash(world.channel, "privacy")
    assert result.ephemeral
    assert "/forget-me" in answer_of(result)
    assert "/export" in answer_of(result)


async def test_it_is_in_japanese_as_well(world: World) -> None:
    """All of it."""
    english = privacy_text(world.app.settings).splitlines()
    speak("ja")
    try:
        japanese = privacy_text(world.app.settings).splitlines()
    finally:
        speak(None)
    assert len(english) == len(japanese)
    assert not set(english) & set(japanese)
