"""The button under a private draft."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from cogs.buttons import AnyInteraction
from cogs.job_button import JobButton
from cogs.who import Who
from db.jobs import Job

if TYPE_CHECKING:
    from cogs.buttons import Front


class ShareButton(JobButton, template=r"tb:share:(?P<job>[0-9]{1,18})"):
    """Shows a private draft to everybody in this channel, for its author only."""

    who = Who.AUTHOR
    name, label, emoji = "share", "Share", "📣"
    style = discord.ButtonStyle.success
    doing = "sharing your draft"
    private = True

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """Post it; the answer is for the author."""
        await front.sharing.share(interaction, job.id)
