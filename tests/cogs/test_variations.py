"""Variations: from the picture itself, with seeds of its family."""

from __future__ import annotations

import asyncio

import pytest

from bot.orders import Origin, Vary
from db.errors import DatabaseError
from db.gallery import Gallery, StoredFile
from tests.support.results import ask_to_delete, files, filled, recipes
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, text_of


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
    monkeypatch.setattr("bot.recorder.RETRY_SECONDS", 0.01)
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
