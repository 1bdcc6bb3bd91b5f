"""What a member reads whose Discord is Japanese: no English is left in it but names, tags and commands."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import discord
import pytest

from cogs.forget_me import TABLES
from db.errors import _FULL, DatabaseError
from db.forgetting import KEPT, OWNED
from pipeline.engine.memory import GIVEN_UP, TILED
from pipeline.errors import OutOfMemory
from pipeline.sentence import Sentence
from pipeline.work import Work
from tests.pipeline.test_metadata_reading import FOREIGN, png
from tests.support.latin import english
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, discord_world, text_of

PROMPT = "1girl, green hair"


@pytest.fixture(autouse=True)
def _japanese(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody's Discord is Japanese, and so is the server. simcord's members all speak English."""
    read = discord.Interaction._from_data

    def japanese(interaction: discord.Interaction[Any], data: Any) -> None:
        data["locale"] = data["guild_locale"] = "ja"
        read(interaction, data)

    monkeypatch.setattr(discord.Interaction, "_from_data", japanese)


@pytest.fixture
async def few(tmp_path: Path, engine: ScriptedEngine) -> AsyncIterator[World]:
    """A world in which a member may have one picture waiting."""
    async with discord_world(tmp_path, make_engine=lambda _: engine, max_pending_per_member=1) as opened:
        yield opened


async def _settings(world: World) -> Any:
    result = await world.alice.slash(world.channel, "settings")
    return result.response


async def test_the_panel_of_settings(world: World) -> None:
    """With nothing set, with something set, and with what the model does not take."""
    assert english(await _settings(world)) == []
    await world.alice.select(await _settings(world), ["7:9"], custom_id="tb:set:aspect")
    await world.alice.select(await _settings(world), ["animeboys-xl"], custom_id="tb:set:model")
    await world.alice.click(await _settings(world), custom_id="tb:set-private:1")
    panel = await _settings(world)
    card = world.app.studio.profiles["animeboys-xl"]
    assert (
        english(panel, *(each.aspect for each in card.buckets), *(each.text for each in card.negative_presets))
        == []
    )
    for words in ("公開するまで自分だけに表示", "にはないため使われません"):
        assert words in text_of(panel)
    form = await world.alice.click(panel, custom_id="tb:type-aspect")
    assert english(form.modal) == []


async def test_presets(world: World) -> None:
    """Saved, replaced, listed, deleted, and none left."""
    for words in ("保存しました", "置き換えました"):
        told = await world.alice.slash(
            world.channel, "preset save", name="mine", aspect="7:9", count=2, order=True, style="none"
        )
        assert words in answer_of(told)
        assert english(told.response) == []
    steps: list[tuple[str, dict[str, str]]] = [("list", {}), ("delete", {"name": "mine"}), ("list", {})]
    for name, options in steps:
        told = await world.alice.slash(world.channel, f"preset {name}", **options)
        assert english(told.response, "mine") == []


async def test_warnings_on_a_result(world: World) -> None:
    """Of the prompt, and of numbers that the card advises against."""
    prompt = "1girl, lucy (new york), long hair, very long hair, smile, smile"
    await world.imagine(prompt=prompt, steps=45)
    await world.finished()
    [message] = world.galleries()
    assert english(message, prompt) == []
    for words in ("すでにあるため省きました", "に含まれているため", "強調として読みました", "勧めています"):
        assert words in text_of(message)


async def test_warnings_about_settings(world: World) -> None:
    """Kept by a question that is confirmed first, and said with each of the results."""
    await world.alice.select(await _settings(world), ["7:9"], custom_id="tb:set:aspect")
    asked = await world.imagine(prompt="{1girl|1boy}, smile", model="animeboys-xl")
    assert asked.response is not None
    assert english(asked.response, "girl boy smile") == []
    await world.alice.click(asked.response, custom_id="tb:batch:1")
    await world.finished()
    assert len(world.galleries()) == 2
    for message in world.galleries():
        assert "あなたの設定の縦横比 `7:9` は AnimeBoysXL に合わないため、使いませんでした。" in text_of(
            message
        )
        assert english(message, "girl boy smile") == []


async def test_details(painted: World) -> None:
    """What is shown of a finished job to the one who asks."""
    told = await painted.alice.click(painted.galleries()[0], custom_id="tb:details:1")
    assert english(told.response, "MIT CC") == []


async def test_compare(world: World) -> None:
    """Numbers, names, tags, starts and parts."""
    await world.imagine(prompt=PROMPT, seed=7, steps=20)
    await world.imagine(prompt="1girl, (green hair:1.3), hat", seed=9, steps=24, aspect="7:9")
    await world.finished()
    first = min(world.galleries(), key=lambda each: each.id)
    await world.alice.click(first, custom_id="tb:upscale:1:0:2")
    await world.finished()
    for one, two in (("1", "2"), ("1", "3"), ("3", "2")):
        told = await world.alice.slash(world.channel, "compare", one=one, two=two)
        assert english(told.response) == []


async def test_a_rerun_says_how_it_compares(painted: World) -> None:
    """Not a view says so but what has looked at the files."""
    await painted.alice.slash(painted.channel, "rerun", job="1")
    await painted.finished()
    newest = max(painted.galleries(), key=lambda each: each.id)
    assert "#1 とピクセル単位で同じです。" in text_of(newest)
    assert english(newest, PROMPT) == []


async def test_export(painted: World) -> None:
    """The parts, the progress and the end; a picture whose file is gone is named."""
    await painted.imagine(prompt="1girl")
    await painted.finished()
    job = await painted.app.studio.job(1)
    assert job is not None
    (painted.app.settings.pictures / str(job.images[0].file)).unlink()
    result = await painted.alice.slash(painted.channel, "export")
    said = [*painted.alice.user.dm_channel.history(), result.response]
    assert [words for each in said for words in english(each, "Painters")] == []
    assert "#1 の 1 枚目" in text_of(result.response)


async def test_forget_me(painted: World) -> None:
    """The question with everything in it, and what is said in the end."""
    await painted.alice.click(painted.galleries()[0], custom_id="tb:favourite:1")
    await painted.alice.slash(painted.channel, "preset save", name="mine", aspect="7:9")
    asked = await painted.alice.slash(painted.channel, "forget-me")
    assert english(asked.response) == []
    assert "お気に入り: 1 行" in text_of(asked.response)
    assert asked.response is not None
    pressed = await painted.alice.click(asked.response, label="自分のデータをすべて削除")
    await painted.env.settle()
    assert english(pressed.response or asked.response) == []


def test_every_table_that_is_erased_has_a_name() -> None:
    """The member is told of each."""
    assert set(TABLES) >= {*OWNED, *KEPT}


async def test_describe(painted: World) -> None:
    """A foreign file with all that our model lacks, and a job."""
    foreign = "animagineXLV31_v31"
    told = await painted.alice.slash(painted.channel, "describe", image=("a.png", png(("parameters", FOREIGN))))
    assert english(told.response, foreign) == []
    assert told.response is not None
    form = await painted.alice.click(told.response, label="この設定を使う")
    assert form.modal is not None
    assert form.modal["title"] == "この設定を使う"
    told = await painted.alice.slash(painted.channel, "describe", job="1")
    assert english(told.response, "miniature") == []


async def test_a_stored_failure(world: World, engine: ScriptedEngine) -> None:
    """It was written down in no language, so that it can be said in each."""

    def fault(work: Work) -> Exception:
        return OutOfMemory(GIVEN_UP, width=work.recipe.width, height=work.recipe.height)

    engine.fault = fault
    await world.imagine()
    await world.finished()
    [message] = world.history()
    job = await world.app.studio.job(1)
    assert job is not None
    assert english(message, str(job.reference), "solo") == []
    assert "小さく分けてもメモリに収まりません" in text_of(message)
    assert str(job.error).startswith("This picture of ")
    assert json.loads(job.error_said or "")["t"] == GIVEN_UP


async def test_a_fault_of_ours(world: World, engine: ScriptedEngine) -> None:
    """With the reference that the log has."""
    engine.fault = lambda _: ZeroDivisionError()
    await world.imagine()
    await world.finished()
    [message] = world.history()
    job = await world.app.studio.job(1)
    assert job is not None
    assert str(job.reference) in text_of(message)
    assert english(message, str(job.reference)) == []


async def test_the_queue_and_its_estimates(few: World, engine: ScriptedEngine) -> None:
    """How long it takes, and when to come back for who has enough waiting."""
    await few.imagine()
    await few.finished()
    engine.hold_at = 5
    await few.imagine()
    told = await few.alice.slash(few.channel, "queue")
    assert english(told.response) == []
    refused = await few.imagine()
    assert "お試しください" in answer_of(refused)
    assert english(answer_of(refused)) == []
    assert english(few.shown()) == []
    engine.hold_at = None
    await few.finished()


async def test_what_the_engine_says_meanwhile(world: World, engine: ScriptedEngine) -> None:
    """What had to be given up for memory."""
    engine.hold_at = 5
    engine.notices = (TILED,)
    await world.imagine()
    await world.env.advance_time(3)
    assert "分割してデコード" in world.shown()
    assert english(world.shown()) == []
    engine.hold_at = None
    await world.finished()


async def test_loading_a_model(world: World, engine: ScriptedEngine) -> None:
    """With how far it is."""
    engine.hold_at = 0
    engine.loading = Sentence("Loading {name}", name="Miniature")
    await world.imagine()
    await world.env.advance_time(3)
    assert "Miniature を読み込んでいます" in world.shown()
    assert english(world.shown()) == []
    engine.hold_at = None
    await world.finished()


async def test_a_locked_database(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sentence has a value in it."""

    async def full(*_: object) -> None:
        raise DatabaseError(_FULL, name="tagbrush.db")

    monkeypatch.setattr(world.bot.preferences, "defaults", full)
    told = await world.alice.slash(world.channel, "settings")
    assert "データベース tagbrush.db のあるディスクがいっぱいです" in answer_of(told)


@pytest.mark.parametrize(
    "option", ["model", "aspect", "sampler", "steps", "guidance", "negative_preset", "quality"]
)
async def test_suggestions(world: World, option: str) -> None:
    """What stands behind a name or a number, while it is typed."""
    found = await world.alice.autocomplete(world.channel, "imagine", option, "")
    assert not any(
        word in str(found) for word in ("(default)", "(recommended)", "Square", " steps", "quality tags")
    )
    assert not str(found).isascii()
