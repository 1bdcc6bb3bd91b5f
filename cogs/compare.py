"""`/compare`: what two pictures differ in, in words and side by side."""

from __future__ import annotations

from typing import Any, Final

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.afterwards import Afterwards
from bot.album import Album
from bot.comparing import Comparer, Comparison, label_of
from cogs.errors import defer_privately, guarded
from cogs.fate import NOBODY
from cogs.finding import find_painted
from cogs.layouts import DONE, layout
from cogs.text import inline, shown, trim
from cogs.uploads import Upload
from cogs.who import Who, may
from cogs.words import say
from pipeline.difference import Change, Reweighted, TagChange
from pipeline.sentence import Sentence

Name = app_commands.Range[str, 1, 200]
Place = app_commands.Range[int, 1, 4]
_TAGS_ROOM: Final = 600
"""Characters of one list of tags."""


class Compare(commands.Cog):
    """Shows two pictures beside each other to the one who asks."""

    def __init__(self, afterwards: Afterwards, album: Album, comparer: Comparer) -> None:
        self._afterwards = afterwards
        self._album = album
        self._comparer = comparer

    @may(Who.SEEING)
    @app_commands.command(
        name="compare", description="Two pictures side by side, and what their recipes differ in"
    )
    @app_commands.guild_only()
    @app_commands.describe(
        one="The number of a job, such as #12, or the link of its message",
        two="The other one; the same again to compare two pictures of it",
        picture_one="Which picture of the first, if it has several",
        picture_two="Which picture of the second, if it has several",
    )
    async def compare(
        self,
        interaction: discord.Interaction[Any],
        one: Name,
        two: Name,
        picture_one: Place | None = None,
        picture_two: Place | None = None,
    ) -> None:
        """Answer for the member's eyes only."""
        async with guarded(interaction, "comparing pictures"):
            await defer_privately(interaction)
            jobs = [await find_painted(interaction, self._album, self._afterwards, each) for each in (one, two)]
            chosen = self._comparer.chosen(jobs[0], jobs[1], picture_one, picture_two)
            view, upload = comparison_view(await self._comparer.compare(*chosen))
            await interaction.edit_original_response(
                view=view, attachments=[upload.file("")], allowed_mentions=NOBODY
            )


def comparison_view(comparison: Comparison) -> tuple[ui.LayoutView, Upload]:
    """The picture of both with the differences below, and its file."""
    names = [shown(label_of(each.job_id, each.position)) for each in (comparison.one, comparison.two)]
    upload = Upload(f"compare-{comparison.one.id}-{comparison.two.id}.jpg", comparison.picture)
    both = say("{one} beside {two}", one=names[0], two=names[1])
    gallery: ui.MediaGallery[Any] = ui.MediaGallery()
    gallery.add_item(media=f"attachment://{upload.name}", description=both)
    lines = [say("### {one} and {two}", one=names[0], two=names[1]), *lines_of(comparison)]
    return layout(DONE, gallery, ui.TextDisplay(trim("\n".join(lines), 3800))), upload


def lines_of(comparison: Comparison) -> list[str]:
    """The differences in plain words, a line for each."""
    found = comparison.difference
    lines = []
    if found.same_recipe:
        same_file = comparison.one.sha256 == comparison.two.sha256
        same = (
            say("The same recipe, and the same file, byte for byte.") if same_file else say("The same recipe.")
        )
        lines.append(same)
    lines += _tag_lines(say("Prompt"), found.prompt)
    lines += _tag_lines(say("Negative prompt"), found.negative)
    lines += [_change(each) for each in found.changes]
    if found.weights:
        lines.append(_change(found.weights))
    return lines


def _change(change: Change) -> str:
    return f"**{shown(change.what)}**: {_value(change.one)} → {_value(change.two)}"


def _value(value: str) -> str:
    return inline(shown(value) if isinstance(value, Sentence) else value or "-", 200)


def _tag_lines(where: str, change: TagChange) -> list[str]:
    lines = []
    if change.added:
        tags = inline(", ".join(change.added), _TAGS_ROOM)
        lines.append(say("**{where}**, only in the second: {tags}", where=where, tags=tags))
    if change.removed:
        tags = inline(", ".join(change.removed), _TAGS_ROOM)
        lines.append(say("**{where}**, only in the first: {tags}", where=where, tags=tags))
    if change.reweighted:
        words = ", ".join(f"{each.tag} {_weights(each)}" for each in change.reweighted)
        lines.append(say("**{where}**, other weights: {tags}", where=where, tags=inline(words, _TAGS_ROOM)))
    if change.moved:
        lines.append(say("**{where}**: the tags that both have stand in another order.", where=where))
    return lines


def _weights(change: Reweighted) -> str:
    one, two = (say("mixed") if weight is None else f"{weight:g}" for weight in (change.one, change.two))
    return f"{one} → {two}"
