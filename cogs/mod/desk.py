"""Keeps the messages in the moderators' channel in step with the reviews."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import discord
from discord.ext import commands

from bot.errors import tell
from bot.moderation.reviewing import Reviewing
from bot.recorder import Park
from cogs.fate import NOBODY, TROUBLE
from cogs.mod.review_view import closed_view, review_view
from cogs.uploads import LEVELS, fit, limit_of
from cogs.words import speak
from db.errors import DatabaseError
from db.reviews import Review

log = logging.getLogger(__name__)

AGAIN_SECONDS: Final = 300.0
"""After which what could not be posted is tried again."""
TIDY_SECONDS: Final = 3600.0
"""After which what nobody has looked at for too long is given up, when nothing else happens."""


def everybody_sees(channel: discord.abc.GuildChannel) -> bool:
    """Whether a channel is open to all members of its server."""
    return channel.permissions_for(channel.guild.default_role).view_channel


class Desk(commands.Cog):
    """One task: posts what is new, changes what was decided or reported again, and takes the pictures out of it."""

    def __init__(
        self, bot: commands.Bot, reviewing: Reviewing, sweep: Callable[[], Awaitable[None]], *, park: Park
    ) -> None:
        """Prepare. `sweep` takes the files of reviews that have ended from the disk."""
        self._bot = bot
        self._reviewing = reviewing
        self._sweep = sweep
        self._park = park
        self._task: asyncio.Task[None] | None = None

    async def cog_load(self) -> None:
        """Start in the background."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="the moderators' desk")

    async def cog_unload(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        await self._bot.wait_until_ready()
        while True:
            self._reviewing.changed.clear()
            left = True
            try:
                await self._reviewing.expire()
                await self._sweep()
                left = not await self._catch_up()
            except Exception as error:  # noqa: BLE001 - a task of its own: the next change tries again
                tell(error, "posting pictures for review")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_SECONDS if left else TIDY_SECONDS):
                    await self._park(self._reviewing.changed.wait(), reason="nothing to review")

    async def _catch_up(self) -> bool:
        """Whether all was done that can be."""
        done = True
        for review in await self._reviewing.stale():
            try:
                await self._show(review)
            except (DatabaseError, *TROUBLE) as error:
                log.warning("review %s cannot be shown to the moderators now: %s", review.id, error)
                done = False
        return done

    async def _show(self, review: Review) -> None:
        guild = self._bot.get_guild(review.guild_id)
        speak(guild.preferred_locale if guild is not None else None)
        if review.message_id is not None and review.channel_id is not None:
            message = self._bot.get_partial_messageable(
                review.channel_id, guild_id=review.guild_id
            ).get_partial_message(review.message_id)
            try:
                await self._change(message, review)
            except (discord.NotFound, discord.Forbidden):
                await self._reviewing.shown(review, None, None)
                if review.state == "open":
                    await self._post(guild, review)
            return
        if review.state == "open":
            await self._post(guild, review)

    async def _change(self, message: discord.PartialMessage, review: Review) -> None:
        if review.state == "open":
            file = await self._file(review, message.guild)
            files = [file] if file is not None else []
            view = review_view(review, file.filename if file is not None else "")
            await message.edit(view=view, attachments=files, allowed_mentions=NOBODY)
        else:
            await message.edit(view=closed_view(review), attachments=[], allowed_mentions=NOBODY)
        await self._reviewing.shown(review, review.channel_id, review.message_id)

    async def _post(self, guild: discord.Guild | None, review: Review) -> None:
        channel_id = self._reviewing.channel(review.guild_id)
        channel = guild.get_channel(channel_id) if guild is not None and channel_id is not None else None
        if not isinstance(channel, discord.TextChannel):
            return  # it waits in the list
        if everybody_sees(channel):
            log.warning(
                "server %s: everybody sees the channel for reviews now, so nothing is posted", channel.guild.id
            )
            return
        file = await self._file(review, guild)
        extra: dict[str, Any] = {"files": [file]} if file is not None else {}
        message = await channel.send(
            view=review_view(review, file.filename if file is not None else ""),
            nonce=f"tbr{review.id}",
            allowed_mentions=NOBODY,
            **extra,
        )
        await self._reviewing.shown(review, channel.id, message.id)

    async def _file(self, review: Review, guild: discord.Guild | None) -> discord.File | None:
        return await review_file(self._reviewing, review, limit_of(guild, None))


async def review_file(reviewing: Reviewing, review: Review, limit: int) -> discord.File | None:
    """The picture in the best encoding that fits so many bytes; None when its file is gone."""
    data = await reviewing.picture(review)
    if data is None:
        return None
    fitting, used = await asyncio.to_thread(fit, data, limit, 0)
    return discord.File(io.BytesIO(fitting), f"review-{review.id}.{LEVELS[used]}")
