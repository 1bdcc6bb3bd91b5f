"""`/mod delete` and the menu of a message: a job's pictures go wherever the bot has posted them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Self, cast

import discord
from discord import app_commands, ui
from discord.app_commands import Choice

from cogs.buttons import AnyInteraction, GuardedButton
from cogs.errors import defer_privately, guarded, whisper
from cogs.fate import NOBODY
from cogs.layouts import BROKEN, STOPPED, layout
from cogs.mod.acting import MAX_REASON, MODERATES, check_moderator, entry
from cogs.text import CHOICE_LIMIT, clean, plural, trim
from cogs.who import Who, may
from cogs.words import say
from db.jobs import Job

if TYPE_CHECKING:
    from cogs.buttons import Front

Name = app_commands.Range[str, 1, 200]
Reason = app_commands.Range[str, 1, MAX_REASON]
_CHOICES: Final = 25


async def _delete(interaction: AnyInteraction, job: Job, *, offspring: bool, reason: str = "") -> str:
    """Delete it, begin with the messages, and say what goes."""
    front = cast("Front", interaction.client)
    what = entry(interaction, "job.delete", target=f"#{job.id}", reason=clean(reason))
    gone = await front.enforcement.remover.remove(job, what, offspring=offspring)
    front.erasing.take_down()
    said = say("Deleted for good: job #{job}.", job=job.id)
    if gone.jobs > 1:
        said = say(
            "Deleted for good: job #{job} and {others} made from it.",
            job=job.id,
            others=plural(gone.jobs - 1, "job"),
        )
    taken = say("I take down {messages}, one after the other.", messages=plural(gone.messages, "message"))
    hidden = say("Answers that only one member sees are out of my reach after a few minutes.")
    return f"{said} {taken} {hidden}"


def delete_command() -> app_commands.Command[Any, ..., Any]:
    """A fresh `/mod delete`."""

    @may(Who.MODERATOR)
    @app_commands.command(name="delete", description="Delete pictures everywhere I have posted them, for good")
    @app_commands.describe(
        job="The number, such as #12, or the link of a message that shows them",
        offspring="Also everything that was made from them",
        reason="Why, for the audit log",
    )
    async def delete(
        interaction: AnyInteraction,
        job: Name,
        offspring: bool = False,  # noqa: FBT001, FBT002 - an option of the command
        reason: Reason | None = None,
    ) -> None:
        """Delete at once, also what is still being painted; the answer is for this moderator."""
        async with guarded(interaction, "deleting pictures"):
            await defer_privately(interaction)
            front = cast("Front", interaction.client)
            found = await front.enforcement.remover.find(job, interaction.guild_id or 0)
            await whisper(
                interaction, await _delete(interaction, found, offspring=offspring, reason=reason or "")
            )

    @delete.autocomplete("job")
    async def jobs(interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
        remover = cast("Front", interaction.client).enforcement.remover
        found = await remover.newest(interaction.guild_id or 0, typed, _CHOICES)
        return [
            Choice(name=trim(f"#{job.id} · {_named(job)}", CHOICE_LIMIT), value=str(job.id)) for job in found
        ]

    return delete


def _named(job: Job) -> str:
    """Whose it is, and what it shows where everybody may know."""
    if job.private:
        return f"{clean(job.user_name)} · {say('private draft')}"
    prompt = job.images[0].prompt if job.images else ""
    return f"{clean(job.user_name)} · {' '.join(clean(prompt).split())}"


def delete_menu() -> app_commands.ContextMenu:
    """A fresh menu of messages."""

    @may(Who.MODERATOR)
    @app_commands.context_menu(name="Delete this picture everywhere")
    @app_commands.guild_only()
    @app_commands.default_permissions(discord.Permissions(MODERATES.value))
    async def menu(interaction: AnyInteraction, message: discord.Message) -> None:
        """Ask first: a menu is quickly chosen by mistake."""
        async with guarded(interaction, "deleting pictures"):
            await defer_privately(interaction)
            remover = cast("Front", interaction.client).enforcement.remover
            job = await remover.find_by_message(message.id, interaction.guild_id or 0)
            others = await remover.family(job)
            text = say(
                "### Delete everywhere?\nJob #{job} of <@{member}>, wherever I have posted it, with its files. "
                "{others} were made from it. This cannot be undone.",
                job=job.id,
                member=job.user_id,
                others=plural(others, "job"),
            )
            buttons = [EverywhereButton(job.id, offspring=False)]
            if others:
                buttons.append(EverywhereButton(job.id, offspring=True))
            view = layout(BROKEN, ui.TextDisplay(text), ui.ActionRow(*buttons))
            await interaction.edit_original_response(view=view, allowed_mentions=NOBODY)

    return menu


class EverywhereButton(GuardedButton, template=r"tb:everywhere:(?P<job>[0-9]{1,18}):(?P<offspring>[01])"):
    """Deletes, after the question."""

    who = Who.MODERATOR
    doing = "deleting pictures"

    def __init__(self, job_id: int, *, offspring: bool) -> None:
        self.job_id, self.offspring = job_id, offspring
        super().__init__(
            ui.Button(
                label=say("Delete with all made from it") if offspring else say("Delete everywhere"),
                style=discord.ButtonStyle.danger,
                custom_id=f"tb:everywhere:{job_id}:{int(offspring)}",
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["job"]), offspring=match["offspring"] == "1")

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Delete, and say so in place of the question."""
        check_moderator(interaction)
        await interaction.response.defer()
        job = await front.enforcement.remover.find(str(self.job_id), interaction.guild_id or 0)
        said = await _delete(interaction, job, offspring=self.offspring)
        try:
            await interaction.edit_original_response(
                view=layout(STOPPED, ui.TextDisplay(said)), allowed_mentions=NOBODY
            )
        except discord.NotFound:  # the question was dismissed meanwhile
            await whisper(interaction, said)
