"""Buttons that make one picture larger, and the one that hands out originals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import ui

from bot.enlarging import offered
from cogs.access import origin_of
from cogs.buttons import AnyInteraction, GuardedButton
from cogs.fate import NOBODY, Fate, fate_of
from cogs.job_button import JobButton
from cogs.patience import in_time
from cogs.text import plural
from cogs.uploads import Upload, limit_of, prefix
from cogs.who import Who
from cogs.words import say
from db.jobs import Job
from pipeline.errors import MemberError
from pipeline.recipe import Recipe

if TYPE_CHECKING:
    from cogs.buttons import Front


class UpscaleButton(
    GuardedButton, template=r"tb:upscale:(?P<job>[0-9]{1,18}):(?P<position>[0-3]):(?P<scale>[0-9]{1,2})"
):
    """Enlarges one picture, for whoever presses."""

    who = Who.SEEING
    doing = "enlarging a picture"

    def __init__(self, job_id: int, position: int, scale: int, *, alone: bool = False) -> None:
        self.job_id, self.position, self.scale = job_id, position, scale
        super().__init__(
            ui.Button(
                label=say("Upscale x{scale}", scale=scale) if alone else f"U{position + 1}",
                emoji="🔍",
                custom_id=f"tb:upscale:{job_id}:{position}:{scale}",
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["job"]), int(match["position"]), int(match["scale"]))

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Queue it as a job of the one who pressed."""
        async with in_time(interaction):
            job = await front.afterwards.painted(self.job_id, interaction.guild_id or 0, interaction.user.id)
            await front.restorer.check(job, [self.position])
        request, planned, lineage = front.enlarger.upscaled(job, self.position, self.scale)
        await front.painting.paint(interaction, request, lineage, planned)


class RedrawButton(JobButton, template=r"tb:redraw:(?P<job>[0-9]{1,18})"):
    """Paints over an upscaled picture, for more detail."""

    who = Who.SEEING
    name, label, emoji = "redraw", "Redraw details", "🪄"
    style = discord.ButtonStyle.primary
    doing = "redrawing a picture"

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """Queue it as a job of the one who pressed."""
        async with in_time(interaction):
            job = await front.afterwards.painted(job.id, job.guild_id, interaction.user.id)
            await front.restorer.check(job, [0])
        request, planned, lineage = front.enlarger.redrawn(job, 0)
        await front.painting.paint(interaction, request, lineage, planned)


class OriginalButton(JobButton, template=r"tb:original:(?P<job>[0-9]{1,18})"):
    """Hands out the original files, with all their metadata."""

    who = Who.SEEING
    name, label, emoji = "original", "Original file", "💾"
    doing = "fetching the original"
    private = True

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """Answer for their eyes only; say so where Discord takes no file of that size."""
        job = await front.afterwards.painted(job.id, job.guild_id, interaction.user.id)
        front.afterwards.check_rating(job, origin_of(interaction))
        await front.restorer.check(job)
        async with front.painting.few:
            await self._hand_out(interaction, front, job)

    async def _hand_out(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        limit = limit_of(interaction.guild, interaction)
        files, too_large = [], 0
        for image in job.images:
            if image.file is None:
                continue
            data = await front.studio.picture_bytes(image)
            if len(data) > limit:
                too_large += 1
            else:
                files.append(Upload(f"{prefix(job.id)}{image.position + 1}-original.png", data))
        if not files:
            raise _too_large(limit)
        said = say("As it was painted, with the prompt and the recipe inside.")
        if too_large:
            more = say("{files} more would be too large for this server.", files=plural(too_large, "file"))
            said = f"{said} {more}"
        try:
            await interaction.edit_original_response(
                content=said, attachments=[each.file("") for each in files], allowed_mentions=NOBODY
            )
        except discord.HTTPException as error:
            if fate_of(error) is not Fate.TOO_LARGE:
                raise
            raise _too_large(limit) from error


def _too_large(limit: int) -> MemberError:
    return MemberError(
        "The original is larger than the {limit} MB that this server takes. What is shown above is the best that "
        "fits; the owner of this bot has the file.",
        limit=limit // 1024**2,
    )


def alone_row(job_id: int, recipe: Recipe) -> list[GuardedButton]:
    """What makes a job's only picture larger, and its file."""
    row: list[GuardedButton] = [
        UpscaleButton(job_id, 0, upscaler.scale, alone=True) for upscaler in offered(recipe)
    ]
    if recipe.upscaler:
        row.append(RedrawButton(job_id))
    return [*row, OriginalButton(job_id)]
