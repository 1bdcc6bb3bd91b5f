"""Settings of servers, channels and roles: written to the database, read from memory.

They are asked for at every request, also in code that cannot wait, and are few. This process is the only one that
writes them (it holds the lock of the data folder), so memory never lags behind: a change holds from its commit on,
without a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from db.audit import Entry
from db.policies import PolicyKey, PolicyTable

INSTANCE: Final = 0
"""The guild id under which the owner of the instance sets what holds everywhere."""


class Scope(StrEnum):
    """What a setting belongs to."""

    GUILD = "guild"
    CHANNEL = "channel"
    ROLE = "role"


class Policies:
    """Every setting there is, by server, scope, target and name. Values are plain JSON."""

    def __init__(self, table: PolicyTable) -> None:
        self._table = table
        self._values: dict[PolicyKey, Any] = {}
        self._writing = asyncio.Lock()

    async def load(self) -> None:
        """Read everything, once at the start.

        Raises:
            DatabaseError: the database is unusable.
        """
        self._values = await self._table.all()

    def get(self, guild_id: int, name: str, *, scope: Scope = Scope.GUILD, target: int = 0) -> Any:
        """A value as it was set, or None."""
        return self._values.get(PolicyKey(guild_id, scope, target, name))

    def targets(self, guild_id: int, scope: Scope, name: str) -> Mapping[int, Any]:
        """The value of every channel or role of a server that has one, by its id."""
        return {
            key.target_id: value
            for key, value in self._values.items()
            if (key.guild_id, key.scope, key.name) == (guild_id, scope, name)
        }

    def guilds(self, name: str) -> tuple[int, ...]:
        """The servers that have set this value."""
        return tuple(
            key.guild_id
            for key in self._values
            if (key.scope, key.target_id, key.name) == (Scope.GUILD, 0, name)
        )

    def of_guild(self, guild_id: int) -> Mapping[PolicyKey, Any]:
        """Everything that is set in a server, for a page that shows it."""
        return {key: value for key, value in self._values.items() if key.guild_id == guild_id}

    async def set(
        self, name: str, value: Any, entry: Entry, *, scope: Scope = Scope.GUILD, target: int = 0
    ) -> None:
        """Set a value in the server of the audit log's entry. From here on it holds, also after a restart.

        Raises:
            DatabaseError: nothing was changed.
        """
        key = PolicyKey(entry.guild_id, scope, target, name)
        async with self._writing:
            await self._table.set(key, value, entry)
            self._values = {**self._values, key: value}

    async def change(self, name: str, to: Callable[[Any], Any], entry: Entry) -> None:
        """Make a server's value out of what it is now, with nobody else's change in between.

        Args:
            name: of the value, in the server of the entry.
            to: is given the value, None where there is none, and returns the new one, None to take it away. What it
                raises is raised, and nothing is changed.
            entry: for the audit log.

        Raises:
            DatabaseError: nothing was changed.
        """
        key = PolicyKey(entry.guild_id, Scope.GUILD, 0, name)
        async with self._writing:
            value = to(self._values.get(key))
            if value is not None:
                await self._table.set(key, value, entry)
                self._values = {**self._values, key: value}
            else:
                await self._table.unset(key, entry)
                self._values = {each: value for each, value in self._values.items() if each != key}

    async def unset(self, name: str, entry: Entry, *, scope: Scope = Scope.GUILD, target: int = 0) -> bool:
        """Take a value away, so that the default holds again. Returns whether there was one.

        Raises:
            DatabaseError: nothing was changed.
        """
        key = PolicyKey(entry.guild_id, scope, target, name)
        async with self._writing:
            if key not in self._values:
                return False
            await self._table.unset(key, entry)
            self._values = {each: value for each, value in self._values.items() if each != key}
        return True
