"""`/imagine` as a member uses it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, alt_texts, answer_of, buttons_of, text_of


async def test_a_prompt_becomes_a_picture_in_one_message(world: World) -> None:
    """The message that said "is thinking" ends up as the gallery, with all that repeats it."""
    result = await world.imagine(prompt="1girl, solo, smile", seed=7)
    await world.finished()
    [message] = world.history()
    assert result.response is not None
    assert message.id == result.response.id
    assert [a.filename for a in message.attachments] == ["tagbrush-1-1.png"]
    text = text_of(message)
    for part in ("1girl, solo, smile", "seed 7", "256 x 256", "1.2 s", "Miniature", "Added:"):
        assert part in text
    assert alt_texts(message) == ["1girl, solo, smile"]
    assert buttons_of(message)[:4] == ["Reroll", "Edit", "Favourite", "Details"]


async def test_four_pictures_are_one_gallery(world: World) -> None:
    """Four pictures with four seeds in a row."""
    await world.imagine(count=4, seed=10)
    await world.finished()
    [message] = world.galleries()
    assert len(message.attachments) == len(alt_texts(message)) == 4
    assert "seeds 10 to 13" in text_of(message)


async def test_it_is_acknowledged_publicly_before_anything_is_painted(
    world: World, engine: ScriptedEngine
) -> None:
    """While the engine is held, the member already sees progress and a Cancel button."""
    engine.hold_at = 5
    result = await world.imagine()
    await world.env.advance_time(3)
    await world.until(lambda: "step" in world.shown(), "progress")
    assert result.acknowledged
    assert not result.ephemeral
    assert buttons_of(world.history()[0]) == ["Cancel"]


async def test_progress_is_edited_at_a_rate_discord_allows(world: World, engine: ScriptedEngine) -> None:
    """Steps come many times a second; edits of the message do not."""
    engine.hold_at = 20
    await world.imagine(steps=25)
    await world.until(lambda: bool(world.app.studio.progress(1)) and world.app.studio.progress(1).step == 20)  # type: ignore[union-attr]
    for _ in range(40):
        await world.env.advance_time(0.25)
    engine.hold_at = None
    await world.finished()
    edits = [sent.at for sent in world.wire.messages() if sent.method == "PATCH"]
    gaps = [later - earlier for earlier, later in pairwise(edits[:-1])]
    assert all(gap >= 2.5 for gap in gaps)
    assert any("step 20 of 25" in sent.text for sent in world.wire.messages())


async def test_the_place_in_the_queue_is_shown(world: World, engine: ScriptedEngine) -> None:
    """With the engine full, the next member sees their place."""
    engine.hold_at = 1
    await world.imagine(count=4)
    await world.imagine(world.bob, prompt="1boy")
    await world.until(lambda: "place 1 of 1" in world.shown(), "the place")
    engine.hold_at = None
    await world.finished()
    assert len(world.galleries()) == 2


async def test_a_loading_model_is_told(world: World, engine: ScriptedEngine) -> None:
    """Loading takes long at the first picture, so it says what it does."""
    engine.loading, engine.hold_at = "Loading Miniature", 0
    await world.imagine()
    await world.env.advance_time(3)
    await world.until(lambda: "Loading Miniature 50%" in world.shown(), "the note")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"prompt": "   "}, "prompt"),
        ({"model": "animagin"}, "There is no model called"),
        ({"aspect": "5:1"}, "5:1"),
        ({"aspect": "999x999"}, "999"),
        ({"sampler": "magic"}, "is not a sampler"),
        ({"steps": 10_000}, "steps must be a whole number"),
        ({"steps": -1}, "steps must be a whole number"),
        ({"guidance": -3.5}, "guidance must be a number"),
        ({"seed": 2**40}, "seed must be a whole number"),
        ({"quality": "splendid"}, "splendid"),
        ({"style": "no such style"}, "no such style"),
    ],
)
async def test_a_wrong_option_is_answered_with_a_sentence(
    world: World, options: dict[str, object], words: str
) -> None:
    """Only the member sees it, nothing is queued, and no public message stays behind."""
    result = await world.imagine(**options)
    assert words in answer_of(result)
    assert result.ephemeral
    assert world.history() == []
    assert world.app.studio.waiting_jobs() == ()


@pytest.mark.parametrize(
    "prompt",
    [
        "@everyone @here <@&1> <@1>",
        "```\n# heading ``` **bold** [link](https://example.org) ||spoiler||",
        "👩‍🎨" * 1500,
        "a" * 6000,
        "\u202eright to left\u2066",
        "x, " * 1900,
    ],
)
async def test_no_prompt_pings_breaks_the_message_or_exceeds_a_limit(world: World, prompt: str) -> None:
    """The wire checks every request against Discord's limits; the code block keeps the rest harmless."""
    await world.imagine(prompt=prompt)
    await world.finished()
    for message in world.history():
        assert not message.mention_everyone
        assert message.mentions == [] or all(user.id == world.alice.id for user in message.mentions)
        assert "\u202e" not in text_of(message)
        assert text_of(message).count("```") % 2 == 0


async def test_a_full_queue_says_when_to_come_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The cap of a member is a sentence, not silence."""
    from tests.support.simcord_env import discord_world

    engine = ScriptedEngine()
    engine.hold_at = 1
    folder = tmp_path_factory.mktemp("caps")
    async with discord_world(folder, make_engine=lambda _: engine, max_pending_per_member=2) as world:
        await world.imagine(count=2)
        result = await world.imagine()
        assert "2 pictures waiting" in answer_of(result)
        assert result.followups[-1].ephemeral
        engine.hold_at = None
        await world.finished()
        assert len(world.galleries()) == 1


async def test_a_picture_that_fails_is_told_with_a_reference(world: World, engine: ScriptedEngine) -> None:
    """A fault of ours reaches the member as a sentence; the traceback stays in the log."""
    engine.fault = lambda _: RuntimeError("secret detail")
    await world.imagine()
    await world.finished()
    text = world.shown()
    assert "Not painted" in text
    assert "reference" in text.lower()
    assert "secret detail" not in text


async def test_one_failed_picture_does_not_take_the_others(world: World, engine: ScriptedEngine) -> None:
    """Three of four are shown, and the message says that one is missing and why."""
    engine.fault = lambda work: RuntimeError("no") if work.recipe.seed == 12 else None
    await world.imagine(count=4, seed=10)
    await world.finished()
    [message] = world.galleries()
    assert len(message.attachments) == 3
    assert "1 picture could not be painted" in text_of(message)


async def test_what_a_member_types_cannot_become_a_link_in_the_answer(world: World) -> None:
    """A backtick in a model's name ends no code of the refusal."""
    result = await world.alice.slash(
        world.channel, "imagine", prompt="1girl", model="x` <@123> @everyone [a](http://e.com)"
    )
    said = answer_of(result)
    code = said.split("`")[1::2]
    assert "[a](http" not in "".join(said.split("`")[::2])
    assert any("[a](http" in part for part in code)
