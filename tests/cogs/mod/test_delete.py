"""`/mod delete` and its menu: pictures go wherever they were posted."""

from __future__ import annotations

from typing import Any

import pytest

from db.jobs import JobState
from tests.support.moderating import last_entry, owner_of, restricted_channel, state, thread_of
from tests.support.results import files
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of

MENU = "Delete this picture everywhere"


async def delete(world: World, job: str = "1", actor: Any = None, **options: Any) -> str:
    """What the moderator is told, when everything is taken down."""
    result = await (actor or world.mod).slash(world.channel, "mod delete", job=job, **options)
    assert result.ephemeral
    await gone(world)
    return answer_of(result)


async def gone(world: World) -> None:
    """Every message that was to go."""
    while world.bot.erasing.busy:
        await world.env.advance_time(1.1)
        await world.env.settle()


async def deleted(world: World, job_id: int) -> bool:
    """Whether a job counts as deleted."""
    job = await world.app.studio.job(job_id)
    return job is not None and job.deleted_at is not None


async def test_message_and_files_go(painted: World) -> None:
    """For good, with an entry in the log."""
    said = await delete(painted, reason="against the rules")
    assert "Deleted for good: job #1." in said
    assert painted.history() == []
    assert files(painted) == []
    assert await deleted(painted, 1)
    entry = await last_entry(painted)
    assert (entry.action, entry.job_id, entry.user_id, entry.reason) == (
        "job.delete",
        1,
        painted.alice.id,
        "against the rules",
    )
    result = await painted.alice.slash(painted.channel, "show", job="1")
    assert "were deleted" in answer_of(result)


async def test_a_link_names_it_too(painted: World) -> None:
    """Any message that shows it."""
    assert "job #1" in await delete(painted, painted.galleries()[0].jump_url)
    assert painted.history() == []


async def test_every_message_that_ever_showed_it_goes(painted: World) -> None:
    """Also one that the bot had to leave, such as an old one, and one for moderators."""
    job = await painted.app.studio.job(1)
    assert job is not None
    channel = painted.bot.get_partial_messageable(painted.channel.id, guild_id=painted.guild.id)
    from cogs.fate import NOBODY

    review = await channel.send("for review", allowed_mentions=NOBODY)
    await painted.app.studio.posted(1, painted.guild.id, painted.channel.id, review.id)
    newer = await channel.send("again", allowed_mentions=NOBODY)
    await painted.app.studio.attach_message(1, painted.channel.id, newer.id)
    assert "3 messages" in await delete(painted, review.jump_url)
    assert painted.history() == []


async def test_a_shared_draft_goes(world: World) -> None:
    """It was answered in private, and posted then."""
    result: Any = await world.imagine(private=True)
    await world.finished()
    await world.alice.click(result.response, label="Share")
    assert len(world.history()) == 1
    await delete(world)
    assert world.history() == []
    assert files(world) == []


async def test_a_direct_message_goes(world: World) -> None:
    """The channel was closed to the bot."""
    world.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=403, code=50001, times=None)
    path = f"/channels/{world.channel.id}/messages"
    world.env.inject_error("POST", path, status=403, code=50001, times=None)
    world.env.inject_error("PATCH", f"{path}/*", status=403, code=50001, times=None)
    await world.imagine()
    await world.finished()
    assert [len(m.attachments) for m in world.alice.user.dm_channel.history()] == [1]
    await delete(world)
    assert list(world.alice.user.dm_channel.history()) == []


async def test_a_draft_that_came_by_direct_message_goes(world: World, engine: ScriptedEngine) -> None:
    """The interaction had expired."""
    engine.hold_at = 2
    await world.imagine(private=True)
    await world.until(lambda: engine.busy, "painting")
    await world.env.advance_time(16 * 60)
    engine.hold_at = None
    await world.finished()
    assert [len(m.attachments) for m in world.alice.user.dm_channel.history()] == [1]
    await delete(world)
    assert list(world.alice.user.dm_channel.history()) == []


async def test_a_draft_goes_unseen(world: World) -> None:
    """Its number is enough, and nothing of it is shown."""
    await world.imagine(private=True, prompt="secret garden")
    await world.finished()
    said = await delete(world)
    assert "Deleted for good" in said
    assert "secret" not in said
    assert files(world) == []


async def descendants(world: World) -> None:
    """Job 2 goes on from 1, job 3 from 2; job 4 is another's own."""
    await world.bob.click(world.galleries()[0], label="Upscale x2")
    await world.finished()
    await world.alice.click(next(m for m in world.galleries() if "#1" in str(m.components)), label="Reroll")
    await world.finished()
    await world.imagine(world.bob)
    await world.finished()
    assert len(world.galleries()) == 4


async def test_with_everything_made_from_it(painted: World) -> None:
    """Whoever made it, and nothing else."""
    await descendants(painted)
    said = await delete(painted, offspring=True)
    assert "2 jobs made from it" in said
    assert len(painted.galleries()) == 1
    assert len(files(painted)) == 1
    assert [await deleted(painted, each) for each in (1, 2, 3, 4)] == [True, True, True, False]


async def test_what_was_made_from_it_stays_otherwise(painted: World) -> None:
    """It may be something else entirely."""
    await descendants(painted)
    await delete(painted)
    assert len(painted.galleries()) == 3
    assert [await deleted(painted, each) for each in (1, 2, 3)] == [True, False, False]


async def test_what_is_still_being_painted_stops(painted: World, engine: ScriptedEngine) -> None:
    """And is never posted."""
    engine.hold_at = 2
    await painted.bob.click(painted.galleries()[0], label="Reroll")
    await painted.until(lambda: engine.busy, "painting")
    await delete(painted, offspring=True)
    engine.hold_at = None
    await painted.finished()
    assert await state(painted, 2) is JobState.CANCELLED
    assert painted.galleries() == []
    assert files(painted) == []


async def test_a_restart_goes_on_with_the_messages(painted: World) -> None:
    """The process ends while Discord is down."""
    path = f"/channels/{painted.channel.id}/messages/*"
    painted.env.inject_error("DELETE", path, status=503, times=3)
    await painted.mod.slash(painted.channel, "mod delete", job="1")
    assert len(painted.galleries()) == 1
    await painted.restart()
    while painted.bot.erasing.busy:
        await painted.env.advance_time(30)
        await painted.env.settle()
    assert painted.history() == []


async def test_deleted_again_it_tries_again(painted: World) -> None:
    """For a message that Discord would not let go."""
    painted.env.inject_error("DELETE", "/channels/*/messages/*", status=403, code=50001)
    await delete(painted)
    assert len(painted.history()) == 1
    await delete(painted)
    assert painted.history() == []


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ("77", "No pictures of mine"),
        ("soon", "neither the number"),
        ("https://discord.com/channels/1/2/3", "No pictures of mine"),
    ],
)
async def test_what_is_not_known_gets_a_sentence(painted: World, job: str, said: str) -> None:
    """And nothing goes."""
    assert said in await delete(painted, job)
    assert len(painted.galleries()) == 1


async def test_another_server_s_pictures_are_not_known(painted: World) -> None:
    """Numbers can be guessed."""
    other = painted.env.create_guild("Others", owner=painted.bob.user)
    channel = other.create_text_channel("c")
    await painted.env.settle()
    from simcord.actors import MemberActor

    result = await MemberActor(painted.env, other, painted.bob.user).slash(channel, "mod delete", job="1")
    assert "No pictures of mine" in answer_of(result)
    assert len(painted.galleries()) == 1


# -- the menu ------------------------------------------------------------------------------------------------------


async def test_the_menu_asks_first(painted: World) -> None:
    """And its button works after a restart."""
    await descendants(painted)
    first = (
        painted.galleries()[-1]
        if painted.galleries()[0].id > painted.galleries()[-1].id
        else painted.galleries()[0]
    )
    asked: Any = await painted.mod.context_menu(painted.channel, MENU, first)
    assert asked.ephemeral
    assert "2 jobs were made from it" in answer_of(asked)
    assert buttons_of(asked.response) == ["Delete everywhere", "Delete with all made from it"]
    assert len(painted.galleries()) == 4
    await painted.restart()
    await painted.mod.click(asked.response, label="Delete with all made from it")
    await gone(painted)
    assert len(painted.galleries()) == 1


async def test_the_menu_needs_a_picture_of_ours(world: World) -> None:
    """Others' messages are none of its business."""
    message = await world.bob.send(world.channel, "hello")
    result = await world.mod.context_menu(world.channel, MENU, message)
    assert "No pictures of mine" in answer_of(result)


async def test_members_have_neither(painted: World) -> None:
    """Discord hides both, and the button asks for itself."""
    with pytest.raises(Exception, match=r"(?i)permission"):
        await painted.alice.slash(painted.channel, "mod delete", job="1")
    with pytest.raises(Exception, match=r"(?i)permission"):
        await painted.alice.context_menu(painted.channel, MENU, painted.galleries()[0])
    with pytest.raises(Exception, match=r"(?i)mod"):
        await painted.mod.user.slash("mod delete", job="1")


async def test_everywhere_in_the_server(painted: World) -> None:
    """From a thread, from a channel for adults, by the owner."""
    for place in (await thread_of(painted), await restricted_channel(painted)):
        result = await owner_of(painted).slash(place, "mod delete", job="1")
        assert "Deleted for good" in answer_of(result)


async def test_the_newest_jobs_are_suggested(world: World) -> None:
    """By number, the newest first; of a draft nobody learns what it shows, and what is deleted is not named."""
    await world.imagine(prompt="1girl, green hair")
    await world.imagine(world.bob, prompt="1girl, secret", private=True)
    await world.finished()
    found = await world.mod.autocomplete(world.channel, "mod delete", "job", "")
    assert [each["value"] for each in found] == ["2", "1"]
    assert found[0]["name"] == "#2 · bob · private draft"
    assert found[1]["name"].startswith("#1 · alice · ")
    assert "green hair" in found[1]["name"]
    assert [e["value"] for e in await world.mod.autocomplete(world.channel, "mod delete", "job", "#1")] == ["1"]
    await delete(world)
    assert [e["value"] for e in await world.mod.autocomplete(world.channel, "mod delete", "job", "")] == ["2"]
