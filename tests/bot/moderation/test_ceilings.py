"""The most that may be painted: by place, channel, role and instance."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import open_app
from bot.moderation.ceilings import Ceilings
from bot.moderation.policies import Policies, Scope
from bot.orders import LOCAL, Origin
from bot.settings import read_settings
from db.audit import Audit, Entry
from db.database import Database
from db.policies import PolicyTable
from pipeline.errors import InvalidRequest
from pipeline.profiles.types import Rating
from pipeline.prompt.above import Above

WHO = Entry(guild_id=1, actor_id=9, actor_name="mod", action="ceiling.channel")
HERE = Origin(kind="discord", guild_id=1, guild_name="g", channel_id=2, user_id=3, user_name="m")
RESTRICTED = replace(HERE, nsfw_channel=True)
THREAD = replace(HERE, channel_id=22, parent_id=2)
DIRECT = replace(HERE, guild_id=0, channel_id=5)
G, S, Q, E = Rating
Open = Callable[..., Ceilings]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Open]:
    """Ceilings under any settings, on one database."""
    async with Database.open(tmp_path / "db.sqlite3") as database:
        policies = Policies(PolicyTable(database))
        await policies.load()
        yield lambda **values: Ceilings(
            settings=read_settings({}, None, data_dir=tmp_path, **values), policies=policies
        )


async def restrict(ceilings: Ceilings, channel_id: int, rating: Rating, *, restricted: bool = False) -> None:
    """Set a channel's."""
    await ceilings.set_channel(channel_id, rating, WHO, age_restricted=restricted)


def test_by_default_discord_decides(make: Open) -> None:
    """General in ordinary channels, their threads and direct messages; questionable where age is restricted."""
    ceilings = make()
    assert [ceilings.of(each) for each in (HERE, THREAD, DIRECT)] == [G, G, G]
    assert [ceilings.of(replace(each, nsfw_channel=True)) for each in (HERE, THREAD)] == [Q, Q]


async def test_a_channel_has_its_own(make: Open) -> None:
    """And no other one."""
    ceilings = make()
    await restrict(ceilings, 2, S)
    assert ceilings.of(HERE) is S
    assert ceilings.of(replace(HERE, channel_id=7)) is G
    assert ceilings.of(replace(HERE, guild_id=8)) is G


async def test_a_thread_takes_its_parents(make: Open) -> None:
    """Until it has one of its own."""
    ceilings = make()
    await restrict(ceilings, 2, S)
    assert ceilings.of(THREAD) is S
    await restrict(ceilings, 22, G)
    assert (ceilings.of(THREAD), ceilings.of(HERE)) == (G, S)


@pytest.mark.parametrize(("rating", "restricted"), [(Q, False), (E, False), (E, True)])
async def test_discords_age_restriction_is_the_limit(make: Open, rating: Rating, *, restricted: bool) -> None:
    """Nothing is set then."""
    ceilings = make()
    with pytest.raises(InvalidRequest, match="cannot be allowed in this channel"):
        await restrict(ceilings, 2, rating, restricted=restricted)
    assert ceilings.channels(1) == {}


async def test_the_ceiling_falls_with_the_age_restriction(make: Open) -> None:
    """At once, although more is set; and rises again with it."""
    ceilings = make()
    await restrict(ceilings, 2, Q, restricted=True)
    assert ceilings.of(RESTRICTED) is Q
    assert ceilings.of(HERE) is S
    assert ceilings.of(RESTRICTED) is Q


async def test_the_instance_has_a_maximum(make: Open) -> None:
    """Which nobody exceeds, also where it was set before."""
    await restrict(make(), 2, S)
    strict = make(rating_ceiling_maximum=G, rating_ceiling_age_restricted=S)
    assert (strict.of(HERE), strict.of(RESTRICTED)) == (G, S)
    with pytest.raises(InvalidRequest, match="the most is `general`"):
        await restrict(strict, 2, S)
    with pytest.raises(InvalidRequest, match="the most anywhere is `sensitive`"):
        await strict.set_role(4, Q, WHO)
    assert make(rating_ceiling=S, rating_ceiling_maximum=G).of(replace(HERE, channel_id=9)) is G


async def test_a_role_lifts_or_lowers_the_default(make: Open) -> None:
    """As far as the age-restriction allows it; of several roles the highest counts."""
    ceilings = make()
    await ceilings.set_role(4, Q, WHO)
    await ceilings.set_role(5, G, WHO)
    assert ceilings.of(replace(HERE, role_ids=frozenset({4, 5, 6}))) is S
    assert ceilings.of(replace(RESTRICTED, role_ids=frozenset({5, 6}))) is G
    assert ceilings.of(replace(RESTRICTED, role_ids=frozenset({4, 5}))) is Q
    assert ceilings.of(replace(HERE, role_ids=frozenset({6}))) is G


async def test_a_role_only_lowers_what_is_set_for_a_channel(make: Open) -> None:
    """A channel's ceiling is the most there."""
    ceilings = make()
    await ceilings.set_role(4, Q, WHO)
    await ceilings.set_role(5, G, WHO)
    await restrict(ceilings, 2, S, restricted=True)
    assert ceilings.of(replace(RESTRICTED, role_ids=frozenset({4}))) is S
    assert ceilings.of(replace(RESTRICTED, role_ids=frozenset({5}))) is G
    assert ceilings.of(replace(THREAD, nsfw_channel=True, role_ids=frozenset({4}))) is S


async def test_a_ceiling_can_be_taken_away(make: Open) -> None:
    """Then the default holds; twice changes nothing."""
    ceilings = make()
    await restrict(ceilings, 2, S)
    assert await ceilings.reset(Scope.CHANNEL, 2, WHO)
    assert not await ceilings.reset(Scope.CHANNEL, 2, WHO)
    assert ceilings.of(HERE) is G


async def test_it_survives_a_restart_and_is_in_the_log(tmp_path: Path) -> None:
    """Ceilings and what becomes of words above them."""
    settings = read_settings({}, None, data_dir=tmp_path, min_free_mb=0)
    async with open_app(settings) as app:
        await app.moderation.ceilings.set_channel(2, S, WHO, age_restricted=False)
        await app.moderation.ceilings.set_above(Above.MOVE, WHO)
        assert app.moderation.ceilings.above(8) is Above.REFUSE
    async with open_app(settings) as app:
        assert app.studio.ceiling(HERE) is S
        assert app.moderation.ceilings.above(1) is Above.MOVE
        assert app.studio.ceiling(LOCAL) is E
        assert len(await app.moderation.audit.newest(1, 9)) == 2


async def test_a_value_of_another_version_counts_as_none(make: Open, tmp_path: Path) -> None:
    """Whatever is in the database, nothing breaks and nothing is allowed by it."""
    async with Database.open(tmp_path / "other.sqlite3") as database:
        policies = Policies(PolicyTable(database))
        await policies.set("ceiling.rating", ["x"], WHO, scope=Scope.CHANNEL, target=2)
        await policies.set("ceiling.above", {"a": 1}, WHO)
        ceilings = Ceilings(settings=read_settings({}, None, data_dir=tmp_path), policies=policies)
        assert ceilings.of(HERE) is G
        assert ceilings.above(1) is Above.REFUSE
        assert await Audit(database).newest(1, 5)
