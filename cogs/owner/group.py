"""The `/owner` command with everything below it, for the control server alone."""

from __future__ import annotations

from typing import Any, Final

import discord
from discord import app_commands, ui
from discord.app_commands import Range

from bot.app import App
from bot.moderation.instance_settings import InstanceSettings
from bot.moderation.overview import Overseer, Overview
from bot.moderation.policies import INSTANCE
from cogs.errors import defer_privately, guarded, whisper
from cogs.fate import NOBODY
from cogs.layouts import WORKING, layout
from cogs.mod.audit_pages import line
from cogs.owner.acting import check_owner, entry
from cogs.owner.broadcasting import BroadcastButton, Broadcaster
from cogs.owner.members import MemberCommands
from cogs.owner.servers import ServerCommands
from cogs.servers import Servers
from cogs.text import CONTENT_LIMIT, clean, inline, plain, plural, trim
from cogs.who import Who, may
from db.audit import Audit
from db.broadcasts import Broadcast, Broadcasts

AnyInteraction = discord.Interaction[Any]
SHOWN: Final = 15
_GIGABYTE: Final = 1024**3


def status_text(overview: Overview, servers: int, settings: InstanceSettings, last: Broadcast | None) -> str:
    """The instance at a glance."""
    message = settings.maintenance()
    lines = [
        "### This instance",
        f"- {plural(servers, 'server')}, {len(settings.banned())} banned",
        f"- Only listed servers: {'yes' if settings.list_on() else 'no'}",
        f"- Queue: {overview.running} painting, {overview.waiting} waiting; {overview.failed} failed in a day",
        f"- Disk: {overview.room.free / _GIGABYTE:.1f} of {overview.room.total / _GIGABYTE:.1f} GB free",
        f"- Maintenance: {'off' if message is None else plain(clean(message)) or 'on'}",
        f"- Errors since the start: {overview.faults}",
    ]
    lines += [f"  - <t:{int(fault.at)}:R> {inline(trim(fault.text, 160), 170)}" for fault in overview.newest]
    if last is not None:
        unsure = f", {last.unsure} perhaps" if last.unsure else ""
        lines.append(
            f"- Last broadcast #{last.id}: {last.sent} told{unsure}, {last.failed} not reached, {last.waiting} to come"
        )
    return trim("\n".join(lines), 3900)


class OwnerCommands(app_commands.Group):
    """The whole of it."""

    def __init__(
        self,
        *,
        settings: InstanceSettings,
        overseer: Overseer,
        audit: Audit,
        broadcasts: Broadcasts,
        broadcaster: Broadcaster,
    ) -> None:
        super().__init__(
            name="owner",
            description="Look after this instance of the bot",
            guild_only=True,
            default_permissions=discord.Permissions(administrator=True),
        )
        self._settings = settings
        self._overseer = overseer
        self._audit = audit
        self._broadcasts = broadcasts
        self._broadcaster = broadcaster

    @may(Who.OWNER)
    @app_commands.command(name="status", description="Servers, queue, disk and errors")
    async def status(self, interaction: AnyInteraction) -> None:
        """Answer this owner only."""
        async with guarded(interaction, "showing the status"):
            await defer_privately(interaction)
            await check_owner(interaction)
            overview, last = await self._overseer.look(), await self._broadcaster.newest()
            text = status_text(overview, len(interaction.client.guilds), self._settings, last)
            await interaction.edit_original_response(
                view=layout(WORKING, ui.TextDisplay(text)), allowed_mentions=NOBODY
            )

    @may(Who.OWNER)
    @app_commands.command(name="audit", description="The newest decisions about this instance")
    async def audit(self, interaction: AnyInteraction) -> None:
        """Those of servers are in `/mod audit` there."""
        async with guarded(interaction, "reading the audit log"):
            await defer_privately(interaction)
            await check_owner(interaction)
            found = await self._audit.newest(INSTANCE, SHOWN)
            await whisper(
                interaction, "\n".join(line(each) for each in found) or "Nothing has been decided yet."
            )

    @may(Who.OWNER)
    @app_commands.command(
        name="maintenance", description="Take nothing new for a while; what was asked for is painted"
    )
    @app_commands.describe(on="Whether it is on", message="What members are told who try")
    async def maintenance(
        self,
        interaction: AnyInteraction,
        on: bool,  # noqa: FBT001 - an option
        message: Range[str, 1, 300] | None = None,
    ) -> None:
        """Until it is ended, also over a restart."""
        async with guarded(interaction, "changing maintenance"):
            await defer_privately(interaction)
            await check_owner(interaction)
            text = (clean(message or "").strip() or "Please try again later.") if on else None
            await self._settings.set_maintenance(
                text, entry(interaction, f"maintenance.{'on' if on else 'off'}")
            )
            await whisper(
                interaction, "Nothing new is taken from now on." if on else "Everything is taken again."
            )

    @may(Who.OWNER)
    @app_commands.command(name="broadcast", description="Send a message to every server, after a question")
    @app_commands.describe(text="The message, as every server will read it")
    async def broadcast(self, interaction: AnyInteraction, text: Range[str, 1, CONTENT_LIMIT]) -> None:
        """Show it with a button that sends it."""
        async with guarded(interaction, "preparing a broadcast"):
            await defer_privately(interaction)
            await check_owner(interaction)
            number = await self._broadcasts.draft(clean(text))
            servers = self._broadcaster.servers()
            view = layout(
                WORKING,
                ui.TextDisplay(clean(text)),
                ui.Separator(),
                ui.TextDisplay(
                    f"-# This goes to {plural(len(servers), 'server')}, each in its system channel or the "
                    "first one in which the bot may write."
                ),
                ui.ActionRow(BroadcastButton(number, len(servers))),
            )
            await interaction.edit_original_response(view=view, allowed_mentions=NOBODY)


def owner_group(app: App, servers: Servers, broadcaster: Broadcaster) -> app_commands.Group:
    """A fresh command."""
    group = OwnerCommands(
        settings=app.moderation.instance,
        overseer=app.overseer,
        audit=app.moderation.audit,
        broadcasts=app.broadcasts,
        broadcaster=broadcaster,
    )
    group.add_command(ServerCommands(app.moderation.instance, app.studio, servers))
    group.add_command(MemberCommands(app.enforcement.sanctions))
    return group
