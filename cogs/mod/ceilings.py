"""`/mod ceiling`: the most that may be painted and shown, and what becomes of words above it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.moderation.ceilings import ABOVE, RATING, Ceilings
from bot.moderation.policies import Scope
from cogs.access import origin_of
from cogs.errors import defer_privately, guarded, whisper
from cogs.mod.acting import entry
from cogs.mod.page import Page, setting, some
from cogs.text import trim
from cogs.who import Who, may
from cogs.words import say
from pipeline.errors import InvalidRequest
from pipeline.profiles.types import Rating
from pipeline.prompt.above import Above

Place = (
    discord.TextChannel | discord.Thread | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel
)
_RATINGS: Final = [Choice(name=each.value, value=each.value) for each in Rating if each is not Rating.EXPLICIT]
"""Explicit is never to be had on Discord."""
_MODES: Final = [
    Choice(name="refuse the request", value=Above.REFUSE.value),
    Choice(name="move the words to the negative prompt", value=Above.MOVE.value),
]
_ROOM: Final = 1900


class CeilingCommands(app_commands.Group):
    """Ratings of this server, for its moderators."""

    def __init__(self, ceilings: Ceilings, page: Page) -> None:
        super().__init__(name="ceiling", description="The most that may be painted and shown")
        self._ceilings = ceilings
        page.add((RATING, ABOVE), self._set)

    def _set(self, guild_id: int) -> Iterable[str]:
        ceilings = self._ceilings
        ordinary, restricted = (f"`{ceilings.default(age_restricted=each).value}`" for each in (False, True))
        yield setting(say("Highest rating in ordinary channels"), None, ordinary)
        yield setting(say("Highest rating in age-restricted channels"), None, restricted)
        channels = [f"<#{each}> `{rating.value}`" for each, rating in ceilings.channels(guild_id).items()]
        yield setting(say("Channels with their own"), some(channels), say("none"))
        roles = [f"<@&{each}> `{rating.value}`" for each, rating in ceilings.roles(guild_id).items()]
        yield setting(say("Roles with their own"), some(roles), say("none"))
        moved = ceilings.above(guild_id) is Above.MOVE
        told = say("moved to the negative prompt") if moved else None
        yield setting(say("Words above the highest rating"), told, say("refused"))

    @may(Who.MODERATOR)
    @app_commands.command(name="channel", description="The most that may be painted and shown in a channel")
    @app_commands.describe(
        rating="The highest rating; what Discord's age-restriction does not allow is refused",
        channel="Which one, with its threads; this one if you leave it out",
    )
    @app_commands.choices(rating=_RATINGS)
    async def channel(
        self, interaction: discord.Interaction[Any], rating: Choice[str], channel: Place | None = None
    ) -> None:
        """From now on, for everybody and also for what waits already."""
        async with guarded(interaction, "setting a ceiling"):
            await defer_privately(interaction)
            place = channel or _here(interaction)
            step = Rating(rating.value)
            what = entry(interaction, "ceiling.channel", target=f"#{place.name}: {step.value}")
            await self._ceilings.set_channel(place.id, step, what, age_restricted=place.is_nsfw())
            await whisper(
                interaction,
                say(
                    "From now on the most in {channel} is `{rating}`.", channel=place.mention, rating=step.value
                ),
            )

    @may(Who.MODERATOR)
    @app_commands.command(name="role", description="The most that members with a role may paint and see")
    @app_commands.describe(
        role="Which one; of several the highest counts",
        rating="It lifts or lowers what a channel allows by default, and only lowers what is set for a channel",
    )
    @app_commands.choices(rating=_RATINGS)
    async def role(
        self, interaction: discord.Interaction[Any], role: discord.Role, rating: Choice[str]
    ) -> None:
        """From now on, where the channel has no lower one."""
        async with guarded(interaction, "setting a ceiling"):
            await defer_privately(interaction)
            if role.is_default():
                raise InvalidRequest(
                    "Everybody has this role. Set ceilings for channels instead, with `/mod ceiling channel`."
                )
            step = Rating(rating.value)
            what = entry(interaction, "ceiling.role", target=f"@{role.name}: {step.value}")
            await self._ceilings.set_role(role.id, step, what)
            await whisper(
                interaction,
                say(
                    "From now on the most for members with {role} is `{rating}`, as far as the channel allows it.",
                    role=role.mention,
                    rating=step.value,
                ),
            )

    @may(Who.MODERATOR)
    @app_commands.command(name="reset", description="Take a channel's or a role's ceiling away")
    @app_commands.describe(
        channel="Which channel; this one if you name nothing", role="Or which role, instead of a channel"
    )
    async def reset(
        self,
        interaction: discord.Interaction[Any],
        channel: Place | None = None,
        role: discord.Role | None = None,
    ) -> None:
        """Then the default holds again."""
        async with guarded(interaction, "resetting a ceiling"):
            await defer_privately(interaction)
            if channel is not None and role is not None:
                raise InvalidRequest("Name either a channel or a role, and reset the other one after that.")
            place = role or channel or _here(interaction)
            scope, sign = (Scope.ROLE, "@") if role is not None else (Scope.CHANNEL, "#")
            what = entry(interaction, "ceiling.reset", target=f"{sign}{place.name}")
            if await self._ceilings.reset(scope, place.id, what):
                said = say("{place} has no ceiling of its own any more.", place=place.mention)
            else:
                said = say("{place} has no ceiling of its own.", place=place.mention)
            await whisper(interaction, said)

    @may(Who.MODERATOR)
    @app_commands.command(name="above", description="What becomes of words above the ceiling")
    @app_commands.describe(mode="Refuse the whole request, or paint it with these words kept out")
    @app_commands.choices(mode=_MODES)
    async def above(self, interaction: discord.Interaction[Any], mode: Choice[str]) -> None:
        """From now on, in all of this server."""
        async with guarded(interaction, "setting what becomes of words above the ceiling"):
            await defer_privately(interaction)
            above = Above(mode.value)
            await self._ceilings.set_above(above, entry(interaction, "ceiling.above", target=above.value))
            await whisper(interaction, _said(above))

    @may(Who.MODERATOR)
    @app_commands.command(name="show", description="All ceilings of this server")
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """Defaults, channels and roles, and what holds here."""
        async with guarded(interaction, "showing the ceilings"):
            await defer_privately(interaction)
            await whisper(interaction, trim("\n".join(self._lines(interaction)), _ROOM))

    def _lines(self, interaction: discord.Interaction[Any]) -> list[str]:
        ceilings, guild_id = self._ceilings, interaction.guild_id or 0
        ordinary, restricted = (ceilings.default(age_restricted=each) for each in (False, True))
        most = ceilings.most(age_restricted=False)
        return [
            say("Here, for you: `{rating}`.", rating=ceilings.of(origin_of(interaction)).value),
            say(
                "By default `{ordinary}` in ordinary channels, where at most `{most}` can be set, and "
                "`{restricted}` in age-restricted ones.",
                ordinary=ordinary.value,
                most=most.value,
                restricted=restricted.value,
            ),
            _said(ceilings.above(guild_id)),
            *(f"- <#{target}>: `{rating.value}`" for target, rating in ceilings.channels(guild_id).items()),
            *(f"- <@&{target}>: `{rating.value}`" for target, rating in ceilings.roles(guild_id).items()),
        ]


def _said(above: Above) -> str:
    if above is Above.REFUSE:
        return say("Requests with words above the ceiling are refused.")
    return say("Words above the ceiling are moved to the negative prompt, and the rest is painted.")


def _here(interaction: discord.Interaction[Any]) -> Place:
    """The channel where the command was used.

    Raises:
        InvalidRequest: Discord did not say which one that is.
    """
    if not isinstance(interaction.channel, Place):
        raise InvalidRequest("Name the channel: this one is not known to me.")
    return interaction.channel
