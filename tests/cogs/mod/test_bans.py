"""`/mod ban`: who, until when, and what of theirs stops."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from db.jobs import JobState
from pipeline.errors import MemberError
from tests.support.moderating import ban, decision, last_entry, owner_of, restricted_channel, state, thread_of
from tests.support.results import filled
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of, text_of


async def test_a_banned_member_is_told_why_and_not_by_whom(world: World) -> None:
    """In a private sentence, at the next try."""
    assert "is banned" in await ban(world)
    result = await world.imagine()
    assert result.ephemeral
    assert "You are banned from using me in this server. The reason: spam" in answer_of(result)
    assert str(world.mod.id) not in answer_of(result)
    assert world.history() == []
    entry = await last_entry(world)
    assert (entry.action, entry.actor_id, entry.user_id, entry.reason) == (
        "ban.add",
        world.mod.id,
        world.alice.id,
        "spam",
    )


async def test_the_reason_cannot_break_out(world: World) -> None:
    """Moderators type markdown and mentions, too."""
    await ban(world, reason="[click](https://evil.example) @everyone `x")
    said = answer_of(await world.imagine())
    assert "@everyone" not in said
    assert "[click](" not in said


async def test_a_ban_holds_after_a_restart(world: World) -> None:
    """It is in the database."""
    await ban(world)
    await world.restart()
    assert "You are banned" in answer_of(await world.imagine())


async def test_a_ban_for_a_time_ends_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the clock, without any sweep; the sweep then writes it down."""
    assert "until <t:" in await ban(world, duration="2h")
    assert "until <t:" in answer_of(await world.imagine())
    bans = world.app.moderation.bans
    now = bans._now()
    monkeypatch.setattr(bans, "_now", lambda: now + 7_201)
    await world.imagine()
    await world.finished()
    assert len(world.galleries()) == 1
    assert await world.app.enforcement.upkeep.sweep() == (1, 0, 0)
    entry = await last_entry(world)
    assert (entry.action, entry.actor_id, entry.user_id) == ("ban.end", 0, world.alice.id)
    assert await world.app.enforcement.upkeep.sweep() == (0, 0, 0)


@pytest.mark.parametrize("text", ["soon", "", "2", "h", "3 fortnights", "-2h", "0m", "99999w", "2h h"])
async def test_a_bad_duration_gets_a_sentence(world: World, text: str) -> None:
    """And nobody is banned."""
    said = await ban(world, duration=text)
    assert "is no duration" in said or "too short or too long" in said
    assert world.app.moderation.bans.of_guild(world.guild.id) == ()


async def test_nobody_bans_themselves_a_bot_or_an_owner(world: World) -> None:
    """Each with a sentence."""
    assert "neither ban nor warn yourself" in await ban(world, world.mod)
    robot = world.guild.add_member(world.env.create_user("robot", bot=True))
    assert "This is a bot" in await ban(world, robot)
    assert world.app.moderation.bans.of_guild(world.guild.id) == ()


async def test_the_owner_of_the_server_is_not_banned(world: World) -> None:
    """Whoever tries."""
    assert "owner of this server" in await ban(world, world.guild.owner)


async def test_the_owner_of_the_bot_is_not_banned(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose machine it is."""
    monkeypatch.setattr(world.bot, "owner_id", world.bob.id)
    assert "owner of this bot" in await ban(world, world.bob)


async def test_whoever_has_left_is_banned_and_freed_by_id(world: World) -> None:
    """The option takes any user of Discord."""
    gone = world.env.create_user("gone")
    assert "is banned" in await ban(world, gone)
    assert world.app.moderation.bans.of(world.guild.id, gone.id) is not None
    result = await world.mod.slash(world.channel, "mod ban remove", member=str(gone.id))
    assert "may use me again" in answer_of(result)
    assert world.app.moderation.bans.of(world.guild.id, gone.id) is None


async def test_lifting_needs_a_ban(world: World) -> None:
    """Unknown ids and words get a sentence each."""
    for text, said in (
        ("123456", "Nobody with this id"),
        ("Alice", "no member's id"),
        ("9" * 20, "no member's id"),
    ):
        result = await world.mod.slash(world.channel, "mod ban remove", member=text)
        assert said in answer_of(result)


async def test_a_banned_moderator_does_not_free_themselves(world: World) -> None:
    """But others, for Discord says that they moderate."""
    role = world.guild.create_role("mod2", permissions=discord.Permissions(moderate_members=True))
    other = world.guild.add_member(world.env.create_user("other"), roles=[role])
    await ban(world, other)
    await ban(world, actor=other)
    result = await other.slash(world.channel, "mod ban remove", member=str(other.id))
    assert "another moderator" in answer_of(result)
    result = await other.slash(world.channel, "mod ban remove", member=f"<@{world.alice.id}>")
    assert "may use me again" in answer_of(result)


async def test_the_list_names_ends_and_reasons(world: World) -> None:
    """And says when there is none, or no such page."""
    listed = await world.mod.slash(world.channel, "mod ban list")
    assert "Nobody is banned" in answer_of(listed)
    await ban(world, duration="1d")
    await ban(world, world.bob, reason="rude")
    text = answer_of(await world.mod.slash(world.channel, "mod ban list"))
    assert f"<@{world.alice.id}> · until <t:" in text
    assert f"<@{world.bob.id}> · for good · rude" in text
    beyond = await world.mod.slash(world.channel, "mod ban list", page=2)
    assert "page 1" in answer_of(beyond)


async def test_another_ban_replaces_the_first(world: World) -> None:
    """And the log knows both ends."""
    await ban(world)
    await ban(world, duration="2h", reason="less")
    (standing,) = world.app.moderation.bans.of_guild(world.guild.id)
    assert standing.reason == "less"
    assert standing.until is not None
    assert (await last_entry(world)).details["before"] is None


async def test_banned_members_are_suggested(world: World) -> None:
    """Where a ban is to be lifted."""
    await world.imagine()
    await world.finished()
    await ban(world)
    found = await world.mod.autocomplete(world.channel, "mod ban remove", "member", "ali")
    assert [choice["value"] for choice in found] == [str(world.alice.id)]
    assert await world.mod.autocomplete(world.channel, "mod ban remove", "member", "bob") == []
    durations = await world.mod.autocomplete(world.channel, "mod ban add", "duration", "1")
    assert [choice["value"] for choice in durations] == ["12h", "1d", "1w"]


# -- where -------------------------------------------------------------------------------------------------------


async def test_members_do_not_have_the_commands(world: World) -> None:
    """Discord hides them."""
    for command, options in (
        ("mod ban add", {"member": world.bob, "reason": "x"}),
        ("mod ban remove", {"member": "1"}),
        ("mod ban list", {}),
    ):
        with pytest.raises(Exception, match=r"(?i)permission"):
            await world.alice.slash(world.channel, command, **options)


async def test_it_works_in_age_restricted_channels_and_for_the_owner(world: World) -> None:
    """As in any other, and a ban holds there, too."""
    restricted = await restricted_channel(world)
    result = await owner_of(world).slash(restricted, "mod ban add", member=world.alice, reason="x")
    assert "is banned" in answer_of(result)
    assert "You are banned" in answer_of(await world.alice.slash(restricted, "imagine", prompt="1girl"))


async def test_it_works_in_threads(world: World) -> None:
    """And a ban holds in them."""
    thread = await thread_of(world)
    result = await world.mod.slash(thread, "mod ban add", member=world.alice, reason="x")
    assert "is banned" in answer_of(result)
    assert "You are banned" in answer_of(await world.alice.slash(thread, "imagine", prompt="1girl"))


async def test_there_is_no_such_command_in_direct_messages(world: World) -> None:
    """Nor does a server's ban reach there: what is theirs can be asked for."""
    await ban(world)
    with pytest.raises(Exception, match=r"(?i)mod"):
        await world.mod.user.slash("mod ban list")
    assert "You are banned" not in answer_of(await world.alice.user.slash("forget-me"))


# -- what stops --------------------------------------------------------------------------------------------------


async def test_a_queued_job_is_cancelled(world: World, engine: ScriptedEngine) -> None:
    """And never starts."""
    engine.hold_at = 2
    for _ in range(6):
        await world.imagine(world.bob)
    await world.imagine()
    assert await state(world, 7) in {JobState.QUEUED, JobState.RUNNING}
    said = await ban(world, world.bob)
    assert "6 jobs" in said
    engine.hold_at = None
    await world.finished()
    assert {await state(world, each) for each in range(1, 7)} == {JobState.CANCELLED}
    assert await state(world, 7) is JobState.DELIVERED
    assert len(world.galleries()) == 1
    assert world.shown().count("### Cancelled") == 6


async def test_a_running_job_is_dropped_at_the_next_tick(world: World, engine: ScriptedEngine) -> None:
    """Nothing of it is kept, and its message ends."""
    engine.hold_at = 3
    await world.imagine()
    await world.until(lambda: engine.busy, "painting")
    assert "1 job" in await ban(world)
    await world.until(lambda: not engine.busy, "the drop")
    await world.finished()
    assert await state(world) is JobState.CANCELLED
    assert engine.painted == []
    assert list(world.app.settings.pictures.rglob("*.png")) == []
    assert "Cancelled" in world.shown()


async def test_what_is_rendered_is_not_delivered(world: World) -> None:
    """Discord was down when it was painted."""
    world.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=503, times=100)
    await world.imagine()
    await world.until(lambda: not world.app.studio.waiting_jobs(), "painting")
    assert await state(world) is JobState.RENDERED
    await ban(world)
    assert await state(world) is JobState.CANCELLED
    await world.restart()
    await world.env.settle()
    assert world.galleries() == []
    assert await state(world) is JobState.CANCELLED


async def test_what_is_posted_in_that_very_moment_is_taken_down(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ban comes between posting the pictures and writing that down."""
    delivered = world.app.studio.delivered

    async def late(job_id: int, message_id: int | None, revision: int | None = None) -> bool:
        await world.app.enforcement.sanctions.ban(decision(world))
        return await delivered(job_id, message_id, revision)

    monkeypatch.setattr(world.app.studio, "delivered", late)
    await world.imagine()
    await world.finished()
    assert world.galleries() == []
    assert await state(world) is JobState.CANCELLED


async def test_a_ban_between_asking_and_writing_down(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """They were let in, and are banned before their job is in the database."""
    create = world.app.jobs.create_all

    async def late(*args: Any) -> Any:
        await world.app.enforcement.sanctions.ban(decision(world))
        return await create(*args)

    monkeypatch.setattr(world.app.studio._jobs, "create_all", late)
    result = await world.imagine()
    assert "You are banned" in answer_of(result)
    await world.finished()
    assert await state(world) is JobState.CANCELLED
    assert world.galleries() == []


async def test_a_job_that_a_crash_left_in_that_moment_is_stopped_at_the_start(
    world: World, engine: ScriptedEngine
) -> None:
    """Written down after the ban's own look, and the process was killed before it looked again."""
    engine.hold_at = 2
    await world.imagine()
    bans = world.app.moderation.bans
    entry = decision(world)

    async def nothing(*_: Any) -> tuple[()]:
        return ()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("db.bans._stop", nothing)
        await world.app.enforcement.sanctions.ban(entry)
    assert bans.of(world.guild.id, world.alice.id)
    assert await state(world) is not JobState.CANCELLED
    await world.restart()
    engine.hold_at = None
    await world.finished()
    assert await state(world) is JobState.CANCELLED
    assert world.galleries() == []


# -- what is closed and what stays open ----------------------------------------------------------------------------


async def test_buttons_refuse_too(painted: World) -> None:
    """Everything below a result, except deleting what is theirs."""
    await ban(painted)
    for label in buttons_of(painted.galleries()[0]):
        if label != "Delete":
            result = await painted.alice.click(painted.galleries()[0], label=label)
            assert "You are banned" in answer_of(result), label
    asked = await painted.alice.click(painted.galleries()[0], label="Delete")
    assert "cannot be undone" in answer_of(asked)


async def test_a_form_that_was_open_refuses(painted: World) -> None:
    """What was typed comes back."""
    opened = await painted.alice.click(painted.galleries()[0], label="Edit")
    await ban(painted)
    result = await painted.alice.submit_modal(opened, filled(opened))
    said = "\n".join(text_of(each) for each in (result.response, *result.followups) if each is not None)
    assert "You are banned" in said
    assert len(painted.galleries()) == 1


async def test_a_draft_is_not_shared(world: World) -> None:
    """It stays a draft."""
    result: Any = await world.imagine(private=True)
    await world.finished()
    await ban(world)
    refused = await world.alice.click(result.response, label="Share")
    assert "You are banned" in answer_of(refused)
    assert world.history() == []


async def test_a_draft_shared_in_that_very_moment_is_taken_down(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Banned while it was being posted."""
    result: Any = await world.imagine(private=True)
    await world.finished()
    shared = world.app.drafts.shared

    async def late(*args: Any) -> bool:
        await world.app.enforcement.sanctions.ban(decision(world))
        return await shared(*args)

    monkeypatch.setattr(world.bot.sharing._drafts, "shared", late)
    refused = await world.alice.click(result.response, label="Share")
    assert "You are banned" in answer_of(refused)
    assert world.history() == []


async def test_a_batch_that_was_asked_about_is_not_queued(world: World) -> None:
    """The question came before the ban."""
    asked: Any = await world.imagine(prompt="1girl, {red|blue} hair")
    await ban(world)
    refused = await world.alice.click(asked.response, label="Paint 2 pictures")
    assert "You are banned" in answer_of(refused)
    assert world.app.studio.waiting_jobs() == ()


async def test_menus_of_messages_refuse(painted: World) -> None:
    """They open a form to paint by."""
    await ban(painted)
    result = await painted.alice.context_menu(painted.channel, "Use these settings", painted.galleries()[0])
    assert "You are banned" in answer_of(result)


@pytest.mark.parametrize(
    ("command", "options"),
    [("forget-me", {}), ("export", {}), ("history", {}), ("settings", {}), ("help", {})],
)
async def test_what_is_theirs_stays_open(painted: World, command: str, options: dict[str, Any]) -> None:
    """Nobody is kept from what they have made, or from taking it away."""
    await ban(painted)
    result = await painted.alice.slash(painted.channel, command, **options)
    assert "You are banned" not in answer_of(result)


@pytest.mark.parametrize(
    ("command", "options"),
    [("show", {"job": "1"}), ("rerun", {"job": "1"}), ("queue", {}), ("models", {})],
)
async def test_everything_else_is_closed(painted: World, command: str, options: dict[str, Any]) -> None:
    """Commands that paint nothing as well."""
    await ban(painted)
    result = await painted.alice.slash(painted.channel, command, **options)
    assert "You are banned" in answer_of(result)


async def test_a_ban_of_the_instance_holds_in_every_server(world: World, engine: ScriptedEngine) -> None:
    """Also what is under way stops, and no server lifts it."""
    engine.hold_at = 2
    await world.imagine()
    await world.app.enforcement.sanctions.ban(decision(world, guild_id=0), 3600)
    assert await state(world) is JobState.CANCELLED
    said = answer_of(await world.imagine())
    assert "in every server until <t:" in said
    result = await world.mod.slash(world.channel, "mod ban remove", member=str(world.alice.id))
    assert "Nobody with this id" in answer_of(result)


async def test_others_are_not_touched(world: World) -> None:
    """Neither by a ban nor in another server."""
    await ban(world)
    await world.imagine(world.bob)
    await world.finished()
    assert len(world.galleries()) == 1
    with pytest.raises(MemberError):
        world.app.moderation.bans.check(world.guild.id, world.alice.id)
    world.app.moderation.bans.check(world.guild.id + 1, world.alice.id)


async def test_a_ban_outlasts_being_forgotten(painted: World) -> None:
    """With its id, end and reason, and nothing else; the question says so."""
    await ban(painted)
    asked: Any = await painted.alice.slash(painted.channel, "forget-me")
    assert "a ban stays as long as it holds" in answer_of(asked)
    await painted.alice.click(asked.response, label="Delete everything of mine")
    await painted.until(lambda: not painted.bot.erasing._members, "the erasing")
    assert (await last_entry(painted)).user_id is None
    assert "You are banned from using me in this server. The reason: spam" in answer_of(await painted.imagine())
    await painted.restart()
    assert "You are banned" in answer_of(await painted.imagine())
    await painted.mod.slash(painted.channel, "mod ban remove", member=str(painted.alice.id))
    assert (await last_entry(painted)).user_id is None
