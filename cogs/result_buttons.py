"""The buttons under a result. Each knows its job by its custom id alone, so it works years later."""

from __future__ import annotations

from typing import Any, Final

from discord import ui

from bot.orders import RESTORE, Vary
from cogs.buttons import GuardedButton
from cogs.draft_buttons import ShareButton
from cogs.enlarging_buttons import OriginalButton, RedrawButton, UpscaleButton, alone_row
from cogs.expanding_buttons import ExpandButton, ShapeButton
from cogs.keeping_buttons import DeleteButton, DetailsButton, EraseButton, FavouriteButton, StarButton
from cogs.painting_buttons import EditButton, RerollButton, RetryButton, VaryButton
from cogs.restoring import RestoreButton
from db.jobs import Job
from pipeline.recipe import Recipe

_USUAL_SCALE: Final = 2


def result_rows(job: Job) -> list[ui.Item[Any]]:
    """What can be done with finished pictures: all together, and with each."""
    positions = [image.position for image in job.images if image.file]
    rows: list[ui.Item[Any]] = [
        ui.ActionRow(
            RerollButton(job.id),
            EditButton(job.id),
            FavouriteButton(job.id),
            DetailsButton(job.id),
            DeleteButton(job.id),
        )
    ]
    if len(job.images) == 1:
        recipe = Recipe.from_json(job.images[0].recipe)
        variations = [VaryButton(job.id, 0, how, alone=True) for how in Vary]
        rows.append(ui.ActionRow(*alone_row(job.id, recipe), *variations))
        if recipe.upscaler:
            rows.append(ui.ActionRow(ExpandButton(job.id)))
    else:
        rows.append(ui.ActionRow(*(UpscaleButton(job.id, each, _USUAL_SCALE) for each in positions)))
        rows += [ui.ActionRow(*(VaryButton(job.id, each, how) for each in positions)) for how in Vary]
    if job.private:
        rows.append(ui.ActionRow(ShareButton(job.id)))
    return rows


def again_row(job: Job) -> ui.ActionRow[Any]:
    """What can be done when there are no pictures."""
    job_id = job.id
    if job.action == RESTORE:
        return ui.ActionRow(RestoreButton(job_id))
    return ui.ActionRow(RetryButton(job_id), EditButton(job_id))


def withheld_buttons(job: Job) -> list[GuardedButton]:
    """What can be done when the pictures must not be shown."""
    return [EditButton(job.id), DetailsButton(job.id), DeleteButton(job.id)]


RESULT_BUTTONS: Final[tuple[type[GuardedButton], ...]] = (
    VaryButton,
    UpscaleButton,
    RedrawButton,
    OriginalButton,
    ExpandButton,
    ShapeButton,
    RerollButton,
    RetryButton,
    EditButton,
    FavouriteButton,
    StarButton,
    DetailsButton,
    DeleteButton,
    EraseButton,
    ShareButton,
    RestoreButton,
)
"""Every dynamic item of this module, for `setup_hook`."""
