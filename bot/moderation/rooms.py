"""Where, by whom, and with what something may be painted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.moderation.allow_settings import CHANNELS, COUNT, ROLES, STEPS, AllowSettings, Option
from bot.moderation.gate import Check
from bot.orders import Origin
from pipeline.errors import MemberError
from pipeline.request import Plan
from pipeline.sentence import Channels, Moment
from pipeline.upscalers import UPSCALERS

HOUR: Final = 3600.0
NAMED: Final = 5
"""Channels that a refusal names."""


class Rooms(Check):
    """Channels, roles, models and options of a server."""

    def __init__(self, settings: AllowSettings) -> None:
        self._settings = settings

    def admit(self, origin: Origin) -> None:
        """Refuse a channel, a member or a draft that is not allowed."""
        guild = origin.guild_id
        channels = self._settings.ids(guild, CHANNELS)
        if channels and not {origin.channel_id, origin.parent_id} & set(channels):
            raise MemberError(
                "Nothing is painted in this channel. Go to {channels}.", channels=Channels(channels[:NAMED])
            )
        roles = self._settings.ids(guild, ROLES)
        if roles and not origin.role_ids & set(roles):
            raise MemberError(
                "In this server only members with certain roles may paint. A moderator can give you one."
            )
        if origin.private and Option.PRIVATE in self._settings.off(guild):
            raise MemberError("Private drafts are switched off in this server: paint with `private:False`.")

    def judge(self, origin: Origin, planned: Plan) -> Plan:
        """Refuse models and options that are not allowed, however the recipes came about."""
        guild = origin.guild_id
        allowed = self._settings.models(guild)
        if allowed and planned.profile.id not in allowed:
            raise MemberError(
                "The model {name} is not used in this server. Choose one of these as `model`: {allowed}.",
                name=planned.profile.name,
                allowed=", ".join(allowed),
            )
        most = self._settings.most(guild, COUNT)
        if most is not None and len(planned.recipes) > most:
            raise MemberError(
                "This asks for {count} pictures, and {most} at a time is the most in this server.",
                count=len(planned.recipes),
                most=most,
            )
        most = self._settings.most(guild, STEPS)
        steps = max((r.steps for r in planned.recipes if not r.upscaler), default=0)
        if most is not None and steps > most:
            raise MemberError(
                "This asks for {steps} steps, and {most} are the most in this server. Choose fewer `steps`.",
                steps=steps,
                most=most,
            )
        off = self._settings.off(guild)
        scales = {UPSCALERS[r.upscaler].scale for r in planned.recipes if r.upscaler in UPSCALERS}
        if scales and (Option.UPSCALE in off or (4 in scales and Option.UPSCALE_X4 in off)):
            raise MemberError("Enlarging pictures that much is switched off in this server.")
        if Option.IMAGE in off and any(r.init_image and not r.upscaler for r in planned.recipes):
            raise MemberError(
                "Painting from pictures is switched off in this server: no `image`, and no repainting, expanding or "
                "varying."
            )
        return planned

    def check_batch(self, origin: Origin, *, series: bool, permutations: bool) -> None:
        """Refuse a request that stands for several where that is switched off.

        Raises:
            MemberError: it is.
        """
        off = self._settings.off(origin.guild_id)
        if series and Option.SERIES in off:
            raise MemberError("Series of seeds are switched off in this server: give a single `seed`.")
        if permutations and Option.PERMUTATIONS in off:
            raise MemberError("Alternatives in braces are switched off in this server: write one of them.")


class Newcomers(Check):
    """Whoever joined the server just now has to wait. Moderators do not."""

    def __init__(self, settings: AllowSettings, now: Callable[[], float]) -> None:
        self._settings = settings
        self._now = now

    def admit(self, origin: Origin) -> None:
        """Refuse newcomers, and say from when on they may."""
        hours = self._settings.newcomer_hours(origin.guild_id)
        if not hours or origin.moderates or origin.joined_at is None:
            return
        when = origin.joined_at + hours * HOUR
        if when > self._now():
            raise MemberError(
                "You have joined this server lately. Here members may paint after {hours} hours: you may {when}.",
                hours=hours,
                when=Moment(when),
            )
