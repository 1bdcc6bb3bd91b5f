"""`/mod audit` shows moderators who decided what."""

from __future__ import annotations

import pytest

from db.audit import Entry
from tests.support.simcord_env import World, answer_of


async def test_a_moderator_reads_the_log(world: World) -> None:
    """Of this server, and nobody else sees the answer."""
    what = Entry(
        guild_id=world.guild.id,
        actor_id=world.mod.id,
        actor_name="mod",
        action="ban.add",
        user_id=world.bob.id,
        reason="spam",
    )
    await world.app.moderation.audit.add(what)
    result = await world.mod.slash(world.channel, "mod audit recent")
    assert result.ephemeral
    assert "ban.add" in answer_of(result)
    assert f"<@{world.bob.id}>" in answer_of(result)
    assert "spam" in answer_of(result)


async def test_an_empty_log_says_so(world: World) -> None:
    """Instead of an empty answer."""
    assert "Nothing has been decided" in answer_of(await world.mod.slash(world.channel, "mod audit recent"))


async def test_members_do_not_have_the_command(world: World) -> None:
    """Discord hides it from them."""
    with pytest.raises(Exception, match=r"(?i)permission"):
        await world.alice.slash(world.channel, "mod audit recent")
