"""One request that stands for several jobs: shown with a question first, queued as a whole."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import ui

from bot.batches import Batch, Batches
from bot.orders import FRESH, Lineage, Origin
from cogs.access import origin_of
from cogs.buttons import AnyInteraction, GuardedButton
from cogs.errors import defer_privately
from cogs.fate import NOBODY
from cogs.layouts import DONE, STOPPED, WORKING, layout
from cogs.painting import Painting, language_of
from cogs.patience import in_time
from cogs.text import inline, plural, seeds, trim
from cogs.who import Who
from cogs.words import say
from pipeline.request import ImagineRequest

if TYPE_CHECKING:
    from cogs.buttons import Front

Given = Callable[[Origin, ImagineRequest], Awaitable[ImagineRequest]]

SHOWN: Final = 10
"""Jobs of a batch that the question names."""


class ConfirmButton(GuardedButton, template=r"tb:batch:(?P<number>[0-9]{1,18})"):
    """Queues a batch, for the member who was asked."""

    who = Who.AUTHOR
    doing = "queueing your pictures"

    def __init__(self, number: int, pictures: int = 0) -> None:
        self.number = number
        super().__init__(
            ui.Button(
                label=say("Paint {pictures}", pictures=plural(pictures, "picture")),
                style=discord.ButtonStyle.primary,
                custom_id=f"tb:batch:{number}",
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["number"]))

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Queue it."""
        await front.batching.confirm(interaction, self.number)


class DropButton(GuardedButton, template=r"tb:drop:(?P<number>[0-9]{1,18})"):
    """Cancels a batch before anything of it was queued."""

    who = Who.AUTHOR
    doing = "cancelling"

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(ui.Button(label=say("Cancel"), custom_id=f"tb:drop:{number}"))

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["number"]))

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Forget it."""
        await front.batching.drop(interaction, self.number)


class Batching:
    """Asks before several jobs are queued; what makes one job is painted at once."""

    def __init__(self, batches: Batches, painting: Painting) -> None:
        self._batches = batches
        self._painting = painting

    async def paint(
        self,
        interaction: AnyInteraction,
        request: ImagineRequest,
        lineage: Lineage = FRESH,
        *,
        seed_series: str = "",
        private: bool = False,
        notify: bool = False,
        warnings: tuple[str, ...] = (),
        given: Given | None = None,
    ) -> bool:
        """Queue the job that a request stands for, or ask about several.

        `warnings` are shown with the results, before those of the request itself. `given` makes a request final where
        that takes its time, such as for files that have to be downloaded.

        Returns:
            Whether it was taken: queued, or kept until the member confirms it.

        Raises:
            MemberError: as `Painting.paint`, or braces or seeds are wrong, or there are too many.
        """
        self._batches.check(origin_of(interaction), request, seed_series)
        requests = self._batches.expanded(request, seed_series)
        if len(requests) == 1:
            return await self._painting.paint(
                interaction,
                requests[0],
                lineage,
                private=private,
                notify=notify,
                warnings=warnings,
                prepare=None if given is None else lambda origin: given(origin, requests[0]),
            )
        async with in_time(interaction):
            origin = await self._painting.origin(interaction, lineage, private=private, notify=notify)
        await defer_privately(interaction)
        if given is not None:
            requests = tuple([await given(origin, each) for each in requests])
        batch = Batch(requests, lineage, origin.private, origin.notify, warnings)
        number = await self._batches.keep(origin, batch)
        await interaction.edit_original_response(view=question(batch, number), allowed_mentions=NOBODY)
        return True

    async def confirm(self, interaction: AnyInteraction, number: int) -> None:
        """Queue what was asked about; each job gets a message of its own.

        Raises:
            MemberError: it does not wait any more, is somebody else's, or there is no room for all of it.
        """
        await interaction.response.defer()
        batch = await self._batches.find(number, interaction.guild_id or 0, interaction.user.id)
        origin = await self._painting.origin(
            interaction, batch.lineage, private=batch.private, notify=batch.notify
        )
        accepted = await self._batches.submit(origin, number, batch)
        for each in accepted:
            self._painting.follow(
                each.job.id,
                interaction if origin.private else None,
                fresh=True,
                locale=language_of(interaction, origin),
            )
        where = say("Only you see them.") if origin.private else say("They follow in this channel.")
        queued = say("Queued: {what}.", what=_sum(batch.pictures, len(accepted)))
        await _answer(interaction, layout(DONE, ui.TextDisplay(f"{queued} {where}")))

    async def drop(self, interaction: AnyInteraction, number: int) -> None:
        """Forget what was asked about.

        Raises:
            MemberError: it does not wait any more, or is somebody else's.
        """
        await interaction.response.defer()
        await self._batches.find(number, interaction.guild_id or 0, interaction.user.id)
        await self._batches.drop(number)
        await _answer(interaction, layout(STOPPED, ui.TextDisplay(say("Cancelled. Nothing was queued."))))


def question(batch: Batch, number: int) -> ui.LayoutView:
    """How many pictures a batch would be, the first of its prompts, and a button for either answer."""
    requests = batch.requests
    lines = [f"### {_sum(batch.pictures, len(requests))}"]
    lines += [f"{place}. {_line(request)}" for place, request in enumerate(requests[:SHOWN], start=1)]
    if len(requests) > SHOWN:
        lines.append(say("-# and {count} more", count=len(requests) - SHOWN))
    lines.append(say("-# Each job is a message of its own. You have a day to decide."))
    return layout(
        WORKING,
        ui.TextDisplay(trim("\n".join(lines), 3800)),
        ui.ActionRow(ConfirmButton(number, batch.pictures), DropButton(number)),
    )


def _sum(pictures: int, jobs: int) -> str:
    return say("{pictures} in {jobs}", pictures=plural(pictures, "picture"), jobs=plural(jobs, "job"))


def _line(request: ImagineRequest) -> str:
    count = int(request.count)
    if request.seed is None:
        return f"{inline(request.prompt, 200)} · {plural(count, 'picture')}"
    first = int(request.seed)
    return f"{inline(request.prompt, 200)} · {seeds(list(range(first, first + count)))}"


async def _answer(interaction: AnyInteraction, view: ui.LayoutView) -> None:
    """Put the answer in the question's place, unless that was dismissed."""
    with contextlib.suppress(discord.NotFound):
        await interaction.edit_original_response(view=view, allowed_mentions=NOBODY)


BATCH_BUTTONS: Final[tuple[type[GuardedButton], ...]] = (ConfirmButton, DropButton)
"""Every dynamic item of this module, for `setup_hook`."""
