"""The button that paints what lies around an enlarged picture, and those that choose the shape."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Self

from discord import ui

from bot.orders import Origin
from cogs.access import origin_of
from cogs.buttons import AnyInteraction, GuardedButton
from cogs.fate import NOBODY
from cogs.job_button import JobButton
from cogs.layouts import WORKING, layout
from cogs.patience import in_time
from cogs.who import Who
from cogs.words import say
from db.jobs import Job
from pipeline.profiles.types import Bucket
from pipeline.request import ImagineRequest

if TYPE_CHECKING:
    from cogs.buttons import Front

_A_ROW: Final = 5
_MOST: Final = 20
"""Shapes that are offered: four rows of buttons."""


class ExpandButton(JobButton, template=r"tb:expand:(?P<job>[0-9]{1,18})"):
    """Asks which shape the picture is to get."""

    who = Who.SEEING
    name, label, emoji = "expand", "Expand", "🖼️"
    doing = "expanding a picture"
    private = True

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """For their eyes only: the shapes that the model has besides the picture's own."""
        job = await front.afterwards.painted(job.id, job.guild_id, interaction.user.id)
        await front.restorer.check(job, [0])
        shapes = front.expander.offered(job, 0)[:_MOST]
        rows: list[ui.ActionRow[Any]] = [
            ui.ActionRow(*(ShapeButton.of(job.id, 0, shape) for shape in shapes[at : at + _A_ROW]))
            for at in range(0, len(shapes), _A_ROW)
        ]
        view = layout(
            WORKING,
            ui.TextDisplay(
                say("Which shape is it to get? The picture stays as it is, and what lies around it is painted.")
            ),
            *rows,
        )
        await interaction.edit_original_response(view=view, allowed_mentions=NOBODY)


class ShapeButton(
    GuardedButton,
    template=r"tb:shape:(?P<job>[0-9]{1,18}):(?P<position>[0-3]):(?P<width>[0-9]{1,5})x(?P<height>[0-9]{1,5})",
):
    """Paints what lies around a picture in one shape, for whoever presses."""

    who = Who.SEEING
    doing = "expanding a picture"

    def __init__(self, job_id: int, position: int, size: tuple[int, int], label: str = "Expand") -> None:
        self.job_id, self.position, self.size = job_id, position, size
        super().__init__(ui.Button(label=label, custom_id=f"tb:shape:{job_id}:{position}:{size[0]}x{size[1]}"))

    @classmethod
    def of(cls, job_id: int, position: int, shape: Bucket) -> Self:
        """The button of a size, named as the model's card names it."""
        label = f"{shape.aspect} {shape.label}".strip()
        return cls(
            job_id, position, (shape.width, shape.height), f"{label} · {shape.width} x {shape.height}"[:80]
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["job"]), int(match["position"]), (int(match["width"]), int(match["height"])))

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Queue it as a job of the one who pressed."""
        async with in_time(interaction):
            job = await front.afterwards.painted(self.job_id, interaction.guild_id or 0, interaction.user.id)
            front.afterwards.check_rating(job, origin_of(interaction))
            await front.restorer.check(job, [self.position])

        async def prepare(origin: Origin) -> ImagineRequest:
            return await front.expander.expanded(job, self.position, self.size, origin)

        draft = front.expander.draft(job, self.position, self.size)
        lineage = front.expander.lineage(job, self.position)
        await front.painting.paint(interaction, draft, lineage, prepare=prepare)
