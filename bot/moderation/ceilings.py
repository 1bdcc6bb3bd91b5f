"""The most that may be painted and shown in a place.

Discord's age-restriction decides what is possible at all, and the instance's settings what of it is: in ordinary
channels `RATING_CEILING_MAXIMUM`, in age-restricted ones `RATING_CEILING_AGE_RESTRICTED`. Below that a server decides:

- A channel's ceiling, or its parent's for a thread without one of its own, is the most there, for everybody.
- Where no channel says anything, the highest ceiling among a member's roles replaces the default, up or down.
- Where a channel does, such a role can only lower it.

Everything is looked up when it is needed and nothing is kept with a job, so a change holds at once, and so does
Discord's own when a channel stops being age-restricted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bot.moderation.policies import Policies, Scope
from bot.orders import Origin
from bot.settings import Settings
from db.audit import Entry
from pipeline.errors import InvalidRequest
from pipeline.profiles.types import Rating
from pipeline.prompt.above import Above

RATING: Final = "ceiling.rating"
"""Of a channel or a role: one step of the rating ladder."""
ABOVE: Final = "ceiling.above"
"""Of a server: what happens to words above the ceiling."""


def lowest(*ratings: Rating) -> Rating:
    """The mildest of some."""
    return min(ratings, key=lambda step: step.level)


def highest(*ratings: Rating) -> Rating:
    """The strongest of some."""
    return max(ratings, key=lambda step: step.level)


class Ceilings:
    """Reads and sets ceilings."""

    def __init__(self, *, settings: Settings, policies: Policies) -> None:
        self._settings = settings
        self._policies = policies

    def most(self, *, age_restricted: bool) -> Rating:
        """The most that a server may allow in a channel of this kind."""
        if age_restricted:
            return self._settings.rating_ceiling_age_restricted
        return self._settings.rating_ceiling_maximum

    def default(self, *, age_restricted: bool) -> Rating:
        """What holds where a server has set nothing."""
        if age_restricted:
            return self._settings.rating_ceiling_age_restricted
        return lowest(self._settings.rating_ceiling, self._settings.rating_ceiling_maximum)

    def of(self, origin: Origin) -> Rating:
        """The ceiling of a place for whoever is there."""
        most = self.most(age_restricted=origin.nsfw_channel)
        channel = self._of_channel(origin.guild_id, origin.channel_id, origin.parent_id)
        role = self._of_roles(origin)
        if channel is None:
            return lowest(most, role or self.default(age_restricted=origin.nsfw_channel))
        return lowest(most, channel, role or channel)

    def _of_channel(self, guild_id: int, channel_id: int, parent_id: int) -> Rating | None:
        for each in filter(None, (channel_id, parent_id)):
            value = _rating(self._policies.get(guild_id, RATING, scope=Scope.CHANNEL, target=each))
            if value is not None:
                return value
        return None

    def _of_roles(self, origin: Origin) -> Rating | None:
        if not origin.role_ids:
            return None
        of = self.roles(origin.guild_id)
        found = [of[role] for role in origin.role_ids if role in of]
        return highest(*found) if found else None

    def channels(self, guild_id: int) -> Mapping[int, Rating]:
        """The channels and threads of a server that have a ceiling of their own."""
        return _ratings(self._policies.targets(guild_id, Scope.CHANNEL, RATING))

    def roles(self, guild_id: int) -> Mapping[int, Rating]:
        """The roles of a server that have one."""
        return _ratings(self._policies.targets(guild_id, Scope.ROLE, RATING))

    def above(self, guild_id: int) -> Above:
        """What a server wants done with words above the ceiling."""
        value = self._policies.get(guild_id, ABOVE)
        return Above(value) if isinstance(value, str) and value in set(Above) else Above.REFUSE

    # -- setting ---------------------------------------------------------------------------------------------

    async def set_channel(self, channel_id: int, rating: Rating, entry: Entry, *, age_restricted: bool) -> None:
        """Set a channel's or a thread's ceiling, in the server of the audit log's entry.

        Raises:
            InvalidRequest: more than may be allowed in such a channel.
            DatabaseError: nothing was changed.
        """
        most = self.most(age_restricted=age_restricted)
        if rating.level > most.level:
            raise InvalidRequest(
                "The rating `{rating}` cannot be allowed in this channel: the most in an age-restricted one is "
                "`{most}`."
                if age_restricted
                else "The rating `{rating}` cannot be allowed in this channel: Discord does not know it as "
                "age-restricted, and the most is `{most}`.",
                rating=rating.value,
                most=most.value,
            )
        await self._policies.set(RATING, rating.value, entry, scope=Scope.CHANNEL, target=channel_id)

    async def set_role(self, role_id: int, rating: Rating, entry: Entry) -> None:
        """Set a role's ceiling.

        Raises:
            InvalidRequest: more than may be allowed anywhere.
            DatabaseError: nothing was changed.
        """
        most = highest(self.most(age_restricted=True), self.most(age_restricted=False))
        if rating.level > most.level:
            raise InvalidRequest(
                "The rating `{rating}` cannot be allowed to a role: the most anywhere is `{most}`.",
                rating=rating.value,
                most=most.value,
            )
        await self._policies.set(RATING, rating.value, entry, scope=Scope.ROLE, target=role_id)

    async def set_above(self, above: Above, entry: Entry) -> None:
        """Set what happens to words above the ceiling.

        Raises:
            DatabaseError: nothing was changed.
        """
        await self._policies.set(ABOVE, above.value, entry)

    async def reset(self, scope: Scope, target: int, entry: Entry) -> bool:
        """Take a channel's or a role's ceiling away. Returns whether there was one.

        Raises:
            DatabaseError: nothing was changed.
        """
        return await self._policies.unset(RATING, entry, scope=scope, target=target)


def _rating(value: Any) -> Rating | None:
    """A value as it was set; None for one that this version does not know."""
    return Rating(value) if isinstance(value, str) and value in set(Rating) else None


def _ratings(values: Mapping[int, Any]) -> dict[int, Rating]:
    return {target: rating for target, value in values.items() if (rating := _rating(value)) is not None}
