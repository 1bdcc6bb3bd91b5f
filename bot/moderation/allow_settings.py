"""What may be used in a server: models, channels, roles and options. Typed reading and writing of those settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

from bot.moderation.policies import Policies
from db.audit import Entry
from pipeline.errors import InvalidRequest, MemberError
from pipeline.profiles.types import Profile
from pipeline.request import MAX_COUNT

MODELS: Final = "allow.models"
CHANNELS: Final = "allow.channels"
ROLES: Final = "allow.roles"
OFF: Final = "allow.off"
COUNT: Final = "allow.count"
STEPS: Final = "allow.steps"
NEWCOMERS: Final = "newcomer.hours"
NAMES: Final = (MODELS, CHANNELS, ROLES, OFF, COUNT, STEPS)
MAX_STEPS: Final = 150
MAX_HOURS: Final = 24 * 365
MOST: Final = 100
"""Entries of a list."""


class Option(StrEnum):
    """What can be switched off."""

    IMAGE = "image"
    UPSCALE = "upscale"
    UPSCALE_X4 = "upscale x4"
    PRIVATE = "private"
    SERIES = "seeds"
    PERMUTATIONS = "permutations"


class AllowSettings:
    """What is set in each server. An empty list means that everything is allowed."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    # -- reading ---------------------------------------------------------------------------------------------

    def models(self, guild_id: int) -> tuple[str, ...]:
        """Ids of the models that alone may be used."""
        value = self._policies.get(guild_id, MODELS)
        return tuple(str(each) for each in value) if isinstance(value, list) else ()

    def ids(self, guild_id: int, name: str) -> tuple[int, ...]:
        """Ids of the channels (`CHANNELS`) in which, or roles (`ROLES`) with which alone something may be painted."""
        value = self._policies.get(guild_id, name)
        return tuple(each for each in value if type(each) is int) if isinstance(value, list) else ()

    def off(self, guild_id: int) -> frozenset[Option]:
        """Options that are switched off."""
        value = self._policies.get(guild_id, OFF)
        known = set(Option)
        return (
            frozenset(Option(each) for each in value if each in known)
            if isinstance(value, list)
            else frozenset()
        )

    def most(self, guild_id: int, name: str) -> int | None:
        """The most pictures of one request (`COUNT`) or steps (`STEPS`); None for what the models take."""
        value = self._policies.get(guild_id, name)
        return value if type(value) is int else None

    def newcomer_hours(self, guild_id: int) -> int:
        """Hours that somebody has to be in the server before they may paint."""
        value = self._policies.get(guild_id, NEWCOMERS)
        return value if type(value) is int else 0

    def profiles(self, guild_id: int, profiles: Mapping[str, Profile]) -> Mapping[str, Profile]:
        """Those of the models that may be used here; all of them where none of the allowed ones is known any more."""
        allowed = self.models(guild_id)
        return {id_: each for id_, each in profiles.items() if not allowed or id_ in allowed} or profiles

    def default(self, guild_id: int, profiles: Mapping[str, Profile], default: str) -> str:
        """The model for those who name none: the owner's where that is allowed, else the first that is."""
        here = self.profiles(guild_id, profiles)
        return default if default in here else next(iter(here))

    # -- changing --------------------------------------------------------------------------------------------

    async def add(self, name: str, value: str | int, entry: Entry) -> None:
        """Put something on a list; from the first entry on nothing else is allowed.

        Raises:
            InvalidRequest: it stands there, or the list is full.
        """

        def to(now: Any) -> list[str | int]:
            entries = _entries(now)
            if value in entries:
                raise InvalidRequest("That is on the list already.")
            if len(entries) >= MOST:
                raise InvalidRequest("This list takes {most} entries at most.", most=MOST)
            return [*entries, value]

        await self._policies.change(name, to, entry)

    async def remove(self, name: str, value: str | int, entry: Entry) -> None:
        """Take something from a list; without any entry everything is allowed again.

        Raises:
            MemberError: it does not stand there.
        """

        def to(now: Any) -> list[str | int] | None:
            entries = _entries(now)
            if value not in entries:
                raise MemberError("That is not on the list. `/mod allow list` shows what is.")
            return [each for each in entries if each != value] or None

        await self._policies.change(name, to, entry)

    async def reset(self, name: str, entry: Entry) -> bool:
        """Allow everything again. False when it was."""
        return await self._policies.unset(name, entry)

    async def switch(self, option: Option, entry: Entry, *, allowed: bool) -> None:
        """Switch an option on or off."""

        def to(now: Any) -> list[str] | None:
            off = set(_entries(now)) - {option.value}
            return sorted(str(each) for each in (off if allowed else off | {option.value})) or None

        await self._policies.change(OFF, to, replace(entry, target=option.value, details={"allowed": allowed}))

    async def limit(self, name: str, value: int | None, entry: Entry) -> None:
        """Set the most pictures of a request (`COUNT`) or steps (`STEPS`); None allows what the models do.

        Raises:
            InvalidRequest: out of range.
        """
        highest = MAX_COUNT if name == COUNT else MAX_STEPS
        if value is None:
            await self._policies.unset(name, entry)
            return
        if not 1 <= value <= highest:
            raise InvalidRequest(
                "`{name}` must be from 1 to {highest}, and it is {value}.",
                name=name.rpartition(".")[2],
                highest=highest,
                value=value,
            )
        await self._policies.set(name, value, replace(entry, details={"value": value}))

    async def set_newcomer_hours(self, hours: int, entry: Entry) -> None:
        """Set how long somebody has to be in the server; 0 for not at all.

        Raises:
            InvalidRequest: out of range.
        """
        if not 0 <= hours <= MAX_HOURS:
            raise InvalidRequest(
                "The hours must be from 0 to {highest}, and they are {value}.", highest=MAX_HOURS, value=hours
            )
        entry = replace(entry, details={"hours": hours})
        if hours:
            await self._policies.set(NEWCOMERS, hours, entry)
        else:
            await self._policies.unset(NEWCOMERS, entry)


def _entries(value: Any) -> list[str | int]:
    return list(value) if isinstance(value, list) else []
