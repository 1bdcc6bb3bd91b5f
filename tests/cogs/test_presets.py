"""`/preset` and `/imagine preset:`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.preferences import MAX_PRESETS
from pipeline.recipe import Recipe
from tests.support.simcord_env import World, answer_of, text_of


async def save(world: World, name: str, actor: Any = None, **options: Any) -> str:
    """`/preset save`, and its answer."""
    result = await (actor or world.alice).slash(world.channel, "preset save", name=name, **options)
    assert result.ephemeral
    return answer_of(result)


async def listed(world: World, actor: Any = None) -> str:
    """`/preset list`."""
    result = await (actor or world.alice).slash(world.channel, "preset list")
    assert result.ephemeral
    return answer_of(result)


async def recipe(world: World, job_id: int) -> Recipe:
    """What a job's first picture was painted by."""
    job = await world.app.studio.job(job_id)
    assert job is not None
    return Recipe.from_json(job.images[0].recipe)


async def test_typed_options_are_saved_and_used(world: World) -> None:
    """Together with what is typed beside the preset, which wins."""
    said = await save(world, "Night  walk", aspect="7:9", steps=20, quality="none")
    assert said.startswith("Saved `Night walk`: `7:9 · steps 20 · quality none`")
    await world.imagine(preset="night walk", steps=12)
    await world.finished()
    painted = await recipe(world, 1)
    assert (painted.width, painted.height, painted.steps) == (224, 288, 12)
    assert "masterpiece" not in painted.prompt


async def test_a_job_without_its_preset_repeats_it(world: World) -> None:
    """What is stored is what was asked in effect, so a reroll needs no preset."""
    await save(world, "x", aspect="7:9", steps=20)
    await world.imagine(preset="x", seed=7)
    await world.finished()
    await world.alice.slash(world.channel, "preset delete", name="X")
    await world.bob.click(world.galleries()[0], label="Reroll")
    await world.finished()
    first, again = await recipe(world, 1), await recipe(world, 2)
    assert again.with_seed(7).with_weights("") == first.with_weights("")


async def test_a_jobs_options_are_saved_without_prompt_and_seed(world: World) -> None:
    """By its number or its link; anybody may take those of a public job."""
    await world.imagine(prompt="1girl, green hair", negative="hat", seed=7, steps=20, aspect="7:9", count=2)
    await world.finished()
    message = world.galleries()[0]
    link = f"https://discord.com/channels/{world.guild.id}/{message.channel.id}/{message.id}"
    for number, job in enumerate(("#1", link), start=2):
        said = await save(world, "green", world.bob, job=job)
        assert "miniature · 7:9 · count 2 · steps 20 · negative hat" in said
        await world.imagine(world.bob, prompt="1boy", preset="green")
        await world.finished()
        painted = await recipe(world, number)
        assert (painted.width, painted.steps, painted.seed == 7) == (224, 20, False)
        assert "green hair" not in painted.prompt
        assert "hat" in painted.negative_prompt


async def test_typed_options_win_over_the_jobs(world: World) -> None:
    """The rest is the job's."""
    await world.imagine(steps=20, aspect="7:9")
    await world.finished()
    assert "miniature · 1:1 · steps 20" in await save(world, "square", job="1", aspect="1:1")


async def test_a_private_job_of_somebody_else_is_not_known(world: World) -> None:
    """Nor one that never was."""
    await world.imagine()
    await world.finished()
    async with world.app.jobs._db.transaction() as tx:
        await tx.execute("UPDATE jobs SET private = 1")
    sentence = "no longer known here"
    assert "somebody's private draft" in await save(world, "x", world.bob, job="1")
    assert "somebody's private draft" in await save(world, "x", world.mod, job="1")
    assert sentence in await save(world, "x", job="99")
    assert (await save(world, "x", job="1")).startswith("Saved")


async def test_a_deleted_job_is_told(world: World) -> None:
    """With a sentence."""
    await world.imagine()
    await world.finished()
    job = await world.app.studio.job(1)
    assert job is not None
    await world.app.afterwards.delete(job)
    assert "were deleted" in await save(world, "x", job="1")
    assert "no presets" in (await listed(world)).lower()


async def test_nothing_to_save_is_told(world: World) -> None:
    """A name alone is no preset."""
    assert "nothing to save" in await save(world, "x")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("   ", "letter or digit"),
        ("-.-", "letter or digit"),
        ("a" * 33, "32 characters at most, and this has 33"),
        ("a`b", "but not"),
        ("a@everyone", "but not `@`"),
        ("a\u202eb", "but not `U+202E`"),
    ],
)
async def test_a_bad_name_is_refused(world: World, name: str, sentence: str) -> None:
    """With what would be right."""
    assert sentence in await save(world, name, steps=20)


@pytest.mark.parametrize("name", ["夜の森", "Été 2", "it's_fine-v1.2", "नमस्ते"])
async def test_names_of_all_scripts_are_good(world: World, name: str) -> None:
    """Whoever writes otherwise than in Latin letters names presets, too."""
    assert (await save(world, name, steps=20)).startswith("Saved")
    await world.imagine(preset=name)
    await world.finished()
    assert (await recipe(world, 1)).steps == 20


async def test_wrong_options_are_refused_when_they_are_saved(world: World) -> None:
    """With the sentence of `/imagine`."""
    assert "not an aspect of Miniature" in await save(world, "x", aspect="nonsense")
    assert "no model called" in await save(world, "x", model="nonsense", aspect="1:1")


async def test_a_preset_of_the_same_name_is_replaced(world: World) -> None:
    """In whatever case."""
    await save(world, "Night", steps=20)
    assert (await save(world, "NIGHT", steps=12)).startswith("Replaced `NIGHT`")
    text = await listed(world)
    assert "1 preset" in text
    assert "steps 12" in text


async def test_an_unknown_preset_is_told_with_the_nearest(world: World) -> None:
    """Nothing is queued."""
    assert "You have no presets yet" in answer_of(await world.imagine(preset="nihgt"))
    await save(world, "Night", steps=20)
    result = await world.imagine(preset="nihgt")
    assert "Did you mean `Night`?" in answer_of(result)
    assert result.ephemeral
    result = await world.alice.slash(world.channel, "preset delete", name="nihgt")
    assert "Did you mean `Night`?" in answer_of(result)
    assert await world.app.studio.job(1) is None


async def test_presets_are_the_members_own(world: World) -> None:
    """Nobody else sees, uses or deletes them."""
    await save(world, "Night", steps=20)
    assert "No presets yet" in await listed(world, world.bob)
    assert "no presets yet" in answer_of(await world.imagine(world.bob, preset="Night"))
    result = await world.bob.slash(world.channel, "preset delete", name="Night")
    assert "no presets yet" in answer_of(result)
    assert await world.bob.autocomplete(world.channel, "imagine", "preset", "") == []


async def test_deleting_twice_says_so(world: World) -> None:
    """The second time there is none."""
    await save(world, "Night", steps=20)
    assert "Deleted `night`" in answer_of(await world.alice.slash(world.channel, "preset delete", name="night"))
    result = await world.alice.slash(world.channel, "preset delete", name="night")
    assert "no presets yet" in answer_of(result)


async def test_own_presets_are_suggested(world: World) -> None:
    """By a part of their name, with what they set."""
    await save(world, "Night walk", steps=20)
    await save(world, "Portrait", aspect="7:9")
    found = await world.alice.autocomplete(world.channel, "imagine", "preset", "port")
    assert [(each["name"], each["value"]) for each in found] == [("Portrait · 7:9", "Portrait")]
    assert len(await world.alice.autocomplete(world.channel, "preset delete", "name", "")) == 2


async def test_suggestions_follow_the_presets_model(world: World) -> None:
    """As it will be painted."""
    await save(world, "boys", model="animeboys-xl")
    found = await world.alice.autocomplete(world.channel, "imagine", "aspect", "", preset="boys")
    assert "portrait" in [each["value"] for each in found]


async def test_the_cap_is_told_and_the_list_holds_that_many(world: World) -> None:
    """The wire checks the limits of the list and of the suggestions, with names and options as long as can be."""
    for number in range(MAX_PRESETS):
        name = f"{number}".ljust(32, "_")
        assert (await save(world, name, negative="`x`, " * 1000, steps=20)).startswith("Saved")
    assert f"{MAX_PRESETS} presets, and that is the most" in await save(world, "more", steps=20)
    text = await listed(world)
    assert f"{MAX_PRESETS} presets" in text
    assert text.count("steps 20") == MAX_PRESETS
    found = await world.alice.autocomplete(world.channel, "imagine", "preset", "")
    assert len(found) == MAX_PRESETS


async def test_a_preset_of_another_model_is_used_as_far_as_it_fits(world: World) -> None:
    """The rest is left out, and the result says so."""
    await save(world, "boys", model="animeboys-xl", negative_preset="light+flat", steps=20)
    await world.imagine(model="miniature", preset="boys")
    await world.finished()
    painted = await recipe(world, 1)
    assert (painted.profile, painted.steps) == ("miniature", 20)
    assert "negative preset `light+flat` of your preset `boys` does not fit Miniature" in text_of(
        world.galleries()[0]
    )


async def test_a_presets_rating_is_lowered_to_the_channels(world: World) -> None:
    """It may have been saved where more is allowed."""
    await save(world, "bold", rating="questionable")
    await world.imagine(preset="bold")
    await world.finished()
    job = await world.app.studio.job(1)
    assert job is not None
    assert json.loads(job.request)["rating"] == "general"
    assert "rating `questionable` of your preset `bold` was lowered to `general`" in text_of(
        world.galleries()[0]
    )


async def test_presets_survive_a_restart(world: World) -> None:
    """They are in the database."""
    await save(world, "Night", steps=20)
    await world.restart()
    assert "Night" in await listed(world)
