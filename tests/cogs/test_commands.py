"""`/queue`, `/models`, `/help`, autocomplete, and the command tree."""

from __future__ import annotations

import pytest

from bot.discord_bot import TREE_KEY
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of


async def names(world: World, option: str, typed: str = "", **filled: object) -> list[str]:
    """Names of the suggestions."""
    return [
        c["name"] for c in await world.alice.autocomplete(world.channel, "imagine", option, typed, **filled)
    ]


async def values(world: World, option: str, typed: str = "", **filled: object) -> list[object]:
    """Values of the suggestions."""
    return [
        c["value"] for c in await world.alice.autocomplete(world.channel, "imagine", option, typed, **filled)
    ]


async def test_models_are_suggested_by_name(world: World) -> None:
    """Typing a part of the name is enough."""
    assert await values(world, "model", "4.0") == ["animagine-xl-4.0"]
    assert "miniature" in await values(world, "model")


async def test_suggestions_follow_the_chosen_model(world: World) -> None:
    """The same option offers each model's own sizes."""
    assert any("1024 x 1024" in name for name in await names(world, "aspect", model="animagine-xl-4.0"))
    assert any("256 x 256" in name for name in await names(world, "aspect", model="miniature"))
    assert any("256 x 256" in name for name in await names(world, "aspect", model="half-typed nonsens"))


async def test_a_list_of_quality_tags_is_completed_at_its_end(world: World) -> None:
    """What stands before the last comma is kept, and not offered again."""
    found = await values(world, "quality", "masterpiece, be", model="animagine-xl-4.0")
    assert "masterpiece, best quality" in found
    assert all(str(value).startswith("masterpiece, ") for value in found)
    assert "masterpiece, masterpiece" not in await values(
        world, "quality", "masterpiece, m", model="animagine-xl-4.0"
    )


@pytest.mark.parametrize(
    "option", ["model", "aspect", "negative_preset", "quality", "year", "style", "sampler", "steps", "guidance"]
)
@pytest.mark.parametrize("typed", ["", "2", "zzz", "a, b, c,", "\u202e" + "x" * 300])
async def test_suggestions_keep_within_discords_limits(world: World, option: str, typed: str) -> None:
    """At most 25, none empty, none over 100 characters: the wire checks every answer."""
    for model in world.app.profiles:
        await names(world, option, typed, model=model)


async def test_additions_to_negative_presets_are_offered_with_them(world: World) -> None:
    """AnimeBoysXL's flat style is a few tags more, not a preset of its own."""
    found = await values(world, "negative_preset", model="animeboys-xl")
    assert {"heavy", "light", "heavy+flat", "light+flat", "none"} <= set(found)
    await world.imagine(model="animeboys-xl", negative_preset="light+flat")
    job = await world.app.studio.job(1)
    assert job is not None
    assert "realistic, lips, nose" in job.images[0].negative_prompt


async def test_numbers_are_explained_while_typing(world: World) -> None:
    """A number out of range is answered before the command is sent."""
    assert any("not possible here" in name for name in await names(world, "steps", "999"))
    assert any("default" in name for name in await names(world, "steps"))


async def test_an_empty_queue_says_so(world: World) -> None:
    """An empty list would look like a fault."""
    result = await world.alice.slash(world.channel, "queue")
    assert "queue is empty" in answer_of(result)
    assert result.ephemeral


async def test_the_queue_shows_this_server_only(world: World, engine: ScriptedEngine) -> None:
    """Other servers' jobs are nobody's business here."""
    engine.hold_at = 1
    await world.imagine(count=4)
    await world.imagine(world.bob)
    await world.imagine(world.bob)
    other = world.env.create_guild("Elsewhere")
    elsewhere = other.create_text_channel("painting")
    carol = other.add_member(world.env.create_user("carol"))
    await carol.slash(elsewhere, "imagine", prompt="1girl")
    await world.until(lambda: len(world.app.studio.waiting_jobs()) == 4)
    text = answer_of(await world.alice.slash(world.channel, "queue"))
    assert text.index(f"<@{world.alice.id}>") < text.index(f"<@{world.bob.id}>")
    assert "painting" in text
    assert "place 1" in text
    assert str(carol.id) not in text
    theirs = answer_of(await carol.slash(elsewhere, "queue"))
    assert str(carol.id) in theirs
    assert str(world.alice.id) not in theirs


async def test_models_show_licence_limits_and_advice(world: World) -> None:
    """Every profile is there, with a button each."""
    result = await world.alice.slash(world.channel, "models")
    text = answer_of(result)
    for profile in world.app.profiles.values():
        assert profile.name in text
        for licence in profile.licences:
            assert licence.name in text
    assert result.response is not None
    assert len(buttons_of(result.response)) == sum(bool(p.examples) for p in world.app.profiles.values())


async def test_every_model_can_be_shown_in_full(world: World) -> None:
    """The wire checks that even the longest card fits into one message."""
    for profile_id, profile in world.app.profiles.items():
        result = await world.alice.slash(world.channel, "models", model=profile_id)
        assert profile.name in answer_of(result)


async def test_the_miniatures_whole_vocabulary_is_shown(world: World) -> None:
    """Whoever asks for this model alone reads every tag that it can draw: no sentence gives way."""
    text = answer_of(await world.alice.slash(world.channel, "models", model="miniature"))
    assert [sentence for sentence in world.app.profiles["miniature"].advice if sentence not in text] == []
    assert "noise" not in text


async def test_the_example_button_paints_the_cards_example(world: World) -> None:
    """With the prompt, size and numbers of the card, in the channel for all to see."""
    result = await world.alice.slash(world.channel, "models", model="miniature")
    assert result.response is not None
    await world.alice.click(result.response, label="Paint the example")
    await world.finished()
    example = world.app.profiles["miniature"].examples[0]
    job = await world.app.studio.job(1)
    assert job is not None
    [image] = job.images
    assert (image.width, image.height, image.steps) == (example.width, example.height, example.steps)
    assert len(world.galleries()) == 1


async def test_help_explains_the_prompt_and_names_the_commands(world: World) -> None:
    """A newcomer finds everything from here."""
    text = answer_of(await world.bob.slash(world.channel, "help"))
    for part in ("/imagine", "/queue", "/models", "BREAK", "seed"):
        assert part in text


async def test_a_fault_in_a_command_has_a_reference_and_no_detail(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The member sees the id under which the log holds the traceback."""

    def broken(_: int) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(world.app.studio, "queue_of", broken)
    text = answer_of(await world.alice.slash(world.channel, "queue"))
    reference = text.rstrip(".").rsplit(" ", 1)[-1]
    assert "secret detail" not in text
    assert any(reference in record.getMessage() and record.exc_info for record in caplog.records)


async def test_the_command_tree_syncs_only_when_it_changed(world: World) -> None:
    """Bots that sync at each start hit the daily limit."""

    def syncs() -> int:
        return sum(s.method == "PUT" and s.path.endswith("/commands") for s in world.wire.sent)

    assert syncs() == 1
    await world.restart()
    assert syncs() == 1
    await world.app.store.set(TREE_KEY, "of an older version")
    assert await world.bot.sync_commands()
    assert not await world.bot.sync_commands()
    assert syncs() == 2
