"""Buttons that look at a result, keep it or let it go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import ui

from cogs.access import may_manage
from cogs.buttons import AnyInteraction, GuardedButton, note_foreign
from cogs.details import details_view, recipes_file
from cogs.errors import whisper
from cogs.fate import NOBODY
from cogs.job_button import JobButton
from cogs.taking_down import take_down
from cogs.text import plural
from cogs.who import Who
from cogs.words import say
from db.jobs import Job
from pipeline.errors import MemberError

if TYPE_CHECKING:
    from cogs.buttons import Front


_MARKED: Final = "A favourite now. `/history favourites:True` shows all of them."
_DELETED: Final = "Deleted."
_STAYS: Final = (
    "The files are deleted, but Discord would not let me take the message down. Press Delete on it again later, or "
    "have a moderator delete it by hand."
)
_DISMISS: Final = "Deleted. Discord lets nobody but you dismiss the answers that only you see."
_UNMARKED: Final = "No longer a favourite."


class FavouriteButton(JobButton, template=r"tb:favourite:(?P<job>[0-9]{1,18})"):
    """Marks a picture for `/history favourites`, for whoever presses; of several it asks which."""

    who = Who.SEEING
    name, label, emoji = "favourite", "Favourite", "⭐"
    doing = "marking a favourite"
    private = True

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """One picture at once; of several, a row of them with their state."""
        job = await front.afterwards.painted(job.id, job.guild_id, interaction.user.id)
        painted = [image.position for image in job.images if image.file]
        if len(painted) == 1:
            user = interaction.user
            now = await front.album.mark(job, painted[0], user.id, user.name)
            await whisper(interaction, say(_MARKED) if now else say(_UNMARKED))
            return
        view = _stars(job, await front.album.marked(job, interaction.user.id))
        await interaction.edit_original_response(view=view, allowed_mentions=NOBODY)


class StarButton(GuardedButton, template=r"tb:star:(?P<job>[0-9]{1,18}):(?P<position>[0-3])"):
    """One picture of several, in the answer to `FavouriteButton`."""

    who = Who.SEEING
    doing = "marking a favourite"

    def __init__(self, job_id: int, position: int, *, marked: bool = False) -> None:
        self.job_id, self.position = job_id, position
        style = discord.ButtonStyle.success if marked else discord.ButtonStyle.secondary
        super().__init__(
            ui.Button(
                label=str(position + 1),
                emoji="⭐" if marked else None,
                style=style,
                custom_id=f"tb:star:{job_id}:{position}",
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["job"]), int(match["position"]))

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Change the mark and show the row anew."""
        await interaction.response.defer()
        job = await front.afterwards.painted(self.job_id, interaction.guild_id or 0, interaction.user.id)
        await front.album.mark(job, self.position, interaction.user.id, interaction.user.name)
        view = _stars(job, await front.album.marked(job, interaction.user.id))
        await interaction.edit_original_response(view=view, allowed_mentions=NOBODY)


def _stars(job: Job, marked: frozenset[int]) -> ui.LayoutView:
    painted = [image.position for image in job.images if image.file]
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(say("Which of them? `/history favourites:True` shows all you have marked.")))
    view.add_item(ui.ActionRow(*(StarButton(job.id, each, marked=each in marked) for each in painted)))
    return view


class DetailsButton(JobButton, template=r"tb:details:(?P<job>[0-9]{1,18})"):
    """Shows the whole recipe, to the one who asks."""

    who = Who.SEEING
    name, label, emoji = "details", "Details", "🔎"
    doing = "showing the details"
    private = True

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """Answer for their eyes only."""
        view = details_view(job, front.afterwards.profile_of(job), await front.afterwards.lineage(job))
        await interaction.edit_original_response(
            view=view, attachments=[recipes_file(job)], allowed_mentions=NOBODY
        )


class DeleteButton(JobButton, template=r"tb:delete:(?P<job>[0-9]{1,18})"):
    """Asks whether the pictures shall go."""

    who = Who.AUTHOR_OR_MODERATOR
    name, label, emoji = "delete", "Delete", "🗑️"
    doing = "deleting"

    private = True
    deleted_too = True

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """Ask the author or a moderator; nobody else. Of what was deleted only the message can still be there."""
        _check_manager(interaction, job)
        if job.deleted_at is not None:
            await whisper(
                interaction, say(_DELETED) if await _take_all_down(interaction, front, job) else say(_STAYS)
            )
            return
        view = ui.LayoutView(timeout=None)
        what = plural(sum(image.file is not None for image in job.images), "picture")
        view.add_item(
            ui.TextDisplay(
                say(
                    "Delete {pictures} of job #{job} for good? The message goes, and so do the files; what was asked "
                    "for stays in my records. This cannot be undone.",
                    pictures=what,
                    job=job.id,
                )
            )
        )
        view.add_item(ui.ActionRow(EraseButton(job.id)))
        await interaction.edit_original_response(view=view, allowed_mentions=NOBODY)


class EraseButton(JobButton, template=r"tb:erase:(?P<job>[0-9]{1,18})"):
    """Deletes, after the question."""

    who = Who.AUTHOR_OR_MODERATOR
    name, label = "erase", "Delete for good"
    style = discord.ButtonStyle.danger
    doing = "deleting"
    deleted_too = True

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Acknowledge, before anything is read: the answer comes in place of the question."""
        await interaction.response.defer()
        await super().act(interaction, front)

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """Delete files and message, and say so in place of the question."""
        _check_manager(interaction, job)
        left = await front.afterwards.delete(job)
        await note_foreign(interaction, front, job, "job.delete")
        said = say(_DELETED) if await _take_all_down(interaction, front, job) else say(_STAYS)
        if job.private:
            said = say(_DISMISS)
        if left:
            said = f"{said} " + say(
                "{files} could not be removed from the disk yet; I try again at every start.",
                files=plural(left, "file"),
            )
        view = ui.LayoutView(timeout=None)
        view.add_item(ui.TextDisplay(said))
        try:
            await interaction.edit_original_response(view=view)
        except discord.NotFound:  # the question was dismissed meanwhile
            await whisper(interaction, said)


async def _take_all_down(interaction: AnyInteraction, front: Front, job: Job) -> bool:
    """Every message that shows these pictures. False when one of them stays."""
    shown = await front.afterwards.messages_of(job)
    return all([await take_down(interaction.client, each) for each in shown])


def _check_manager(interaction: AnyInteraction, job: Job) -> None:
    if not may_manage(interaction, job):
        raise MemberError("Only the member who asked for these pictures, or a moderator, can delete them.")
