"""What moderators and the owner may type wrongly: each gets a clear sentence, and nothing is changed."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from typing import Any

from tests.cogs.owner.conftest import Owned, owned
from tests.support.moderating import ban
from tests.support.simcord_env import World, answer_of

__all__ = ["owned"]

NOBODY = 123456789012345678
FORMULA = b"kind,pattern,note\r\nblock,=HYPERLINK(1),\r\n"
CSV = b"kind,pattern,note\r\n"

Options = dict[str, Any] | Callable[[Owned], dict[str, Any]]
BAD: tuple[tuple[str, Options, str], ...] = (
    # Whom
    ("mod ban add", lambda o: {"member": o.world.mod, "reason": "x"}, "neither ban nor warn yourself"),
    ("mod ban add", lambda o: {"member": o.world.guild.owner, "reason": "x"}, "owner of this server"),
    ("mod ban add", lambda o: {"member": o.boss, "reason": "x"}, "owner of this bot"),
    ("mod ban add", lambda o: {"member": robot(o), "reason": "x"}, "This is a bot"),
    ("mod warn", lambda o: {"member": o.world.mod, "reason": "x"}, "neither ban nor warn yourself"),
    ("mod warn", lambda o: {"member": o.world.guild.owner, "reason": "x"}, "owner of this server"),
    ("mod warn", lambda o: {"member": o.boss, "reason": "x"}, "owner of this bot"),
    ("mod warn", lambda o: {"member": robot(o), "reason": "x"}, "This is a bot"),
    ("mod ban remove", lambda o: {"member": str(o.world.mod.id)}, "lifted by another moderator"),
    # Unknown numbers and names
    ("mod ban remove", {"member": str(NOBODY)}, "Nobody with this id is banned here"),
    ("mod ban remove", {"member": "alice"}, "no member"),
    ("mod ban list", {"page": 9}, "last page of bans is page 1"),
    ("mod strikes pardon", lambda o: {"member": o.world.alice, "strike": 99}, "strike"),
    ("mod queue cancel", {"job": 99}, "There is no job #99"),
    ("mod queue priority", {"job": 99}, "There is no job #99"),
    ("mod queue clear", lambda o: {"member": o.world.bob}, "nothing waiting"),
    ("mod queue resume", {}, "not paused"),
    ("mod delete", {"job": "99"}, "under this number or link"),
    ("mod delete", {"job": "https://discord.com/channels/1/2/3"}, "under this number or link"),
    ("mod rule remove", {"number": 99}, "There is no rule #99"),
    ("mod rule remove", {"number": -5}, "There is no rule"),
    ("mod review show", {"number": 99}, "no picture to review under number 99"),
    ("mod allow model", {"action": "add", "model": "nothing-like-it"}, "nothing-like-it"),
    ("mod allow model", {"action": "add"}, "Name what to add"),
    ("mod allow model", {"action": "reset"}, "Nothing is on that list"),
    ("mod allow role", lambda o: {"action": "add", "role": o.world.guild.default_role}, "Everybody has"),
    ("mod audit search", {"area": "no area!"}, "no kind of decision"),
    # Durations and counts
    ("mod ban add", lambda o: {"member": o.world.bob, "reason": "x", "duration": "soon"}, "`soon`"),
    ("mod ban add", lambda o: {"member": o.world.bob, "reason": "x", "duration": "-1d"}, "`-1d`"),
    ("mod ban add", lambda o: {"member": o.world.bob, "reason": "x", "duration": "9999w"}, "ten years"),
    ("mod quota set", {"pictures": -1}, "must be from 0"),
    ("mod quota set", {"gpu_seconds": -1}, "must be from 0"),
    ("mod quota set", {"pending": -1}, "must be from 0"),
    ("mod quota set", {"per_minute": -1}, "must be from 0"),
    ("mod quota set", {}, "Name at least one limit"),
    ("mod quota clear", {}, "nothing to clear"),
    ("mod allow limits", {"count": 0}, "must be from 1"),
    ("mod allow limits", {"steps": -3}, "must be from 1"),
    ("mod newcomer hours", {"hours": -1}, "must be from 0"),
    ("mod strikes rules", {"days": -1}, "must be a whole number from 0"),
    ("mod strikes rules", {"strikes": 0, "then": "1d"}, "must be a whole number from 1"),
    ("mod strikes rules", {"strikes": 3}, "belong together"),
    ("mod ceiling channel", {"rating": "questionable"}, "does not know it as age-restricted"),
    ("mod ceiling role", lambda o: {"role": o.world.guild.default_role, "rating": "general"}, "Everybody has"),
    # Rules
    ("mod rule add", {"word": "*"}, "would match almost everything"),
    ("mod rule add", {"word": "a*"}, "would match almost everything"),
    ("mod rule add", {"word": "???"}, "would match almost everything"),
    ("mod rule add", {"word": "..."}, "no letter or digit"),
    ("mod rule add", {"word": "(a+)+$"}, "regular expression"),
    ("mod rule add", {"word": "sw*rd*fi*sh*es*ar*en*ot"}, "stars in one word"),
    ("mod rule import", {"file": ("r.csv", bytes(100 * 1024 * 1024))}, "a file of rules may have"),
    ("mod rule import", {"file": ("r.csv", CSV + "block,sword,ä\r\n".encode("cp1252"))}, "not UTF-8"),
    ("mod rule import", {"file": ("r.csv", ("kind,pattern,note\r\n").encode("utf-16"))}, "not UTF-8"),
    ("mod rule import", {"file": ("r.csv", FORMULA)}, "begins as a formula"),
    ("mod rule import", {"file": ("r.csv", CSV + b"block,*,\r\n")}, "would match almost everything"),
    ("mod rule import", {"file": ("r.csv", CSV)}, "no rule in this file"),
    ("mod rule import", {"file": ("r.csv", b"a,b\r\n1,2\r\n")}, "must name its columns"),
    ("mod rule import", {"file": ("r.csv", b"")}, "file"),
    ("mod rule export", {}, "has no rules yet"),
    ("mod review channel", lambda o: {"channel": o.world.channel}, "Everybody can see"),
    # The owner's
    ("owner member ban", lambda o: {"member": o.boss, "reason": "x"}, "neither ban nor warn yourself"),
    ("owner member ban", lambda o: {"member": robot(o), "reason": "x"}, "This is a bot"),
    ("owner member unban", lambda o: {"member": o.world.bob}, "`/owner member list`"),
    ("owner server ban", lambda o: {"server": str(o.world.guild.id), "reason": "x"}, "control server"),
    ("owner server ban", {"server": "my server", "reason": "x"}, "no server's id"),
    ("owner server unban", {"server": str(NOBODY)}, "not banned"),
    ("owner server list-remove", {"server": str(NOBODY)}, "not on the list"),
    ("owner server limit", {"pictures": -1}, "must be from 0"),
    ("owner server unlimit", {}, "nothing to clear"),
    ("owner maintenance", {"on": False}, "nothing to end"),
)
"""Command, options, and a part of the sentence that says what is wrong."""


def robot(owned: Owned) -> Any:
    """A bot of somebody else's."""
    world = owned.world
    known = getattr(owned, "_robot", None)
    if known is None:
        known = world.guild.add_member(world.env.create_user("robot", bot=True))
        owned._robot = known  # type: ignore[attr-defined]
    return known


def stored(world: World) -> list[str]:
    """Everything in the database."""
    with contextlib.closing(sqlite3.connect(f"file:{world.app.settings.database}?mode=ro", uri=True)) as read:
        return list(read.iterdump())


async def test_each_gets_a_sentence_and_changes_nothing(owned: Owned) -> None:
    """Neither the settings nor the audit log nor anything else in the database."""
    world = owned.world
    # One ban in the list, so that the page which is asked for is one too many.
    assert "is banned" in await ban(world, world.env.create_user("gone"))
    problems = []
    for command, options, part in BAD:
        given = options(owned) if callable(options) else options
        before = stored(world)
        actor = owned.boss if command.startswith("owner") else world.mod
        result = await actor.slash(world.channel, command, **given)
        await world.env.settle()
        name = f"/{command} { ({key: str(value)[:60] for key, value in given.items()}) }"
        told = answer_of(result)
        if part not in told or "went wrong" in told:
            problems.append(f"{name}: {part!r} is not in {told!r}")
        if not result.ephemeral:
            problems.append(f"{name}: everybody reads the answer")
        if changed := set(stored(world)) ^ set(before):
            problems.append(f"{name}: changed {sorted(changed)[:4]}")
    assert not problems, "\n".join(problems)
