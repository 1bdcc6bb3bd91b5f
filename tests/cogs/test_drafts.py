"""Private drafts: only their member sees them, until they share one."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.orders import Lineage
from db.jobs import Job, JobState
from pipeline.errors import MemberError
from pipeline.profiles.types import Rating
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of, text_of
from tests.support.wire import Sent


async def job_of(world: World, job_id: int = 1) -> Job:
    """A job as it is in the database."""
    job = await world.app.studio.job(job_id)
    assert job is not None
    return job


def public(world: World) -> list[discord.Message]:
    """What everybody sees in the channel."""
    return world.channel.history(viewer=world.bob)


def direct(world: World) -> list[Sent]:
    """What was sent anywhere but into the guild's channel."""
    return [
        sent
        for sent in world.wire.messages()
        if sent.method == "POST" and "/channels/" in sent.path and str(world.channel.id) not in sent.path
    ]


async def draft(world: World, **options: Any) -> Any:
    """A painted draft of alice's: the answer that shows it."""
    result = await world.imagine(private=True, **options)
    await world.finished()
    return result


async def held(world: World, engine: ScriptedEngine, **options: Any) -> Any:
    """A draft that stops in the middle."""
    engine.hold_at = 5
    result = await world.imagine(private=True, **options)
    await world.env.advance_time(3)
    await world.until(lambda: "step" in text_of(result.response), "progress")
    return result


async def test_only_the_member_sees_a_draft(world: World) -> None:
    """Progress and pictures are in the answer that is theirs alone."""
    result = await draft(world, prompt="1girl, smile", count=2)
    assert result.ephemeral
    assert len(result.response.attachments) == 2
    assert "private draft" in text_of(result.response)
    assert buttons_of(result.response)[-1] == "Share"
    assert public(world) == []
    job = await job_of(world)
    assert (job.private, job.state, job.message_id) == (True, JobState.DELIVERED, None)
    assert direct(world) == []


async def test_progress_of_a_draft_is_private_too(world: World, engine: ScriptedEngine) -> None:
    """And can be cancelled there."""
    result = await held(world, engine)
    assert public(world) == []
    assert buttons_of(result.response) == ["Cancel"]
    await world.alice.click(result.response, label="Cancel")
    await world.finished()
    assert "Cancelled" in text_of(result.response)
    assert public(world) == []


async def test_shared_it_is_a_job_like_any_other(world: World) -> None:
    """In the channel, credited, with all the buttons, for everybody, after any restart."""
    result = await draft(world, prompt="1girl, smile", count=4)
    told = await world.alice.click(result.response, label="Share")
    [message] = public(world)
    assert len(message.attachments) == 4
    assert f"for <@{world.alice.id}>" in text_of(message)
    assert "private draft" not in text_of(message)
    assert "Share" not in buttons_of(message)
    assert str(message.id) in answer_of(told)
    assert told.ephemeral
    job = await job_of(world)
    assert (job.private, job.message_id) == (False, message.id)
    await world.restart()
    await world.bob.click(message, label="Reroll")
    await world.finished()
    assert len(public(world)) == 2


@pytest.mark.parametrize("restarted", [False, True])
async def test_shared_twice_it_is_posted_once(world: World, *, restarted: bool) -> None:
    """The second press says where it is."""
    result = await draft(world)
    await world.alice.click(result.response, label="Share")
    if restarted:
        await world.restart()
        world.wire.forget_nonces()
    told = await world.alice.click(result.response, label="Share")
    [message] = public(world)
    assert str(message.id) in answer_of(told)


async def test_share_works_after_a_restart(world: World) -> None:
    """The button knows its job by its number."""
    result = await draft(world)
    await world.restart()
    await world.alice.click(result.response, label="Share")
    assert len(public(world)) == 1


async def test_a_draft_is_not_shared_against_a_younger_rule(world: World) -> None:
    """What moderators have blocked since is not shown to everybody."""
    result = await draft(world, prompt="1girl, sword")
    await world.mod.slash(world.channel, "mod rule add", word="sword")
    told = await world.alice.click(result.response, label="Share")
    assert "sword" in answer_of(told)
    assert "Rule #1" in answer_of(told)
    assert public(world) == []
    assert (await job_of(world)).private


async def test_a_draft_is_not_shared_where_less_is_allowed(world: World) -> None:
    """It stays a draft."""
    result = await draft(world)
    async with world.app.jobs._db.transaction() as tx:
        await tx.execute("UPDATE jobs SET notes = ?", f'{{"rating": "{Rating.QUESTIONABLE.value}"}}')
    told = await world.alice.click(result.response, label="Share")
    assert "rated `questionable`" in answer_of(told)
    assert public(world) == []
    assert (await job_of(world)).private


async def test_a_deleted_draft_is_not_shared(world: World) -> None:
    """Neither by its button, nor when it is deleted in that very moment."""
    result = await draft(world)
    await world.app.afterwards.delete(await job_of(world))
    told = await world.alice.click(result.response, label="Share")
    assert "were deleted" in answer_of(told)
    assert public(world) == []


async def test_its_member_deletes_a_draft(world: World) -> None:
    """The files go; the answer that shows it is the member's own to dismiss."""
    result = await draft(world)
    asked: Any = await world.alice.click(result.response, label="Delete")
    await world.alice.click(asked.response, label="Delete for good")
    assert "dismiss" in text_of(asked.response)
    assert (await job_of(world)).deleted_at is not None
    assert not list(world.app.settings.pictures.rglob("*.png"))


async def test_deleted_while_it_is_shared_it_goes_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever deleted it was told that it is gone."""
    result = await draft(world)
    shared = world.app.drafts.shared

    async def deleted_first(*args: int) -> bool:
        await world.app.afterwards.delete(await job_of(world))
        return await shared(*args)

    monkeypatch.setattr(world.app.drafts, "shared", deleted_first)
    told = await world.alice.click(result.response, label="Share")
    assert "deleted meanwhile" in answer_of(told)
    assert public(world) == []


async def test_where_the_bot_may_not_post_nothing_is_shared(world: World) -> None:
    """With the permission's name."""
    result = await draft(world)
    bot = world.guild.me
    assert bot is not None
    closed = world.guild.create_text_channel(
        "closed", overwrites={bot: discord.PermissionOverwrite(attach_files=False)}
    )
    shown: Any = await world.alice.slash(closed, "show", job="1")
    told = await world.alice.click(shown.response, label="Share")
    assert "Attach Files" in answer_of(told)
    assert (await job_of(world)).private
    await world.alice.click(result.response, label="Share")
    assert len(public(world)) == 1


async def test_files_over_the_limit_are_shared_smaller(world: World) -> None:
    """As every other result."""
    result = await draft(world)
    world.wire.upload_limit = 300
    await world.alice.click(result.response, label="Share")
    [message] = public(world)
    assert message.attachments[0].filename.rpartition(".")[2] in {"webp", "jpg"}


@pytest.mark.parametrize("who", ["bob", "mod"])
@pytest.mark.parametrize(
    "name", ["reroll", "edit", "favourite", "details", "delete", "erase", "original", "share"]
)
async def test_nobody_else_gets_at_a_draft(world: World, who: str, name: str) -> None:
    """Not by pressing forged buttons, and not as a moderator."""
    await draft(world)
    await world.imagine()
    await world.finished()
    actor, [message] = getattr(world, who), world.galleries()
    stored = world.env.backend.messages[world.channel.id][message.id]
    forge(stored.components, "tb:reroll:2", f"tb:{name}:1")
    told = await actor.click(message, custom_id=f"tb:{name}:1")
    assert "somebody's private draft" in answer_of(told)
    assert told.followups[-1].ephemeral if told.followups else told.ephemeral
    assert (await job_of(world)).deleted_at is None


def forge(components: Any, old: str, new: str) -> None:
    """Replace a custom id somewhere inside."""
    for each in components:
        if each.get("custom_id") == old:
            each["custom_id"] = new
        forge(each.get("components") or [], old, new)


@pytest.mark.parametrize("command", ["show", "rerun"])
async def test_nobody_else_finds_a_draft_by_its_number(world: World, command: str) -> None:
    """Numbers can be guessed."""
    await draft(world)
    told = await world.mod.slash(world.channel, command, job="1")
    assert "private draft" in answer_of(told)
    assert told.ephemeral


async def test_a_draft_is_in_its_members_history_only(world: World) -> None:
    """As a picture like any other."""
    await draft(world, prompt="1girl, hidden")
    mine = await world.alice.slash(world.channel, "history")
    theirs = await world.bob.slash(world.channel, "history")
    assert "hidden" in text_of(mine.response)
    assert "No pictures here" in text_of(theirs.response)


@pytest.mark.parametrize("label", ["Reroll", "Vary (subtle)", "Upscale x2"])
async def test_what_goes_on_from_a_draft_is_one(world: World, label: str) -> None:
    """Until the draft is shared."""
    result = await draft(world)
    again = await world.alice.click(result.response, label=label)
    await world.finished()
    assert again.ephemeral
    assert (await job_of(world, 2)).private
    assert public(world) == []
    await world.alice.click(result.response, label="Share")
    await world.alice.click(result.response, label=label)
    await world.finished()
    assert not (await job_of(world, 3)).private
    assert len(public(world)) == 2


async def test_an_edit_and_a_rerun_of_a_draft_are_drafts(world: World) -> None:
    """Whatever way it is gone on from."""
    from tests.support.results import filled

    result = await draft(world)
    opened = await world.alice.click(result.response, label="Edit")
    await world.alice.submit_modal(opened, filled(opened, prompt="1girl, hat"))
    await world.alice.slash(world.channel, "rerun", job="1")
    await world.finished()
    assert [(await job_of(world, number)).private for number in (2, 3)] == [True, True]
    assert public(world) == []


async def test_without_knowing_whether_it_is_a_draft_nothing_is_queued(world: World) -> None:
    """A picture that is unknown is none of a draft's; one that is, is."""
    await draft(world)
    assert await world.app.drafts.inherited(Lineage("reroll", 1))
    assert not await world.app.drafts.inherited(Lineage("reroll", 99))
    assert not await world.app.drafts.inherited(Lineage())
    with pytest.raises(MemberError, match="private draft"):
        await world.app.afterwards.painted(1, world.guild.id, world.mod.id)


@pytest.mark.parametrize("restarted", [False, True])
async def test_after_the_token_has_died_it_comes_as_a_direct_message(
    world: World, engine: ScriptedEngine, *, restarted: bool
) -> None:
    """With the way to its buttons; nothing is in the channel, and it is sent once."""
    await held(world, engine)
    if restarted:
        await world.restart(lambda: setattr(engine, "hold_at", None))
    else:
        await world.env.advance_time(16 * 60)
        engine.hold_at = None
    await world.finished()
    [sent] = direct(world)
    assert len(sent.files) == 1
    assert "/show job:1" in sent.text
    assert public(world) == []
    assert (await job_of(world)).state is JobState.DELIVERED
    await world.restart()
    await world.finished()
    assert len(direct(world)) == 1
    shown: Any = await world.alice.slash(world.channel, "show", job="1")
    assert "Share" in buttons_of(shown.response)


async def test_sent_but_not_written_down_it_is_not_sent_again(
    world: World, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the direct message and the database."""
    await held(world, engine)
    await world.env.advance_time(16 * 60)

    async def killed(*_: object) -> bool:
        raise ConnectionAbortedError

    monkeypatch.setattr(world.app.studio, "delivered", killed)
    engine.hold_at = None
    await world.until(lambda: bool(direct(world)), "the direct message")
    await world.restart(world.wire.forget_nonces)
    await world.finished()
    assert len(direct(world)) == 1
    assert (await job_of(world)).state is JobState.DELIVERED


async def test_who_takes_no_direct_messages_is_told_how_to_see_it(world: World, engine: ScriptedEngine) -> None:
    """In the channel, without a word of the draft."""
    await held(world, engine, prompt="1girl, secret")
    world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007, times=None)
    await world.env.advance_time(16 * 60)
    engine.hold_at = None
    await world.finished()
    [message] = public(world)
    assert "/show job:1" in text_of(message)
    assert "secret" not in text_of(message)
    assert message.attachments == []
    assert (await job_of(world)).state is JobState.DELIVERED


async def test_a_dismissed_answer_becomes_a_direct_message(world: World, engine: ScriptedEngine) -> None:
    """The member still gets what they asked for."""
    await held(world, engine)
    world.env.inject_error("PATCH", "/webhooks/*", status=404, code=10008, times=None)
    engine.hold_at = None
    await world.finished()
    assert len(direct(world)) == 1


async def test_a_short_outage_is_waited_out(world: World, engine: ScriptedEngine) -> None:
    """Nothing goes another way because Discord was down for a moment."""
    result = await held(world, engine)
    world.env.inject_error("PATCH", "*", status=503, times=2)
    engine.hold_at = None
    await world.until(lambda: not world.app.studio.waiting_jobs())
    await world.env.advance_time(60)
    await world.finished()
    assert len(result.response.attachments) == 1
    assert direct(world) == []


@pytest.mark.parametrize("late", [False, True])
async def test_a_draft_that_fails_is_told_privately(
    world: World, engine: ScriptedEngine, *, late: bool
) -> None:
    """In the answer, or by a direct message."""
    engine.fault = lambda _: RuntimeError("no")
    result = await held(world, engine)
    if late:
        await world.env.advance_time(16 * 60)
    engine.hold_at = None
    await world.finished()
    assert public(world) == []
    if late:
        [sent] = direct(world)
        assert "could not be painted" in sent.text
    else:
        assert "Not painted" in text_of(result.response)


async def test_a_batch_of_drafts(world: World) -> None:
    """Each in an answer of its own that only the member sees."""
    asked: Any = await world.imagine(prompt="{a|b|c}", private=True)
    await world.alice.click(asked.response, label="Paint 3 pictures")
    await world.finished()
    assert public(world) == []
    mine = [each for each in world.channel.history(viewer=world.alice) if each.attachments]
    assert len(mine) == 3
    assert all("Share" in buttons_of(each) for each in mine)
    await world.alice.click(mine[1], label="Share")
    assert len(public(world)) == 1
    assert "b" in text_of(public(world)[0])


async def test_a_full_queue_is_told_privately(world: World, engine: ScriptedEngine) -> None:
    """The draft leaves no trace in the channel."""
    engine.hold_at = 1
    for _ in range(3):
        await world.imagine(world.alice, private=True, count=4)
    told = await world.imagine(private=True)
    assert "12 pictures waiting" in answer_of(told)
    assert told.ephemeral
    assert public(world) == []
    engine.hold_at = None
    await world.finished()
