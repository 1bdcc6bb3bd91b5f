"""`/history`, `/show` and favourites, as members use them."""

from __future__ import annotations

import re
from typing import Any

import discord
import pytest

from cogs.history import packed, unpacked
from db.history import Wanted
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of, text_of


@pytest.fixture
async def collection(world: World) -> World:
    """Seven jobs of alice's, one of bob's."""
    for number in range(7):
        hair = "green hair" if number % 2 else "red hair"
        await world.imagine(prompt=f"1girl, {hair}, picture{number}", seed=number)
    await world.imagine(world.bob, prompt="1boy, green hair, secret")
    await world.finished()
    return world


async def history(world: World, actor: Any = None, /, **options: Any) -> Any:
    """`/history` by alice."""
    return await (actor or world.alice).slash(world.channel, "history", **options)


def shown(message: Any) -> list[str]:
    """Which of the numbered prompts a page shows, in order."""
    return re.findall(r"^\d\. .*picture(\d)", text_of(message), re.MULTILINE)


async def test_the_newest_come_first_and_pages_turn(collection: World) -> None:
    """Both ways, in place, for the member's eyes only."""
    result = await history(collection)
    assert result.ephemeral
    assert shown(result.response) == ["6", "5", "4", "3", "2"]
    assert len(result.response.attachments) == 5
    await collection.alice.click(result.response, label="Older")
    assert shown(result.response) == ["1", "0"]
    assert len(result.response.attachments) == 2
    await collection.alice.click(result.response, label="Newer")
    assert shown(result.response) == ["6", "5", "4", "3", "2"]


async def test_a_page_turns_after_a_restart(collection: World) -> None:
    """With its filters, which are in the buttons."""
    result = await history(collection, text="1girl")
    await collection.restart()
    await collection.alice.click(result.response, label="Older")
    assert shown(result.response) == ["1", "0"]
    assert "`1girl`" in text_of(result.response)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"text": "green hair"}, ["5", "3", "1"]),
        ({"text": "GREEN_HAIR"}, ["5", "3", "1"]),
        ({"text": "gree"}, ["5", "3", "1"]),
        ({"text": "hair green picture3"}, ["3"]),
        ({"model": "animagine-xl-4.0"}, []),
        ({"since": "2020-01-01", "text": "picture6"}, ["6"]),
        ({"since": "2099-01-01"}, []),
        ({"until": "2020-01-01"}, []),
        ({"text": "secret"}, []),
        ({"text": "green OR red"}, []),
        ({"text": "x' OR 1=1 --"}, []),
        ({"text": 'prompt:"red" NEAR('}, []),
        ({"text": "picture1* AND ^"}, []),
    ],
)
async def test_filters(collection: World, options: dict[str, Any], expected: list[str]) -> None:
    """Words in any order and case; whatever looks like SQL or an operator is a word as any other."""
    result = await history(collection, **options)
    assert shown(result.response) == expected
    if not expected:
        assert "No pictures here" in text_of(result.response)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"text": "🌸"}, "There is no word in"),
        ({"text": '*")('}, "There is no word in"),
        ({"text": "_ __"}, "There is no word in"),
        ({"model": "nonsense"}, "There is no model called `nonsense`"),
        ({"since": "yesterday"}, "`yesterday` is no date"),
        ({"since": "2026-11-22", "until": "2026-11-21"}, "is after"),
    ],
)
async def test_what_cannot_be_searched_for_is_told(
    collection: World, options: dict[str, Any], words: str
) -> None:
    """With what would be right."""
    result = await history(collection, **options)
    assert words in answer_of(result)
    assert result.ephemeral


async def test_somebody_else_s_pictures_are_not_shown(collection: World) -> None:
    """Each sees their own."""
    result = await history(collection, collection.bob)
    assert "secret" in text_of(result.response)
    assert shown(result.response) == []


async def test_a_deleted_picture_leaves_the_history(collection: World) -> None:
    """Its old button says so, and a page beyond which all was deleted turns to the newest instead of nothing."""
    page = await history(collection)
    single = await history(collection, text="picture0")
    for job_id in (1, 2):
        job = await collection.app.studio.job(job_id)
        assert job is not None
        await collection.app.afterwards.delete(job)
    assert shown((await history(collection, text="picture0")).response) == []
    told = await collection.alice.click(single.response, label="Show 1")
    assert "These pictures were deleted" in answer_of(told)
    await collection.alice.click(page.response, label="Older")
    assert shown(page.response) == ["6", "5", "4", "3", "2"]


async def test_pictures_of_a_closed_channel_are_not_shown(collection: World) -> None:
    """Numbers can be guessed: who cannot look into the channel is told that there is no such job."""
    closed = collection.guild.create_text_channel(
        "staff", overwrites={collection.bob: discord.PermissionOverwrite(view_channel=False)}
    )
    await collection.mod.slash(closed, "imagine", prompt="1girl, staff matters")
    await collection.finished()
    for command in ("show", "rerun"):
        result = await collection.bob.slash(collection.channel, command, job="9")
        assert "no longer known here" in answer_of(result)
    result = await collection.alice.slash(collection.channel, "show", job="9")
    assert "staff matters" in text_of(result.response)


async def test_another_server_s_pictures_are_not_shown(collection: World) -> None:
    """Neither by number nor in the history of a member of both."""
    elsewhere = collection.env.create_guild("Elsewhere")
    channel = elsewhere.create_text_channel("painting")
    alice = elsewhere.add_member(collection.alice.user)
    result = await alice.slash(channel, "show", job="1")
    assert "no longer known here" in answer_of(result)
    assert "No pictures here" in text_of((await alice.slash(channel, "history")).response)


async def test_what_a_cancelled_job_had_painted_is_not_shown(world: World, engine: ScriptedEngine) -> None:
    """Moderators cancel too."""
    engine.fault = lambda _: setattr(engine, "hold_at", 5)  # the first is finished, the others wait
    await world.imagine(count=4)
    studio = world.app.studio
    await world.until(lambda: (p := studio.progress(1)) is not None and p.images_done == 1, "the first picture")
    await world.env.advance_time(3)
    await world.until(lambda: "1 done" in world.shown(), "the news of it")
    await world.mod.click(world.history()[0], label="Cancel")
    await world.finished()
    result = await world.alice.slash(world.channel, "show", job="1")
    assert "Nothing of this job was posted" in answer_of(result)


async def test_favourites(collection: World) -> None:
    """Marked by a button, found by a filter, with a star; pressed again it is none."""
    number = "4"
    message = next(each for each in collection.galleries() if f"picture{number}" in text_of(each))
    assert "A favourite now" in answer_of(await collection.alice.click(message, label="Favourite"))
    result = await history(collection, favourites=True)
    assert shown(result.response) == [number]
    assert "⭐" in text_of(result.response)
    assert shown((await history(collection, favourites=True, text="1girl")).response) == [number]
    assert "No longer" in answer_of(await collection.alice.click(message, label="Favourite"))
    assert shown((await history(collection, favourites=True)).response) == []


async def test_anybody_s_picture_can_be_a_favourite_of_one_of_several(world: World) -> None:
    """The button asks which; the marks are each member's own, whoever painted the picture."""
    await world.imagine(count=4)
    await world.finished()
    asked = await world.bob.click(world.galleries()[0], label="Favourite")
    assert asked.ephemeral
    assert asked.response is not None
    assert buttons_of(asked.response) == ["1", "2", "3", "4"]
    await world.bob.click(asked.response, label="3")
    for options in ({}, {"text": "solo"}):
        result = await history(world, world.bob, favourites=True, **options)
        assert "picture 3" in text_of(result.response)
    assert "No pictures here" in text_of(
        (await history(world, world.bob, favourites=True, text="boat")).response
    )
    assert "No pictures here" in text_of((await history(world, favourites=True)).response)
    assert "No pictures here" in text_of((await history(world, world.bob)).response)


async def test_a_picture_of_the_history_is_shown_with_all_its_buttons(collection: World) -> None:
    """The original, and what can be gone on from."""
    page = await history(collection, text="picture3")
    result = await collection.alice.click(page.response, label="Show 1")
    assert result.ephemeral
    assert result.response is not None
    assert "picture3" in text_of(result.response)
    assert "Reroll" in buttons_of(result.response)
    assert len(result.response.attachments) == 1
    before = len(collection.galleries())
    await collection.alice.click(result.response, label="Reroll")
    await collection.finished()
    assert len(collection.galleries()) == before + 1


async def test_show_by_number_and_by_link(collection: World) -> None:
    """Anybody's in this server, for the one who asks."""
    message = collection.galleries()[0]
    link = f"https://discord.com/channels/{collection.guild.id}/{collection.channel.id}/{message.id}"
    asked_for = text_of(message).splitlines()[1]
    for job in ("#1", " 1 ", link):
        result = await collection.bob.slash(collection.channel, "show", job=job)
        assert result.ephemeral
        assert asked_for in text_of(result.response)


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ("#99", "no longer known here"),
        ("the blue one", "neither the number of a job"),
        ("https://discord.com/channels/1/2/3", "No pictures of mine are known"),
        ("99999999999999999999999", "neither the number of a job"),
    ],
)
async def test_show_refuses_what_it_does_not_know(collection: World, job: str, words: str) -> None:
    """With a sentence."""
    result = await collection.alice.slash(collection.channel, "show", job=job)
    assert words in answer_of(result)


def test_filters_travel_in_a_custom_id() -> None:
    """There and back, within Discord's hundred characters."""
    wanted = Wanted(
        text="a:b c" * 6, profile="animagine-xl-4.0", favourites=True, since=86_400.0, until=172_800.0
    )
    assert unpacked(packed(wanted)) == wanted
    assert len(f"tb:turn:o:123456789:{packed(wanted)}") <= 100
    assert unpacked(packed(Wanted())) == Wanted()


async def test_what_is_rated_above_the_channel_is_not_shown_there(collection: World) -> None:
    """Painted where more is allowed: listed by number, without picture or prompt, and not shown on demand."""
    async with collection.app.jobs._db.transaction() as tx:
        await tx.execute("UPDATE jobs SET notes = json_set(notes, '$.rating', 'questionable') WHERE id = 7")
    result = await history(collection)
    assert result.response is not None
    assert shown(result.response) == ["5", "4", "3", "2"]
    assert "not to be shown in this channel" in text_of(result.response)
    assert len(result.response.attachments) == 4
    for answer in (
        await collection.alice.click(result.response, label="Show 1"),
        await collection.alice.slash(collection.channel, "show", job="7"),
    ):
        assert "are rated `questionable`, and the most here is `general`" in answer_of(answer)
        assert answer.response is not None
        assert answer.response.attachments == []


async def test_nothing_starts_from_a_picture_rated_above_the_channel(collection: World) -> None:
    """Whatever its prompt says."""
    async with collection.app.jobs._db.transaction() as tx:
        await tx.execute("UPDATE jobs SET notes = json_set(notes, '$.rating', 'questionable') WHERE id = 1")
    message = next(each for each in collection.galleries() if "picture0" in text_of(each))
    result = await collection.alice.click(message, label="Vary (subtle)")
    await collection.finished()
    assert "The picture to start from is rated `questionable`" in answer_of(result)
    assert await collection.app.studio.job(9) is None


async def test_a_rerun_is_the_same_picture(collection: World) -> None:
    """By anybody: the very same recipe, and the result says that the file is the same."""
    await collection.bob.slash(collection.channel, "rerun", job="#3")
    await collection.finished()
    old, new = await collection.app.studio.job(3), await collection.app.studio.job(9)
    assert old is not None
    assert new is not None
    assert [image.sha256 for image in new.images] == [image.sha256 for image in old.images]
    assert (new.user_id, new.action, new.notes) == (collection.bob.id, "rerun", old.notes)
    text = text_of(max(collection.galleries(), key=lambda message: message.id))
    assert "rerun of [#3]" in text
    assert "The same as #3, pixel for pixel." in text


async def test_a_rerun_keeps_the_recipe_when_the_model_s_file_has_changed(collection: World) -> None:
    """What was painted then counts, not what the data file would add today; a difference is told."""
    async with collection.app.jobs._db.transaction() as tx:
        await tx.execute(
            "UPDATE images SET recipe = json_set(recipe, '$.prompt', 'of old', '$.seed', 99), sha256 = 'other' "
            "WHERE job_id = 3"
        )
    await collection.alice.slash(collection.channel, "rerun", job="3")
    await collection.finished()
    new = await collection.app.studio.job(9)
    assert new is not None
    assert new.images[0].prompt == "of old"
    text = text_of(max(collection.galleries(), key=lambda message: message.id))
    assert "1 of 1 differ from #3" in text


async def test_a_rerun_of_what_is_rated_above_the_channel_is_refused(collection: World) -> None:
    """As for showing it."""
    async with collection.app.jobs._db.transaction() as tx:
        await tx.execute("UPDATE jobs SET notes = json_set(notes, '$.rating', 'explicit') WHERE id = 3")
    result = await collection.alice.slash(collection.channel, "rerun", job="3")
    assert "the most here is `general`" in answer_of(result)
    assert await collection.app.studio.job(9) is None
