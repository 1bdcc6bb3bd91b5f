"""The buttons under a result. Each knows its job by its custom id alone, so it works years later."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import discord
from discord import ui

from bot.orders import Vary
from cogs.access import may_manage
from cogs.buttons import NEVER, AnyInteraction, GuardedButton
from cogs.details import details_view, recipes_file
from cogs.edit_form import edit_form
from cogs.errors import whisper
from cogs.fate import NOBODY, TROUBLE
from cogs.text import plural
from db.jobs import Job
from pipeline.errors import MemberError

if TYPE_CHECKING:
    from cogs.buttons import Front


class JobButton(GuardedButton, template=NEVER):
    """A button that belongs to a finished job."""

    name: ClassVar[str]
    label: ClassVar[str]
    emoji: ClassVar[str | None] = None
    style: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary

    def __init__(self, job_id: int) -> None:
        self.job_id = job_id
        super().__init__(
            ui.Button(
                label=self.label, emoji=self.emoji, style=self.style, custom_id=f"tb:{self.name}:{job_id}"
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["job"]))

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Find the job, then do what the button is for."""
        job = await front.afterwards.finished(self.job_id, interaction.guild_id or 0, interaction.user.id)
        await self.press(interaction, front, job)

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """What the button does with its job."""
        raise NotImplementedError


class RerollButton(JobButton, template=r"tb:reroll:(?P<job>[0-9]{1,18})"):
    """Paints the same with new seeds, for whoever presses."""

    name, label, emoji = "reroll", "Reroll", "🔁"
    style = discord.ButtonStyle.primary
    doing = "painting that again"

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """Queue it as a job of the one who pressed."""
        await front.painting.paint(interaction, *front.afterwards.reroll(job))


class VaryButton(
    GuardedButton, template=r"tb:vary:(?P<job>[0-9]{1,18}):(?P<position>[0-3]):(?P<how>subtle|strong)"
):
    """Paints variations of one picture, for whoever presses."""

    doing = "painting variations"

    def __init__(self, job_id: int, position: int, how: Vary, *, alone: bool = False) -> None:
        self.job_id, self.position, self.how = job_id, position, how
        label = f"Vary ({how.value})" if alone else f"{how.value.capitalize()} {position + 1}"
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
        job = await front.afterwards.finished(self.job_id, interaction.guild_id or 0, interaction.user.id)
        await front.painting.paint(interaction, *await front.afterwards.vary(job, self.position, self.how))


class RetryButton(JobButton, template=r"tb:retry:(?P<job>[0-9]{1,18})"):
    """Asks for the very same again, after a failure or a cancelling."""

    name, label, emoji = "retry", "Try again", "🔁"
    style = discord.ButtonStyle.primary
    doing = "trying that again"

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """Queue it as a job of the one who pressed."""
        await front.painting.paint(interaction, *front.afterwards.retry(job))


class EditButton(JobButton, template=r"tb:edit:(?P<job>[0-9]{1,18})"):
    """Opens a form with what was asked."""

    name, label, emoji = "edit", "Edit", "✏️"
    doing = "opening the form"

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """Show the form; `cogs.editing` takes what comes back."""
        form = edit_form(job.id, front.afterwards.prefilled(job), front.studio.profiles)
        await interaction.response.send_modal(form)


class DetailsButton(JobButton, template=r"tb:details:(?P<job>[0-9]{1,18})"):
    """Shows the whole recipe, to the one who asks."""

    name, label, emoji = "details", "Details", "🔎"
    doing = "showing the details"

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """Answer for their eyes only."""
        view = details_view(job, front.afterwards.profile_of(job), await front.afterwards.lineage(job))
        await interaction.response.send_message(
            view=view,
            file=recipes_file(job),
            ephemeral=True,
            allowed_mentions=NOBODY,
        )


class DeleteButton(JobButton, template=r"tb:delete:(?P<job>[0-9]{1,18})"):
    """Asks whether the pictures shall go."""

    name, label, emoji = "delete", "Delete", "🗑️"
    doing = "deleting"

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:  # noqa: ARG002 - as above
        """Ask the author or a moderator; nobody else."""
        _check_manager(interaction, job)
        view = ui.LayoutView(timeout=None)
        what = plural(sum(image.file is not None for image in job.images), "picture")
        view.add_item(
            ui.TextDisplay(
                f"Delete {what} of job #{job.id} for good? The message goes, and so do the files. "
                "This cannot be undone."
            )
        )
        view.add_item(ui.ActionRow(EraseButton(job.id)))
        await interaction.response.send_message(view=view, ephemeral=True)


class EraseButton(JobButton, template=r"tb:erase:(?P<job>[0-9]{1,18})"):
    """Deletes, after the question."""

    name, label = "erase", "Delete for good"
    style = discord.ButtonStyle.danger
    doing = "deleting"

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """Delete files and message, and say so in place of the question."""
        _check_manager(interaction, job)
        await interaction.response.defer()
        await front.afterwards.delete(job)
        said = "Deleted."
        if not await _take_down(interaction.client, job):
            said = (
                "The pictures are deleted from my disk and my memory, but Discord would not let me take the "
                "message down: a moderator can delete it by hand."
            )
        view = ui.LayoutView(timeout=None)
        view.add_item(ui.TextDisplay(said))
        try:
            await interaction.edit_original_response(view=view)
        except discord.NotFound:  # the question was dismissed meanwhile
            await whisper(interaction, said)


def _check_manager(interaction: AnyInteraction, job: Job) -> None:
    if not may_manage(interaction, job.user_id):
        raise MemberError("Only the member who asked for these pictures, or a moderator, can delete them.")


async def _take_down(client: discord.Client, job: Job) -> bool:
    """Remove the job's message. True when it is gone."""
    if job.message_id is None:
        return True
    channel = client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)
    try:
        await channel.get_partial_message(job.message_id).delete()
    except discord.NotFound:
        return True
    except TROUBLE:
        return False
    return True


def result_rows(job: Job) -> list[ui.Item[Any]]:
    """What can be done with finished pictures: all together, and with each."""
    positions = [image.position for image in job.images if image.file]
    rows: list[ui.Item[Any]] = [
        ui.ActionRow(RerollButton(job.id), EditButton(job.id), DetailsButton(job.id), DeleteButton(job.id))
    ]
    if len(job.images) == 1:
        rows.append(ui.ActionRow(*(VaryButton(job.id, 0, how, alone=True) for how in Vary)))
    else:
        rows += [ui.ActionRow(*(VaryButton(job.id, each, how) for each in positions)) for how in Vary]
    return rows


def again_row(job_id: int) -> ui.ActionRow[Any]:
    """What can be done when there are no pictures."""
    return ui.ActionRow(RetryButton(job_id), EditButton(job_id))


RESULT_BUTTONS: Final[tuple[type[GuardedButton], ...]] = (
    VaryButton,
    RerollButton,
    RetryButton,
    EditButton,
    DetailsButton,
    DeleteButton,
    EraseButton,
)
"""Every dynamic item of this module, for `setup_hook`."""
