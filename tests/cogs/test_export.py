"""`/export`, as members use it: whole originals, in parts that fit, by direct message or where those are closed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from simcord import BackendError

from bot import export_part, exporting
from pipeline.recipe import Recipe
from tests.support.simcord_env import World, answer_of, text_of


@pytest.fixture
async def collection(world: World) -> World:
    """Three jobs of alice's with four pictures, and one of bob's."""
    await world.imagine(prompt="1girl, green hair", seed=1)
    await world.imagine(prompt="=1girl, red hair", seed=2, count=2)
    await world.imagine(prompt="1girl, green hair, hat", seed=5)
    await world.imagine(world.bob, prompt="1boy, secret", seed=9)
    await world.finished()
    return world


async def export(world: World, actor: Any = None, /, **options: Any) -> Any:
    """`/export` by alice."""
    return await (actor or world.alice).slash(world.channel, "export", **options)


def direct(world: World) -> list[Any]:
    """What alice has in her direct messages, oldest first."""
    return sorted(world.alice.user.dm_channel.history(), key=lambda message: int(message.id))


async def zips(messages: list[Any]) -> list[zipfile.ZipFile]:
    """The attached zips."""
    found = [attachment for message in messages for attachment in message.attachments]
    return [zipfile.ZipFile(io.BytesIO(await each.read())) for each in found]


def pictures(archive: zipfile.ZipFile) -> list[str]:
    """Names of the originals in a part."""
    return [name for name in archive.namelist() if name.endswith(".png")]


def close_direct_messages(world: World) -> None:
    """As a member does in Discord's settings."""
    channel = world.alice.user.dm_channel.id
    world.env.inject_error("POST", f"/channels/{channel}/messages", status=403, code=50007, times=None)


def left_files(world: World) -> list[Path]:
    """What is in the exports' folder."""
    return list(world.app.settings.exports.rglob("*"))


async def test_the_originals_come_with_their_recipes(collection: World) -> None:
    """By direct message: byte for byte, newest first, each with the recipe that it can be painted again by."""
    result = await export(collection)
    assert result.ephemeral
    assert "Done: 4 pictures in 1 part." in answer_of(result)
    assert "in your direct messages" in answer_of(result)
    [archive] = await zips(direct(collection))
    assert archive.testzip() is None
    assert pictures(archive) == [
        "tagbrush-3-1-5.png", "tagbrush-2-2-3.png", "tagbrush-2-1-2.png", "tagbrush-1-1-1.png",
    ]  # fmt: skip
    lines = [json.loads(line) for line in archive.read("recipes.jsonl").decode().splitlines()]
    for line in lines:
        job = await collection.app.studio.job(line["job"])
        assert job is not None
        image = job.images[line["picture"] - 1]
        assert hashlib.sha256(archive.read(line["file"])).hexdigest() == line["sha256"] == image.sha256
        assert Recipe.from_json(json.dumps(line["recipe"])) == Recipe.from_json(image.recipe)
    assert lines[-1]["request"]["prompt"] == "1girl, green hair"
    assert left_files(collection) == []


async def test_the_index_can_be_opened_in_a_spreadsheet(collection: World) -> None:
    """And nothing in it is a formula."""
    await export(collection)
    [archive] = await zips(direct(collection))
    rows = list(csv.DictReader(io.StringIO(archive.read("index.csv").decode())))
    assert [(row["job"], row["picture"], row["seed"]) for row in rows] == [
        ("3", "1", "5"), ("2", "2", "3"), ("2", "1", "2"), ("1", "1", "1"),
    ]  # fmt: skip
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


@pytest.mark.parametrize(
    ("options", "jobs"),
    [
        ({"text": "green hair"}, ["3", "1"]),
        ({"text": "gree"}, ["3", "1"]),
        ({"favourites": True}, ["1"]),
        ({"before": "#3"}, ["2", "2", "1"]),
        ({"before": "2", "text": "hair"}, ["1"]),
        ({"since": "2020-01-01", "model": "miniature", "text": "hat"}, ["3"]),
    ],
)
async def test_filters(collection: World, options: dict[str, Any], jobs: list[str]) -> None:
    """As the history's; of the favourites only one's own pictures."""
    for place in (1, 4):
        job = await collection.app.studio.job(place)
        assert job is not None
        await collection.app.album.mark(job, 0, collection.alice.id, "alice")
    await export(collection, **options)
    [archive] = await zips(direct(collection))
    assert [name.split("-")[1] for name in pictures(archive)] == jobs


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"text": "secret"}, "Nothing of yours in this server fits"),
        ({"before": "1"}, "Nothing of yours in this server fits"),
        ({"before": "x"}, "is no number of a job"),
        ({"before": "0"}, "is no number of a job"),
        ({"model": "nonsense"}, "There is no model called"),
        ({"since": "yesterday"}, "is no date"),
    ],
)
async def test_what_cannot_be_exported_is_told(collection: World, options: dict[str, Any], words: str) -> None:
    """With what would be right; nothing is sent."""
    result = await export(collection, **options)
    assert words in answer_of(result)
    assert result.ephemeral
    assert direct(collection) == []


async def test_where_direct_messages_are_closed_it_comes_as_answers(collection: World) -> None:
    """That only the member sees."""
    close_direct_messages(collection)
    result = await export(collection)
    [archive] = await zips(result.followups)
    assert len(pictures(archive)) == 4
    assert all(message.flags.ephemeral for message in result.followups)
    assert "Done: 4 pictures in 1 part." in text_of(result.response)
    assert "direct messages" not in text_of(result.response)


async def test_direct_messages_that_are_closed_meanwhile_lose_nothing(
    collection: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left goes the other way."""
    limit = await room_for(collection, 1)
    monkeypatch.setattr("cogs.outlet.DEFAULT_LIMIT", limit)
    monkeypatch.setattr("cogs.outlet.limit_of", lambda *_: limit)
    channel, sent, posted = collection.alice.user.dm_channel.id, collection.wire._request, list[str]()

    def closing(backend: Any, method: str, path: str, **kwargs: Any) -> Any:
        if (method, path) == ("POST", f"/channels/{channel}/messages"):
            posted.append(path)
            if len(posted) > 3:  # the greeting and two parts
                raise BackendError(403, 50007, "Cannot send messages to this user")
        return sent(backend, method, path, **kwargs)

    monkeypatch.setattr("simcord.http.router.dispatch", closing)
    result = await export(collection)
    first, second = await zips(direct(collection)), await zips(result.followups)
    assert (len(first), len(second)) == (2, 2)
    assert len({name for archive in (*first, *second) for name in pictures(archive)}) == 4


async def room_for(world: World, count: int) -> int:
    """A limit into which so many of the collection's pictures fit, and not one more."""
    rooms = []
    for number in (1, 2, 3):
        job = await world.app.studio.job(number)
        assert job is not None
        for image in job.images:
            path = world.app.studio.picture_path(image)
            rooms.append(export_part.Entry(job, image, path, len(path.read_bytes())).room)
    return max(rooms) * count + export_part.ROOM


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_parts_fit_into_the_limit(collection: World, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Each a whole zip of its own, and every picture in exactly one of them."""
    limit = await room_for(collection, count)
    monkeypatch.setattr("cogs.outlet.DEFAULT_LIMIT", limit)
    collection.wire.upload_limit = limit
    result = await export(collection)
    archives = await zips(direct(collection))
    found = [name for archive in archives for name in pictures(archive)]
    assert len(archives) > 1
    assert len(found) == len(set(found)) == 4
    for archive in archives:
        assert archive.testzip() is None
        assert len(archive.read("recipes.jsonl").splitlines()) == len(pictures(archive))
    assert f"Done: 4 pictures in {len(archives)} parts." in answer_of(result)
    sizes = [
        size for sent in collection.wire.messages() for size in sent.files.values() if ".zip" in str(sent.files)
    ]
    assert all(size <= limit for size in sizes)


async def test_a_server_that_takes_less_than_it_says_gets_smaller_parts(
    collection: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord answers 413: the same pictures again, in parts of half the size."""
    monkeypatch.setattr("cogs.export.SMALLEST_LIMIT", 10)
    monkeypatch.setattr("cogs.outlet.DEFAULT_LIMIT", 2 * await room_for(collection, 2))
    await export(collection)
    [whole] = [each for message in direct(collection) for each in message.attachments]
    collection.wire.upload_limit = whole.size - 1
    await export(collection)
    archives = (await zips(direct(collection)))[1:]
    assert len(archives) > 1
    assert sum(len(pictures(archive)) for archive in archives) == 4


async def test_discord_that_takes_no_files_ends_it(collection: World) -> None:
    """With a sentence, and without an end in the smallest parts."""
    collection.wire.upload_limit = 10
    result = await export(collection)
    assert "takes no files from me right now" in answer_of(result)
    assert left_files(collection) == []


async def test_a_picture_over_the_limit_is_named_and_skipped(
    collection: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others come."""
    job = await collection.app.studio.job(2)
    assert job is not None
    limit = await room_for(collection, 1)
    path = collection.app.studio.picture_path(job.images[1])
    path.write_bytes(path.read_bytes() + bytes(limit))
    monkeypatch.setattr("cogs.outlet.DEFAULT_LIMIT", limit)
    result = await export(collection)
    assert "larger than the 1 MB that Discord takes: #2 picture 2." in answer_of(result)
    assert "Done: 3 pictures" in answer_of(result)


async def test_files_that_are_gone_are_named(collection: World) -> None:
    """Swept from the disk by hand or by a rule."""
    job = await collection.app.studio.job(2)
    assert job is not None
    for image in job.images:
        collection.app.studio.picture_path(image).unlink()
    result = await export(collection)
    assert "no longer on the disk: #2 picture 1, #2 picture 2." in answer_of(result).replace(
        "#2 picture 2, #2 picture 1", "#2 picture 1, #2 picture 2"
    )
    [archive] = await zips(direct(collection))
    assert len(pictures(archive)) == 2


async def test_what_is_rated_above_the_channel_is_left_out(collection: World) -> None:
    """And named, so that it can be asked for where it was painted."""
    async with collection.app.jobs._db.transaction() as tx:
        await tx.execute("UPDATE jobs SET notes = json_set(notes, '$.rating', 'explicit') WHERE id = 3")
    result = await export(collection)
    assert "rated above what may be shown in this channel: #3 picture 1." in answer_of(result)
    [archive] = await zips(direct(collection))
    assert "tagbrush-3-1-5.png" not in pictures(archive)


@pytest.mark.parametrize(("cap", "value"), [("MOST_PARTS", 1), ("MOST_PICTURES", 2)])
async def test_a_cap_says_how_to_get_the_rest(
    collection: World, monkeypatch: pytest.MonkeyPatch, cap: str, value: int
) -> None:
    """And that brings all that was left."""
    monkeypatch.setattr(exporting, cap, value)
    if cap == "MOST_PARTS":
        monkeypatch.setattr("cogs.outlet.DEFAULT_LIMIT", await room_for(collection, 2))
    seen: list[str] = []
    options: dict[str, str] = {}
    for _ in range(4):
        told = answer_of(await export(collection, **options))
        seen = [name for archive in await zips(direct(collection)) for name in pictures(archive)]
        if "before:" not in told:
            break
        options = {"before": told.partition("before:")[2].partition("`")[0]}
    assert len(set(seen)) == 4
    assert options


async def test_one_export_at_a_time_for_each_member(collection: World) -> None:
    """Another member's does not stand in the way, and the next one may come when it is done."""
    origin, wanted = origin_of_alice(collection), collection.app.album.wanted()
    async with collection.app.exporter.export(origin, wanted):
        assert "still on its way" in answer_of(await export(collection))
        assert "Done: 1 picture in 1 part." in answer_of(await export(collection, collection.bob))
    assert "Done: 4 pictures" in answer_of(await export(collection))


def origin_of_alice(world: World) -> Any:
    """Where alice asks from."""
    from bot.orders import Origin

    return Origin(
        kind="discord",
        guild_id=world.guild.id,
        guild_name="Painters",
        channel_id=world.channel.id,
        user_id=world.alice.id,
        user_name="alice",
    )


async def test_a_start_removes_what_a_killed_export_has_left(collection: World) -> None:
    """Nobody would ever ask for it."""
    left = collection.app.settings.exports / "tmpold" / "part-1.zip"

    def leave() -> None:
        left.parent.mkdir(parents=True)
        left.write_bytes(b"x")

    await collection.restart(leave)
    assert not left.exists()


async def test_while_discord_is_down_a_part_waits(collection: World) -> None:
    """And is sent once."""
    close_direct_messages(collection)
    collection.env.inject_error("POST", "/webhooks/*", status=503, times=1)
    result = await export(collection, text="hat")
    assert await zips(result.followups) == []
    await collection.env.advance_time(3)
    assert len(await zips(result.followups)) == 1
    assert "Done: 1 picture in 1 part." in text_of(result.response)
