"""Withheld and reported pictures before the moderators."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import discord
import pytest
from PIL import Image

from db.jobs import ImageState, JobState
from pipeline.profiles.types import Rating
from tests.support.results import files
from tests.support.scripted_classifier import ScriptedClassifier, sure
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of, discord_world, raw_components, text_of
from tests.support.wire import walk


@pytest.fixture
def classifier() -> ScriptedClassifier:
    """The classifier of `world`: everything is too much."""
    made = ScriptedClassifier()
    made.answer = lambda _: sure(Rating.EXPLICIT)
    return made


@pytest.fixture
async def world(tmp_path: Path, engine: ScriptedEngine, classifier: ScriptedClassifier) -> AsyncIterator[World]:
    """The real bot, whose classifier says what a test wants."""
    async with discord_world(
        tmp_path, make_engine=lambda _: engine, make_classifier=lambda: classifier
    ) as opened:
        yield opened


@pytest.fixture
async def desk(world: World) -> Any:
    """A channel that only moderators see, set for reviews."""
    guild = world.bot.get_guild(world.guild.id)
    assert guild is not None
    mods = next(role for role in guild.roles if role.name == "mod")
    channel = world.guild.create_text_channel(
        "desk",
        overwrites={
            guild.default_role: discord.PermissionOverwrite(view_channel=False),
            mods: discord.PermissionOverwrite(view_channel=True),
            guild.me: discord.PermissionOverwrite(
                view_channel=True,
                send_messages=True,
                embed_links=True,
                attach_files=True,
                read_message_history=True,
            ),
        },
    )
    told = await world.mod.slash(world.channel, "mod review channel", channel=channel)
    assert "go to" in answer_of(told), answer_of(told)
    return channel


async def job_of(world: World, number: int = 1) -> Any:
    """A job."""
    job = await world.app.studio.job(number)
    assert job is not None
    return job


async def posted(world: World, desk: Any, count: int = 1) -> Any:
    """The newest message of the desk, once there are so many."""
    await world.until(lambda: len(desk.history()) >= count, "a review")
    return desk.history()[-1]


async def withheld(world: World, desk: Any, **options: Any) -> Any:
    """The message of a picture that was withheld."""
    await world.imagine(**options)
    await world.finished()
    return await posted(world, desk)


def spoilers(message: Any) -> list[bool]:
    """Whether each picture of a message is covered."""
    return [bool(i.get("spoiler")) for c in walk(raw_components(message)) for i in c.get("items") or []]


async def actions(world: World) -> list[str]:
    """What the audit log holds, the oldest first."""
    return [each.entry.action for each in await world.app.moderation.audit.newest(world.guild.id, 50)][::-1]


async def settled(world: World) -> None:
    """Until everything is posted that moderators have changed."""
    await world.env.settle()
    await world.finished()


# -- the channel -------------------------------------------------------------------------------------------------


async def test_moderators_get_a_withheld_picture(world: World, desk: Any) -> None:
    """Covered, with what it is about and what can be done; nowhere else."""
    message = await withheld(world, desk, prompt="1girl, secret garden", seed=7)
    assert len(message.attachments) == 1
    assert spoilers(message) == [True]
    with Image.open(io.BytesIO(await message.attachments[0].read())) as picture:
        assert picture.convert("RGB").getpixel((3, 3)) == (
            7 * 37 % 256,
            (7 * 37 + 80) % 256,
            (7 * 37 + 160) % 256,
        )
    told = text_of(message)
    for part in (
        "Review #1",
        "secret garden",
        f"<@{world.alice.id}>",
        f"<#{world.channel.id}>",
        "explicit 100%",
    ):
        assert part in told
    assert "scripted@1" in told
    assert buttons_of(message) == ["Approve", "Approve with spoiler", "Reject"]
    assert world.galleries() == []


async def test_a_channel_that_everybody_sees_is_refused(world: World) -> None:
    """What must not be shown would be shown there."""
    told = await world.mod.slash(world.channel, "mod review channel", channel=world.channel)
    assert told.ephemeral
    assert "Everybody can see" in answer_of(told)
    assert world.app.reviewing.channel(world.guild.id) is None


async def test_a_channel_that_is_opened_later_gets_nothing(world: World, desk: Any) -> None:
    """The pictures wait in the list."""
    channel = world.bot.get_channel(desk.id)
    guild = world.bot.get_guild(world.guild.id)
    assert isinstance(channel, discord.TextChannel)
    assert guild is not None
    await channel.set_permissions(guild.default_role, view_channel=True)
    await world.env.settle()
    await world.imagine()
    await world.finished()
    assert [m for m in desk.history() if m.attachments] == []
    assert "#1" in answer_of(await world.mod.slash(world.channel, "mod review list"))


async def test_without_a_channel_pictures_wait_in_the_list(world: World) -> None:
    """And are shown to one moderator at a time; a channel set later gets them."""
    await world.imagine()
    await world.finished()
    listed: Any = await world.mod.slash(world.channel, "mod review list")
    assert listed.ephemeral
    assert "1 picture to decide about" in answer_of(listed)
    shown: Any = await world.mod.slash(world.channel, "mod review show", number=1)
    assert shown.ephemeral
    assert len(shown.response.attachments) == 1
    await world.mod.click(shown.response, label="Approve")
    await settled(world)
    assert len(world.galleries()) == 1
    assert "Nothing waits" in answer_of(await world.mod.slash(world.channel, "mod review list"))


async def test_a_channel_set_later_gets_what_waits(world: World, request: pytest.FixtureRequest) -> None:
    """Also what was withheld before."""
    await world.imagine()
    await world.finished()
    mods = next(role for role in world.bot.get_guild(world.guild.id).roles if role.name == "mod")  # type: ignore[union-attr]
    guild = world.bot.get_guild(world.guild.id)
    assert guild is not None
    desk = world.guild.create_text_channel(
        "desk",
        overwrites={
            guild.default_role: discord.PermissionOverwrite(view_channel=False),
            mods: discord.PermissionOverwrite(view_channel=True),
            guild.me: discord.PermissionOverwrite(view_channel=True, attach_files=True, embed_links=True),
        },
    )
    await world.mod.slash(world.channel, "mod review channel", channel=desk)
    assert (await posted(world, desk)).attachments


async def test_unknown_numbers_are_refused(world: World) -> None:
    """In a sentence."""
    told = await world.mod.slash(world.channel, "mod review show", number=99)
    assert "no picture to review under number 99" in answer_of(told)


async def test_members_do_not_have_the_commands(world: World) -> None:
    """Discord hides them."""
    for command in ("mod review list", "mod check show"):
        with pytest.raises(Exception, match=r"(?i)permission"):
            await world.alice.slash(world.channel, command)


# -- deciding ----------------------------------------------------------------------------------------------------


async def test_an_approved_picture_is_posted_where_it_belonged(world: World, desk: Any) -> None:
    """In its own message, with all buttons; its member is told, the moderators' message loses it."""
    message = await withheld(world, desk)
    await world.mod.click(message, label="Approve")
    await settled(world)
    [result] = world.galleries()
    assert [a.filename for a in result.attachments] == ["tagbrush-1v1-1.png"]
    assert spoilers(result) == [False]
    assert "withheld" not in text_of(result)
    assert "Reroll" in buttons_of(result)
    assert "have released what was withheld of job #1" in world.shown()
    job = await job_of(world)
    assert (job.state, job.images[0].state) == (JobState.DELIVERED, ImageState.PAINTED)
    decided = desk.history()[-1]
    assert decided.attachments == []
    assert "Approved" in text_of(decided)
    assert await actions(world) == ["review.channel", "review.approve"]
    shown: Any = await world.alice.slash(world.channel, "show", job="#1")
    assert len(shown.response.attachments) == 1


async def test_one_of_several_joins_the_others(world: World, desk: Any, classifier: ScriptedClassifier) -> None:
    """The message that shows the others shows all."""
    classifier.answer = lambda pixels: sure(
        Rating.EXPLICIT if int(pixels[0, 0, 0]) == 8 * 37 % 256 else Rating.GENERAL
    )
    message = await withheld(world, desk, count=3, seed=7)
    [before] = world.galleries()
    assert len(before.attachments) == 2
    await world.mod.click(message, label="Approve")
    await settled(world)
    [after] = world.galleries()
    assert after.id == before.id
    assert [a.filename for a in after.attachments] == [f"tagbrush-1v1-{n}.png" for n in (1, 2, 3)]


async def test_with_a_spoiler(world: World, desk: Any) -> None:
    """Covered wherever it is shown."""
    message = await withheld(world, desk)
    await world.mod.click(message, label="Approve with spoiler")
    await settled(world)
    [result] = world.galleries()
    assert spoilers(result) == [True]
    shown: Any = await world.alice.slash(world.channel, "show", job="#1")
    assert spoilers(shown.response) == [True]
    listed: Any = await world.alice.slash(world.channel, "history")
    assert spoilers(listed.response) == [True]
    assert (await actions(world))[-1] == "review.spoiler"


async def test_a_rejected_picture_is_gone_for_good(world: World, desk: Any) -> None:
    """With its file."""
    message = await withheld(world, desk)
    await world.mod.click(message, label="Reject")
    await settled(world)
    assert files(world) == []
    assert world.galleries() == []
    assert desk.history()[-1].attachments == []
    assert (await job_of(world)).images[0].check_state == "rejected"
    assert (await actions(world))[-1] == "review.reject"


async def test_the_member_reads_that_a_withheld_picture_was_rejected(world: World, desk: Any) -> None:
    """Their message no longer says that moderators can release it."""
    message = await withheld(world, desk)
    assert "release it" in world.shown()
    await world.mod.click(message, label="Reject")
    await settled(world)
    assert "removed by the moderators" in world.shown()
    assert "release it" not in world.shown()


async def test_members_cannot_decide(world: World, desk: Any) -> None:
    """Whoever gets to see the button somehow."""
    message = await withheld(world, desk)
    channel, guild = world.bot.get_channel(desk.id), world.bot.get_guild(world.guild.id)
    assert isinstance(channel, discord.TextChannel)
    assert guild is not None
    member = await guild.fetch_member(world.alice.id)
    await channel.set_permissions(member, view_channel=True, read_message_history=True)
    told = await world.alice.click(message, label="Approve")
    assert "Only moderators" in answer_of(told)
    assert (await job_of(world)).state is JobState.WITHHELD


async def test_the_first_of_two_moderators_decides(world: World, desk: Any) -> None:
    """The other one is told, and nothing is posted twice."""
    message = await withheld(world, desk)
    shown: Any = await world.mod.slash(world.channel, "mod review show", number=1)
    await world.mod.click(message, label="Approve")
    late = await world.mod.click(shown.response, label="Reject")
    await settled(world)
    assert "decided before" in answer_of(late)
    assert len(world.galleries()) == 1
    assert [
        each for each in await actions(world) if each.startswith("review.") and each != "review.channel"
    ] == ["review.approve"]


async def test_buttons_work_after_a_restart(world: World, desk: Any) -> None:
    """They carry the number and nothing else."""
    message = await withheld(world, desk)
    await world.restart()
    await world.mod.click(message, label="Approve")
    await settled(world)
    assert len(world.galleries()) == 1


async def test_an_approval_survives_a_kill(world: World, desk: Any) -> None:
    """What was decided and not yet posted is posted by the next start."""
    await withheld(world, desk)
    world.bot.painting.follow_anew = lambda *_: None  # type: ignore[method-assign]
    await world.mod.click(desk.history()[-1], label="Approve")
    assert world.galleries() == []
    await world.restart()
    await settled(world)
    assert len(world.galleries()) == 1


async def test_a_deleted_job_leaves_nothing_to_decide(world: World, desk: Any) -> None:
    """Also for whoever has the picture before them."""
    await withheld(world, desk)
    shown: Any = await world.mod.slash(world.channel, "mod review show", number=1)
    notice = next(m for m in world.history() if "Delete" in buttons_of(m))
    asked: Any = await world.alice.click(notice, label="Delete")
    await world.alice.click(asked.response, label="Delete for good")
    told = await world.mod.click(shown.response, label="Approve")
    assert "deleted meanwhile" in answer_of(told)
    await settled(world)
    assert world.galleries() == []


async def test_an_old_result_is_posted_anew(world: World, desk: Any) -> None:
    """Discord does not take edits of old messages; the notice goes."""
    message = await withheld(world, desk)
    await world.env.advance_time(3600 * 2)
    await world.mod.click(message, label="Approve")
    await settled(world)
    assert len(world.galleries()) == 1
    assert [m for m in world.history() if "### Withheld" in text_of(m)] == []


# -- reports -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def shown(world: World, classifier: ScriptedClassifier) -> Any:
    """A result of alice's that everybody can see."""
    classifier.answer = lambda _: sure(Rating.GENERAL)
    await world.imagine(count=2, seed=7)
    await world.finished()
    return world.galleries()[0]


async def report(world: World, actor: Any, message: Any, picture: int = 1, reason: str = "ugly") -> Any:
    """Report one picture by the menu."""
    opened = await actor.context_menu(world.channel, "Report this picture", message)
    assert opened.modal is not None, answer_of(opened)
    return await actor.submit_modal(opened, {"picture": [str(picture - 1)], "reason": reason})


async def test_a_report_reaches_the_moderators(world: World, desk: Any, shown: Any) -> None:
    """With the reason and a link, and without a name."""
    told = await report(world, world.bob, shown, picture=2, reason="this is <@1> bad")
    assert told.ephemeral
    message = await posted(world, desk)
    text = text_of(message)
    assert "reported by 1, still shown" in text
    assert "picture 2" in text
    assert str(shown.id) in text
    assert "bad" in text
    assert str(world.bob.id) not in text
    assert buttons_of(message) == ["Dismiss", "Show as spoiler", "Take down"]
    assert "report.add" in await actions(world)
    assert len(world.galleries()[0].attachments) == 2


async def test_several_reports_of_one_member_are_one(world: World, desk: Any, shown: Any) -> None:
    """Also after it was dismissed."""
    await report(world, world.bob, shown)
    assert "reported this picture before" in answer_of(await report(world, world.bob, shown))
    await world.mod.click(await posted(world, desk), label="Dismiss")
    assert "reported this picture before" in answer_of(await report(world, world.bob, shown))
    assert len(desk.history()) == 1
    assert (await actions(world)).count("report.add") == 1


async def test_enough_reports_take_a_picture_down(world: World, desk: Any, shown: Any) -> None:
    """Until a moderator has looked; the others stay."""
    await world.mod.slash(world.channel, "mod review hide-after", count=2)
    await report(world, world.bob, shown)
    await report(world, world.mod, shown)
    await settled(world)
    [result] = world.galleries()
    assert len(result.attachments) == 1
    assert "taken down after reports" in text_of(result)
    assert "report.hide" in await actions(world)
    await world.until(lambda: "Approve" in buttons_of(desk.history()[-1]), "the desk knows")
    await world.mod.click(desk.history()[-1], label="Approve")
    await settled(world)
    assert len(world.galleries()[0].attachments) == 2


async def test_a_moderator_takes_a_reported_picture_down(world: World, desk: Any, shown: Any) -> None:
    """For good, with its file; the other one stays."""
    await report(world, world.bob, shown)
    await world.mod.click(await posted(world, desk), label="Take down")
    await settled(world)
    [result] = world.galleries()
    assert [a.filename for a in result.attachments] == ["tagbrush-1v1-2.png"]
    assert "removed by the moderators" in text_of(result)
    assert len(files(world)) == 1


async def test_the_last_picture_taken_down_takes_the_gallery(
    world: World, desk: Any, classifier: ScriptedClassifier
) -> None:
    """What is left says so."""
    classifier.answer = lambda _: sure(Rating.GENERAL)
    await world.imagine()
    await world.finished()
    opened = await world.bob.context_menu(world.channel, "Report this picture", world.galleries()[0])
    await world.bob.submit_modal(opened, {"reason": ""})
    await world.mod.click(await posted(world, desk), label="Take down")
    await settled(world)
    assert world.galleries() == []
    assert "removed by the moderators" in world.shown()


async def test_the_button_in_the_details_reports(world: World, desk: Any, shown: Any) -> None:
    """After a restart as well."""
    details: Any = await world.bob.click(shown, label="Details")
    await world.restart()
    opened = await world.bob.click(details.response, label="Report")
    assert opened.modal is not None
    await world.bob.submit_modal(opened, {"picture": ["0"], "reason": ""})
    assert "reported by 1" in text_of(await posted(world, desk))


async def test_ones_own_pictures_are_not_reported(world: World, shown: Any) -> None:
    """Delete is for that."""
    told = await world.alice.context_menu(world.channel, "Report this picture", shown)
    assert "Delete takes them away" in answer_of(told)


async def test_what_is_not_ours_is_not_reported(world: World) -> None:
    """In a sentence."""
    await world.alice.send(world.channel, "hello")
    message = world.channel.history()[-1]
    told = await world.bob.context_menu(world.channel, "Report this picture", message)
    assert "nothing to report" in answer_of(told)
