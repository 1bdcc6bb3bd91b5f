"""Every setting holds from the answer on, without a restart, and after one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.profiles.types import Rating
from tests.cogs.owner.conftest import Owned, owned
from tests.support.scripted_classifier import ScriptedClassifier, sure
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, discord_world

__all__ = ["owned"]

Look = Callable[[Owned], Awaitable[str]]


@pytest.fixture
async def world(tmp_path: Path, engine: ScriptedEngine) -> AsyncIterator[World]:
    """The real bot, whose classifier is half sure that everything is questionable."""

    def half() -> ScriptedClassifier:
        made = ScriptedClassifier()
        made.answer = lambda _: sure(Rating.QUESTIONABLE, 0.5)
        return made

    async with discord_world(tmp_path, make_engine=lambda _: engine, make_classifier=half) as opened:
        yield opened


def asks(*, by: str = "alice", ends: bool = True, **options: Any) -> Look:
    """What a member reads who asks for pictures, in the end."""

    async def look(owned: Owned) -> str:
        world = owned.world
        result = await getattr(world, by).slash(
            world.channel, "imagine", **{"prompt": "1girl", "steps": 4, **options}
        )
        if ends:
            await world.finished()
        return f"{answer_of(result)}\n{world.shown()}"

    return look


async def warned(owned: Owned) -> str:
    """What a moderator reads who warns somebody for the first time."""
    world = owned.world
    member = world.guild.add_member(world.env.create_user(f"rude{len(world.guild.member_ids())}"))
    return answer_of(await world.mod.slash(world.channel, "mod warn", member=member, reason="rude"))


async def reported(owned: Owned) -> str:
    """What a picture's message says after its first report."""
    world = owned.world
    await world.imagine()
    await world.finished()
    message = world.galleries()[-1]
    form = await world.bob.context_menu(world.channel, "Report this picture", message)
    await world.bob.submit_modal(form, {"reason": "odd"})
    await world.finished()
    await world.env.settle()
    return world.shown()


async def strike_rules(owned: Owned) -> str:
    """What a moderator reads of the rules."""
    return answer_of(await owned.world.mod.slash(owned.world.channel, "mod strikes rules"))


async def elsewhere(owned: Owned) -> str:
    """What a member of another server reads who asks there."""
    if not owned.others:
        owned.add("Elsewhere")
        await owned.world.env.settle()
    _, channel, member = owned.others[0]
    result = await member.slash(channel, "imagine", prompt="1girl", steps=4)
    await owned.world.finished()
    return answer_of(result)


def role(owned: Owned, name: str = "mod") -> Any:
    """A role of the server."""
    return owned.world.guild.roles[name]


async def test_every_setting_command_is_here(world: World) -> None:
    """A new group of settings has to say here what it changes."""
    group = next(c for c in world.bot.tree.get_commands() if c.name == "mod")
    names = {c.qualified_name for c in group.walk_commands() if not hasattr(c, "commands")}  # type: ignore[union-attr]
    setting = {n for n in names if n.rpartition(" ")[2] not in DEEDS and n not in DEEDS}
    assert setting == {command for command, *_ in TABLE if command.startswith("mod ")}


DEEDS = frozenset(
    {
        *(
            "list",
            "show",
            "recent",
            "search",
            "export",
            "test",
            "settings",
            "member",
            "delete",
            "warn",
            "pardon",
        ),
        # The other direction of what is in the table, or about one job.
        *("mod queue cancel", "mod queue clear", "mod queue resume", "mod queue priority"),
        *("mod quota clear", "mod ban remove", "mod rule remove", "mod rule import", "mod ceiling reset"),
        # Tried with real reviews in `test_review`.
        "mod review channel",
    }
)
"""What sets nothing."""

PANTIES = asks(prompt="1girl, panties")
TABLE: tuple[tuple[str, dict[str, Any], Look, str, str], ...] = (
    ("mod quota set", {"pictures": 0}, asks(), "", "0 a day is the most"),
    ("mod quota moderators", {"exempt": False}, asks(by="mod"), "", "0 a day is the most"),
    (
        "mod allow model",
        {"action": "add", "model": "animagine-xl-4.0"},
        asks(model="miniature"),
        "",
        "Choose one of",
    ),
    (
        "mod allow channel",
        {"action": "add", "channel": "other"},
        asks(),
        "",
        "Nothing is painted in this channel",
    ),
    ("mod allow role", {"action": "add", "role": role}, asks(), "", "only members with certain roles"),
    ("mod allow option", {"option": "private", "allowed": False}, asks(private=True), "", "switched off"),
    ("mod allow limits", {"count": 1}, asks(count=2), "", "1 at a time is the most"),
    ("mod newcomer hours", {"hours": 8000}, asks(), "", "joined this server lately"),
    ("mod ceiling channel", {"rating": "sensitive"}, PANTIES, "goes beyond", ""),
    (
        "mod ceiling role",
        {"role": role, "rating": "sensitive"},
        asks(by="mod", prompt="1girl, panties"),
        "goes beyond",
        "",
    ),
    ("mod ceiling above", {"mode": "move"}, PANTIES, "goes beyond", ""),
    ("mod rule add", {"word": "swordfish"}, asks(prompt="1girl, swordfish"), "", "Rule #1"),
    ("mod check threshold", {"value": 0.4}, asks(), "", "withheld"),
    ("mod review hide-after", {"count": 1}, reported, "", "taken down after reports"),
    ("mod strikes rules", {"strikes": 1, "then": "1d"}, warned, "", "they are banned"),
    ("mod strikes rules", {"days": 7}, strike_rules, "counts for 90 days", "counts for 7 days"),
    ("mod queue pause", {}, asks(ends=False), "", "Paused by moderators"),
    ("mod ban add", {"member": lambda o: o.world.alice, "reason": "spam"}, asks(), "", "You are banned"),
    ("owner maintenance", {"on": True, "message": "Back soon"}, asks(), "", "Back soon"),
    ("owner member ban", {"member": lambda o: o.world.alice, "reason": "spam"}, asks(), "", "You are banned"),
    ("owner server limit", {"pictures": 0}, elsewhere, "", "a day"),
    ("owner server only-listed", {"on": True}, elsewhere, "", "in certain servers only"),
)
"""Command, options, where its effect is seen, what is read before it, and what after."""
FIRST: dict[str, tuple[str, dict[str, Any]]] = {"mod quota moderators": ("mod quota set", {"pictures": 0})}
"""What has to be set before that."""


@pytest.mark.parametrize(
    ("command", "options", "look", "before", "after"),
    TABLE,
    ids=[f"{row[0]}-{n}" for n, row in enumerate(TABLE)],
)
async def test_it_holds_at_once_and_after_a_restart(
    owned: Owned, command: str, options: dict[str, Any], look: Look, before: str, after: str
) -> None:
    """Not before, from the answer on, and in the next run of the program."""
    world = owned.world
    other = world.guild.create_text_channel("other")
    await world.env.settle()

    async def use(name: str, given: dict[str, Any]) -> None:
        options = {key: each(owned) if callable(each) else each for key, each in given.items()}
        options = {key: other if each == "other" else each for key, each in options.items()}
        actor = owned.boss if name.startswith("owner") else world.mod
        await actor.slash(world.channel, name, **options)

    def check(told: str, wanted: str, unwanted: str, when: str) -> None:
        assert wanted in told, f"{when}: {told}"
        assert not unwanted or unwanted not in told, f"{when}: {told}"

    if command in FIRST:
        await use(*FIRST[command])
    check(await look(owned), before, after, "before")
    await use(command, options)
    check(await look(owned), after, before, "at once")
    await world.restart()
    check(await look(owned), after, before, "after a restart")
