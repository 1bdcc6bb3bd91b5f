"""The `/mod` command with everything below it.

Discord shows it to members who may time others out, until the server's own integration settings say otherwise: who
may use it is therefore Discord's to decide, and no command asks for a permission again.
"""

from __future__ import annotations

import discord
from discord import app_commands

from bot.app import App
from cogs.mod.acting import MODERATES
from cogs.mod.audit import AuditCommands
from cogs.mod.check import CheckCommands
from cogs.mod.review import ReviewCommands


def mod_group(app: App) -> app_commands.Group:
    """A fresh command; the areas are groups or commands of their own."""
    group = app_commands.Group(
        name="mod",
        description="Moderate this server's pictures",
        guild_only=True,
        default_permissions=discord.Permissions(MODERATES.value),
    )
    group.add_command(AuditCommands(app.moderation.audit))
    group.add_command(CheckCommands(app.checker, app.settings.output_check))
    group.add_command(ReviewCommands(app.reviewing))
    return group
