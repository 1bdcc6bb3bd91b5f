"""`/mod quota`: how much members may paint, for everybody and for roles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import discord
from discord import app_commands

from bot.moderation.quota_settings import MODERATORS, QUOTA, Quota, QuotaSettings
from cogs.errors import defer_privately, guarded, whisper
from cogs.mod.acting import entry
from cogs.mod.page import NAMED, Page, setting
from cogs.who import Who, may
from cogs.words import say, translated

AnyInteraction = discord.Interaction[Any]

LINES: Final = {
    "pictures": "{n} pictures a day",
    "gpu_seconds": "{n} GPU seconds a day",
    "pending": "{n} pictures waiting at a time",
    "per_minute": "{n} requests a minute",
}


def quota_text(quota: Quota) -> str:
    """Its limits side by side; empty without any."""
    return " · ".join(translated(LINES[name]).format(n=value) for name, value in quota.stored().items())


def _role(role: discord.Role | None) -> int | None:
    """The role's id; None for everybody, which Discord has a role for as well."""
    return None if role is None or role.is_default() else role.id


def _whom(role_id: int | None) -> str:
    return say("everybody") if role_id is None else f"<@&{role_id}>"


class QuotaCommands(app_commands.Group):
    """Limits of this server."""

    def __init__(self, settings: QuotaSettings, page: Page) -> None:
        super().__init__(name="quota", description="How much members may paint")
        self._settings = settings
        page.add((QUOTA, MODERATORS), self._lines)

    def _lines(self, guild_id: int) -> Iterable[str]:
        quota = self._settings.default(guild_id)
        yield setting(say("Quota of everybody"), quota_text(quota) or None, say("no limits"))
        roles = self._settings.of_roles(guild_id)
        for role, each in list(roles.items())[:NAMED]:
            yield setting(say("Quota of {role}", role=f"<@&{role}>"), quota_text(each), "")
        if len(roles) > NAMED:
            yield say("-# and {count} more", count=len(roles) - NAMED)
        spared = self._settings.spares_moderators(guild_id)
        yield setting(say("Quota of moderators"), None if spared else say("as of everybody"), say("no limits"))

    @may(Who.MODERATOR)
    @app_commands.command(name="set", description="Limit what everybody, or a role, may paint")
    @app_commands.describe(
        role="For whom; without it for everybody. Of several roles the most generous counts",
        pictures="Pictures a day",
        gpu_seconds="Seconds of the GPU a day",
        pending="Pictures waiting or being painted at the same time",
        per_minute="Requests a minute",
    )
    async def set(
        self,
        interaction: AnyInteraction,
        role: discord.Role | None = None,
        pictures: int | None = None,
        gpu_seconds: int | None = None,
        pending: int | None = None,
        per_minute: int | None = None,
    ) -> None:
        """What is not named stays as it is."""
        async with guarded(interaction, "setting a quota"):
            await defer_privately(interaction)
            whom = _role(role)
            what = entry(interaction, "quota.set", target="" if role is None else role.name)
            after = await self._settings.set(Quota(pictures, gpu_seconds, pending, per_minute), what, whom)
            limits = quota_text(after)
            await whisper(interaction, say("For {whom} now: {limits}.", whom=_whom(whom), limits=limits))

    @may(Who.MODERATOR)
    @app_commands.command(name="clear", description="Take the limits of everybody, or of a role, away")
    @app_commands.describe(role="Whose; without it those of everybody")
    async def clear(self, interaction: AnyInteraction, role: discord.Role | None = None) -> None:
        """The others stay."""
        async with guarded(interaction, "clearing a quota"):
            await defer_privately(interaction)
            whom = _role(role)
            await self._settings.clear(
                entry(interaction, "quota.clear", target="" if role is None else role.name), whom
            )
            await whisper(interaction, say("For {whom} nothing is limited any more.", whom=_whom(whom)))

    @may(Who.MODERATOR)
    @app_commands.command(name="moderators", description="Whether moderators have quotas, too")
    @app_commands.describe(exempt="True: nothing is limited for them, which is the default")
    async def moderators(self, interaction: AnyInteraction, exempt: bool) -> None:  # noqa: FBT001 - an option
        """The same as everybody's, or none."""
        async with guarded(interaction, "setting a quota"):
            await defer_privately(interaction)
            what = entry(interaction, "quota.moderators", details={"exempt": exempt})
            await self._settings.spare_moderators(what, spared=exempt)
            text = say("Moderators have no quota.") if exempt else say("Moderators have quotas like everybody.")
            await whisper(interaction, text)

    @may(Who.MODERATOR)
    @app_commands.command(name="show", description="The limits of this server")
    async def show(self, interaction: AnyInteraction) -> None:
        """Answer this moderator only."""
        async with guarded(interaction, "showing the quotas"):
            await defer_privately(interaction)
            await whisper(interaction, "\n".join(self._lines(interaction.guild_id or 0)))
