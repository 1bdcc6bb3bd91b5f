"""What moderators allow to be painted: for everybody, and for roles. Typed reading and writing of those settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from bot.moderation.policies import Policies, Scope
from db.audit import Entry
from pipeline.errors import InvalidRequest, MemberError

QUOTA: Final = "quota"
MODERATORS: Final = "quota.moderators"
HIGHEST: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits; None is none.

    Attributes:
        pictures: a day.
        gpu_seconds: of the engine, a day.
        pending: pictures that wait or run at the same time.
        per_minute: requests.
    """

    pictures: int | None = None
    gpu_seconds: int | None = None
    pending: int | None = None
    per_minute: int | None = None

    def __bool__(self) -> bool:
        """Whether anything is limited."""
        return self != Quota()

    def over(self, below: Quota) -> Quota:
        """What is set here, and what is set below where nothing is."""
        return replace(below, **{k: v for k, v in asdict(self).items() if v is not None})

    @classmethod
    def read(cls, value: Any) -> Quota:
        """A quota out of a setting; what cannot be read limits nothing."""
        data = value if isinstance(value, Mapping) else {}
        known = {field.name: data.get(field.name) for field in fields(cls)}
        return cls(**{k: v for k, v in known.items() if type(v) is int and v >= 0})

    def stored(self) -> dict[str, int]:
        """What is written of it."""
        return {k: v for k, v in asdict(self).items() if v is not None}


def checked(quota: Quota) -> Quota:
    """The same.

    Raises:
        InvalidRequest: nothing is set, or something is below zero or beyond reason.
    """
    if not quota:
        raise InvalidRequest("Name at least one limit: `pictures`, `gpu_seconds`, `pending` or `per_minute`.")
    for name, value in quota.stored().items():
        if not 0 <= value <= HIGHEST:
            raise InvalidRequest(
                "`{name}` must be from 0 (nothing at all) to {highest}, and it is {value}.",
                name=name,
                highest=HIGHEST,
                value=value,
            )
    return quota


def most_generous(quotas: list[Quota]) -> Quota:
    """Of several roles the highest limit of each kind; a role that does not set a kind has no say in it."""
    best: dict[str, int] = {}
    for quota in quotas:
        for name, value in quota.stored().items():
            best[name] = max(best.get(name, 0), value)
    return Quota(**best)


class QuotaSettings:
    """What is set in each server."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    def default(self, guild_id: int) -> Quota:
        """What holds for everybody."""
        return Quota.read(self._policies.get(guild_id, QUOTA))

    def of_roles(self, guild_id: int) -> Mapping[int, Quota]:
        """What is set for roles, by their ids."""
        found = self._policies.targets(guild_id, Scope.ROLE, QUOTA)
        return {role: Quota.read(value) for role, value in found.items()}

    def spares_moderators(self, guild_id: int) -> bool:
        """Whether moderators have no quota, which is the default."""
        return self._policies.get(guild_id, MODERATORS) is not True

    def of_member(self, guild_id: int, role_ids: frozenset[int], *, moderates: bool) -> Quota:
        """What holds for a member: of their roles the most generous, and for everybody what these leave open."""
        if moderates and self.spares_moderators(guild_id):
            return Quota()
        roles = [quota for role, quota in self.of_roles(guild_id).items() if role in role_ids]
        return most_generous(roles).over(self.default(guild_id))

    # -- changing --------------------------------------------------------------------------------------------

    async def set(self, quota: Quota, entry: Entry, role_id: int | None = None) -> Quota:
        """Set limits for everybody or for a role; those that are not named stay. Returns what holds now.

        Raises:
            InvalidRequest: see `checked`.
            DatabaseError: nothing was changed.
        """
        before = self.default(entry.guild_id)
        if role_id is not None:
            before = self.of_roles(entry.guild_id).get(role_id, Quota())
        after = checked(quota).over(before)
        entry = replace(entry, details={"before": before.stored(), "after": after.stored()})
        if role_id is None:
            await self._policies.set(QUOTA, after.stored(), entry)
        else:
            await self._policies.set(QUOTA, after.stored(), entry, scope=Scope.ROLE, target=role_id)
        return after

    async def clear(self, entry: Entry, role_id: int | None = None) -> None:
        """Take all limits for everybody, or for a role, away.

        Raises:
            MemberError: there are none.
            DatabaseError: nothing was changed.
        """
        if role_id is None:
            gone = await self._policies.unset(QUOTA, entry)
        else:
            gone = await self._policies.unset(QUOTA, entry, scope=Scope.ROLE, target=role_id)
        if not gone:
            raise MemberError("No limits are set there, so there is nothing to clear.")

    async def spare_moderators(self, entry: Entry, *, spared: bool) -> None:
        """Whether moderators have no quota.

        Raises:
            DatabaseError: nothing was changed.
        """
        if spared:
            await self._policies.unset(MODERATORS, entry)
        else:
            await self._policies.set(MODERATORS, True, entry)  # noqa: FBT003 - a value, not a switch
