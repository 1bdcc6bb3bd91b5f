"""A broadcast reaches every server once, after a question, and goes on after a restart."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.moderation.policies import INSTANCE
from db.audit import Entry
from tests.cogs.owner.conftest import Owned
from tests.support.simcord_env import answer_of, text_of


def heard(owned: Owned, channel: Any, text: str = "Hello all") -> int:
    """How often a channel was told."""
    me = owned.world.env.backend.bot_user.id
    return sum(m.author.id == me and m.content == text for m in channel.history())


async def ask(owned: Owned, text: str = "Hello all") -> Any:
    """The question with its button."""
    result = await owned.boss.slash(owned.world.channel, "owner broadcast", text=text)
    assert result.ephemeral
    return result.response


async def over(owned: Owned) -> None:
    """Wait for the last server."""
    world = owned.world
    for _ in range(200):
        await world.env.advance_time(1.0)
        await world.env.settle()
        last = await world.app.broadcasts.get()
        if last is not None and not last.waiting:
            found = await world.app.moderation.audit.newest(INSTANCE, 1)
            if found and found[0].entry.action == "broadcast.done":
                return
    raise AssertionError("the broadcast did not end")


async def test_every_server_is_told_once(owned: Owned) -> None:
    """The question says how many; nobody is told before it is answered, and twice is once."""
    places = [owned.add(name)[1] for name in ("A", "B", "C")]
    await owned.world.env.settle()
    question = await ask(owned)
    assert "4 servers" in text_of(question)
    assert not any(heard(owned, each) for each in places)
    told = answer_of(await owned.boss.click(question, label="Send to 4 servers"))
    assert "4 servers" in told
    again = answer_of(await owned.boss.click(question, label="Send to 4 servers"))
    assert "sent before" in again
    await over(owned)
    assert [heard(owned, each) for each in (*places, owned.world.channel)] == [1, 1, 1, 1]
    assert "4 told, 0 not reached, 0 to come" in await owned.owner("status")
    actions = [w.entry.action for w in await owned.world.app.moderation.audit.newest(INSTANCE, 5)]
    assert actions == ["broadcast.done", "broadcast.start"]


async def test_it_goes_on_after_a_restart(owned: Owned) -> None:
    """Whoever was being told just then is not told again."""
    world = owned.world
    places = [owned.add(name) for name in ("A", "B", "C")]
    await world.env.settle()
    broadcasts = world.app.broadcasts
    number = await broadcasts.draft("Hello all")
    guilds = sorted([world.guild.id, *(guild.id for guild, _, _ in places)])
    await broadcasts.start(
        number, guilds, Entry(guild_id=0, actor_id=1, actor_name="a", action="broadcast.start")
    )
    first = await broadcasts.claim(number)
    assert first == guilds[0]
    await world.restart()
    await over(owned)
    channels = {world.guild.id: world.channel} | {guild.id: channel for guild, channel, _ in places}
    assert [heard(owned, channels[each]) for each in guilds] == [0, 1, 1, 1]
    assert "3 told, 1 perhaps" in await owned.owner("status")


async def test_a_server_without_a_place_to_write_is_not_reached(owned: Owned) -> None:
    """The others are."""
    world = owned.world
    world.env.create_guild("Silent")
    _, channel, _ = owned.add("A")
    await world.env.settle()
    question = await ask(owned)
    await owned.boss.click(question, label="Send to 3 servers")
    await over(owned)
    assert heard(owned, channel) == 1
    assert "1 not reached" in await owned.owner("status")


async def test_nobody_is_mentioned_and_others_cannot_press(owned: Owned) -> None:
    """Whoever finds the button has to own the instance."""
    world = owned.world
    question = await ask(owned, "@everyone hello")
    from cogs.owner.broadcasting import BroadcastButton

    view = discord.ui.View(timeout=None)
    view.add_item(BroadcastButton(1, 1))
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    message = await channel.send("x", view=view)
    await world.env.settle()
    assert "Only the owner" in answer_of(await world.bob.click(message, label="Send to 1 server"))
    await owned.boss.click(question, label="Send to 1 server")
    await over(owned)
    [told] = [m for m in world.history() if m.content == "@everyone hello"]
    assert not told.mention_everyone


async def test_a_newer_draft_takes_the_place_of_an_older(owned: Owned) -> None:
    """What was not sent is forgotten."""
    first = await ask(owned, "One")
    await ask(owned, "Two")
    told = answer_of(await owned.boss.click(first, label="Send to 1 server"))
    assert "newer draft" in told


@pytest.mark.parametrize("banned", [True, False])
async def test_banned_servers_are_not_told(owned: Owned, banned: bool) -> None:
    """The bot is not there any more."""
    guild, _, _ = owned.add("A")
    await owned.world.env.settle()
    if banned:
        await owned.owner("server ban", server=str(guild.id), reason="x")
        await owned.world.env.settle()
    assert ("1 server," if banned else "2 servers,") in text_of(await ask(owned))
