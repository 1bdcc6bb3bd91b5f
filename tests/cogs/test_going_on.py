"""The buttons under a result: reroll, edit and details, by whomever, twice, and after a restart."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.recipe import Recipe
from tests.support.results import RESULT, filled, recipes
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of, text_of

# -- reroll ------------------------------------------------------------------------------------------------------


async def test_a_result_can_be_gone_on_from(painted: World) -> None:
    """By a button for each way."""
    assert buttons_of(painted.galleries()[0]) == RESULT


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_stranger_rerolls_and_it_is_theirs(painted: World, *, restarted: bool) -> None:
    """The same recipe but for the seed, credited to the one who pressed, linked to where it came from."""
    if restarted:
        await painted.restart()
    first = painted.galleries()[0]
    await painted.bob.click(first, label="Reroll")
    await painted.finished()
    second = max(painted.galleries(), key=lambda message: message.id)
    [old], [new] = await recipes(painted, 1), await recipes(painted, 2)
    assert new.seed != old.seed
    assert new.with_seed(old.seed).with_weights(old.weights) == old
    job = await painted.app.studio.job(2)
    assert job is not None
    assert (job.user_id, job.action) == (painted.bob.id, "reroll")
    assert (
        f"reroll of [#1](<https://discord.com/channels/{painted.guild.id}/{first.channel.id}/{first.id}>)"
        in (text_of(second))
    )
    assert f"for <@{painted.bob.id}>" in text_of(second)


async def test_two_quick_presses_are_two_jobs(painted: World) -> None:
    """With seeds of their own."""
    for _ in range(2):
        await painted.alice.click(painted.galleries()[0], label="Reroll")
    await painted.finished()
    assert len(painted.galleries()) == 3
    seeds = {(await recipes(painted, job_id))[0].seed for job_id in (1, 2, 3)}
    assert len(seeds) == 3


async def test_the_cap_counts_for_the_one_who_presses(painted: World, engine: ScriptedEngine) -> None:
    """They are told so privately, and nothing is queued."""
    engine.hold_at = 1
    for _ in range(3):
        await painted.imagine(painted.bob, count=4)
    refused = 0
    for _ in range(6):
        result = await painted.bob.click(painted.galleries()[0], label="Reroll")
        refused += "pictures waiting" in answer_of(result)
    assert refused
    engine.hold_at = None
    await painted.finished()
    assert sum(f"for <@{painted.bob.id}>" in text_of(m) for m in painted.galleries()) == 3 + 6 - refused


async def test_an_unknown_job_is_told(painted: World) -> None:
    """The database is not the one that made the message."""
    message = painted.galleries()[0]
    await painted.app.jobs._db.rows("SELECT 1")  # the connection is open
    async with painted.app.jobs._db.transaction() as tx:
        await tx.execute("DELETE FROM jobs WHERE id = 1")
    for label in RESULT:
        result = await painted.alice.click(message, label=label)
        assert "no longer known here" in answer_of(result)
        assert result.ephemeral


# -- edit --------------------------------------------------------------------------------------------------------


async def test_the_form_starts_with_what_was_asked(painted: World) -> None:
    """Prompt, negative, model, aspect and count."""
    result = await painted.bob.click(painted.galleries()[0], label="Edit")
    values = filled(result)
    assert values == {
        "prompt": "1girl, green hair",
        "negative": "hat",
        "model": ["miniature"],
        "aspect": "7:9",
        "count": "1",
    }


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_edit_keeps_what_it_does_not_change(painted: World, *, restarted: bool) -> None:
    """Also when the bot restarts while the form is open."""
    opened = await painted.bob.click(painted.galleries()[0], label="Edit")
    if restarted:
        await painted.restart()
    await painted.bob.submit_modal(opened, filled(opened, prompt="1girl, red hair", count="2"))
    await painted.finished()
    [old], new = await recipes(painted, 1), await recipes(painted, 2)
    assert [recipe.seed for recipe in new] == [7, 8]
    assert "1girl, red hair" in new[0].prompt
    assert "green" not in new[0].prompt
    assert (new[0].steps, new[0].width, new[0].negative_prompt) == (20, old.width, old.negative_prompt)
    assert "edit of [#1]" in text_of(max(painted.galleries(), key=lambda message: message.id))


async def test_another_model_starts_from_its_own_card(painted: World) -> None:
    """Its own default shape, steps and quality tags."""
    opened = await painted.bob.click(painted.galleries()[0], label="Edit")
    await painted.bob.submit_modal(opened, filled(opened, model="animagine-xl-4.0"))
    await painted.finished()
    [new] = await recipes(painted, 2)
    profile = painted.app.profiles["animagine-xl-4.0"]
    assert (new.profile, new.steps) == ("animagine-xl-4.0", int(profile.steps.default))
    assert new.width * new.height > 900_000


async def given_back(result: Any) -> str:
    """What the file holds that comes with a refused form."""
    messages = [message for message in (result.response, *result.followups) if message and message.attachments]
    [message] = messages
    return str((await message.attachments[0].read()).decode())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"aspect": "banana"}, "banana"),
        ({"count": "9"}, "count must be a whole number from 1 to 4"),
        ({"prompt": "1girl, nsfw", "negative": "x" * 3000}, "goes beyond what may be painted here"),
    ],
)
async def test_a_wrong_edit_gives_the_text_back(painted: World, changes: dict[str, str], words: str) -> None:
    """The form is closed by then: every field comes back with the sentence that says what is wrong."""
    opened = await painted.bob.click(painted.galleries()[0], label="Edit")
    typed = {"prompt": "1girl, `a` long and *beautiful* prompt", "negative": "hat, ship", **changes}
    result = await painted.bob.submit_modal(opened, filled(opened, **typed))
    await painted.finished()
    told = "\n".join(text_of(message) for message in (result.response, *result.followups) if message)
    assert words in told
    back = await given_back(result)
    assert all(text in back for text in typed.values())
    assert len(painted.galleries()) == 1


async def test_an_edit_above_the_cap_gives_the_text_back(world: World, engine: ScriptedEngine) -> None:
    """The refusal comes after the acknowledgement there."""
    await world.imagine()
    await world.finished()
    engine.hold_at, results = 1, []
    for _ in range(6):
        opened = await world.bob.click(world.galleries()[0], label="Edit")
        results.append(
            await world.bob.submit_modal(opened, filled(opened, prompt="1girl, precious", count="4"))
        )
    refused = results[-1]
    assert "pictures waiting" in "\n".join(text_of(message) for message in refused.followups)
    assert "1girl, precious" in await given_back(refused)
    engine.hold_at = None
    await world.finished()


async def test_an_edit_keeps_the_seed_that_was_drawn(world: World) -> None:
    """So that what changes is what was edited."""
    await world.imagine(prompt="1girl, green hair")
    await world.finished()
    opened = await world.alice.click(world.galleries()[0], label="Edit")
    await world.alice.submit_modal(opened, filled(opened, prompt="1girl, red hair"))
    await world.finished()
    assert (await recipes(world, 2))[0].seed == (await recipes(world, 1))[0].seed


async def test_a_prompt_too_long_for_a_form_is_told(world: World) -> None:
    """Discord's forms take less than its commands."""
    await world.imagine(prompt="1girl, " * 700)
    await world.finished()
    result = await world.alice.click(world.galleries()[0], label="Edit")
    assert "Discord's form takes 4000" in answer_of(result)


async def test_a_cancelled_job_can_be_tried_again_or_edited(world: World, engine: ScriptedEngine) -> None:
    """Most cancelled jobs are a slip of the pen."""
    engine.hold_at = 3
    await world.imagine(prompt="1girl, grene hair", seed=5)
    await world.env.advance_time(3)
    await world.until(lambda: "step" in world.shown(), "progress")
    await world.alice.click(world.history()[0], label="Cancel")
    await world.finished()
    [message] = world.history()
    assert buttons_of(message) == ["Try again", "Edit"]
    engine.hold_at = None
    await world.alice.click(message, label="Try again")
    await world.finished()
    assert [recipe.seed for recipe in await recipes(world, 2)] == [5]


# -- details -----------------------------------------------------------------------------------------------------


async def test_details_show_the_whole_recipe_to_one_member(painted: World) -> None:
    """The composed prompt, numbers, seconds, weights, licence, and the recipe as a file."""
    result = await painted.bob.click(painted.galleries()[0], label="Details")
    told = answer_of(result)
    [recipe] = await recipes(painted, 1)
    assert result.ephemeral
    for part in (recipe.prompt, recipe.negative_prompt, "seed `7`", "20 steps", "1.2 s", "Licence", "CC0"):
        assert part in told
    assert result.response is not None
    [attached] = result.response.attachments
    assert Recipe.from_json(_first_recipe(await attached.read())) == recipe


def _first_recipe(data: bytes) -> str:
    import json

    return json.dumps(json.loads(data)[0])


async def test_details_name_the_lineage(painted: World) -> None:
    """Each generation, with what made it."""
    await painted.bob.click(painted.galleries()[0], label="Reroll")
    await painted.finished()
    await painted.alice.click(max(painted.galleries(), key=lambda m: m.id), label="Reroll")
    await painted.finished()
    result = await painted.alice.click(max(painted.galleries(), key=lambda m: m.id), label="Details")
    told = answer_of(result)
    assert "Lineage: reroll of [#2]" in told
    assert "reroll of [#1]" in told
    assert "2 generations" in told
