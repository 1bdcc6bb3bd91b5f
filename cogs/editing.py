"""Takes what comes back from the form of an edit, also when the bot has restarted meanwhile."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from typing import Any

import discord
from discord.ext import commands

from bot.afterwards import Afterwards
from bot.asked import Edit
from bot.borrowing import borrowed_request
from bot.preferences import Preferences
from cogs import options
from cogs.batching import Batching
from cogs.borrow_form import kept_of
from cogs.edit_form import FORM, fields_of
from cogs.errors import awaits_whisper, guarded
from cogs.fate import NOBODY
from cogs.patience import in_time
from cogs.words import say


class Editing(commands.Cog):
    """Takes submitted forms, by their custom id and not through discord.py's memory of open ones.

    So one that was opened before a restart works too, and nobody types a prompt for nothing.
    """

    def __init__(self, afterwards: Afterwards, preferences: Preferences, batching: Batching) -> None:
        self._afterwards = afterwards
        self._preferences = preferences
        self._batching = batching

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Paint what an edit asks for."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        data: Mapping[str, Any] = interaction.data or {}
        custom_id = str(data.get("custom_id", ""))
        form, kept = FORM.fullmatch(custom_id), kept_of(custom_id)
        if form is None and kept is None:
            return
        fields = fields_of(data)
        async with guarded(interaction, "painting your edit"):
            queued = False
            try:
                if form is not None:
                    queued = await self._paint(interaction, int(form["job"]), fields)
                elif kept is not None:
                    edit = _edit_of(fields, kept.profile)
                    request = borrowed_request(kept, edit, *options.size_or_aspect(edit.aspect))
                    async with in_time(interaction):
                        private = await self._preferences.private_default(interaction.user.id)
                    queued = await self._batching.paint(interaction, request, private=private)
            finally:
                if not queued:
                    # The form has closed: what was typed must not be lost with it.
                    await _give_back(interaction, fields)

    async def _paint(
        self, interaction: discord.Interaction[Any], job_id: int, fields: Mapping[str, str]
    ) -> bool:
        async with in_time(interaction):
            job = await self._afterwards.finished(job_id, interaction.guild_id or 0, interaction.user.id)
        before = self._afterwards.prefilled(job)
        edit = _edit_of(fields, before.profile)
        request, lineage = self._afterwards.edited(job, edit, *options.size_or_aspect(edit.aspect))
        return await self._batching.paint(interaction, request, lineage)


def _edit_of(fields: Mapping[str, str], profile: str) -> Edit:
    return Edit(
        prompt=fields.get("prompt", ""),
        negative=fields.get("negative", ""),
        profile=fields.get("model") or profile,
        aspect=fields.get("aspect", "").strip(),
        count=fields.get("count", "").strip() or "1",
    )


async def _give_back(interaction: discord.Interaction[Any], fields: Mapping[str, str]) -> None:
    """Every field as it was typed, in a file: no message has room for two texts of 4,000 characters."""
    text = "\n\n".join(f"{name}:\n{value}" for name, value in fields.items() if value)
    said = say("Nothing was queued. What you typed is in this file.")
    sent = discord.File(io.BytesIO(text.encode("utf-8", "replace")), "your-edit.txt")
    with contextlib.suppress(discord.HTTPException):
        if awaits_whisper(interaction):
            # A followup would take the place of the answer, which is still to say why.
            await interaction.edit_original_response(content=said, attachments=[sent], allowed_mentions=NOBODY)
        elif interaction.response.is_done():
            await interaction.followup.send(said, file=sent, ephemeral=True, allowed_mentions=NOBODY)
        else:
            await interaction.response.send_message(said, file=sent, ephemeral=True, allowed_mentions=NOBODY)
