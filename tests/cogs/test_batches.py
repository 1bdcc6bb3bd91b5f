"""Permutations and seed series: asked about first, then queued whole, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from db.confirmations import KEPT_SECONDS
from pipeline.errors import MemberError
from pipeline.recipe import Recipe
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of, discord_world, text_of


async def painted(world: World) -> list[tuple[str, list[int]]]:
    """Prompt as asked and seeds of every job."""
    found: list[tuple[str, list[int]]] = []
    while (job := await world.app.studio.job(len(found) + 1)) is not None:
        recipes = [Recipe.from_json(image.recipe) for image in job.images]
        found.append((world.app.afterwards.prefilled(job).prompt, [recipe.seed for recipe in recipes]))
    return found


async def paint(world: World, asked: Any, who: Any = None) -> Any:
    """Press Paint under a question."""
    label = buttons_of(asked.response)[0]
    return await (who or world.alice).click(asked.response, label=label)


@pytest.mark.parametrize("restarted", [False, True])
async def test_permutations_are_asked_about_and_then_painted(world: World, *, restarted: bool) -> None:
    """Each is a job with a message of its own; the buttons outlive a restart."""
    asked: Any = await world.imagine(prompt="1girl, {red|blue} hair, {|smile}", count=2)
    assert asked.ephemeral
    assert "8 pictures in 4 jobs" in text_of(asked.response)
    assert "`1girl, blue hair, smile` · 2 pictures" in text_of(asked.response)
    assert buttons_of(asked.response) == ["Paint 8 pictures", "Cancel"]
    assert world.app.studio.waiting_jobs() == ()
    assert world.history() == []
    if restarted:
        await world.restart()
    await paint(world, asked)
    await world.finished()
    assert "Queued: 8 pictures in 4 jobs" in text_of(asked.response)
    assert buttons_of(asked.response) == []
    assert [prompt for prompt, _ in await painted(world)] == [
        "1girl, red hair, ",
        "1girl, red hair, smile",
        "1girl, blue hair, ",
        "1girl, blue hair, smile",
    ]
    messages = world.history()
    assert len(messages) == 4
    assert all(len(message.attachments) == 2 for message in messages)
    assert all(f"for <@{world.alice.id}>" in text_of(message) for message in messages)


async def test_each_job_of_a_batch_shows_its_progress_in_a_message(
    world: World, engine: ScriptedEngine
) -> None:
    """Which can be cancelled by itself, and then shows the pictures."""
    engine.hold_at = 5
    asked: Any = await world.imagine(prompt="{a|b|c}")
    await paint(world, asked)
    await world.until(lambda: len(world.history()) == 3, "the messages")
    first = {message.id for message in world.history()}
    assert all(buttons_of(message) == ["Cancel"] for message in world.history())
    await world.alice.click(world.history()[0], label="Cancel")
    engine.hold_at = None
    await world.finished()
    assert {message.id for message in world.history()} == first
    assert len(world.galleries()) == 2
    assert not [sent for sent in world.wire.sent if sent.method == "GET" and "/messages" in sent.path]


async def test_a_batch_goes_on_after_a_restart(world: World, engine: ScriptedEngine) -> None:
    """Every job of it is painted and posted once."""
    engine.hold_at = 5
    await paint(world, await world.imagine(prompt="{a|b|c}"))
    await world.restart(lambda: setattr(engine, "hold_at", None))
    await world.finished()
    assert len(world.galleries()) == 3


async def test_pressed_twice_it_is_queued_once(world: World, engine: ScriptedEngine) -> None:
    """Whoever presses again, or Cancel after that, is told."""
    engine.hold_at = 1
    asked: Any = await world.imagine(prompt="{a|b}" * 3)
    message, labels = asked.response, buttons_of(asked.response)
    number = "tb:batch:1"
    await paint(world, asked)
    again = await press(world, message, number)
    late = await press(world, message, "tb:drop:1")
    assert labels == ["Paint 8 pictures", "Cancel"]
    for result in (again, late):
        assert "not waiting for your word any more" in result
    engine.hold_at = None
    await world.finished()
    assert len(world.galleries()) == 8


async def press(world: World, message: Any, custom_id: str) -> str:
    """Press a button that is no longer shown, as a slow client does. Returns what was answered."""
    from discord import ui

    from cogs.batching import ConfirmButton, DropButton
    from cogs.layouts import WORKING, layout

    number = int(custom_id.rpartition(":")[2])
    view = layout(WORKING, ui.ActionRow(ConfirmButton(number), DropButton(number)))
    stored = message._message
    before, stored.components = stored.components, view.to_components()  # type: ignore[no-untyped-call]
    try:
        return answer_of(await world.alice.click(message, custom_id=custom_id))
    finally:
        stored.components = before


async def test_cancelled_it_queues_nothing(world: World) -> None:
    """And cannot be painted after that."""
    asked: Any = await world.imagine(prompt="{a|b}")
    await world.alice.click(asked.response, label="Cancel")
    assert "Nothing was queued" in text_of(asked.response)
    assert buttons_of(asked.response) == []
    assert "not waiting" in await press(world, asked.response, "tb:batch:1")
    assert await painted(world) == []


async def test_a_day_later_it_is_gone(world: World) -> None:
    """With a sentence."""
    asked: Any = await world.imagine(prompt="{a|b}")
    async with world.app.jobs._db.transaction() as tx:
        await tx.execute("UPDATE confirmations SET expires_at = expires_at - ?", KEPT_SECONDS)
    assert "more than a day ago" in answer_of(await paint(world, asked))
    assert await painted(world) == []


async def test_a_stranger_cannot_answer_for_the_member(world: World) -> None:
    """Discord shows them no question, and a forged press finds nothing of theirs."""
    await world.imagine(prompt="{a|b}")
    with pytest.raises(MemberError, match="private draft"):
        await world.app.batches.find(1, world.guild.id, world.bob.id)
    with pytest.raises(MemberError, match="not waiting"):
        await world.app.batches.find(1, world.guild.id + 1, world.alice.id)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"prompt": "{red hair"}, "The `{` at character 1 of the prompt is never closed"),
        ({"prompt": "smile :}"}, "The `}` at character 8 of the prompt closes nothing"),
        ({"prompt": "{a|b}" * 100}, "more than a million prompts"),
        ({"prompt": "{a|b}" * 4}, "16 prompts, 16 pictures in all, and 12 is the most"),
        ({"prompt": "{a|b}{c|d}", "count": 4}, "4 prompts, 16 pictures in all"),
        ({"prompt": "{" * 40 + "}" * 40}, "nested too deep"),
        ({"prompt": "{1girl|explicit sex}"}, "beyond"),
        ({"prompt": "{a|b}", "steps": 10_000}, "steps must be a whole number"),
        ({"seeds": "1-9999999"}, "12 is the most"),
        ({"seeds": "1-"}, "no series of seeds"),
        ({"seeds": "5"}, "one seed"),
        ({"seeds": "1-4", "count": 2}, "leave `count` out"),
        ({"seeds": "1-4", "seed": 3}, "either `seed` or `seeds`"),
        ({"prompt": "{a|b}", "seeds": "1-10"}, "20 pictures in all"),
    ],
)
async def test_what_cannot_be_is_refused(world: World, options: dict[str, Any], words: str) -> None:
    """With a sentence for the member's eyes; nothing is queued or kept."""
    result = await world.imagine(**options)
    assert words in answer_of(result)
    assert result.ephemeral
    assert world.history() == []
    assert world.app.studio.waiting_jobs() == ()
    assert await world.app.jobs._db.rows("SELECT id FROM confirmations") == []


async def test_the_cap_holds_for_the_whole(world: World, engine: ScriptedEngine) -> None:
    """What waits already counts; nothing of the batch is queued, and it can be pressed again later."""
    engine.hold_at = 1
    asked: Any = await world.imagine(prompt="{a|b}", count=4)
    for _ in range(2):
        await world.imagine(count=4)
    told = await paint(world, asked)
    assert "a batch of 8 pictures, and 8 of the 12 that may wait here already do" in answer_of(told)
    assert "press Paint again" in answer_of(told)
    assert told.followups[-1].ephemeral
    assert len(world.app.studio.waiting_jobs()) == 2
    assert buttons_of(asked.response) == ["Paint 8 pictures", "Cancel"]
    engine.hold_at = None
    await world.finished()
    await paint(world, asked)
    await world.finished()
    assert len(world.galleries()) == 4


async def test_the_guilds_cap_holds_too(tmp_path: Path, engine: ScriptedEngine) -> None:
    """Where it is the smaller one."""
    async with discord_world(tmp_path, make_engine=lambda _: engine, max_pending_per_guild=3) as world:
        assert "3 is the most" in answer_of(await world.imagine(prompt="{a|b}{c|d}"))


async def test_others_of_the_guild_may_have_filled_it_meanwhile(tmp_path: Path, engine: ScriptedEngine) -> None:
    """Between the question and the press: nothing of it is queued, and it is painted when they are done."""
    engine.hold_at = 1
    async with discord_world(tmp_path, make_engine=lambda _: engine, max_pending_per_guild=5) as world:
        asked: Any = await world.imagine(prompt="{a|b}", count=2)
        await world.imagine(world.bob, count=2)
        assert "4 pictures, and 2 of the 5 that may wait" in answer_of(await paint(world, asked))
        assert len(await painted(world)) == 1
        engine.hold_at = None
        await world.finished()
        await paint(world, asked)
        await world.finished()
        assert len(world.galleries()) == 3


async def test_a_cap_that_was_lowered_since_is_told(tmp_path: Path, engine: ScriptedEngine) -> None:
    """By the owner, at a restart: waiting would never help, so the sentence does not ask for it."""
    async with discord_world(tmp_path, make_engine=lambda _: engine) as world:
        asked: Any = await world.imagine(prompt="{a|b}", count=4)
        world._settings["max_pending_per_member"] = 6
        await world.restart()
        told = answer_of(await paint(world, asked))
        assert "a batch of 8 pictures, and 6 is the most that may wait here now" in told
        assert await painted(world) == []
        await world.alice.click(asked.response, label="Cancel")
        assert "Nothing was queued" in text_of(asked.response)


async def test_a_single_meaning_is_painted_at_once(world: World) -> None:
    """Braces with one text, and escaped ones, ask nothing."""
    await world.imagine(prompt=r"{red} hair, \{literal\|text\}")
    await world.finished()
    [(prompt, _)] = await painted(world)
    assert prompt == r"red hair, \{literal\|text\}"
    job = await world.app.studio.job(1)
    assert job is not None
    assert "red hair, {literal|text}" in job.images[0].prompt


async def test_a_seed_series_is_painted(world: World) -> None:
    """Seeds in a row share a job of up to four."""
    asked: Any = await world.imagine(seeds="100-105, 300")
    assert "7 pictures in 3 jobs" in text_of(asked.response)
    assert "seeds 100 to 103" in text_of(asked.response)
    await paint(world, asked)
    await world.finished()
    assert [seeds for _, seeds in await painted(world)] == [[100, 101, 102, 103], [104, 105], [300]]


async def test_a_series_of_one_job_asks_nothing(world: World) -> None:
    """It is what count makes of a seed."""
    await world.imagine(seeds="100-103")
    await world.finished()
    assert [seeds for _, seeds in await painted(world)] == [[100, 101, 102, 103]]


async def test_the_same_seed_holds_for_every_permutation(world: World) -> None:
    """So that they can be compared; without one each draws its own."""
    await paint(world, await world.imagine(prompt="{a|b}", seed=9))
    await world.finished()
    await paint(world, await world.imagine(prompt="{a|b}"))
    await world.finished()
    jobs = await painted(world)
    assert [seeds for _, seeds in jobs[:2]] == [[9], [9]]
    assert jobs[2][1] != jobs[3][1]


async def test_an_edit_can_become_a_batch(world: World) -> None:
    """Every job of it goes on from the picture that was edited."""
    from tests.support.results import filled

    await world.imagine(prompt="1girl")
    await world.finished()
    opened = await world.bob.click(world.galleries()[0], label="Edit")
    asked = await world.bob.submit_modal(opened, filled(opened, prompt="1girl, {hat|scarf}"))
    assert "2 pictures in 2 jobs" in text_of(asked.response)
    await paint(world, asked, world.bob)
    await world.finished()
    for number in (2, 3):
        job = await world.app.studio.job(number)
        assert job is not None
        assert (job.user_id, job.action, job.parent_image_id) == (world.bob.id, "edit", 1)
