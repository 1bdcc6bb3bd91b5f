"""`/settings`: shown, changed, reset, followed by `/imagine`, and after a restart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.recipe import Recipe
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, buttons_of, raw_components, text_of
from tests.support.wire import walk


async def opened(world: World, actor: Any = None) -> Any:
    """The panel, as its owner sees it."""
    result = await (actor or world.alice).slash(world.channel, "settings")
    assert result.ephemeral
    assert result.response is not None
    return result.response


async def panel_text(world: World) -> str:
    """What alice's panel says."""
    return text_of(await opened(world))


async def choose(world: World, setting: str, value: str, panel: Any = None, actor: Any = None) -> Any:
    """Choose in one of the menus."""
    panel = panel or await opened(world, actor)
    return await (actor or world.alice).select(panel, [value], custom_id=f"tb:set:{setting}")


def menu(panel: Any, setting: str) -> dict[str, Any]:
    """One of the menus as Discord has it."""
    return next(c for c in walk(raw_components(panel)) if c.get("custom_id") == f"tb:set:{setting}")


async def painted(world: World, **options: Any) -> tuple[Recipe, dict[str, Any], str]:
    """The next job: its first recipe, what was stored as asked, and the text of its message."""
    before = {message.id for message in world.galleries()}
    await world.imagine(**options)
    await world.finished()
    [message] = [each for each in world.galleries() if each.id not in before]
    job_id = max([int(row["id"]) for row in await world.app.jobs._db.rows("SELECT id FROM jobs")])
    job = await world.app.studio.job(job_id)
    assert job is not None
    return Recipe.from_json(job.images[0].recipe), json.loads(job.request), text_of(message)


async def test_nothing_is_set_at_first(world: World) -> None:
    """Everything is the model's own, and there is nothing to reset."""
    panel = await opened(world)
    assert text_of(panel).count("the model's own") == 3
    assert buttons_of(panel) == ["Another aspect", "Paint privately", "Reset"]
    reset = next(c for c in walk(raw_components(panel)) if c.get("label") == "Reset")
    assert reset["disabled"]


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_default_is_set_and_painted_by(world: World, *, restarted: bool) -> None:
    """Also by a menu from before a restart; the stored request is the effective one."""
    panel = await opened(world)
    if restarted:
        await world.restart()
    result = await choose(world, "aspect", "7:9", panel)
    assert "`7:9`" in text_of(result.response or panel)
    await choose(world, "count", "2")
    recipe, asked, _ = await painted(world)
    assert (recipe.width, recipe.height) == (224, 288)
    assert (asked["aspect"], asked["count"]) == ("7:9", 2)


async def test_what_is_typed_wins(world: World) -> None:
    """Even when it is what the command would do without settings."""
    await choose(world, "aspect", "7:9")
    await choose(world, "count", "3")
    recipe, asked, _ = await painted(world, aspect="1:1", count=1)
    assert (recipe.width, recipe.height, asked["count"]) == (256, 256, 1)


async def test_settings_are_the_members_own(world: World) -> None:
    """A stranger paints by the card, and sees nothing of them."""
    await choose(world, "count", "4")
    assert "**Count** `1`" in text_of(await opened(world, world.bob))
    await world.imagine(world.bob)
    await world.finished()
    job = await world.app.studio.job(1)
    assert job is not None
    assert len(job.images) == 1


async def test_settings_count_in_every_server(world: World) -> None:
    """They belong to the member."""
    await choose(world, "count", "2")
    other = world.env.create_guild("Elsewhere")
    channel = other.create_text_channel("painting")
    member = other.add_member(world.alice.user)
    await member.slash(channel, "imagine", prompt="1girl")
    await world.until(lambda: not world.app.studio.waiting_jobs() and not world.bot.painting.busy)
    job = await world.app.studio.job(1)
    assert job is not None
    assert len(job.images) == 2


async def test_a_reroll_repeats_what_was_painted(world: World) -> None:
    """Whatever is set meanwhile, and by whomever."""
    await choose(world, "aspect", "7:9")
    await painted(world)
    await choose(world, "aspect", "3:2")
    await choose(world, "count", "4", actor=world.bob)
    await world.bob.click(world.galleries()[0], label="Reroll")
    await world.finished()
    job = await world.app.studio.job(2)
    assert job is not None
    assert [(image.width, image.height) for image in job.images] == [(224, 288)]


async def test_a_default_that_the_typed_model_lacks_is_left_out(world: World) -> None:
    """The result says so instead of a refusal."""
    await choose(world, "model", "animeboys-xl")
    await choose(world, "aspect", "landscape")
    await choose(world, "negative", "light+flat")
    recipe, asked, text = await painted(world, model="miniature")
    assert (recipe.profile, asked["aspect"], asked["negative_preset"]) == ("miniature", None, None)
    assert "aspect `landscape` of your settings does not fit Miniature" in text
    assert "negative preset `light+flat` of your settings does not fit Miniature" in text


async def test_another_model_keeps_the_other_defaults_and_says_what_it_lacks(world: World) -> None:
    """Going back brings them back."""
    await choose(world, "aspect", "7:9")
    await choose(world, "model", "animeboys-xl")
    panel = await opened(world)
    assert "AnimeBoysXL does not know it" in text_of(panel)
    entry = next(each for each in menu(panel, "aspect")["options"] if each.get("default"))
    assert entry["value"] == "7:9"
    await choose(world, "model", "=")
    assert "does not know it" not in await panel_text(world)


async def test_a_rating_above_the_channels_is_lowered(world: World) -> None:
    """The picture is painted, and the result says why it is milder."""
    await choose(world, "rating", "questionable")
    _, asked, text = await painted(world)
    assert asked["rating"] == "general"
    assert "rating `questionable` of your settings was lowered to `general`" in text


async def test_only_ratings_that_some_channel_can_have_are_offered(world: World) -> None:
    """Never explicit ones."""
    offered = [each["value"] for each in menu(await opened(world), "rating")["options"]]
    assert offered == ["=", "general", "sensitive", "questionable"]


async def test_a_value_that_is_gone_is_refused_with_a_sentence(world: World) -> None:
    """A panel from before an update offers what is no longer known."""
    panel = await opened(world)
    await choose(world, "model", "animeboys-xl")
    result = await choose(world, "aspect", "7:9", panel)
    assert "AnimeBoysXL has no aspect `7:9`" in answer_of(result)
    assert "`7:9`" not in await panel_text(world)


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_aspect_can_be_typed(world: World, *, restarted: bool) -> None:
    """A size too, which then is among the menu's entries; also when the bot restarts while the form is open."""
    form = await world.alice.click(await opened(world), label="Another aspect")
    if restarted:
        await world.restart()
    await world.alice.submit_modal(form, {"aspect": " 224x288 "})
    assert "**Aspect** `224x288`" in await panel_text(world)
    recipe, _, _ = await painted(world)
    assert (recipe.width, recipe.height) == (224, 288)


async def test_a_wrong_aspect_is_refused_with_a_sentence(world: World) -> None:
    """What was set before stays."""
    await choose(world, "aspect", "7:9")
    form = await world.alice.click(await opened(world), label="Another aspect")
    result = await world.alice.submit_modal(form, {"aspect": "@everyone`"})
    assert "is not an aspect of Miniature" in answer_of(result)
    assert "**Aspect** `7:9`" in await panel_text(world)


async def test_an_empty_form_takes_the_aspect_back(world: World) -> None:
    """As the form says."""
    await choose(world, "aspect", "7:9")
    form = await world.alice.click(await opened(world), label="Another aspect")
    await world.alice.submit_modal(form, {"aspect": ""})
    assert "`7:9`" not in await panel_text(world)


async def test_private_is_set_by_its_name_and_not_toggled(world: World) -> None:
    """Two quick presses, on two panels, are one."""
    panels = await opened(world), await opened(world)
    for panel in panels:
        await world.alice.click(panel, label="Paint privately")
        assert await world.app.preferences.private_default(world.alice.id)
    await world.alice.click(await opened(world), label="Paint publicly")
    assert not await world.app.preferences.private_default(world.alice.id)


@pytest.mark.parametrize("restarted", [False, True])
async def test_reset_takes_everything_back(world: World, *, restarted: bool) -> None:
    """Once is as good as twice."""
    await choose(world, "count", "4")
    await choose(world, "aspect", "7:9")
    panels = await opened(world), await opened(world)
    if restarted:
        await world.restart()
    for panel in panels:
        await world.alice.click(panel, label="Reset")
    assert (await panel_text(world)).count("the model's own") == 3
    recipe, asked, _ = await painted(world)
    assert (recipe.width, asked["count"]) == (256, 1)


async def test_suggestions_follow_the_members_own_model(world: World) -> None:
    """Unless another one is typed."""
    await choose(world, "model", "animeboys-xl")
    found = await world.alice.autocomplete(world.channel, "imagine", "aspect", "")
    assert "portrait" in [each["value"] for each in found]
    found = await world.alice.autocomplete(world.channel, "imagine", "aspect", "", model="miniature")
    assert "7:9" in [each["value"] for each in found]


async def test_every_model_fits_into_the_panel(world: World) -> None:
    """The wire checks the limits of each panel."""
    for model in world.app.profiles:
        await choose(world, "model", model)
        panel = await opened(world)
        for setting in ("aspect", "negative"):
            entries = menu(panel, setting)["options"]
            assert 2 <= len(entries) <= 25
            assert all(1 <= len(each["label"]) <= 100 for each in entries)
            for value in [each["value"] for each in entries if not each.get("default")]:
                result = await choose(world, setting, value)
                assert not result.followups


async def test_a_held_job_keeps_what_it_was_asked_with(world: World, engine: ScriptedEngine) -> None:
    """Settings changed while it waits change nothing of it, not even after a restart."""
    await choose(world, "aspect", "7:9")
    engine.hold_at = 1
    await world.imagine()
    await choose(world, "aspect", "1:1")
    engine.hold_at = None
    await world.restart()
    await world.finished()
    job = await world.app.studio.job(1)
    assert job is not None
    assert (job.images[0].width, job.images[0].height) == (224, 288)
