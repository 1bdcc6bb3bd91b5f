"""`/mod queue`: look at this server's queue, cancel in it, hold it back, and move a job forward."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import discord
from discord import app_commands, ui
from discord.app_commands import Choice, Range

from bot.moderation.pauses import PAUSED
from bot.moderation.queue_control import QueueControl, Waiting
from cogs.errors import defer_privately, guarded, whisper
from cogs.fate import NOBODY
from cogs.layouts import WORKING, layout
from cogs.mod.acting import MAX_REASON, entry
from cogs.mod.page import Page, setting
from cogs.painting import Painting
from cogs.text import CHOICE_LIMIT, clean, inline, plural, time_left, trim
from cogs.views import paused_text
from cogs.who import Who, may
from cogs.words import say
from db.jobs import JobState

SHOWN: Final = 25
"""Jobs of one answer: each takes up to 150 of its 4,000 characters."""
MAX_JOB: Final = 2**53 - 1
"""The largest number of a Discord option."""

AnyInteraction = discord.Interaction[Any]


def _line(waiting: Waiting) -> str:
    entry = waiting.entry
    queued = entry.state is JobState.QUEUED
    place = say("place {place}", place=entry.place) if queued else say("painting")
    left = f" · {time_left(entry.eta_seconds)}" if entry.eta_seconds is not None else ""
    prompt = say("private draft") if waiting.prompt is None else inline(waiting.prompt, 60)
    return f"`#{entry.job_id}` **{place}** · <@{entry.user_id}> · {plural(entry.images, 'picture')}{left} · {prompt}"


def list_text(found: Sequence[Waiting], total: int, paused: str | None) -> str:
    """The queue as moderators see it."""
    lines = [say("### {jobs} in this server's queue", jobs=plural(total, "job"))]
    if paused is not None:
        lines.append(paused_text(paused))
    lines += [_line(each) for each in found]
    if total > len(found):
        lines.append(say("-# and {count} more", count=total - len(found)))
    return trim("\n".join(lines), 3900)


class QueueCommands(app_commands.Group):
    """This server's queue, for its moderators."""

    def __init__(self, control: QueueControl, painting: Painting, page: Page) -> None:
        super().__init__(name="queue", description="This server's queue")
        self._control = control
        self._painting = painting
        page.add((PAUSED,), self._lines)

    def _lines(self, guild_id: int) -> Iterable[str]:
        reason = self._control.paused(guild_id)
        told = None if reason is None else (clean(trim(reason, 100)) or say("paused"))
        yield setting(say("Queue paused"), told, say("no"))

    @may(Who.MODERATOR)
    @app_commands.command(name="list", description="All that waits and runs in this server")
    async def show(self, interaction: AnyInteraction) -> None:
        """Answer this moderator only."""
        async with guarded(interaction, "showing the queue"):
            await defer_privately(interaction)
            guild = interaction.guild_id or 0
            found, total = await self._control.waiting(guild, SHOWN), self._control.count(guild)
            text = list_text(found, total, self._control.paused(guild))
            await interaction.edit_original_response(
                view=layout(WORKING, ui.TextDisplay(text)), allowed_mentions=NOBODY
            )

    @may(Who.MODERATOR)
    @app_commands.command(name="cancel", description="Cancel a job that waits or runs")
    @app_commands.describe(job="The job, as /mod queue list shows it", reason="For the audit log")
    async def cancel(
        self,
        interaction: AnyInteraction,
        job: Range[int, 1, MAX_JOB],
        reason: Range[str, 1, MAX_REASON] | None = None,
    ) -> None:
        """Its message says that it was cancelled, and not by whom."""
        async with guarded(interaction, "cancelling"):
            await defer_privately(interaction)
            found = await self._control.cancel(job, entry(interaction, "queue.cancel", reason=reason or ""))
            self._painting.follow(found.id)
            await whisper(
                interaction, say("Job #{job} of {member} is cancelled.", job=job, member=f"<@{found.user_id}>")
            )

    @may(Who.MODERATOR)
    @app_commands.command(name="clear", description="Cancel all that a member has waiting or running here")
    @app_commands.describe(member="Whose jobs", reason="For the audit log")
    async def clear(
        self,
        interaction: AnyInteraction,
        member: discord.User,
        reason: Range[str, 1, MAX_REASON] | None = None,
    ) -> None:
        """In this server only; also of somebody who has left it."""
        async with guarded(interaction, "cancelling"):
            await defer_privately(interaction)
            jobs = await self._control.clear(member.id, entry(interaction, "queue.clear", reason=reason or ""))
            for job_id in jobs:
                self._painting.follow(job_id)
            cancelled = plural(len(jobs), "job")
            await whisper(
                interaction, say("Cancelled: {jobs} of {member}.", jobs=cancelled, member=f"<@{member.id}>")
            )

    @may(Who.MODERATOR)
    @app_commands.command(name="pause", description="Start nothing more here; what is new waits")
    @app_commands.describe(reason="Members see it with their waiting pictures")
    async def pause(self, interaction: AnyInteraction, reason: Range[str, 1, MAX_REASON] | None = None) -> None:
        """Until somebody resumes it, also over a restart."""
        async with guarded(interaction, "pausing the queue"):
            await defer_privately(interaction)
            await self._control.pause(entry(interaction, "queue.pause", reason=clean(reason or "").strip()))
            await whisper(
                interaction,
                say(
                    "Paused. What is being painted goes on to its end; everything else waits for `/mod queue resume`."
                ),
            )

    @may(Who.MODERATOR)
    @app_commands.command(name="resume", description="Go on with what waits")
    async def resume(self, interaction: AnyInteraction) -> None:
        """Nothing was lost meanwhile."""
        async with guarded(interaction, "resuming the queue"):
            await defer_privately(interaction)
            await self._control.resume(entry(interaction, "queue.resume"))
            await whisper(interaction, say("The queue goes on."))

    @may(Who.MODERATOR)
    @app_commands.command(name="priority", description="Move a job to the front of this server's queue")
    @app_commands.describe(job="The job, as /mod queue list shows it")
    async def priority(self, interaction: AnyInteraction, job: Range[int, 1, MAX_JOB]) -> None:
        """Other servers wait no longer for it."""
        async with guarded(interaction, "moving a job forward"):
            await defer_privately(interaction)
            await self._control.promote(job, entry(interaction, "queue.priority"))
            await whisper(interaction, say("Job #{job} is next in this server.", job=job))

    @cancel.autocomplete("job")
    @priority.autocomplete("job")
    async def _jobs(self, interaction: AnyInteraction, typed: object) -> list[Choice[int]]:
        guild = interaction.guild_id or 0
        choices = []
        for each in await self._control.waiting(guild, 25, starting=str(typed)):
            prompt = say("private draft") if each.prompt is None else " ".join(clean(each.prompt).split())
            choices.append(
                Choice(name=trim(f"#{each.entry.job_id} · {prompt}", CHOICE_LIMIT), value=each.entry.job_id)
            )
        return choices
