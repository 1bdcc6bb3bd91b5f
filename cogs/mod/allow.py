"""`/mod allow` and `/mod newcomer`: what may be used in this server, where, and by whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.moderation import allow_settings as allow
from bot.moderation.allow_settings import AllowSettings, Option
from bot.studio import Studio
from cogs import options
from cogs.errors import defer_privately, guarded, whisper
from cogs.mod.acting import entry
from cogs.mod.page import Page, setting, some
from cogs.who import Who, may
from cogs.words import say, translated
from pipeline.errors import InvalidRequest
from pipeline.request import choose_profile

AnyInteraction = discord.Interaction[Any]
AnyChannel = (
    discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel | discord.Thread
)

ACTION_CHOICES: Final = [
    Choice(name="add", value="add"),
    Choice(name="remove", value="remove"),
    Choice(name="reset", value="reset"),
]
LINES: Final = {
    Option.IMAGE: "painting from pictures",
    Option.UPSCALE: "enlarging",
    Option.UPSCALE_X4: "enlarging x4",
    Option.PRIVATE: "private drafts",
    Option.SERIES: "series of seeds",
    Option.PERMUTATIONS: "alternatives in braces",
}
OPTION_CHOICES: Final = [Choice(name=text, value=each.value) for each, text in LINES.items()]


class AllowCommands(app_commands.Group):
    """Lists: as soon as one has an entry, nothing else is allowed."""

    def __init__(self, settings: AllowSettings, studio: Studio, page: Page) -> None:
        super().__init__(name="allow", description="What may be used here, where and by whom")
        self._settings = settings
        self._studio = studio
        page.add(allow.NAMES, self._lines)

    def _lines(self, guild_id: int) -> Iterable[str]:
        read = self._settings
        everything, none = say("all"), say("none")
        models = [f"`{each}`" for each in read.models(guild_id)]
        yield setting(say("Models"), some(models), everything)
        channels = [f"<#{each}>" for each in read.ids(guild_id, allow.CHANNELS)]
        yield setting(say("Channels"), some(channels), everything)
        roles = [f"<@&{each}>" for each in read.ids(guild_id, allow.ROLES)]
        yield setting(say("Roles that may paint"), some(roles), everything)
        off = [translated(LINES[each]) for each in sorted(read.off(guild_id))]
        yield setting(say("Switched off"), some(off), none)
        for name, title in ((allow.COUNT, say("Pictures at a time")), (allow.STEPS, say("Most steps"))):
            most = read.most(guild_id, name)
            yield setting(title, None if most is None else str(most), say("as the models take them"))

    @may(Who.MODERATOR)
    @app_commands.command(name="model", description="Models that alone may be used here")
    @app_commands.describe(action="What to do with the list", model="Which model")
    @app_commands.choices(action=ACTION_CHOICES)
    async def model(self, interaction: AnyInteraction, action: str, model: str | None = None) -> None:
        """Suggestions and `/models` show only these then."""
        async with guarded(interaction, "changing what is allowed"):
            await defer_privately(interaction)
            value = None
            if model is not None:
                value = choose_profile(self._studio.profiles, model, model).id
            await self._change(interaction, allow.MODELS, action, value, value or "")

    @may(Who.MODERATOR)
    @app_commands.command(
        name="channel", description="Channels in which alone pictures are painted, with their threads"
    )
    @app_commands.describe(
        action="What to do with the list", channel="Which channel; a thread stands for its channel"
    )
    @app_commands.choices(action=ACTION_CHOICES)
    async def channel(
        self, interaction: AnyInteraction, action: str, channel: AnyChannel | None = None
    ) -> None:
        """A thread counts as its channel."""
        async with guarded(interaction, "changing what is allowed"):
            await defer_privately(interaction)
            value: int | None = None
            if channel is not None:
                value = channel.parent_id if isinstance(channel, discord.Thread) else channel.id
            await self._change(interaction, allow.CHANNELS, action, value, channel.name if channel else "")

    @may(Who.MODERATOR)
    @app_commands.command(name="role", description="Roles whose members alone may paint")
    @app_commands.describe(action="What to do with the list", role="Which role")
    @app_commands.choices(action=ACTION_CHOICES)
    async def role(self, interaction: AnyInteraction, action: str, role: discord.Role | None = None) -> None:
        """One of them is enough."""
        async with guarded(interaction, "changing what is allowed"):
            await defer_privately(interaction)
            if role is not None and role.is_default():
                raise InvalidRequest("Everybody has that role. `reset` lets everybody paint.")
            value, name = (role.id, role.name) if role is not None else (None, "")
            await self._change(interaction, allow.ROLES, action, value, name)

    async def _change(
        self, interaction: AnyInteraction, name: str, action: str, value: str | int | None, target: str
    ) -> None:
        what = entry(interaction, f"{name}.{action}", target=target)
        if action == "reset":
            if not await self._settings.reset(name, what):
                raise InvalidRequest("Nothing is on that list, so everything is allowed already.")
        elif value is None:
            raise InvalidRequest("Name what to {action}, too.", action=action)
        elif action == "add":
            await self._settings.add(name, value, what)
        else:
            await self._settings.remove(name, value, what)
        await self._tell(interaction)

    async def _tell(self, interaction: AnyInteraction) -> None:
        lines = "\n".join(self._lines(interaction.guild_id or 0))
        await whisper(interaction, say("This holds from now on:") + f"\n{lines}")

    @may(Who.MODERATOR)
    @app_commands.command(name="option", description="Switch an option on or off in this server")
    @app_commands.describe(option="Which", allowed="Whether members may use it")
    @app_commands.choices(option=OPTION_CHOICES)
    async def option(self, interaction: AnyInteraction, option: str, allowed: bool) -> None:  # noqa: FBT001 - an option
        """However the request comes about, also by buttons of old results."""
        async with guarded(interaction, "changing what is allowed"):
            await defer_privately(interaction)
            await self._settings.switch(Option(option), entry(interaction, "allow.option"), allowed=allowed)
            await self._tell(interaction)

    @may(Who.MODERATOR)
    @app_commands.command(
        name="limits", description="The most pictures at a time and steps; without a number as the models take"
    )
    @app_commands.describe(count="Pictures of one request", steps="Denoising steps")
    async def limits(
        self, interaction: AnyInteraction, count: int | None = None, steps: int | None = None
    ) -> None:
        """Both are set: what is not named is taken back."""
        async with guarded(interaction, "changing what is allowed"):
            await defer_privately(interaction)
            for name, value in ((allow.COUNT, count), (allow.STEPS, steps)):
                await self._settings.limit(name, value, entry(interaction, f"{name}.set"))
            await self._tell(interaction)

    @may(Who.MODERATOR)
    @app_commands.command(name="list", description="What is allowed here")
    async def show(self, interaction: AnyInteraction) -> None:
        """Answer this moderator only."""
        async with guarded(interaction, "showing what is allowed"):
            await defer_privately(interaction)
            await whisper(interaction, "\n".join(self._lines(interaction.guild_id or 0)))

    @model.autocomplete("model")
    async def _models(self, _: AnyInteraction, typed: str) -> list[Choice[str]]:
        found = options.models(self._studio.profiles, self._studio.default_profile, typed)
        return [Choice(name=name, value=value) for name, value in found]


class NewcomerCommands(app_commands.Group):
    """How long somebody has to be in the server before they may paint."""

    def __init__(self, settings: AllowSettings, page: Page) -> None:
        super().__init__(name="newcomer", description="How soon new members may paint")
        self._settings = settings
        page.add((allow.NEWCOMERS,), self._lines)

    def _lines(self, guild_id: int) -> Iterable[str]:
        hours = self._settings.newcomer_hours(guild_id)
        told = say("after {hours} hours", hours=hours) if hours else None
        yield setting(say("New members may paint"), told, say("at once"))

    @may(Who.MODERATOR)
    @app_commands.command(
        name="hours", description="How many hours after joining a member may paint; 0 is at once"
    )
    @app_commands.describe(hours="Hours since they joined this server")
    async def hours(self, interaction: AnyInteraction, hours: int) -> None:
        """Moderators are exempt."""
        async with guarded(interaction, "setting the wait of newcomers"):
            await defer_privately(interaction)
            await self._settings.set_newcomer_hours(hours, entry(interaction, "newcomer.hours"))
            await whisper(interaction, "\n".join(self._lines(interaction.guild_id or 0)))
