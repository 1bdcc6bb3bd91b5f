"""A database that is locked for seconds: everything is acknowledged in time, and nothing is left behind.

Discord shows "interaction failed" after 3 seconds without an answer; time passes in the simulator only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord
import pytest

from bot.preferences import Setting
from db.errors import DatabaseError
from db.jobs import JobState
from tests.cogs.test_restoring import sweep
from tests.pipeline.test_metadata_reading import FOREIGN, png
from tests.support.pictures import saved, two_colours
from tests.support.results import filled
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of, text_of
from tests.support.slow_database import SlowDatabase

Act = Callable[[], Awaitable[Any]]
PICTURE = ("a.png", saved(two_colours(256, 256)))
SOON = 2.5
"""Seconds after which everything must have been acknowledged."""


@pytest.fixture
def database(world: World, monkeypatch: pytest.MonkeyPatch) -> SlowDatabase:
    """The database of `world`."""
    return SlowDatabase(world, monkeypatch)


@pytest.fixture
async def enlarged(world: World, database: SlowDatabase) -> World:
    """A world with a square picture of alice's and the same enlarged: jobs 1 and 2."""
    await world.imagine(prompt="1girl, green hair", seed=7, steps=20, aspect="1:1")
    await world.finished()
    await world.alice.click(world.galleries()[0], label="Upscale x2")
    await world.finished()
    return world


def message(world: World, number: int) -> discord.Message:
    """The result that was posted as this one in the channel."""
    return sorted(world.galleries(), key=lambda each: each.id)[number - 1]


def public(world: World) -> list[discord.Message]:
    """What others see of the bot in the channel."""
    bot = world.env.backend.bot_user.id
    return [each for each in world.channel.history(viewer=world.mod) if each.author.id == bot]


async def slowly(world: World, database: SlowDatabase, act: Act) -> Any:
    """Do something while the database does not answer for a quarter of a minute."""
    database.hang()
    result = await act()
    await world.env.advance_time(SOON)
    assert result.acknowledged, "Discord shows that the interaction failed"
    await world.env.advance_time(15 - SOON)
    database.answer()
    await world.finished()
    return result


def no_waiting_left(world: World) -> bool:
    """Whether everything that others see says or shows something."""
    return all(each.attachments or text_of(each) for each in public(world))


PAINTING: dict[str, tuple[int, str]] = {
    "reroll": (1, "Reroll"),
    "subtle": (1, "Vary (subtle)"),
    "strong": (1, "Vary (strong)"),
    "upscale": (1, "Upscale x2"),
    "redraw": (2, "Redraw details"),
}


@pytest.mark.parametrize(("number", "label"), PAINTING.values(), ids=PAINTING)
async def test_a_painting_button_is_acknowledged(
    enlarged: World, database: SlowDatabase, number: int, label: str
) -> None:
    """Its member is told privately, and the pictures follow in a message of their own for everybody."""
    result = await slowly(
        enlarged, database, lambda: enlarged.bob.click(message(enlarged, number), label=label)
    )
    assert result.ephemeral
    assert answer_of(result) == "Queued: 1 picture, in a message below."
    assert len(enlarged.galleries()) == 3
    assert f"for <@{enlarged.bob.id}>" in text_of(message(enlarged, 3))
    assert no_waiting_left(enlarged)


async def test_a_shape_is_acknowledged(enlarged: World, database: SlowDatabase) -> None:
    """The button that chooses what an expanded picture becomes."""
    asked: Any = await enlarged.bob.click(message(enlarged, 2), label="Expand")
    label = buttons_of(asked.response)[0]
    await slowly(enlarged, database, lambda: enlarged.bob.click(asked.response, label=label))
    assert len(enlarged.galleries()) == 3
    assert no_waiting_left(enlarged)


async def test_trying_again_is_acknowledged(
    world: World, database: SlowDatabase, engine: ScriptedEngine
) -> None:
    """After a failure."""
    engine.fault = lambda _: RuntimeError("no")
    await world.imagine()
    await world.finished()
    engine.fault = lambda _: None
    await slowly(world, database, lambda: world.bob.click(world.history()[0], label="Try again"))
    assert len(world.galleries()) == 1


async def test_painting_a_swept_picture_again_is_acknowledged(enlarged: World, database: SlowDatabase) -> None:
    """It comes back to its job."""
    await sweep(enlarged, 1)
    told: Any = await enlarged.bob.click(message(enlarged, 1), label="Vary (strong)")
    answer = told.followups[-1] if told.followups else told.response
    await slowly(enlarged, database, lambda: enlarged.bob.click(answer, label="Paint it again"))
    job = await enlarged.app.studio.job(3)
    assert job is not None
    assert (job.action, job.state) == ("restore", JobState.DELIVERED)
    assert no_waiting_left(enlarged)


COMMANDS: dict[str, dict[str, Any]] = {
    "imagine": {"prompt": "1girl"},
    "inpaint": {"prompt": "1girl", "image": PICTURE, "region": "center"},
    "expand": {"prompt": "1girl", "image": PICTURE, "aspect": "7:4"},
    "rerun": {"job": "1"},
}


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_painting_command_is_acknowledged(
    enlarged: World, database: SlowDatabase, command: str
) -> None:
    """As the buttons."""
    result = await slowly(
        enlarged, database, lambda: enlarged.bob.slash(enlarged.channel, command, **COMMANDS[command])
    )
    assert "Queued: 1 picture" in answer_of(result)
    assert len(enlarged.galleries()) == 3
    assert no_waiting_left(enlarged)


async def test_a_question_about_several_jobs_is_acknowledged(world: World, database: SlowDatabase) -> None:
    """And so is the answer to it."""
    asked = await slowly(world, database, lambda: world.imagine(prompt="{a|b}"))
    assert buttons_of(asked.response) == ["Paint 2 pictures", "Cancel"]
    await slowly(world, database, lambda: world.alice.click(asked.response, label="Paint 2 pictures"))
    assert len(world.galleries()) == 2


async def test_an_example_is_acknowledged(world: World, database: SlowDatabase) -> None:
    """Of a model's card."""
    shown: Any = await world.bob.slash(world.channel, "models", model="miniature")
    await slowly(world, database, lambda: world.bob.click(shown.response, label="Paint the example"))
    assert len(world.galleries()) == 1


PRIVATE = ["Favourite", "Details", "Delete", "Original file"]


@pytest.mark.parametrize("label", PRIVATE)
async def test_a_private_button_is_acknowledged(enlarged: World, database: SlowDatabase, label: str) -> None:
    """With what it shows, in the end."""
    result = await slowly(enlarged, database, lambda: enlarged.alice.click(message(enlarged, 1), label=label))
    assert result.ephemeral
    assert text_of(result.response) or result.response.attachments
    assert len(public(enlarged)) == 2


async def test_deleting_is_acknowledged(enlarged: World, database: SlowDatabase) -> None:
    """The question, and then the deed."""
    asked: Any = await enlarged.alice.click(message(enlarged, 1), label="Delete")
    await slowly(enlarged, database, lambda: enlarged.alice.click(asked.response, label="Delete for good"))
    assert text_of(asked.response) == "Deleted."
    assert len(public(enlarged)) == 1


FORMS: dict[str, Callable[[World], Awaitable[Any]]] = {
    "edit": lambda world: world.bob.click(message(world, 1), label="Edit"),
    "menu": lambda world: world.bob.context_menu(world.channel, "Use these settings", message(world, 1)),
}


@pytest.mark.parametrize("form", FORMS)
async def test_a_form_that_comes_too_late_is_told(enlarged: World, database: SlowDatabase, form: str) -> None:
    """Discord takes one as the first answer only; a moment later it opens."""
    result = await slowly(enlarged, database, lambda: FORMS[form](enlarged))
    assert result.ephemeral
    assert "took too long for a form to open" in answer_of(result)
    assert (await FORMS[form](enlarged)).modal is not None


async def test_the_form_of_an_aspect_is_told_likewise(world: World, database: SlowDatabase) -> None:
    """In `/settings`."""
    panel: Any = await world.bob.slash(world.channel, "settings")
    told = await slowly(world, database, lambda: world.bob.click(panel.response, label="Another aspect"))
    assert "took too long for a form to open" in answer_of(told)


async def test_a_sent_form_is_acknowledged(enlarged: World, database: SlowDatabase) -> None:
    """What was typed is painted, although the form has closed."""
    opened = await enlarged.bob.click(message(enlarged, 1), label="Edit")
    values = filled(opened, prompt="1girl, red hair")
    await slowly(enlarged, database, lambda: enlarged.bob.submit_modal(opened, values))
    assert "red hair" in text_of(message(enlarged, 3))
    assert no_waiting_left(enlarged)


async def test_a_sent_form_that_is_refused_late_is_given_back(enlarged: World, database: SlowDatabase) -> None:
    """With the reason, and the text in a file."""
    opened = await enlarged.bob.click(message(enlarged, 1), label="Edit")
    values = filled(opened, prompt="1girl, explicit, nsfw")
    result = await slowly(enlarged, database, lambda: enlarged.bob.submit_modal(opened, values))
    assert "goes beyond" in answer_of(result)
    assert [each.filename for each in result.response.attachments] == ["your-edit.txt"]
    assert len(public(enlarged)) == 2


async def test_a_file_s_settings_are_painted_slowly_too(world: World, database: SlowDatabase) -> None:
    """The form that `/describe` opens."""
    found: Any = await world.alice.slash(
        world.channel, "describe", image=("a.png", png(("parameters", FOREIGN)))
    )
    opened = await world.alice.click(found.response, label="Use these settings")
    await slowly(world, database, lambda: world.alice.submit_modal(opened, filled(opened)))
    assert len(world.galleries()) == 1


# -- refusals ----------------------------------------------------------------------------------------------------


async def test_a_late_refusal_is_private_and_leaves_nothing(enlarged: World, database: SlowDatabase) -> None:
    """On a job that was deleted meanwhile: the sentence, and no "is thinking" for everybody."""
    job = await enlarged.app.studio.job(1)
    assert job is not None
    shown = message(enlarged, 1)
    await enlarged.app.afterwards.delete(job)
    result = await slowly(enlarged, database, lambda: enlarged.bob.click(shown, label="Reroll"))
    assert result.ephemeral
    assert "were deleted" in answer_of(result)
    assert len(public(enlarged)) == 2


async def test_a_refusal_that_needs_no_time_is_still_immediate(enlarged: World, database: SlowDatabase) -> None:
    """And one that comes a second late is, too: nothing is deferred before it has to be."""
    job = await enlarged.app.studio.job(1)
    assert job is not None
    await enlarged.app.afterwards.delete(job)
    database.hang()
    result = await enlarged.bob.click(message(enlarged, 1), label="Reroll")
    await enlarged.env.advance_time(1)
    assert not result.acknowledged
    database.answer()
    await enlarged.env.settle()
    assert "were deleted" in answer_of(result)
    assert not result.deferred


async def test_a_full_queue_is_told_late(world: World, database: SlowDatabase, engine: ScriptedEngine) -> None:
    """Privately, after the acknowledgement."""
    engine.hold_at = 1
    for _ in range(3):
        await world.imagine(count=4)
    database.hang()
    result = await world.imagine()
    await world.env.advance_time(15)
    database.answer()
    await world.env.settle()
    assert "12 is the most" in answer_of(result)
    assert result.ephemeral
    assert len(public(world)) == 3
    engine.hold_at = None
    await world.finished()


async def test_an_unusable_database_is_told_late(
    enlarged: World, database: SlowDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it ends with an error, as a locked one does."""

    async def locked(*_: Any, **__: Any) -> Any:
        raise DatabaseError("The database is locked by another program.")

    real = enlarged.app.afterwards.finished

    async def after_a_while(*args: Any, **options: Any) -> Any:
        await real(*args, **options)
        return await locked()

    monkeypatch.setattr(enlarged.app.afterwards, "finished", after_a_while)
    result = await slowly(enlarged, database, lambda: enlarged.bob.click(message(enlarged, 1), label="Reroll"))
    assert "locked by another program" in answer_of(result)
    assert result.ephemeral
    assert len(public(enlarged)) == 2


# -- private drafts ----------------------------------------------------------------------------------------------


async def test_a_late_draft_is_seen_by_its_member_alone(world: World, database: SlowDatabase) -> None:
    """By option, by setting, and by what it goes on from; in the very answer that was deferred."""
    asked = await slowly(world, database, lambda: world.imagine(private=True))
    again = await slowly(world, database, lambda: world.alice.click(asked.response, label="Reroll"))
    await world.app.preferences.set_private(world.alice.id, "alice", private=True)
    by_setting = await slowly(world, database, world.imagine)
    for result in (asked, again, by_setting):
        assert result.ephemeral
        assert "private draft" in text_of(result.response)
        assert len(result.response.attachments) == 1
    assert public(world) == []


async def test_two_late_presses_paint_two_pictures(enlarged: World, database: SlowDatabase) -> None:
    """The second waits for the first one's seed, and is acknowledged meanwhile."""
    database.hang()
    pressed = [await enlarged.bob.click(message(enlarged, 1), label="Vary (strong)") for _ in range(2)]
    await enlarged.env.advance_time(SOON)
    assert all(each.acknowledged for each in pressed)
    database.answer()
    await enlarged.finished()
    jobs = [await enlarged.app.studio.job(number) for number in (3, 4)]
    assert len({job.images[0].seed for job in jobs if job is not None}) == 2


# -- suggestions -------------------------------------------------------------------------------------------------


async def test_suggestions_do_not_wait(world: World, database: SlowDatabase) -> None:
    """Those of the member's own model give way to those of the server's, and presets to none."""
    await world.app.preferences.set(world.alice.id, "alice", Setting.MODEL, "animagine-xl-4.0")
    own = await world.alice.autocomplete(world.channel, "imagine", "aspect", "")
    database.hang()
    for option in ("aspect", "preset"):
        await world.alice.autocomplete(world.channel, "imagine", option, "")
        await world.env.advance_time(SOON)
    database.answer()
    aspects, presets = [sent.body["data"]["choices"] for sent in world.wire.sent if sent.body.get("type") == 8][
        1:
    ]
    assert aspects
    assert aspects != own
    assert presets == []
