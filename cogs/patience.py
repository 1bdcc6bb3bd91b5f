"""Acknowledging an interaction in time, however long what it needs may take to be read."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final, cast

import discord

from cogs.errors import defer_privately
from cogs.fate import TROUBLE
from pipeline.errors import MemberError

if TYPE_CHECKING:
    from cogs.buttons import Front

log = logging.getLogger(__name__)

AnyInteraction = discord.Interaction[Any]

PATIENCE: Final = 1.5
"""Seconds that an interaction may stay unanswered. Discord gives up after 3, of which the way there takes a part."""
_DEADLINE: Final = "tagbrush.deadline"
"""Mark on an interaction: when its patience ends, in the event loop's time."""


@contextlib.asynccontextmanager
async def in_time(interaction: AnyInteraction) -> AsyncIterator[None]:
    """Around whatever is read before an interaction is acknowledged, such as by a database that may be locked.

    As a rule that takes milliseconds, and the answer can be anything. Where it takes longer than `PATIENCE`, all such
    readings of an interaction together, the answer is deferred: for the member's eyes only, because nobody knows yet
    whether it will be a refusal or a private draft. Nothing may be answered inside.
    """
    if interaction.response.is_done():
        yield
        return
    deferring = asyncio.Event()
    timer = asyncio.get_running_loop().create_task(_defer(interaction, deferring), name="acknowledging")
    try:
        yield
    finally:
        # What has begun is brought to its end: two acknowledgements at once would be one too many.
        if not deferring.is_set():
            timer.cancel()
        await asyncio.wait([timer])


async def _defer(interaction: AnyInteraction, deferring: asyncio.Event) -> None:
    now = asyncio.get_running_loop().time()
    deadline: float = interaction.extras.setdefault(_DEADLINE, now + PATIENCE)
    park = cast("Front", interaction.client).studio.park
    await park(asyncio.sleep(max(0.0, deadline - now)), reason="what an interaction needs is being read")
    deferring.set()
    try:
        await defer_privately(interaction)
    except TROUBLE as trouble:
        # Whoever answers next meets the same trouble, and tells it.
        log.warning("an interaction could not be acknowledged: %s", trouble)


async def open_form(interaction: AnyInteraction, form: discord.ui.Modal) -> None:
    """Show a form, which is only possible as the first answer.

    Raises:
        MemberError: what it needs took so long to be read that the interaction had to be acknowledged before.
    """
    if interaction.response.is_done():
        raise MemberError(
            "This took too long for a form to open: Discord waits for one 3 seconds only. Try again in a moment."
        )
    await interaction.response.send_modal(form)
