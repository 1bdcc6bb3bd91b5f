"""`/mod audit`: who decided what."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.moderation.audit_export import AuditExport
from cogs.errors import defer_privately, guarded, whisper
from cogs.fate import NOBODY, Fate, fate_of
from cogs.mod.acting import entry
from cogs.mod.audit_pages import MOST_DAYS, MOST_TEXT, Wanted, line, page
from cogs.text import plural
from cogs.uploads import limit_of
from cogs.who import Who, may
from cogs.words import say
from db.audit import Audit
from db.audit_search import AuditSearch
from pipeline.errors import InvalidRequest, MemberError

AnyInteraction = discord.Interaction[Any]
Text = app_commands.Range[str, 1, MOST_TEXT]
Days = app_commands.Range[int, 1, MOST_DAYS]

SHOWN: Final = 15
_AREA: Final = re.compile(r"[a-z_]{1,16}")
_ROOM: Final = 4096
"""Bytes of an upload that are not the file."""
_OPTIONS: Final = {
    "member": "Only what is about this member",
    "moderator": "Only what this moderator decided",
    "area": "Only decisions of this kind, such as ban",
    "text": "Only with these words in the reason or what was changed",
    "days": "Only the last so many days",
}


class AuditCommands(app_commands.Group):
    """The log of this server, for its moderators."""

    def __init__(self, audit: Audit, search: AuditSearch, export: AuditExport) -> None:
        super().__init__(name="audit", description="Who decided what")
        self._audit = audit
        self._search = search
        self._export = export

    @may(Who.MODERATOR)
    @app_commands.command(name="recent", description="The newest decisions in this server")
    async def recent(self, interaction: AnyInteraction) -> None:
        """Show the newest entries to this moderator only."""
        async with guarded(interaction, "reading the audit log"):
            await defer_privately(interaction)
            found = await self._audit.newest(interaction.guild_id or 0, SHOWN)
            if not found:
                await whisper(interaction, say("Nothing has been decided in this server yet."))
                return
            await whisper(interaction, "\n".join(line(each) for each in found))

    @may(Who.MODERATOR)
    @app_commands.command(name="search", description="Look through all decisions in this server, page by page")
    @app_commands.describe(**_OPTIONS)
    async def search(
        self,
        interaction: AnyInteraction,
        member: discord.User | None = None,
        moderator: discord.User | None = None,
        area: str | None = None,
        text: Text | None = None,
        days: Days | None = None,
    ) -> None:
        """Show what fits, the newest first, to this moderator only."""
        async with guarded(interaction, "reading the audit log"):
            wanted = _wanted(member, moderator, area, text, days)
            await defer_privately(interaction)
            view = await page(self._search, interaction.guild_id or 0, wanted)
            await interaction.edit_original_response(view=view, allowed_mentions=NOBODY)

    @may(Who.MODERATOR)
    @app_commands.command(name="export", description="The decisions in this server as CSV files")
    @app_commands.describe(**_OPTIONS)
    async def export(
        self,
        interaction: AnyInteraction,
        member: discord.User | None = None,
        moderator: discord.User | None = None,
        area: str | None = None,
        text: Text | None = None,
        days: Days | None = None,
    ) -> None:
        """Send part after part to this moderator only. That somebody took the log along is in the log, too."""
        async with guarded(interaction, "exporting the audit log"):
            wanted = _wanted(member, moderator, area, text, days)
            await defer_privately(interaction)
            await whisper(interaction, say("The log follows, as CSV files in UTF-8."))
            limit = limit_of(interaction.guild, interaction) - _ROOM
            sent = entries = 0
            parts = self._export.parts(interaction.guild_id or 0, wanted.filter(), limit)
            async with contextlib.aclosing(parts):
                async for path, count in parts:
                    sent, entries = sent + 1, count
                    await _send(interaction, path)
            if not sent:
                await whisper(interaction, say("No decision in this server fits."))
                return
            what = entry(interaction, "audit.export", details={"entries": entries})
            await self._audit.add(what)
            await whisper(
                interaction,
                say(
                    "That was all: {entries} in {files}.", entries=_counted(entries), files=plural(sent, "file")
                ),
            )

    @search.autocomplete("area")
    @export.autocomplete("area")
    async def _areas(self, interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
        found = await self._search.areas(interaction.guild_id or 0)
        return [Choice(name=each, value=each) for each in found if typed.strip().lower() in each][:25]


def _counted(entries: int) -> str:
    return plural(entries, "decision")


async def _send(interaction: AnyInteraction, path: Path) -> None:
    if interaction.is_expired():
        raise MemberError(
            "Discord lets me answer a command for 15 minutes only, so the export stops here. Narrow it with `days`."
        )
    # Opening it may take its time; what is sent is read piece by piece.
    file = await asyncio.to_thread(discord.File, path, path.name)
    try:
        await interaction.followup.send(file=file, ephemeral=True, allowed_mentions=NOBODY)
    except discord.HTTPException as error:
        if fate_of(error) is not Fate.TOO_LARGE:
            raise
        raise MemberError("Discord takes no files from me right now, so the export stops here.") from error
    finally:
        file.close()


def _wanted(
    member: discord.User | None,
    moderator: discord.User | None,
    area: str | None,
    text: str | None,
    days: int | None,
) -> Wanted:
    named = (area or "").strip().lower()
    if named and not _AREA.fullmatch(named):
        raise InvalidRequest("`{area}` is no kind of decision. Choose one of the list.", area=named[:40])
    return Wanted(
        user_id=member.id if member else 0,
        actor_id=moderator.id if moderator else 0,
        area=named,
        days=days or 0,
        text=" ".join((text or "").split()),
    )
