"""`/export`: a member's own originals with their recipes, as zip files."""

from __future__ import annotations

import contextlib
from itertools import groupby
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.album import MOST_TEXT, Album
from bot.exporting import Export, Exporter
from bot.studio import Studio
from cogs import options
from cogs.access import origin_of
from cogs.errors import defer_privately, guarded
from cogs.fate import NOBODY, TROUBLE
from cogs.outlet import Outlet, TooLarge
from cogs.text import CONTENT_LIMIT, clean, plain, plural, shown, trim
from cogs.who import Who, may
from cogs.words import say
from pipeline.errors import InvalidRequest, MemberError

SMALLEST_LIMIT: Final = 256 * 1024
"""Bytes below which no smaller part is tried."""
_NAMED: Final = 20
"""Pictures that were left out and are named, for each reason."""


class ExportPictures(commands.Cog):
    """Sends members what is theirs."""

    def __init__(self, studio: Studio, album: Album, exporter: Exporter) -> None:
        self._studio = studio
        self._album = album
        self._exporter = exporter

    @may(Who.OWN)
    @app_commands.command(
        name="export", description="Your own pictures in this server as zip files, with recipes"
    )
    @app_commands.guild_only()
    @app_commands.describe(
        text="Words of the prompt, as for /history",
        model="Only what this model painted",
        favourites="Only those of your own pictures that are your favourites",
        since="The first day, as 2026-11-21 (UTC)",
        until="The last day, as 2026-11-21 (UTC)",
        before="Only jobs before this number, to go on where the last export ended",
    )
    async def export(
        self,
        interaction: discord.Interaction[Any],
        text: app_commands.Range[str, 1, MOST_TEXT] | None = None,
        model: str | None = None,
        favourites: bool = False,  # noqa: FBT001, FBT002 - an option of the command
        since: str | None = None,
        until: str | None = None,
        before: app_commands.Range[str, 1, 20] | None = None,
    ) -> None:
        """Send part after part by direct message or, where those are closed, as private answers here."""
        async with guarded(interaction, "exporting your pictures"):
            wanted = self._album.wanted(
                text=text or "",
                profile=(model or "").strip(),
                favourites=favourites,
                since=since or "",
                until=until or "",
            )
            number = _number(before)
            await defer_privately(interaction)
            async with self._exporter.export(origin_of(interaction), wanted, number) as export:
                await self._send(interaction, export)

    @export.autocomplete("model")
    async def _models(self, _: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        found = options.models(self._studio.profiles, self._studio.default_profile, typed)
        return [Choice(name=name, value=value) for name, value in found]

    async def _send(self, interaction: discord.Interaction[Any], export: Export) -> None:
        outlet = Outlet(interaction, self._studio)
        where = plain(interaction.guild.name) if interaction.guild else say("a server")
        pictures = plural(export.total, "picture")
        await outlet.open(
            say("Your pictures from {server}: {pictures}, part by part.", server=where, pictures=pictures)
        )
        # Before any part: the first followup of a deferred answer would take its place.
        await _progress(interaction, say("{sent} of {pictures} sent …", sent=0, pictures=pictures))
        most = outlet.limit
        while (path := await export.part(min(most, outlet.limit))) is not None:
            told = say("Part {n}: originals, `recipes.jsonl` and `index.csv`.", n=export.parts + 1)
            try:
                await outlet.send(told, path)
            except TooLarge:
                most = min(most, outlet.limit) // 2
                if most < SMALLEST_LIMIT:
                    raise MemberError(
                        "Discord takes no files from me right now, so the export stops here."
                    ) from None
                continue
            export.took()
            await _progress(
                interaction, say("{sent} of {pictures} sent …", sent=export.sent, pictures=pictures)
            )
        said = _summary(export)
        if outlet.direct:
            await outlet.send(said)
            said = f"{said}\n{say('They are in your direct messages.')}"
        await _progress(interaction, said)
        if not outlet.direct and interaction.is_expired():
            await outlet.send(said)


async def _progress(interaction: discord.Interaction[Any], text: str) -> None:
    """Put it into the answer, while that can be edited."""
    if not interaction.is_expired():
        with contextlib.suppress(*TROUBLE):
            await interaction.edit_original_response(
                content=trim(clean(text), CONTENT_LIMIT), allowed_mentions=NOBODY
            )


def _summary(export: Export) -> str:
    lines = [
        say(
            "Done: {pictures} in {parts}.",
            pictures=plural(export.sent, "picture"),
            parts=plural(export.parts, "part"),
        )
    ]
    ordered = sorted(export.left_out, key=lambda each: each[1])
    for why, group in groupby(ordered, key=lambda each: each[1]):
        names = [shown(name) for name, _ in group]
        listed = ", ".join(names[:_NAMED])
        if len(names) > _NAMED:
            listed = say("{names} and {count} more", names=listed, count=len(names) - _NAMED)
        lines.append(say("Left out, because {why}: {names}.", why=shown(why), names=listed))
    if (rest := export.rest) is not None:
        lines.append(
            say(
                "That is as much as one export takes. `/export before:{rest}`, with the same filters, goes on.",
                rest=rest,
            )
        )
    return "\n".join(lines)


def _number(text: str | None) -> int:
    if text is None or not text.strip():
        return 0
    digits = text.strip().removeprefix("#")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18 or int(digits) == 0:
        raise InvalidRequest("`{text}` is no number of a job. Write it as `#12` or 12.", text=text[:40])
    return int(digits)
