"""The page of settings tells of every area in words."""

from __future__ import annotations

from tests.support.simcord_env import World, answer_of


async def test_what_moderators_set_stands_there_in_words(world: World) -> None:
    """No setting is shown as it is stored."""
    channel = world.channel
    await world.mod.slash(channel, "mod ceiling channel", rating="sensitive")
    await world.mod.slash(channel, "mod ceiling above", mode="move")
    await world.mod.slash(channel, "mod rule add", word="sword*")
    await world.mod.slash(channel, "mod check threshold", value=0.001)
    await world.mod.slash(channel, "mod check threshold", channel=channel, value=0.4)
    await world.mod.slash(channel, "mod review hide-after", count=2)
    await world.mod.slash(channel, "mod strikes rules", days=30)
    text = answer_of(await world.mod.slash(channel, "mod settings"))
    for line in (
        f"Ceilings: **<#{channel.id}>: sensitive**",
        "Words above the ceiling: **moved to the negative prompt**",
        "Word rules: **1**",
        "Withheld from: **0.1%**",
        f"Withheld in channels from: **<#{channel.id}>: 40%**",
        "Reports that take a picture down: **2**",
        "Strikes: **count for 30 days; from 3 on a ban: 1 day; from 5 on a ban: for good**",
    ):
        assert line in text
    assert not any(name in text for name in ("ceiling.", "check.", "review.", "report.", "strikes."))


async def test_what_nobody_has_set_stands_there_as_the_default(world: World) -> None:
    """A server that was just opened."""
    text = answer_of(await world.mod.slash(world.channel, "mod settings"))
    for name in ("Ceilings", "Word rules", "Withheld from", "Channel for reviews", "Strikes"):
        line = next(each for each in text.splitlines() if f"{name}:" in each)
        assert line.endswith("*(default)*")
