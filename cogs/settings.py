"""`/settings`: a member's own defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.preferences import Preferences, Setting
from bot.studio import Studio
from cogs.edit_form import fields_of
from cogs.errors import defer_privately, guarded
from cogs.settings_panel import ASPECT_FORM, show
from cogs.who import Who, may


class Settings(commands.Cog):
    """Shows the panel, and takes its form by the custom id, so that one opened before a restart works too."""

    def __init__(self, studio: Studio, preferences: Preferences) -> None:
        self._studio = studio
        self._preferences = preferences

    @may(Who.OWN)
    @app_commands.command(
        name="settings", description="Your own defaults: model, aspect, negative preset, count, rating, private"
    )
    @app_commands.guild_only()
    async def settings(self, interaction: discord.Interaction[Any]) -> None:
        """Answer for the member's eyes only."""
        async with guarded(interaction, "showing your settings"):
            await defer_privately(interaction)
            await show(interaction, self._studio, self._preferences)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Take an aspect out of its form."""
        data: Mapping[str, Any] = interaction.data or {}
        if interaction.type is not discord.InteractionType.modal_submit or data.get("custom_id") != ASPECT_FORM:
            return
        async with guarded(interaction, "changing your settings"):
            await interaction.response.defer()
            user, typed = interaction.user, fields_of(data).get("aspect", "")
            await self._preferences.set(user.id, user.name, Setting.ASPECT, typed)
            await show(interaction, self._studio, self._preferences)
