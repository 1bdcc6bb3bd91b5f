"""Buttons that paint on from a result, for whoever presses."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import ui

from bot.orders import Vary
from cogs.buttons import AnyInteraction, GuardedButton
from cogs.edit_form import edit_form
from cogs.job_button import JobButton
from cogs.patience import in_time, open_form
from cogs.who import Who
from cogs.words import translated
from db.jobs import Job

if TYPE_CHECKING:
    from cogs.buttons import Front


class RerollButton(JobButton, template=r"tb:reroll:(?P<job>[0-9]{1,18})"):
    """Paints the same with new seeds, for whoever presses."""

    who = Who.SEEING
    name, label, emoji = "reroll", "Reroll", "🔁"
    style = discord.ButtonStyle.primary
    doing = "painting that again"

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """Queue it as a job of the one who pressed."""
        await front.painting.paint(interaction, *front.afterwards.reroll(job))


_LABELS: Final = {
    Vary.SUBTLE: ("Subtle {n}", "Vary (subtle)"),
    Vary.STRONG: ("Strong {n}", "Vary (strong)"),
}
"""Among several pictures, and for a single one."""


class VaryButton(
    GuardedButton, template=r"tb:vary:(?P<job>[0-9]{1,18}):(?P<position>[0-3]):(?P<how>subtle|strong)"
):
    """Paints variations of one picture, for whoever presses."""

    who = Who.SEEING
    doing = "painting variations"

    def __init__(self, job_id: int, position: int, how: Vary, *, alone: bool = False) -> None:
        self.job_id, self.position, self.how = job_id, position, how
        label = translated(_LABELS[how][alone]).format(n=position + 1)
        super().__init__(
            ui.Button(
                label=label,
                emoji="🌱" if how is Vary.SUBTLE else "🌳",
                custom_id=f"tb:vary:{job_id}:{position}:{how.value}",
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["job"]), int(match["position"]), Vary(match["how"]))

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Queue them as a job of the one who pressed."""
        async with contextlib.AsyncExitStack() as held:
            async with in_time(interaction):
                job = await front.afterwards.painted(
                    self.job_id, interaction.guild_id or 0, interaction.user.id
                )
                await front.restorer.check(job, [self.position])
                await held.enter_async_context(front.afterwards.family(job.id))
                request, lineage = await front.afterwards.vary(job, self.position, self.how)
            await front.painting.paint(interaction, request, lineage)


class RetryButton(JobButton, template=r"tb:retry:(?P<job>[0-9]{1,18})"):
    """Asks for the very same again, after a failure or a cancelling."""

    who = Who.SEEING
    name, label, emoji = "retry", "Try again", "🔁"
    style = discord.ButtonStyle.primary
    doing = "trying that again"

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """Queue it as a job of the one who pressed."""
        await front.painting.paint(interaction, *front.afterwards.retry(job))


class EditButton(JobButton, template=r"tb:edit:(?P<job>[0-9]{1,18})"):
    """Opens a form with what was asked."""

    who = Who.SEEING
    name, label, emoji = "edit", "Edit", "✏️"
    doing = "opening the form"

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """Show the form; `cogs.editing` takes what comes back."""
        form = edit_form(job.id, front.afterwards.prefilled(job), front.studio.profiles)
        await open_form(interaction, form)
