"""Every command, tried by everybody, everywhere: who may gets an answer, and who may not is refused."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import discord
import pytest
import simcord

from cogs.who import Who
from pipeline.safety.matcher import Kind
from tests.support.moderating import decision
from tests.support.outcomes import Faults, Outcome, outcome_of, settled_outcome
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World
from tests.support.stage import Role, Stage, allowed, banned_too, commands_of, set_stage, who_of

Given = Callable[[Stage], Awaitable[dict[str, Any]]]
PRIVATE = frozenset({Who.OWN, Who.MODERATOR, Who.OWNER})
"""Whose answers are for the one who asks."""


def given(**options: Any) -> Given:
    """The same options always; a function is asked, with the stage."""

    async def make(stage: Stage) -> dict[str, Any]:
        return {name: value(stage) if callable(value) else value for name, value in options.items()}

    return make


async def _waiting(stage: Stage) -> dict[str, Any]:
    return {"job": await stage.wait()}


async def _rule(stage: Stage) -> dict[str, Any]:
    rule = await stage.world.app.moderation.words.add(
        "swordfish", Kind.BLOCK, "", decision(stage.world, "rule.add")
    )
    return {"number": rule.number}


async def _banned(stage: Stage) -> dict[str, Any]:
    await stage.world.app.enforcement.sanctions.ban(decision(stage.world, user_id=stage.carol.id))
    return {"member": str(stage.carol.id)}


def _carol(stage: Stage) -> Any:
    return stage.carol


def _picture(stage: Stage) -> tuple[str, bytes]:
    return "picture.png", stage.png


def _job(stage: Stage) -> str:
    return str(stage.job)


HIDDEN = re.compile("not visible|No application command")
"""What simcord says of a command that Discord would not show."""
UNKNOWN_SERVER = "123456789012345678"
OPTIONS: dict[str, Given] = {
    "imagine": given(prompt="1girl", steps=4),
    "inpaint": given(prompt="1girl", image=_picture, region="top half"),
    "expand": given(prompt="1girl", image=_picture, aspect="16:9"),
    "describe": given(job=_job),
    "show": given(job=_job),
    "rerun": given(job=_job),
    "compare": given(one=_job, two=_job),
    "preset save": given(name="mine", steps=5),
    "preset delete": given(name="mine"),
    "mod queue cancel": _waiting,
    "mod queue priority": _waiting,
    "mod queue clear": given(member=_carol),
    "mod allow model": given(action="add", model=lambda s: s.world.app.studio.default_profile),
    "mod allow channel": given(action="add", channel=lambda s: s.place),
    "mod allow role": given(action="add", role=lambda s: s.role),
    "mod allow option": given(option="image", allowed=False),
    "mod newcomer hours": given(hours=1),
    "mod quota set": given(role=lambda s: s.role, pictures=5),
    "mod quota moderators": given(exempt=False),
    "mod ban add": given(member=_carol, reason="spam", duration="2h"),
    "mod ban remove": _banned,
    "mod strikes list": given(member=_carol),
    "mod strikes pardon": given(member=_carol),
    "mod warn": given(member=_carol, reason="rude"),
    "mod member": given(member=_carol),
    "mod delete": given(job="999999"),
    "mod ceiling channel": given(rating="general"),
    "mod ceiling role": given(role=lambda s: s.role, rating="sensitive"),
    "mod ceiling above": given(mode="move"),
    "mod rule add": given(word="swordfish"),
    "mod rule remove": _rule,
    "mod rule test": given(prompt="1girl, swordfish"),
    "mod rule import": given(file=("rules.csv", b"kind,pattern,note\r\nblock,swordfish,\r\n")),
    "mod review channel": given(channel=lambda s: s.desk),
    "mod review show": given(number=lambda s: s.review),
    "mod review hide-after": given(count=2),
    "mod check threshold": given(value=0.5),
    "owner maintenance": given(on=True),
    "owner broadcast": given(text="Hello"),
    "owner server ban": given(server=UNKNOWN_SERVER, reason="spam"),
    "owner server unban": given(server=UNKNOWN_SERVER),
    "owner server only-listed": given(on=True),
    "owner server list-add": given(server=UNKNOWN_SERVER),
    "owner server list-remove": given(server=UNKNOWN_SERVER),
    "owner server limit": given(pictures=5),
    "owner member ban": given(member=_carol, reason="spam", duration="2h"),
    "owner member unban": given(member=_carol),
}
"""What commands are given. Each with required options has its own here; the others are tried without any."""


def missing_options(command: Any) -> set[str]:
    """Required options of a command for which nothing is known here."""
    if command.qualified_name in OPTIONS:
        return set()
    return {each.display_name for each in getattr(command, "parameters", ()) if each.required}


async def attempt(stage: Stage, command: Any, actor: Any) -> Outcome:
    """Use a command or a menu as Discord would let somebody do it."""
    name = command.qualified_name
    try:
        if isinstance(command, discord.app_commands.ContextMenu):
            target = stage.message if command.type is discord.AppCommandType.message else stage.carol
            return await settled_outcome(stage, await actor.context_menu(stage.place, name, target))
        options = await OPTIONS[name](stage) if name in OPTIONS else {}
        return await settled_outcome(stage, await actor.slash(stage.place, name, **options))
    except simcord.SetupError as error:
        if not HIDDEN.search(str(error)):
            raise
        return Outcome(hidden=True)


async def test_every_command_with_required_options_is_tried(world: World, engine: ScriptedEngine) -> None:
    """A new one has to say here what it is tried with."""
    await set_stage(world, engine)
    lacking = {c.qualified_name: found for c in commands_of(world) if (found := missing_options(c))}
    assert not lacking, f"add options for these to OPTIONS in {__name__}: {lacking}"
    names = {c.qualified_name for c in commands_of(world)}
    assert set(OPTIONS) <= names, f"gone from the tree: {set(OPTIONS) - names}"


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("place", ["channel", "restricted", "thread"])
async def test_every_command_answers_who_may_and_refuses_who_may_not(
    world: World, engine: ScriptedEngine, place: str, role: Role
) -> None:
    """Whatever a member, the author, a moderator, both owners and a banned member use, in a channel of each kind."""
    stage = await set_stage(world, engine, place)
    problems, tried = [], 0
    with Faults() as faults:
        for command in commands_of(world):
            who = who_of(command)
            may = allowed(who, role, banned_too=banned_too(command))
            outcome = await attempt(stage, command, stage.actors[role])
            problem = outcome.problem(may=may, private=who in PRIVATE)
            if faults.found:
                problem += f" logged: {faults.found}"
                faults.found.clear()
            if problem:
                problems.append(f"/{command.qualified_name} ({who}): {problem}")
            await stage.calm()
            tried += 1
    await world.finished()
    print(f"{place}, {role}: {tried} commands")
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("role", list(Role))
async def test_direct_messages(world: World, engine: ScriptedEngine, role: Role) -> None:
    """What is for servers is not even shown there; the rest answers."""
    stage = await set_stage(world, engine)
    problems = []
    for command in commands_of(world):
        top = command.root_parent if isinstance(command, discord.app_commands.Command) else None
        top = top or command
        here = not top.guild_only and top._guild_ids is None
        if isinstance(command, discord.app_commands.ContextMenu):
            assert top.guild_only
            continue
        name, who = command.qualified_name, who_of(command)
        assert not (here and who in {Who.MODERATOR, Who.OWNER}), name
        try:
            options = await OPTIONS[name](stage) if here and name in OPTIONS else {}
            outcome = outcome_of(await stage.actors[role].user.slash(name, **options))
        except simcord.SetupError as error:
            if not HIDDEN.search(str(error)):
                raise
            outcome = Outcome(hidden=True)
        if outcome.hidden == here:
            problems.append(f"/{name}: {'hidden' if here else 'shown'}")
        # A ban of a server ends at its border.
        elif here and (problem := outcome.problem(may=True, private=False)):
            problems.append(f"/{name}: {problem}")
    assert not problems, "\n".join(problems)
