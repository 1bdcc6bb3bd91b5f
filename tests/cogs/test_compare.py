"""`/compare`, as members use it."""

from __future__ import annotations

import io
from typing import Any

import discord
import pytest
from PIL import Image

from bot.side_by_side import GAP, HEIGHT, WIDTH, side_by_side
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, alt_texts, answer_of, text_of


@pytest.fixture
async def pair(world: World) -> World:
    """Two jobs of alice's: one picture, and two of another prompt."""
    await world.imagine(prompt="1girl, green hair", seed=7, steps=20)
    await world.imagine(prompt="1girl, (green hair:1.3), hat", seed=9, steps=24, count=2)
    await world.finished()
    return world


async def compare(world: World, one: str, two: str, actor: Any = None, /, **options: int) -> Any:
    """`/compare` by alice."""
    return await (actor or world.alice).slash(world.channel, "compare", one=one, two=two, **options)


async def test_two_pictures_are_compared(pair: World) -> None:
    """In words, and as one picture with both, for the member's eyes only; a link is as good as a number."""
    link = max(pair.galleries(), key=lambda message: message.id).jump_url
    result = await compare(pair, "#1", link)
    assert result.ephemeral
    text = text_of(result.response)
    assert "### #1 picture 1 and #2 picture 1" in text
    assert "only in the second: `hat`" in text
    assert "other weights: `green hair 1 → 1.3`" in text
    assert "**Seed**: `7` → `9`" in text
    assert "**Steps**: `20` → `24`" in text
    assert "Size" not in text
    assert alt_texts(result.response) == ["#1 picture 1 beside #2 picture 1"]
    assert len(result.response.attachments) == 1


async def test_the_picture_that_is_named_is_taken(pair: World) -> None:
    """By its place from 1; of one job without places the first two."""
    assert "`7` → `10`" in text_of((await compare(pair, "1", "2", picture_two=2)).response)
    text = text_of((await compare(pair, "2", "2")).response)
    assert "#2 picture 1 and #2 picture 2" in text
    assert "**Seed**: `9` → `10`" in text


async def test_a_rerun_is_the_same_recipe(pair: World) -> None:
    """And the same file."""
    await pair.alice.slash(pair.channel, "rerun", job="1")
    await pair.finished()
    text = text_of((await compare(pair, "1", "3")).response)
    assert "The same recipe, and the same file, byte for byte." in text


@pytest.mark.parametrize(
    ("one", "two", "options", "words"),
    [
        ("1", "99", {}, "no longer known here"),
        ("1", "nonsense", {}, "neither the number"),
        ("1", "1", {}, "one and the same picture"),
        ("1", "2", {"picture_two": 3}, "#2 has no picture 3; it has 1, 2."),
    ],
)
async def test_what_cannot_be_compared_is_told(
    pair: World, one: str, two: str, options: dict[str, int], words: str
) -> None:
    """With what would be right."""
    assert words in answer_of(await compare(pair, one, two, **options))


@pytest.mark.parametrize("which", [1, 2])
async def test_neither_may_be_rated_above_the_channel(pair: World, which: int) -> None:
    """Whichever of the two it is."""
    async with pair.app.jobs._db.transaction() as tx:
        await tx.execute("UPDATE jobs SET notes = json_set(notes, '$.rating', 'explicit') WHERE id = ?", which)
    result = await compare(pair, "1", "2")
    assert "the most here is `general`" in answer_of(result)
    assert not result.response.attachments


@pytest.mark.parametrize("which", [1, 2])
async def test_somebody_else_s_draft_is_not_compared(pair: World, which: int) -> None:
    """Its author may."""
    async with pair.app.jobs._db.transaction() as tx:
        await tx.execute("UPDATE jobs SET private = 1 WHERE id = ?", which)
    assert "somebody's private draft" in answer_of(await compare(pair, "1", "2", pair.bob))
    assert "### #1 picture 1" in text_of((await compare(pair, "1", "2")).response)


async def test_a_job_of_a_closed_channel_is_not_compared(pair: World) -> None:
    """Numbers can be guessed."""
    hidden = pair.guild.create_text_channel(
        "hidden", overwrites={pair.bob: discord.PermissionOverwrite(view_channel=False)}
    )
    await pair.alice.slash(hidden, "imagine", prompt="1girl")
    await pair.finished()
    assert "no longer known here" in answer_of(await compare(pair, "1", "3", pair.bob))


async def test_a_deleted_picture_cannot_be_compared(pair: World, engine: ScriptedEngine) -> None:
    """Nor one whose file is gone."""
    job = await pair.app.studio.job(1)
    assert job is not None
    pair.app.studio.picture_path(job.images[0]).unlink()
    assert "no longer on the disk" in answer_of(await compare(pair, "1", "2"))
    await pair.app.afterwards.delete(job)
    assert "were deleted" in answer_of(await compare(pair, "1", "2"))


def test_pictures_of_any_size_fit_beside_each_other(tmp_path: Any) -> None:
    """An enlarged one beside a small one, a very wide one, and none larger than is sensible."""
    for name, size in (("small", (256, 256)), ("large", (3328, 4864)), ("wide", (2048, 256))):
        Image.new("RGB", size, (200, 30, 30)).save(tmp_path / f"{name}.png")
    for one, two in (("small", "large"), ("large", "wide"), ("small", "small")):
        data = side_by_side(tmp_path / f"{one}.png", tmp_path / f"{two}.png", ("#1 picture 1", "#2 picture 4"))
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.width <= 2 * WIDTH + GAP
            assert picture.height <= HEIGHT + 100
            reds = {picture.convert("RGB").getpixel((x, picture.height // 2 + 10))[0] > 150 for x in  # type: ignore[index]
                    (picture.width // 4, picture.width * 3 // 4)}  # fmt: skip
            assert reds == {True}
