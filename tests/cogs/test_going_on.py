"""The buttons under a result: reroll, edit, details and delete, by whomever, twice, and after a restart."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.orders import Origin, Vary
from db.errors import DatabaseError
from db.gallery import Gallery, StoredFile
from pipeline.recipe import Recipe
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of, text_of

RESULT = ["Reroll", "Edit", "Favourite", "Details", "Delete"]
RESULT += ["Upscale x2", "Upscale x4", "Original file", "Vary (subtle)", "Vary (strong)"]


@pytest.fixture
async def painted(world: World) -> World:
    """A world with one result of alice's: job 1."""
    await world.imagine(prompt="1girl, green hair", negative="hat", seed=7, steps=20, aspect="7:9")
    await world.finished()
    return world


async def recipes(world: World, job_id: int) -> list[Recipe]:
    """What a job paints."""
    job = await world.app.studio.job(job_id)
    assert job is not None
    return [Recipe.from_json(image.recipe) for image in job.images]


def files(world: World) -> list[Path]:
    """The originals on the disk."""
    return sorted(world.app.settings.pictures.rglob("*.png"))


def form_of(result: Any) -> dict[str, Any]:
    """The fields of the form that was opened, by custom id."""
    return {row["component"]["custom_id"]: row["component"] for row in result.modal["components"]}


def filled(result: Any, **changes: str) -> dict[str, Any]:
    """The form as it was opened, apart from the changes."""
    values = {}
    for name, field in form_of(result).items():
        chosen = [option["value"] for option in field.get("options", ()) if option.get("default")]
        values[name] = changes.get(name, chosen[0] if chosen else field.get("value", ""))
    return {name: [value] if name == "model" else value for name, value in values.items()}


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


# -- delete ------------------------------------------------------------------------------------------------------


async def ask_to_delete(world: World, actor: Any) -> Any:
    """Press Delete, and Delete for good."""
    asked = await actor.click(world.galleries()[0], label="Delete")
    assert asked.ephemeral
    assert "cannot be undone" in answer_of(asked)
    return await actor.click(asked.response, label="Delete for good"), asked


@pytest.mark.parametrize("who", ["alice", "mod"])
async def test_author_and_moderator_delete(painted: World, who: str) -> None:
    """Message and files are gone, and the answer takes the question's place."""
    assert files(painted)
    _, asked = await ask_to_delete(painted, getattr(painted, who))
    assert painted.history() == []
    assert files(painted) == []
    assert text_of(asked.response) == "Deleted."


async def test_a_stranger_may_not_delete(painted: World) -> None:
    """Nor does it ask them."""
    result = await painted.bob.click(painted.galleries()[0], label="Delete")
    assert "Only the member who asked" in answer_of(result)
    assert len(files(painted)) == 1


async def test_what_was_deleted_cannot_be_gone_on_from(painted: World) -> None:
    """Discord would not take the message down: its buttons say what happened."""
    painted.env.inject_error("DELETE", "/channels/*/messages/*", status=403, code=50001)
    _, asked = await ask_to_delete(painted, painted.alice)
    assert "would not let me" in text_of(asked.response)
    assert files(painted) == []
    for label in (each for each in RESULT if each != "Delete"):
        result = await painted.bob.click(painted.galleries()[0], label=label)
        assert "These pictures were deleted" in answer_of(result)


async def test_a_message_that_stayed_is_taken_down_by_another_press(painted: World) -> None:
    """By those who may delete; the files are gone already."""
    painted.env.inject_error("DELETE", "/channels/*/messages/*", status=403, code=50001)
    await ask_to_delete(painted, painted.alice)
    refused = await painted.bob.click(painted.galleries()[0], label="Delete")
    assert "Only the member who asked" in answer_of(refused)
    result = await painted.alice.click(painted.galleries()[0], label="Delete")
    assert answer_of(result) == "Deleted."
    assert painted.history() == []


async def test_files_that_cannot_be_removed_are_told_and_tried_again(
    painted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start removes them."""

    def refuse(self: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError(13, "denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        _, asked = await ask_to_delete(painted, painted.alice)
    assert "1 file could not be removed from the disk yet" in text_of(asked.response)
    assert len(files(painted)) == 1
    await painted.restart()
    await painted.until(lambda: not files(painted), "the sweep")


async def test_a_moderator_of_another_channel_may_not_delete(painted: World) -> None:
    """Who may delete messages elsewhere shows the job there, and may not delete it."""
    janitor = painted.guild.add_member(painted.env.create_user("janitor"))
    other = painted.guild.create_text_channel(
        "memes", overwrites={janitor: discord.PermissionOverwrite(manage_messages=True)}
    )
    result = await janitor.slash(other, "show", job="1")
    assert result.response is not None
    refused = await janitor.click(result.response, label="Delete")
    assert "Only the member who asked" in answer_of(refused)
    assert len(files(painted)) == 1


async def test_deleted_while_it_is_being_posted(world: World, engine: ScriptedEngine) -> None:
    """The pictures that arrive after that are taken down."""
    deliver = world.app.studio.delivered

    async def late(job_id: int, message_id: int | None) -> bool:
        job = await world.app.studio.job(job_id)
        assert job is not None
        await world.app.afterwards.delete(job)
        return await deliver(job_id, message_id)

    world.app.studio.delivered = late  # type: ignore[method-assign]
    await world.imagine()
    await world.finished()
    await world.until(lambda: world.galleries() == [], "the message is taken down")
    assert files(world) == []


async def test_a_deletion_cut_short_is_finished_by_the_next_start(painted: World) -> None:
    """Between the note in the database and the files lies a moment in which the process can be killed."""
    assert await painted.app.afterwards._gallery.delete(1)
    assert files(painted)
    await painted.restart()
    await painted.until(lambda: not files(painted), "the sweep")
    assert await painted.app.afterwards.sweep() == 0


# -- variations --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_variation_starts_from_the_picture(
    painted: World, engine: ScriptedEngine, *, restarted: bool
) -> None:
    """It is given the picture's own pixels, keeps the prompt, and belongs to the one who pressed."""
    if restarted:
        await painted.restart()
    await painted.bob.click(painted.galleries()[0], label="Vary (subtle)")
    await painted.finished()
    [old], [new] = await recipes(painted, 1), await recipes(painted, 2)
    job = await painted.app.studio.job(1)
    assert job is not None
    assert new.init_image == job.images[0].sha256
    assert (new.prompt, new.width, new.height, new.strength) == (old.prompt, old.width, old.height, 0.45)
    assert engine.sources[-1] == engine.colours(old)
    text = text_of(max(painted.galleries(), key=lambda message: message.id))
    assert "subtle variation of [#1]" in text
    assert f"for <@{painted.bob.id}>" in text


async def test_variations_are_of_the_seed_s_family_and_differ(painted: World) -> None:
    """Each has the next seed, so that pressing twice paints two pictures."""
    for label in ("Vary (strong)", "Vary (strong)", "Vary (subtle)"):
        await painted.alice.click(painted.galleries()[0], label=label)
        await painted.finished()
    assert [(await recipes(painted, job_id))[0].seed for job_id in (2, 3, 4)] == [8, 9, 10]


async def test_two_presses_at_once_get_seeds_of_their_own(painted: World) -> None:
    """Counting and queueing are one step for each picture."""
    afterwards, studio = painted.app.afterwards, painted.app.studio
    job = await studio.job(1)
    assert job is not None
    origin = Origin(
        kind="discord", guild_id=job.guild_id, guild_name="", channel_id=1, user_id=job.user_id, user_name="a"
    )

    async def press() -> int:
        async with afterwards.family(job.id):
            request, lineage = await afterwards.vary(job, 0, Vary.SUBTLE)
            return (await studio.submit(origin, request, None, lineage)).job.images[0].seed

    seeds = await asyncio.gather(press(), press(), press())
    assert sorted(seeds) == [8, 9, 10]
    await painted.until(lambda: not studio.waiting_jobs())


async def test_few_steps_leave_at_least_one(world: World) -> None:
    """A picture of two steps can be varied, too."""
    await world.imagine(steps=2)
    await world.finished()
    await world.alice.click(world.galleries()[0], label="Vary (subtle)")
    await world.finished()
    [new] = await recipes(world, 2)
    assert (new.denoising_steps, len(world.galleries())) == (1, 2)


async def test_a_database_that_is_locked_while_the_source_is_read_loses_nothing(
    painted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture is not noted as running before everything it needs is there."""
    failures = [DatabaseError("The database is locked.")]
    found = Gallery.file_of

    async def locked(self: Gallery, sha256: str) -> StoredFile | None:
        if failures:
            raise failures.pop()
        return await found(self, sha256)

    monkeypatch.setattr(Gallery, "file_of", locked)
    await painted.alice.click(painted.galleries()[0], label="Vary (subtle)")
    await painted.env.advance_time(20)
    await painted.finished()
    assert not failures
    assert len(painted.galleries()) == 2


async def test_each_of_several_pictures_can_be_varied(world: World) -> None:
    """As many variations as there were pictures, of the one whose button it was."""
    await world.imagine(count=3, seed=50)
    await world.finished()
    await world.alice.click(world.galleries()[0], label="Strong 2")
    await world.finished()
    job = await world.app.studio.job(1)
    assert job is not None
    new = await recipes(world, 2)
    assert {recipe.init_image for recipe in new} == {job.images[1].sha256}
    assert [recipe.seed for recipe in new] == [52, 53, 54]


async def test_a_variation_can_be_rerolled_and_edited(painted: World) -> None:
    """Both stay variations; another aspect makes it a picture of its own."""
    await painted.alice.click(painted.galleries()[0], label="Vary (strong)")
    await painted.finished()
    variation = max(painted.galleries(), key=lambda message: message.id)
    await painted.alice.click(variation, label="Reroll")
    await painted.finished()
    for changes in ({"prompt": "1girl, red hair"}, {"aspect": "1:1"}):
        opened = await painted.alice.click(variation, label="Edit")
        await painted.alice.submit_modal(opened, filled(opened, **changes))
        await painted.finished()
    found = [(await recipes(painted, job_id))[0] for job_id in (2, 3, 4, 5)]
    assert found[0].init_image == found[1].init_image == found[2].init_image != ""
    assert found[1].seed != found[0].seed
    assert (found[3].init_image, found[3].strength, found[3].width) == ("", 0.0, 256)


async def test_a_variation_whose_picture_was_deleted_is_told(painted: World, engine: ScriptedEngine) -> None:
    """Deleted while the variation waits: a sentence, and nothing hangs."""
    engine.hold_at = 1
    for who in (painted.bob, painted.bob, painted.bob, painted.bob, painted.mod):
        await painted.imagine(who)
    await painted.alice.click(painted.galleries()[0], label="Vary (subtle)")
    await ask_to_delete(painted, painted.alice)
    engine.hold_at = None
    await painted.finished()
    assert "was deleted, so there is nothing to go on from" in painted.shown()


async def test_a_file_that_was_changed_is_not_gone_on_from(painted: World) -> None:
    """The recipe names the file's hash: another picture in its place would be another recipe."""
    files(painted)[0].write_bytes(b"\x89PNG\r\n\x1a\n nonsense")
    await painted.alice.click(painted.galleries()[0], label="Vary (subtle)")
    await painted.finished()
    assert "nothing to go on from" in painted.shown()
