"""`/mod ceiling`, and what it means for members: in channels, threads, drafts and for roles."""

from __future__ import annotations

from typing import Any

import discord
import pytest
import simcord

from db.jobs import Job, JobState
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, text_of


def restrict(world: World, *, restricted: bool = True) -> None:
    """Age-restrict the channel, or lift that. simcord knows only what the bot's cache says."""
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    channel.nsfw = restricted


async def ceiling(world: World, command: str, **options: Any) -> str:
    """A moderator's command in the channel."""
    result = await world.mod.slash(world.channel, f"mod ceiling {command}", **options)
    assert result.ephemeral
    return answer_of(result)


async def thread_of(world: World) -> Any:
    """A thread of the channel."""
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.create_thread(name="sketches", type=discord.ChannelType.public_thread)
    await world.env.settle()
    return world.channel.threads[0]


async def audited(world: World) -> list[str]:
    """Actions of the log, the newest first."""
    return [each.entry.action for each in await world.app.moderation.audit.newest(world.guild.id, 20)]


async def job_of(world: World, job_id: int = 1) -> Job:
    """A job as it is in the database."""
    job = await world.app.studio.job(job_id)
    assert job is not None
    return job


async def test_a_channel_s_ceiling_holds_at_once_and_after_a_restart(world: World) -> None:
    """What was refused before is painted then, and is in the audit log."""
    refused = await world.imagine(prompt="1girl, panties")
    assert "goes beyond what may be painted here" in answer_of(refused)
    assert "`sensitive`" in await ceiling(world, "channel", rating="sensitive")
    await world.imagine(prompt="1girl, panties")
    await world.finished()
    assert len(world.galleries()) == 1
    await world.restart()
    await world.imagine(prompt="1girl, panties")
    await world.finished()
    assert len(world.galleries()) == 2
    assert await audited(world) == ["ceiling.channel"]


async def test_an_ordinary_channel_cannot_have_more_than_discord_allows(world: World) -> None:
    """An age-restricted one can, and loses it at once with the restriction."""
    told = await ceiling(world, "channel", rating="questionable")
    assert "Discord does not know it as age-restricted" in told
    assert await audited(world) == []
    restrict(world)
    assert "`questionable`" in await ceiling(world, "channel", rating="questionable")
    await world.imagine(prompt="1girl, topless")
    await world.finished()
    assert len(world.galleries()) == 1
    restrict(world, restricted=False)
    assert "the most is `sensitive`" in answer_of(await world.imagine(prompt="1girl, topless"))


@pytest.mark.parametrize(("restricted", "most"), [(False, "general"), (True, "questionable")])
async def test_a_thread_is_as_its_channel(world: World, most: str, *, restricted: bool) -> None:
    """By default, with what is set for the channel, and with one of its own."""
    restrict(world, restricted=restricted)
    thread = await thread_of(world)
    shown = answer_of(await world.mod.slash(thread, "mod ceiling show"))
    assert f"Here, for you: `{most}`" in shown
    await ceiling(world, "channel", rating="sensitive")
    assert "Here, for you: `sensitive`" in answer_of(await world.mod.slash(thread, "mod ceiling show"))
    await world.mod.slash(thread, "mod ceiling channel", rating="general")
    assert "Here, for you: `general`" in answer_of(await world.mod.slash(thread, "mod ceiling show"))
    assert "goes beyond" in answer_of(await world.alice.slash(thread, "imagine", prompt="1girl, panties"))
    assert "Here, for you: `sensitive`" in await ceiling(world, "show")


async def test_a_role_lifts_the_default_for_its_members(world: World) -> None:
    """And for nobody else; what it shows is theirs to see, too."""
    role = world.guild.create_role("painters")
    carol = world.guild.add_member(world.env.create_user("carol"), roles=[role])
    await world.env.settle()
    assert "`sensitive`" in await ceiling(world, "role", role=role, rating="sensitive")
    await world.imagine(carol, prompt="1girl, panties")
    await world.finished()
    assert len(world.galleries()) == 1
    assert "goes beyond" in answer_of(await world.imagine(prompt="1girl, panties"))
    told = answer_of(await world.alice.slash(world.channel, "show", job="1"))
    assert "rated `sensitive`, and the most here is `general`" in told
    shown = await carol.slash(world.channel, "show", job="1")
    assert shown.response is not None
    assert shown.response.attachments
    await ceiling(world, "reset", role=role)
    assert "goes beyond" in answer_of(await world.imagine(carol, prompt="1girl, panties"))
    assert await audited(world) == ["ceiling.reset", "ceiling.role"]


async def test_everybody_s_role_is_refused(world: World) -> None:
    """It would be the default, which channels have."""
    told = await ceiling(world, "role", role=world.guild.default_role, rating="sensitive")
    assert "Everybody has this role" in told
    assert await audited(world) == []


async def test_resetting_what_is_not_set_says_so(world: World) -> None:
    """And is not written down."""
    assert "has no ceiling of its own." in await ceiling(world, "reset")
    assert await audited(world) == []


async def test_words_are_moved_where_moderators_want_that(world: World) -> None:
    """The rest is painted, the result says so, and the setting survives a restart."""
    assert "moved to the negative prompt" in await ceiling(world, "above", mode="move")
    await world.restart()
    await world.imagine(prompt="1girl, nude, smile")
    await world.finished()
    [image] = (await job_of(world)).images
    assert "nude" not in image.prompt
    assert image.negative_prompt.startswith("nude, ")
    assert "was moved to the negative prompt" in text_of(world.galleries()[0])
    assert "refused" in await ceiling(world, "above", mode="refuse")
    assert "goes beyond" in answer_of(await world.imagine(prompt="1girl, nude"))


@pytest.mark.parametrize(
    "prompt",
    [
        "1girl, (nsfw:1.5)",
        "1girl BREAK пude",
        "{1girl|nude}, hat",
        "1girl, n(sfw:1.2)",
        "1girl, n u d e",
        "全裸",
    ],
)
async def test_imagine_refuses_every_disguise(world: World, engine: ScriptedEngine, prompt: str) -> None:
    """Nothing is queued, and the sentence names the word, its step and the most here."""
    result = await world.imagine(prompt=prompt)
    await world.finished()
    assert "belongs to the rating `questionable`, and the most is `general`" in answer_of(result)
    assert engine.painted == []
    assert await world.app.studio.job(1) is None


@pytest.mark.parametrize("name", ["channel", "role", "reset", "above", "show"])
async def test_members_do_not_have_the_commands(world: World, name: str) -> None:
    """Discord hides them."""
    with pytest.raises(Exception, match=r"(?i)permission"):
        await world.alice.slash(world.channel, f"mod ceiling {name}")


async def test_there_is_nothing_in_direct_messages(world: World) -> None:
    """The commands are a server's."""
    for name in ("mod", "imagine"):
        command = world.bot.tree.get_command(name)
        assert command is not None
        assert command.guild_only


# -- pictures that have come to be above their channel's ceiling ------------------------------------------------


async def held(world: World, engine: ScriptedEngine, **options: Any) -> simcord.InteractionResult:
    """A job in an age-restricted channel that stops in the middle."""
    restrict(world)
    engine.hold_at = 5
    result = await world.imagine(prompt="1girl, topless", **options)
    await world.until(lambda: engine.busy, "painting")
    return result


async def lower(world: World, how: str) -> None:
    """Less is allowed from now on."""
    if how == "discord":
        restrict(world, restricted=False)
    else:
        await ceiling(world, "channel", rating="general")


@pytest.mark.parametrize("how", ["discord", "moderator"])
async def test_a_running_job_is_withheld_when_the_ceiling_falls(
    world: World, engine: ScriptedEngine, how: str
) -> None:
    """Its member is told why; it is neither posted later nor found."""
    await held(world, engine)
    await lower(world, how)
    engine.hold_at = None
    await world.finished()
    assert world.galleries() == []
    assert "by now the most in this channel is `general`" in world.shown()
    assert "topless" not in world.shown()
    assert (await job_of(world)).state is JobState.WITHHELD
    assert "were withheld" in answer_of(await world.alice.slash(world.channel, "show", job="1"))
    await world.restart()
    await world.finished()
    assert world.galleries() == []
    assert (await job_of(world)).state is JobState.WITHHELD


async def test_after_a_restart_it_is_withheld_as_well(world: World, engine: ScriptedEngine) -> None:
    """Rendered, but not delivered, by the process before; the channel's restriction is gone by then."""
    await held(world, engine)
    await world.restart(lambda: setattr(engine, "hold_at", None))
    await world.finished()
    assert world.galleries() == []
    assert (await job_of(world)).state is JobState.WITHHELD


@pytest.mark.parametrize("expired", [False, True])
async def test_a_draft_is_withheld_too(world: World, engine: ScriptedEngine, *, expired: bool) -> None:
    """Its ceiling is that of the channel where it was asked for; in a direct message nothing above that."""
    result = await held(world, engine, private=True)
    await lower(world, "discord")
    if expired:
        await world.env.advance_time(16 * 60)
    engine.hold_at = None
    await world.finished()
    assert (await job_of(world)).state is JobState.WITHHELD
    sent = [each for each in world.wire.messages() if "by now the most in this channel" in each.text]
    assert sent or "by now the most in this channel" in text_of(result.response)
    assert not any(each.files for each in world.wire.messages() if each.method == "POST")


async def test_a_picture_within_the_ceiling_is_delivered(world: World, engine: ScriptedEngine) -> None:
    """As long as nothing has changed, also in a thread."""
    await held(world, engine)
    engine.hold_at = None
    await world.finished()
    assert len(world.galleries()) == 1
    thread = await thread_of(world)
    await world.alice.slash(thread, "imagine", prompt="1girl, topless")
    await world.finished()
    assert (await job_of(world, 2)).state is JobState.DELIVERED


async def test_a_role_that_lifts_counts_when_it_is_delivered(world: World) -> None:
    """The member's roles are looked up again."""
    role = world.guild.create_role("painters")
    carol = world.guild.add_member(world.env.create_user("carol"), roles=[role])
    await world.env.settle()
    await ceiling(world, "role", role=role, rating="sensitive")
    await world.imagine(carol, prompt="1girl, panties")
    await world.finished()
    assert (await job_of(world)).state is JobState.DELIVERED


async def painted_above(world: World, **options: Any) -> simcord.InteractionResult:
    """Job 1, painted in an age-restricted channel that is none any more."""
    restrict(world)
    result = await world.imagine(prompt="1girl, topless", **options)
    await world.finished()
    restrict(world, restricted=False)
    return result


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("show", {"job": "1"}),
        ("rerun", {"job": "1"}),
        ("compare", {"one": "1", "two": "1"}),
        ("export", {}),
    ],
)
async def test_no_command_shows_what_is_above_the_ceiling(
    world: World, command: str, options: dict[str, Any]
) -> None:
    """Whatever was allowed when it was painted."""
    await painted_above(world)
    before = len(world.wire.messages())
    result = await world.alice.slash(world.channel, command, **options)
    await world.finished()
    assert result.response is not None
    assert not result.response.attachments
    assert not any(each.files for each in world.wire.messages()[before:])
    assert await world.app.studio.job(2) is None


@pytest.mark.parametrize(
    "label", ["Original file", "Vary (subtle)", "Vary (strong)", "Upscale x2", "Upscale x4", "Reroll"]
)
async def test_no_button_shows_or_paints_what_is_above_the_ceiling(world: World, label: str) -> None:
    """The message of that time is still there."""
    await painted_above(world)
    before = len(world.wire.messages())
    result = await world.alice.click(world.galleries()[0], label=label)
    await world.finished()
    assert "`general`" in answer_of(result)
    assert not any(each.files for each in world.wire.messages()[before:])
    assert await world.app.studio.job(2) is None


async def test_no_page_of_the_history_shows_it(world: World) -> None:
    """Favourites neither; it is listed without picture and prompt."""
    await painted_above(world)
    await world.alice.click(world.galleries()[0], label="Favourite")
    for options in ({}, {"favourites": True}):
        result = await world.alice.slash(world.channel, "history", **options)
        assert result.response is not None
        assert not result.response.attachments
        assert "not to be shown in this channel" in text_of(result.response)
        assert "topless" not in text_of(result.response)


async def test_a_draft_is_not_shared_any_more(world: World) -> None:
    """It stays its member's."""
    result = await painted_above(world, private=True)
    assert result.response is not None
    told = await world.alice.click(result.response, label="Share")
    assert "rated `questionable`, and the most here is `general`" in answer_of(told)
    assert world.galleries() == []
    assert (await job_of(world)).private
