"""`/mod allow` and `/mod newcomer`: what may be used, where and by whom."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from bot.moderation.rooms import Newcomers
from tests.support.places import thread_of
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of

COMMANDS: dict[str, dict[str, Any]] = {
    "allow model": {"action": "reset"},
    "allow channel": {"action": "reset"},
    "allow role": {"action": "reset"},
    "allow option": {"option": "image", "allowed": False},
    "allow limits": {},
    "allow list": {},
    "newcomer hours": {"hours": 1},
    "settings": {},
}


async def mod(world: World, name: str, **options: Any) -> str:
    """What a moderator is told."""
    result = await world.mod.slash(world.channel, f"mod {name}", **options)
    assert result.ephemeral
    return answer_of(result)


async def jobs(world: World) -> int:
    """How many there are."""
    return sum((await world.app.jobs.counts()).values())


async def test_only_allowed_models_are_used_and_suggested(world: World) -> None:
    """The default is the first of them, where the owner's is not allowed."""
    await mod(world, "allow model", action="add", model="animagine-xl-4.0")
    found = await world.alice.autocomplete(world.channel, "imagine", "model", "")
    assert [each["value"] for each in found] == ["animagine-xl-4.0"]
    found = await world.alice.autocomplete(world.channel, "models", "model", "")
    assert [each["value"] for each in found] == ["animagine-xl-4.0"]
    shown = answer_of(await world.alice.slash(world.channel, "models"))
    assert "Animagine XL 4.0" in shown
    assert "miniature" not in shown
    told = answer_of(await world.imagine(model="miniature"))
    assert "Choose one of these" in told
    assert "animagine-xl-4.0" in told
    await world.imagine()
    await world.finished()
    job = await world.app.studio.job(1)
    assert job is not None
    assert job.images[0].profile == "animagine-xl-4.0"


async def test_a_list_without_entries_allows_everything(world: World) -> None:
    """Whether they were removed one by one or all at once."""
    for last in ({"action": "remove", "model": "animagine-xl-4.0"}, {"action": "reset"}):
        await mod(world, "allow model", action="add", model="animagine-xl-4.0")
        assert "Models: all *(default)*" in await mod(world, "allow model", **last)
    await world.imagine(model="miniature")
    await world.finished()
    assert await jobs(world) == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"action": "add", "model": "nonsense"}, "no model called"),
        ({"action": "add"}, "Name what to add"),
        ({"action": "remove", "model": "miniature"}, "not on the list"),
        ({"action": "reset"}, "Nothing is on that list"),
    ],
)
async def test_what_makes_no_sense_is_refused(world: World, options: dict[str, str], told: str) -> None:
    """With a sentence, and nothing is set or logged."""
    assert told in await mod(world, "allow model", **options)
    assert await world.app.moderation.audit.newest(world.guild.id, 5) == ()


async def test_only_in_allowed_channels_and_their_threads(world: World) -> None:
    """Elsewhere the member is shown where to go."""
    other = world.guild.create_text_channel("other")
    thread = await thread_of(world)
    await mod(world, "allow channel", action="add", channel=world.channel)
    refused = answer_of(await world.alice.slash(other, "imagine", prompt="1girl"))
    assert f"<#{world.channel.id}>" in refused
    await world.alice.slash(world.channel, "imagine", prompt="1girl")
    await world.alice.slash(thread, "imagine", prompt="1girl")
    await world.finished()
    assert await jobs(world) == 2


async def test_only_members_with_an_allowed_role(world: World) -> None:
    """One of them is enough."""
    painter, other = world.guild.create_role("painter"), world.guild.create_role("other")
    carol = world.guild.add_member(world.env.create_user("carol"), roles=[painter])
    dave = world.guild.add_member(world.env.create_user("dave"), roles=[other])
    await world.env.settle()
    await mod(world, "allow role", action="add", role=painter)
    for actor in (world.alice, dave):
        assert "certain roles" in answer_of(await world.imagine(actor))
    await world.imagine(carol)
    await world.finished()
    assert await jobs(world) == 1


def png() -> bytes:
    """A small picture."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("option", "options", "told"),
    [
        ("private", {"private": True}, "private:False"),
        ("seeds", {"seeds": "1-3"}, "Series of seeds"),
        ("permutations", {"prompt": "{red|blue} hair"}, "Alternatives in braces"),
        (
            "image",
            {"image": ("a.png", png())},
            "from pictures",
        ),
    ],
)
async def test_an_option_that_is_switched_off_is_refused(
    world: World, option: str, options: dict[str, Any], told: str
) -> None:
    """And works again when it is on."""
    await mod(world, "allow option", option=option, allowed=False)
    assert told in answer_of(await world.imagine(**options))
    assert await jobs(world) == 0
    await mod(world, "allow option", option=option, allowed=True)
    assert told not in answer_of(await world.imagine(**options))
    await world.finished()


async def test_buttons_are_switched_off_as_well(painted: World) -> None:
    """Variations paint from a picture, and enlarging has its own switch."""
    for option in ("image", "upscale x4"):
        await mod(painted, "allow option", option=option, allowed=False)
    [message] = painted.galleries()
    assert "from pictures" in answer_of(await painted.alice.click(message, custom_id="tb:vary:1:0:subtle"))
    assert "Enlarging" in answer_of(await painted.alice.click(message, label="Upscale x4"))
    await painted.alice.click(message, label="Upscale x2")
    await painted.finished()
    assert await jobs(painted) == 2


async def test_counts_and_steps(world: World) -> None:
    """The most of each, refused by number."""
    await mod(world, "allow limits", count=2, steps=20)
    assert "2 at a time is the most" in answer_of(await world.imagine(count=3))
    assert "20 are the most" in answer_of(await world.imagine(steps=21))
    await world.imagine(count=2, steps=20)
    await world.finished()
    assert await jobs(world) == 1
    assert "must be from 1 to 4" in await mod(world, "allow limits", count=9)
    await mod(world, "allow limits")
    assert "Most steps: as the models take them" in await mod(world, "allow list")


async def test_newcomers_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are told when they may; moderators need not wait."""
    assert "after 24 hours" in await mod(world, "newcomer hours", hours=24)
    told = answer_of(await world.imagine())
    assert "after 24 hours: you may <t:" in told
    await world.imagine(world.mod)
    await world.finished()
    assert await jobs(world) == 1
    assert "from 0 to" in await mod(world, "newcomer hours", hours=-1)
    assert "at once" in await mod(world, "newcomer hours", hours=0)
    await world.imagine()
    await world.finished()
    assert await jobs(world) == 2


async def test_who_has_been_here_long_enough_paints(world: World) -> None:
    """The wait is counted from when they joined."""
    await mod(world, "newcomer hours", hours=24)
    [newcomers] = [c for c in world.app.moderation.gate._checks if isinstance(c, Newcomers)]
    now = newcomers._now
    newcomers._now = lambda: now() + 24 * 3600 + 60
    await world.imagine()
    await world.finished()
    assert await jobs(world) == 1


async def test_it_survives_a_restart_and_is_on_the_page(world: World, engine: ScriptedEngine) -> None:
    """Every setting with what is default."""
    await mod(world, "allow model", action="add", model="miniature")
    await mod(world, "allow option", option="private", allowed=False)
    await mod(world, "newcomer hours", hours=3)
    await world.restart()
    text = await mod(world, "settings")
    for line in (
        "Models: **`miniature`**",
        "Channels: all *(default)*",
        "Switched off: **private drafts**",
        "New members may paint: **after 3 hours**",
    ):
        assert line in text
    assert "allow." not in text


async def test_every_change_is_in_the_log(world: World) -> None:
    """With what was changed."""
    await mod(world, "allow model", action="add", model="miniature")
    await mod(world, "allow option", option="private", allowed=False)
    found = await world.app.moderation.audit.newest(world.guild.id, 5)
    assert [each.entry.action for each in found] == ["allow.option", "allow.models.add"]
    assert [each.entry.target for each in found] == ["private", "miniature"]


@pytest.mark.parametrize("name", [*COMMANDS])
async def test_members_do_not_have_the_commands(world: World, name: str) -> None:
    """Discord hides them."""
    with pytest.raises(Exception, match=r"(?i)permission"):
        await world.alice.slash(world.channel, f"mod {name}", **COMMANDS[name])
