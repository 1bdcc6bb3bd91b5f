"""Settings of a server hold at once, for that server alone, and after a restart."""

from __future__ import annotations

import pytest

from bot.app import App, open_app
from bot.moderation.policies import Scope
from bot.settings import Settings
from db.audit import Entry
from tests.support.scripted_classifier import ScriptedClassifier
from tests.support.scripted_engine import ScriptedEngine


def entry(guild: int = 1) -> Entry:
    """A moderator's decision."""
    return Entry(guild_id=guild, actor_id=9, actor_name="mod", action="test.set")


async def test_what_is_set_holds_at_once_and_in_that_place_only(app: App) -> None:
    """Servers, channels and roles know nothing of each other."""
    policies = app.moderation.policies
    await policies.set("colour", "red", entry())
    await policies.set("colour", "blue", entry(), scope=Scope.CHANNEL, target=5)
    assert policies.get(1, "colour") == "red"
    assert policies.get(1, "colour", scope=Scope.CHANNEL, target=5) == "blue"
    assert policies.get(2, "colour") is None
    assert policies.targets(1, Scope.CHANNEL, "colour") == {5: "blue"}


async def test_it_survives_a_restart(settings: Settings, engine: ScriptedEngine) -> None:
    """Whatever JSON can hold."""
    async with open_app(settings, make_engine=lambda _: engine, make_classifier=ScriptedClassifier) as app:
        await app.moderation.policies.set("list", [1, {"a": None}], entry())
    async with open_app(settings, make_engine=lambda _: engine, make_classifier=ScriptedClassifier) as app:
        assert app.moderation.policies.get(1, "list") == [1, {"a": None}]


async def test_what_is_taken_away_is_gone(app: App) -> None:
    """The default holds again; a second time there is nothing to take away."""
    policies = app.moderation.policies
    await policies.set("colour", "red", entry())
    assert await policies.unset("colour", entry())
    assert not await policies.unset("colour", entry())
    assert policies.get(1, "colour") is None


async def test_every_change_is_in_the_log(app: App) -> None:
    """And one that changed nothing is not."""
    policies, audit = app.moderation.policies, app.moderation.audit
    await policies.set("colour", "red", entry())
    await policies.unset("colour", entry())
    await policies.unset("colour", entry())
    assert len(await audit.newest(1, 10)) == 2
    assert await audit.newest(2, 10) == ()


async def test_nothing_changes_when_it_cannot_be_written(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory never says what the database does not."""
    policies = app.moderation.policies

    async def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("db.policies.add_entry", broken)
    with pytest.raises(RuntimeError):
        await policies.set("colour", "red", entry())
    assert policies.get(1, "colour") is None
    await policies.load()
    assert policies.get(1, "colour") is None
