"""Whatever way a recipe comes, its final prompts are held to the ceiling of where it is painted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.app import App
from bot.orders import LOCAL, Origin, Vary
from db.audit import Entry
from db.jobs import Job, JobState
from pipeline.errors import InvalidRequest
from pipeline.profiles import load_profiles
from pipeline.profiles.types import Rating
from pipeline.prompt.normalise import key
from pipeline.prompt.ratings import words_to_avoid
from pipeline.prompt.tags import read
from pipeline.request import ImagineRequest
from tests.bot.conftest import request

PROFILES = load_profiles()
WHO = Entry(guild_id=1, actor_id=9, actor_name="mod", action="ceiling.channel")


def weights(negative: str) -> dict[str, float]:
    """The weight of each tag."""
    return {
        key("".join(span.text for span in tag)): min(span.weight for span in tag)
        for items in read(negative)
        for item in items
        for tag in item.tags
    }


def restricted(member: Origin) -> Origin:
    """The same in an age-restricted channel."""
    return replace(member, channel_id=77, nsfw_channel=True)


async def painted(app: App, where: Origin, prompt: str) -> Job:
    """A finished job."""
    accepted = await app.studio.submit(where, request(prompt=prompt))
    async for _ in app.studio.changes(accepted.job.id):
        pass
    job = await app.studio.job(accepted.job.id)
    assert job is not None
    assert job.state is JobState.RENDERED
    return job


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"negative_preset": "none"},
        {"negative": "(nsfw:0), (sensitive:0.1), (explicit:-2), (rating: explicit:0)"},
        {"negative": "nsfw:0, [[[nsfw]]], (very nsfw:0.5) BREAK (nsfw:-9)"},
        {"prompt": "1girl, --negative none --no safe"},
        {"rating": "general", "quality": ()},
    ],
)
async def test_what_is_to_be_kept_out_is_in_the_negative_prompt(
    app: App, member: Origin, profile: str, options: dict[str, object]
) -> None:
    """At full weight, for every model, whatever a member types or chooses against it."""
    planned = await app.studio.planned(member, request(profile=profile, **options))
    found = weights(planned.recipes[0].negative_prompt)
    for word, _ in words_to_avoid(PROFILES[profile], Rating.GENERAL):
        assert found[key(word)] >= 1.0
    assert min(found.values()) >= 0


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_cards_safe_words_stay_in_the_prompt(app: App, member: Origin, profile: str) -> None:
    """Also where they are typed to be weakened, or to be kept out."""
    own = PROFILES[profile].ratings[Rating.GENERAL].positive
    for word in own or ("safe",):
        options = {"prompt": f"1girl, ({word}:0.1), (clothes:-2)", "negative": f"{word}, clothes, hat"}
        recipe = (await app.studio.planned(member, request(profile=profile, **options))).recipes[0]
        if own:
            assert weights(recipe.prompt)[key(word)] == 1.0
            assert key(word) not in weights(recipe.negative_prompt)
        assert "clothes" not in weights(recipe.prompt)
        assert "clothes" not in weights(recipe.negative_prompt)
        assert "hat" in weights(recipe.negative_prompt)


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_cards_examples_are_painted_as_safe(app: App, member: Origin, profile: str) -> None:
    """What the examples' buttons ask for."""
    for example in PROFILES[profile].examples:
        asked = ImagineRequest(prompt=example.prompt, negative=example.negative_prompt, profile=profile)
        planned = await app.studio.planned(member, asked)
        found = weights(planned.recipes[0].negative_prompt)
        assert all(key(word) in found for word, _ in words_to_avoid(PROFILES[profile], Rating.GENERAL))


async def test_the_recipes_of_an_old_job_are_held_to_the_ceiling(app: App, member: Origin) -> None:
    """Painted where more is allowed, and asked for again where less is: rerun, varied, enlarged, redrawn."""
    job = await painted(app, restricted(member), "1girl, topless")
    orders = [
        app.afterwards.again(job),
        app.enlarger.upscaled(job, 0, 2),
        app.enlarger.redrawn(job, 0),
    ]
    for asked, planned, lineage in orders:
        with pytest.raises(InvalidRequest, match="the most here is `general`"):
            await app.studio.submit(member, asked, planned, lineage)
        assert await app.studio.submit(restricted(member), asked, planned, lineage)
    varied, lineage = await app.afterwards.vary(job, 0, Vary.SUBTLE)
    for asked, text in ((varied, "goes beyond"), (replace(varied, prompt="1girl"), "the most here is")):
        with pytest.raises(InvalidRequest, match=text):
            await app.studio.submit(member, asked, lineage=lineage)


async def test_a_picture_to_start_from_keeps_its_rating(app: App, member: Origin) -> None:
    """Expanded or repainted with a harmless prompt it is not harmless."""
    job = await painted(app, restricted(member), "1girl, topless")
    asked = await app.expander.expanded(job, 0, (288, 224), restricted(member))
    with pytest.raises(InvalidRequest, match="the most here is `general`"):
        await app.studio.submit(member, replace(asked, prompt="1girl"))


async def test_an_old_recipe_gets_what_it_lacks(app: App, member: Origin) -> None:
    """One of an earlier version, with the words typed away."""
    job = await painted(app, member, "1girl")
    asked, planned, lineage = app.afterwards.again(job)
    bare = replace(planned.recipes[0], negative_prompt="(nsfw:0), hat")
    accepted = await app.studio.submit(member, asked, replace(planned, recipes=(bare,)), lineage)
    found = weights(accepted.job.images[0].negative_prompt)
    for word, _ in words_to_avoid(PROFILES["miniature"], Rating.GENERAL):
        assert found[key(word)] == 1.0
    assert "hat" in found


async def test_a_recipe_that_lacks_nothing_is_left_alone(app: App, member: Origin) -> None:
    """So that a rerun is the very same."""
    job = await painted(app, member, "1girl")
    asked, planned, lineage = app.afterwards.again(job)
    accepted = await app.studio.submit(member, asked, planned, lineage)
    assert accepted.job.images[0].negative_prompt == job.images[0].negative_prompt


async def test_a_lowered_ceiling_holds_for_what_was_asked_before(app: App, member: Origin) -> None:
    """A plan that waited for a confirmation, say."""
    where = restricted(member)
    planned = await app.studio.planned(where, request(prompt="1girl, topless"))
    await app.moderation.ceilings.set_channel(77, Rating.GENERAL, WHO, age_restricted=True)
    with pytest.raises(InvalidRequest, match="the most here is `general`"):
        await app.studio.submit(where, request(prompt="1girl, topless"), planned)


async def test_the_owner_at_the_command_line_decides(app: App) -> None:
    """Nothing is refused and nothing insisted on there."""
    planned = await app.studio.planned(LOCAL, request(prompt="1girl, topless", negative="(nsfw:0)"))
    assert "topless" in planned.recipes[0].prompt
    assert "(nsfw:0)" in planned.recipes[0].negative_prompt
