"""Painting a swept picture again: the button, and where it is offered."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from cogs.access import may_see, origin_of
from cogs.buttons import AnyInteraction
from cogs.job_button import JobButton
from cogs.patience import in_time
from cogs.who import Who
from db.jobs import Job
from pipeline.errors import MemberError

if TYPE_CHECKING:
    from cogs.buttons import Front


class RestoreButton(JobButton, template=r"tb:restore:(?P<job>[0-9]{1,18})"):
    """Brings the files of a job back, painted again from their recipes, for whoever presses."""

    who = Who.SEEING
    name, label, emoji = "restore", "Paint it again", "🖌️"
    style = discord.ButtonStyle.primary
    doing = "painting that again"

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """Queue what is missing as a job of the one who pressed; the files come back to the job they are of."""
        async with contextlib.AsyncExitStack() as held:
            async with in_time(interaction):
                job = await front.afterwards.painted(job.id, job.guild_id, interaction.user.id)
                if not may_see(interaction, job.channel_id, job.user_id):
                    raise MemberError("This job is no longer known here. `/imagine` paints new pictures.")
                front.afterwards.check_rating(job, origin_of(interaction))
                await held.enter_async_context(front.afterwards.family(job.id))
                request, planned, lineage = await front.restorer.order(job)
            await front.painting.paint(interaction, request, lineage, planned)


def restore_row(job_id: int) -> ui.ActionRow[Any]:
    """The button in a message of Components V2."""
    return ui.ActionRow(RestoreButton(job_id))


def restore_view(job_id: int) -> ui.View:
    """The button under an ordinary message."""
    view = ui.View(timeout=None)
    view.add_item(RestoreButton(job_id))
    return view
