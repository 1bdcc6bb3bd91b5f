"""`/mod warn` and `/mod strikes`: warnings reach their member, count, and lead to bans by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from db.jobs import JobState
from tests.support.moderating import ban, decision, last_entry, owner_of, restricted_channel, state, thread_of
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, text_of


async def warn(world: World, member: Any = None, reason: str = "rude prompts", actor: Any = None) -> str:
    """What the moderator is told."""
    result = await (actor or world.mod).slash(
        world.channel, "mod warn", member=member or world.alice, reason=reason
    )
    assert result.ephemeral
    return answer_of(result)


def close_direct_messages(world: World) -> None:
    """Alice takes none from members of this server."""
    channel = world.alice.user.dm_channel.id
    world.env.inject_error("POST", f"/channels/{channel}/messages", status=403, code=50007, times=None)


async def test_a_warning_arrives_by_direct_message(world: World) -> None:
    """With its reason, and without its moderator."""
    said = await warn(world)
    assert "1 strike" in said
    assert "by direct message" in said
    (message,) = world.alice.user.dm_channel.history()
    assert "rude prompts" in message.content
    assert "Painters" in message.content
    assert str(world.mod.id) not in message.content
    entry = await last_entry(world)
    assert (entry.action, entry.user_id, entry.reason) == ("strike.add", world.alice.id, "rude prompts")


async def test_where_those_are_closed_it_comes_with_the_next_answer(world: World) -> None:
    """After a command, for their eyes only, once."""
    close_direct_messages(world)
    assert "when they next use me" in await warn(world)
    await world.restart()
    result = await world.alice.slash(world.channel, "help")
    assert "rude prompts" in text_of(result.followups[-1])
    again = await world.alice.slash(world.channel, "help")
    assert again.followups == []


async def test_it_comes_after_a_button_too(painted: World) -> None:
    """Whatever they use first."""
    close_direct_messages(painted)
    await warn(painted)
    result = await painted.alice.click(painted.galleries()[0], label="Details")
    assert "rude prompts" in text_of(result.followups[-1])


async def test_three_strikes_ban_for_a_day_and_five_for_good(world: World, engine: ScriptedEngine) -> None:
    """Unless the server says otherwise; what is under way stops, and the log says that it was no moderator."""
    engine.hold_at = 2
    await world.imagine()
    await warn(world)
    assert "banned" not in await warn(world)
    assert await state(world) is not JobState.CANCELLED
    assert "banned from using me, until <t:" in await warn(world)
    assert await state(world) is JobState.CANCELLED
    entry = await last_entry(world)
    assert (entry.action, entry.actor_id, entry.details["strikes"]) == ("ban.add", 0, 3)
    assert "You are banned" in answer_of(await world.imagine())
    await warn(world)
    assert "for good" in await warn(world)
    assert "for good" in await _listed(world)


async def _listed(world: World) -> str:
    return answer_of(await world.mod.slash(world.channel, "mod ban list"))


async def test_no_longer_ban_is_made_shorter(world: World) -> None:
    """One for good stays so, whatever the steps say."""
    await ban(world, reason="the worst")
    for _ in range(3):
        said = await warn(world)
    assert "By this server's rules" not in said
    (standing,) = world.app.moderation.bans.of_guild(world.guild.id)
    assert (standing.until, standing.reason) == (None, "the worst")


async def test_the_rules_are_the_server_s(world: World) -> None:
    """Shown, changed at once, and kept over a restart."""
    shown = answer_of(await world.mod.slash(world.channel, "mod strikes rules"))
    assert "90 days" in shown
    assert "From 3 strikes on, each one bans: 1 day." in shown
    for step in ({"strikes": 3, "then": "nothing"}, {"strikes": 5, "then": "nothing"}):
        await world.mod.slash(world.channel, "mod strikes rules", **step)
    shown = answer_of(await world.mod.slash(world.channel, "mod strikes rules", days=7, strikes=1, then="2h"))
    assert shown == "A strike counts for 7 days.\nFrom 1 strike on, each one bans: 2 hours."
    assert (await last_entry(world)).action == "strike.step"
    await world.restart()
    assert "until <t:" in await warn(world)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"days": -1}, "`days` must be"),
        ({"days": 99_999}, "`days` must be"),
        ({"strikes": 0, "then": "1d"}, "`strikes` must be"),
        ({"strikes": 2}, "belong together"),
        ({"strikes": 2, "then": "a while"}, "is no duration"),
    ],
)
async def test_wrong_rules_get_a_sentence(world: World, options: dict[str, Any], said: str) -> None:
    """And change nothing."""
    assert said in answer_of(await world.mod.slash(world.channel, "mod strikes rules", **options))
    assert world.app.moderation.policies.of_guild(world.guild.id) == {}


async def test_strikes_expire(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the clock, at once when the setting changes; the sweep takes them away."""
    await warn(world)
    sanctions = world.app.enforcement.sanctions
    now = sanctions._now()
    monkeypatch.setattr(sanctions, "_now", lambda: now + 91 * 86_400)
    result = await world.mod.slash(world.channel, "mod strikes list", member=world.alice)
    assert "has no strikes" in answer_of(result)
    await world.mod.slash(world.channel, "mod strikes rules", days=0)
    result = await world.mod.slash(world.channel, "mod strikes list", member=world.alice)
    assert "1 strike" in answer_of(result)
    assert (await world.app.enforcement.upkeep.sweep())[1] == 0
    await world.mod.slash(world.channel, "mod strikes rules", days=90)
    assert (await world.app.enforcement.upkeep.sweep())[1] == 1


async def test_strikes_are_pardoned(world: World) -> None:
    """One or all; a ban that followed is named, for it stays."""
    for reason in ("one", "two", "three"):
        await warn(world, reason=reason)
    listed = answer_of(await world.mod.slash(world.channel, "mod strikes list", member=world.alice))
    assert "`#2`" in listed
    assert "two" in listed
    options = {"member": world.alice, "strike": 2}
    said = answer_of(await world.mod.slash(world.channel, "mod strikes pardon", **options))
    assert "What is left: 2 strikes" in said
    assert "still banned" in said
    again = answer_of(await world.mod.slash(world.channel, "mod strikes pardon", **options))
    assert "none of this member's" in again
    await world.mod.slash(world.channel, "mod strikes pardon", member=world.alice)
    none = answer_of(await world.mod.slash(world.channel, "mod strikes pardon", member=world.alice))
    assert "no strikes" in none
    entry = await last_entry(world)
    assert (entry.action, entry.target) == ("strike.pardon", "#3, #1")


async def test_owners_bots_and_oneself_are_not_warned(world: World) -> None:
    """As for bans."""
    assert "yourself" in await warn(world, world.mod)
    assert "owner of this server" in await warn(world, world.guild.owner)
    assert "This is a bot" in await warn(
        world, world.guild.add_member(world.env.create_user("robot", bot=True))
    )


async def test_everywhere_in_the_server(world: World) -> None:
    """Threads, channels for adults, by the owner; not by members, and not in direct messages."""
    for place in (await thread_of(world), await restricted_channel(world)):
        result = await owner_of(world).slash(place, "mod warn", member=world.bob, reason="x")
        assert "is warned" in answer_of(result)
        assert result.ephemeral
    for command in ("mod warn", "mod strikes list", "mod strikes pardon"):
        options = {"member": world.bob, **({"reason": "x"} if command == "mod warn" else {})}
        with pytest.raises(Exception, match=r"(?i)permission"):
            await world.alice.slash(world.channel, command, **options)
        with pytest.raises(Exception, match=r"(?i)mod"):
            await world.mod.user.slash(command, **options)


async def test_the_page_on_a_member(painted: World) -> None:
    """Jobs, strikes, bans and decisions at one look."""
    empty = answer_of(await painted.mod.slash(painted.channel, "mod member", member=painted.bob))
    assert "asked for nothing" in empty
    assert "No strikes" in empty
    await warn(painted)
    await ban(painted, duration="1d")
    await painted.app.enforcement.sanctions.ban(decision(painted, guild_id=0))
    page = answer_of(await painted.mod.slash(painted.channel, "mod member", member=painted.alice))
    assert "1 job with 1 picture" in page
    assert "1 finished" in page
    assert "**Banned here**, until <t:" in page
    assert "Banned in every server" in page
    assert "rude prompts" in page
    assert "**ban.add**" in page
    assert "The newest: #1" in page
