"""Members report a picture: by the menu of its message, or the button in its details."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import discord
from discord import app_commands, ui
from discord.ext import commands

from cogs.access import may_see
from cogs.buttons import AnyInteraction, Front
from cogs.edit_form import OPEN_SECONDS, fields_of
from cogs.errors import defer_privately, guarded, whisper
from cogs.job_button import JobButton
from cogs.mod.acting import entry
from cogs.mod.review_buttons import show_anew
from cogs.who import Who, may
from cogs.words import say
from pipeline.errors import MemberError

if TYPE_CHECKING:
    from db.jobs import Job

FORM: Final = re.compile(r"tb:report:(?P<job>[0-9]{1,18})")
MOST_REASON: Final = 300


def report_form(job: Job) -> ui.Modal:
    """A short form: which picture, if there are several, and why."""
    form = ui.Modal(
        title=say("Report a picture of job #{job}", job=job.id),
        custom_id=f"tb:report:{job.id}",
        timeout=OPEN_SECONDS,
    )
    painted = [image.position for image in job.images if image.file]
    if len(painted) > 1:
        options = [
            discord.SelectOption(
                label=say("picture {n}", n=each + 1), value=str(each), default=each == painted[0]
            )
            for each in painted
        ]
        form.add_item(ui.Label(text=say("Picture"), component=ui.Select(custom_id="picture", options=options)))
    form.add_item(
        ui.Label(
            text=say("Reason"),
            description=say("What is wrong with it? Only the moderators read this"),
            component=ui.TextInput(
                custom_id="reason",
                style=discord.TextStyle.paragraph,
                required=False,
                max_length=MOST_REASON,
            ),
        )
    )
    return form


class ReportButton(JobButton, template=r"tb:report:(?P<job>[0-9]{1,18})"):
    """Opens the form, for whoever presses."""

    who = Who.SEEING
    name, label, emoji = "report", "Report", "🚩"
    doing = "reporting a picture"

    async def press(self, interaction: AnyInteraction, front: Front, job: Job) -> None:
        """Show the form; `Reporting` takes what comes back."""
        job = await front.afterwards.painted(job.id, job.guild_id, interaction.user.id)
        await open_form(interaction, job)


async def open_form(interaction: AnyInteraction, job: Job) -> None:
    """Show the form to somebody who may see the job and has not painted it.

    Raises:
        MemberError: they may not, or it is theirs.
    """
    if not may_see(interaction, job.channel_id, job.user_id):
        raise MemberError("This job is no longer known here. `/imagine` paints new pictures.")
    if job.user_id == interaction.user.id:
        raise MemberError("These pictures are yours: Delete takes them away.")
    await interaction.response.send_modal(report_form(job))


class Reporting(commands.Cog):
    """The menu, and what comes back from the form, also when the bot has restarted meanwhile."""

    def __init__(self, tree: app_commands.CommandTree[Any], front: Front) -> None:
        self._tree = tree
        self._front = front
        self._menu = app_commands.guild_only(
            may(Who.SEEING)(app_commands.ContextMenu(name="Report this picture", callback=self._report))
        )

    async def cog_load(self) -> None:
        """Cogs register slash commands by themselves, but no menus."""
        self._tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """And take none away."""
        self._tree.remove_command(self._menu.name, type=self._menu.type)

    async def _report(self, interaction: AnyInteraction, message: discord.Message) -> None:
        """Open the form for the pictures of a message."""
        async with guarded(interaction, "reporting a picture"):
            number = await self._front.album.find(message.jump_url)
            if number is None:
                raise MemberError(
                    "None of my pictures is shown by this message, so there is nothing to report."
                )
            job = await self._front.afterwards.painted(number, interaction.guild_id or 0, interaction.user.id)
            await open_form(interaction, job)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: AnyInteraction) -> None:
        """Take a report."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        data: Mapping[str, Any] = interaction.data or {}
        form = FORM.fullmatch(str(data.get("custom_id", "")))
        if form is None:
            return
        async with guarded(interaction, "reporting a picture"):
            await defer_privately(interaction)
            # The form may have been opened before a ban.
            self._front.door.check(interaction, Who.SEEING)
            await self._take(interaction, int(form["job"]), fields_of(data))

    async def _take(self, interaction: AnyInteraction, job_id: int, fields: Mapping[str, str]) -> None:
        front = self._front
        job = await front.afterwards.painted(job_id, interaction.guild_id or 0, interaction.user.id)
        if not may_see(interaction, job.channel_id, job.user_id):
            raise MemberError("This job is no longer known here. `/imagine` paints new pictures.")
        painted = [image.position for image in job.images if image.file]
        chosen = fields.get("picture", "")
        position = int(chosen) if re.fullmatch(r"[0-9]", chosen) else painted[0]
        reason = " ".join(fields.get("reason", "").split())[:MOST_REASON]
        done = await front.reviewing.report(
            job, position, reason, entry(interaction, "report.add", reason=reason)
        )
        if not done.new:
            raise MemberError("You have reported this picture before. The moderators know of it.")
        if done.taken_down:
            await show_anew(interaction.client, front, job.id)
        await whisper(
            interaction, say("Thank you. The moderators look at it; nobody else learns of your report.")
        )
