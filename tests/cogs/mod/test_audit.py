"""`/mod audit` shows moderators who decided what."""

from __future__ import annotations

import discord
import pytest

from db.audit import Entry
from tests.support.results import ask_to_delete
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of


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


def cancellable(world: World) -> list[discord.Message]:
    """Messages with a Cancel button."""
    return [message for message in world.history() if "Cancel" in buttons_of(message)]


async def test_what_moderators_do_with_others_jobs_is_written_down(
    painted: World, engine: ScriptedEngine
) -> None:
    """By the buttons below them; what authors do with their own is not."""
    for actor, expected in ((painted.alice, []), (painted.mod, ["job.delete", "job.cancel"])):
        if not painted.galleries():
            await painted.imagine()
            await painted.finished()
        await ask_to_delete(painted, actor)
        engine.hold_at = 2
        await painted.imagine()
        await painted.until(lambda: engine.busy, "painting")
        await painted.env.advance_time(3)
        await painted.until(lambda: bool(cancellable(painted)), "a Cancel button")
        (message,) = cancellable(painted)
        await actor.click(message, label="Cancel")
        engine.hold_at = None
        await painted.finished()
        found = await painted.app.moderation.audit.newest(painted.guild.id, 9)
        assert [each.entry.action for each in reversed(found)] == expected
        assert all(each.entry.user_id == painted.alice.id for each in found)
