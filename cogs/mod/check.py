"""`/mod check`: how sure the check of finished pictures has to be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import discord
from discord import app_commands

from bot.moderation.checking import Checker
from bot.moderation.thresholds import DEFAULT, HIGHEST, LOWEST, NAME, Thresholds
from cogs.errors import defer_privately, guarded, whisper
from cogs.mod.acting import entry
from cogs.mod.page import Page, setting, some
from cogs.text import percent
from cogs.who import Who, may
from cogs.words import say

AnyInteraction = discord.Interaction[Any]


class CheckCommands(app_commands.Group):
    """The check of finished pictures, in this server."""

    def __init__(self, checker: Checker, kind: str, page: Page) -> None:
        super().__init__(name="check", description="How strictly finished pictures are looked at")
        self._checker = checker
        self._kind = kind
        page.add((NAME,), self._lines)

    def _lines(self, guild_id: int) -> Iterable[str]:
        off = None if self._checker.on else say("off, by the owner of this bot")
        yield setting(say("Check of finished pictures"), off, say("on, by `{kind}`", kind=self._kind))
        value = self._thresholds.of_guild(guild_id)
        told = None if value == DEFAULT else percent(value)
        yield setting(say("Pictures are withheld from"), told, percent(DEFAULT))
        channels = [f"<#{each}> {percent(own)}" for each, own in self._thresholds.of_channels(guild_id).items()]
        yield setting(say("Channels that withhold from"), some(channels), say("none"))

    @property
    def _thresholds(self) -> Thresholds:
        return self._checker.thresholds

    @may(Who.MODERATOR)
    @app_commands.command(name="threshold", description="From which probability on a picture is withheld")
    @app_commands.describe(
        channel="For one channel and its threads; leave it out for the whole server",
        value="The smaller, the more is withheld; leave it out for the default",
    )
    async def threshold(
        self,
        interaction: AnyInteraction,
        channel: discord.TextChannel
        | discord.Thread
        | discord.VoiceChannel
        | discord.ForumChannel
        | None = None,
        value: app_commands.Range[float, LOWEST, HIGHEST] | None = None,
    ) -> None:
        """Set it, or take it back."""
        async with guarded(interaction, "setting a threshold"):
            await defer_privately(interaction)
            channel_id = channel.id if channel is not None else 0
            named = percent(value) if value is not None else "default"
            target = f"#{channel.name}: {named}" if channel is not None else named
            guild_id = interaction.guild_id or 0
            before = self._thresholds.of_channels(guild_id).get(channel_id, self._thresholds.of_guild(guild_id))
            what = entry(
                interaction, "check.threshold", target=target, details={"before": before, "after": value}
            )
            place = channel.mention if channel is not None else say("the whole server")
            if value is None:
                await self._thresholds.unset(what, channel_id)
                await whisper(interaction, say("The default holds again for {place}.", place=place))
                return
            await self._thresholds.set(value, what, channel_id)
            await whisper(
                interaction,
                say(
                    "From now on a picture is withheld in {place} when the check is {value} sure or more that it "
                    "is above the ceiling.",
                    place=place,
                    value=percent(value),
                ),
            )

    @may(Who.MODERATOR)
    @app_commands.command(name="show", description="Who looks at finished pictures, and every threshold here")
    async def show(self, interaction: AnyInteraction) -> None:
        """Show it to this moderator only."""
        async with guarded(interaction, "showing the thresholds"):
            await defer_privately(interaction)
            guild_id = interaction.guild_id or 0
            if self._checker.on:
                lines = [say("Every finished picture is looked at by `{kind}`.", kind=self._kind)]
            else:
                lines = [
                    say(
                        "⚠️ **The check is off.** The owner of this bot has switched it off, so pictures are shown as "
                        "they come and no threshold has any effect."
                    )
                ]
            lines.append(
                say(
                    "The whole server: withheld from {value} on.",
                    value=percent(self._thresholds.of_guild(guild_id)),
                )
            )
            lines += [
                f"<#{channel}>: {percent(value)}"
                for channel, value in self._thresholds.of_channels(guild_id).items()
            ]
            await whisper(interaction, "\n".join(lines))
