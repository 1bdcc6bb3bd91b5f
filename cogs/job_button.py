"""A button of a finished job, which it finds by its custom id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Self

import discord
from discord import ui

from cogs.buttons import NEVER, AnyInteraction, GuardedButton
from cogs.errors import defer_privately
from cogs.patience import in_time
from cogs.words import translated
from db.jobs import Job

if TYPE_CHECKING:
    from cogs.buttons import Front


class JobButton(GuardedButton, template=NEVER):
    """A button that belongs to a finished job."""

    name: ClassVar[str]
    label: ClassVar[str]
    emoji: ClassVar[str | None] = None
    style: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary
    private: ClassVar[bool] = False
    """Whether the answer is for the one who presses. It is then acknowledged before the database is asked."""
    deleted_too: ClassVar[bool] = False
    """Whether deleted jobs are of use to it."""

    def __init__(self, job_id: int) -> None:
        self.job_id = job_id
        super().__init__(
            ui.Button(
                label=translated(self.label),
                emoji=self.emoji,
                style=self.style,
                custom_id=f"tb:{self.name}:{job_id}",
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["job"]))

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Find the job, then do what the button is for."""
        if self.private:
            await defer_privately(interaction)
        async with in_time(interaction):
            job = await front.afterwards.finished(
                self.job_id, interaction.guild_id or 0, interaction.user.id, deleted_too=self.deleted_too
            )
        await self.press(interaction, front, job)

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """What the button does with its job."""
        raise NotImplementedError
