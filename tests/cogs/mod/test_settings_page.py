"""`/mod settings` and the quota on `/mod member`: everything a server has set, however much that is."""

from __future__ import annotations

import re
from typing import Any

from bot.moderation import allow_settings, ceilings, quota_settings, strikes, thresholds
from bot.moderation.pauses import PAUSED
from bot.moderation.policies import Scope
from tests.support.moderating import decision
from tests.support.simcord_env import World, answer_of, text_of

READABLE = (
    "Queue paused",
    "Highest rating in ordinary channels",
    "Highest rating in age-restricted channels",
    "Channels with their own",
    "Roles with their own",
    "Words above the highest rating",
    "Word rules",
    "Check of finished pictures",
    "Pictures are withheld from",
    "Channel for reviews",
    "Reports that take a picture down",
    "Models",
    "Channels",
    "Roles that may paint",
    "Switched off",
    "New members may paint",
    "Quota of everybody",
    "Strikes count",
    "Bans that follow from strikes",
)


async def page(world: World) -> str:
    """What a moderator sees."""
    result = await world.mod.slash(world.channel, "mod settings")
    assert result.ephemeral
    assert result.response is not None
    return text_of(result.response)


async def test_everything_is_named_with_its_default(world: World) -> None:
    """Where nothing is set, every line says so, and no setting shows the name it is stored under."""
    lines = [line for line in (await page(world)).splitlines() if line.startswith("- ")]
    names = [re.sub(r"^- (.*?): .*", r"\1", line) for line in lines]
    assert set(READABLE) <= set(names)
    assert len(set(names)) == len(names)
    assert all(line.endswith("*(default)*") for line in lines), lines


async def test_what_is_set_is_bold(world: World) -> None:
    """By each area's own command."""
    commands: dict[str, dict[str, Any]] = {
        "ceiling channel": {"rating": "sensitive"},
        "ceiling above": {"mode": "move"},
        "rule add": {"word": "swordfish"},
        "check threshold": {"value": 0.4},
        "review hide-after": {"count": 7},
        "strikes rules": {"days": 0, "strikes": 2, "then": "1d"},
    }
    for name, options in commands.items():
        await world.mod.slash(world.channel, f"mod {name}", **options)
    text = await page(world)
    for line in (
        f"Channels with their own: **<#{world.channel.id}> `sensitive`**",
        "Words above the highest rating: **moved to the negative prompt**",
        "Word rules: **1 rule**",
        "Pictures are withheld from: **40%**",
        "Reports that take a picture down: **7**",
        "Strikes count: **for ever**",
        "Bans that follow from strikes: **from 2 on 1 day, ",
    ):
        assert line in text, text


async def test_it_fits_with_everything_set_many_times(world: World) -> None:
    """200 channels and roles with everything that can be set for one: all areas are still there, within the limits."""
    policies = world.app.moderation.policies
    first = 1_400_000_000_000_000_000
    many = [first + number for number in range(200)]
    limits = {"pictures": 100_000, "gpu_seconds": 100_000, "pending": 100_000, "per_minute": 100_000}
    for each in many:
        for name, value in ((ceilings.RATING, "general"), (thresholds.NAME, 0.5)):
            await policies.set(name, value, decision(world, "x"), scope=Scope.CHANNEL, target=each)
        for name, role in ((ceilings.RATING, "general"), (quota_settings.QUOTA, limits)):
            await policies.set(name, role, decision(world, "x"), scope=Scope.ROLE, target=each)
    for name, given in (
        (allow_settings.CHANNELS, many[:100]),
        (allow_settings.ROLES, many[:100]),
        (allow_settings.MODELS, [f"a-model-with-a-name-{each}" for each in range(100)]),
        (allow_settings.OFF, [each.value for each in allow_settings.Option]),
        (quota_settings.QUOTA, limits),
        (strikes.STEPS, {str(each): 86_400 for each in range(1, 11)}),
        (PAUSED, "because " * 50),
    ):
        await policies.set(name, given, decision(world, "x"))
    text = await page(world)
    for name in READABLE:
        assert f"- {name}: " in text, text
    assert text.count("and 195 more") == 4, text
    assert len(text.encode("utf-16-le")) // 2 <= 4000


async def test_what_nobody_tells_of_is_shown_as_it_is_stored(world: World) -> None:
    """A setting of a later version, or one whose area has forgotten to tell."""
    await world.app.moderation.policies.set("later.thing", 5, decision(world, "x"))
    assert "`later.thing`: `5`" in await page(world)


async def test_a_member_s_page_tells_what_is_left(world: World) -> None:
    """Of whoever is looked up, not of the moderator."""
    await world.mod.slash(world.channel, "mod quota set", pictures=5)
    await world.imagine(count=2)
    await world.finished()
    shown = await world.mod.slash(world.channel, "mod member", member=world.alice)
    assert "3 of 5 pictures today" in answer_of(shown)
    shown = await world.mod.slash(world.channel, "mod member", member=world.mod)
    assert "No quota." in answer_of(shown)
