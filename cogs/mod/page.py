"""All that is set in a server, on one page: each area tells its own part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from bot.moderation.policies import Policies
from cogs.text import inline, trim
from cogs.words import say

NAMED: Final = 5
"""Channels, roles and the like that one setting names: the page is for all settings together."""

Lines: TypeAlias = Callable[[int], Iterable[str]]
"""Of a server: what is set and what is default, each as a line that a person can read."""


@dataclass(frozen=True, slots=True)
class Part:
    """What an area tells: the names of its settings, which may end in `.*`, and its lines."""

    names: tuple[str, ...]
    lines: Lines


class Page:
    """The parts in the order in which the areas were added."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._parts: list[Part] = []

    def add(self, names: Iterable[str], lines: Lines) -> None:
        """Let an area tell of its settings.

        Args:
            names: of those settings; what is set and told by nobody is shown as it is stored.
            lines: what it tells of a server.
        """
        self._parts.append(Part(tuple(names), lines))

    def told(self, name: str) -> bool:
        """Whether an area tells of this setting."""
        return any(
            name == each or (each.endswith(".*") and name.startswith(each[:-1]))
            for part in self._parts
            for each in part.names
        )

    def text(self, guild_id: int) -> tuple[str, ...]:
        """Every line of a server."""
        lines = [line for part in self._parts for line in part.lines(guild_id)]
        for key, value in self._policies.of_guild(guild_id).items():
            if not self.told(key.name):
                where = {"channel": f" <#{key.target_id}>", "role": f" <@&{key.target_id}>"}.get(key.scope, "")
                lines.append(f"- {inline(key.name)}{where}: {inline(trim(str(value), 80))}")
        return tuple(lines)


def some(items: Sequence[str]) -> str | None:
    """The first of several side by side, and how many more there are; None without any."""
    shown = ", ".join(items[:NAMED])
    if len(items) > NAMED:
        return say("{items} and {count} more", items=shown, count=len(items) - NAMED)
    return shown or None


def setting(name: str, value: str | None, default: str) -> str:
    """A line: what is set, or what holds where nothing is. All three are in the reader's language already."""
    if value is None:
        return say("- {name}: {value} *(default)*", name=name, value=default)
    return say("- {name}: **{value}**", name=name, value=value)
