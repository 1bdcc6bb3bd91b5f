"""What the owner of the instance sets for all servers. Typed reading and writing of those settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.moderation.policies import INSTANCE, Policies
from bot.moderation.quota_settings import Quota, checked
from db.audit import Entry
from pipeline.errors import InvalidRequest, MemberError

MAINTENANCE: Final = "instance.maintenance"
BANNED: Final = "instance.banned"
LIST_ON: Final = "instance.list.on"
LISTED: Final = "instance.list"
LIMITS: Final = "instance.limits"
EVERY: Final = 0
"""The server under which the limits of all servers without their own are."""
MOST_ID: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class BannedServer:
    """A server in which the bot is not to be used."""

    guild_id: int
    name: str
    reason: str


def server_id(text: str) -> int:
    """A server's id as an owner types it.

    Raises:
        InvalidRequest: it is none.
    """
    typed = text.strip()
    if not typed.isascii() or not typed.isdigit() or not 0 < int(typed) <= MOST_ID:
        raise InvalidRequest(
            "`{text}` is no server's id: choose one of the list, or type its number.", text=text[:40]
        )
    return int(typed)


class InstanceSettings:
    """Reading from memory, writing with an entry of the instance's own audit log.

    Args:
        policies: where all this is.
        control: the server of the owner's commands, which is always allowed; 0 for none.
    """

    def __init__(self, policies: Policies, control: int) -> None:
        self._policies = policies
        self.control = control

    def _get(self, name: str) -> Any:
        return self._policies.get(INSTANCE, name)

    # -- reading ---------------------------------------------------------------------------------------------

    def maintenance(self) -> str | None:
        """What members are told while nothing new is taken; None when all is as usual."""
        value = self._get(MAINTENANCE)
        return value if isinstance(value, str) else None

    def banned(self) -> Mapping[int, BannedServer]:
        """Servers that are banned, by id."""
        value = self._get(BANNED)
        found = value.items() if isinstance(value, dict) else ()
        return {int(k): BannedServer(int(k), str(v["name"]), str(v["reason"])) for k, v in found}

    def list_on(self) -> bool:
        """Whether only the listed servers are allowed."""
        return self._get(LIST_ON) is True

    def listed(self) -> tuple[int, ...]:
        """The servers on the list."""
        value = self._get(LISTED)
        return tuple(each for each in value if type(each) is int) if isinstance(value, list) else ()

    def allowed(self, guild_id: int) -> bool:
        """Whether the list lets this server in."""
        return not self.list_on() or guild_id == self.control or guild_id in self.listed()

    def welcome(self, guild_id: int) -> bool:
        """Whether the bot is to stay in this server."""
        return guild_id not in self.banned() and self.allowed(guild_id)

    def limits(self) -> Mapping[int, Quota]:
        """What is set for servers, by id; `EVERY` is the one for those without their own."""
        value = self._get(LIMITS)
        return {int(k): Quota.read(v) for k, v in value.items()} if isinstance(value, dict) else {}

    def limit(self, guild_id: int) -> Quota:
        """What holds for a server: its own limits, and for what these leave open those of every server."""
        limits = self.limits()
        return limits.get(guild_id, Quota()).over(limits.get(EVERY, Quota()))

    # -- changing --------------------------------------------------------------------------------------------

    async def set_maintenance(self, message: str | None, entry: Entry) -> None:
        """Take nothing new from now on, or with None take it again."""
        if message is None:
            if not await self._policies.unset(MAINTENANCE, entry):
                raise MemberError("Maintenance is not on, so there is nothing to end.")
        else:
            await self._policies.set(MAINTENANCE, message, replace(entry, reason=message))

    async def ban(self, server: BannedServer, entry: Entry) -> None:
        """Ban a server.

        Raises:
            MemberError: it is the control server, or banned already.
        """
        if server.guild_id == self.control:
            raise MemberError("This is the control server: without it nobody could lift the ban.")

        def to(now: Any) -> dict[str, Any]:
            banned = dict(now) if isinstance(now, dict) else {}
            if str(server.guild_id) in banned:
                raise MemberError("This server is banned already.")
            return {**banned, str(server.guild_id): {"name": server.name, "reason": server.reason}}

        await self._policies.change(BANNED, to, replace(entry, target=_named(server.guild_id, server.name)))

    async def unban(self, guild_id: int, entry: Entry) -> None:
        """Lift the ban of a server.

        Raises:
            MemberError: it is not banned.
        """

        def to(now: Any) -> dict[str, Any] | None:
            banned = dict(now) if isinstance(now, dict) else {}
            if banned.pop(str(guild_id), None) is None:
                raise MemberError("This server is not banned.")
            return banned or None

        await self._policies.change(BANNED, to, replace(entry, target=str(guild_id)))

    async def set_list(self, entry: Entry, *, on: bool) -> None:
        """Allow only listed servers, or all."""
        if on:
            await self._policies.set(LIST_ON, on, entry)
        else:
            await self._policies.unset(LIST_ON, entry)

    async def put(self, guild_id: int, name: str, entry: Entry) -> None:
        """Put a server on the list.

        Raises:
            MemberError: it is on it.
        """

        def to(now: Any) -> list[int]:
            listed = list(now) if isinstance(now, list) else []
            if guild_id in listed:
                raise MemberError("This server is on the list already.")
            return [*listed, guild_id]

        await self._policies.change(LISTED, to, replace(entry, target=_named(guild_id, name)))

    async def take(self, guild_id: int, entry: Entry) -> None:
        """Take a server off the list.

        Raises:
            MemberError: it is not on it.
        """

        def to(now: Any) -> list[int] | None:
            listed = list(now) if isinstance(now, list) else []
            if guild_id not in listed:
                raise MemberError("This server is not on the list.")
            return [each for each in listed if each != guild_id] or None

        await self._policies.change(LISTED, to, replace(entry, target=str(guild_id)))

    async def set_limit(self, guild_id: int, quota: Quota | None, entry: Entry) -> Quota:
        """Set what a server, or `EVERY` one, may paint; None takes it all away. Returns what is set there now.

        Raises:
            InvalidRequest: see `checked`.
            MemberError: there is nothing to take away.
        """
        after = Quota() if quota is None else checked(quota)
        after = after if quota is None else after.over(self.limits().get(guild_id, Quota()))

        def to(now: Any) -> dict[str, Any] | None:
            limits = dict(now) if isinstance(now, dict) else {}
            if quota is None:
                if limits.pop(str(guild_id), None) is None:
                    raise MemberError("No limits are set there, so there is nothing to clear.")
            else:
                limits[str(guild_id)] = after.stored()
            return limits or None

        target = str(guild_id) if guild_id else ""
        await self._policies.change(LIMITS, to, replace(entry, target=target, details=after.stored()))
        return after


def _named(guild_id: int, name: str) -> str:
    return f"{name} ({guild_id})" if name else str(guild_id)
