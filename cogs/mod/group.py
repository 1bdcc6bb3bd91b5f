"""The `/mod` command with everything below it.

Discord shows it to members who may time others out, until the server's own integration settings say otherwise: who
may use it is therefore Discord's to decide, and no command asks for a permission again.
"""

from __future__ import annotations

import discord
from discord import app_commands

from bot.app import App
from cogs.mod.acting import MODERATES
from cogs.mod.allow import AllowCommands, NewcomerCommands
from cogs.mod.audit import AuditCommands
from cogs.mod.bans import BanCommands
from cogs.mod.ceilings import CeilingCommands
from cogs.mod.check import CheckCommands
from cogs.mod.delete import delete_command
from cogs.mod.page import Page
from cogs.mod.person import member_command
from cogs.mod.queue import QueueCommands
from cogs.mod.quotas import QuotaCommands
from cogs.mod.rest import tell_rest
from cogs.mod.review import ReviewCommands
from cogs.mod.rules import RuleCommands
from cogs.mod.settings import settings_command
from cogs.mod.strikes import StrikeCommands, warn_command
from cogs.painting import Painting


def mod_group(app: App, painting: Painting) -> app_commands.Group:
    """A fresh command; the areas are groups or commands of their own."""
    group = app_commands.Group(
        name="mod",
        description="Moderate this server's pictures",
        guild_only=True,
        default_permissions=discord.Permissions(MODERATES.value),
    )
    page = Page(app.moderation.policies)
    group.add_command(QueueCommands(app.queue_control, painting, page))
    group.add_command(AllowCommands(app.moderation.allowed, app.studio, page))
    group.add_command(NewcomerCommands(app.moderation.allowed, page))
    group.add_command(QuotaCommands(app.moderation.quota_settings, page))
    tell_rest(page, app)
    group.add_command(settings_command(page))
    deeds = app.enforcement
    group.add_command(AuditCommands(app.moderation.audit, deeds.search, deeds.export))
    group.add_command(BanCommands(deeds.sanctions, deeds.members))
    group.add_command(StrikeCommands(deeds.sanctions))
    group.add_command(warn_command(deeds.sanctions))
    group.add_command(member_command(deeds))
    group.add_command(delete_command())
    group.add_command(CeilingCommands(app.moderation.ceilings))
    group.add_command(RuleCommands(app))
    group.add_command(CheckCommands(app.checker, app.settings.output_check))
    group.add_command(ReviewCommands(app.reviewing))
    return group
