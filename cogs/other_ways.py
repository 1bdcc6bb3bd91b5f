"""The ways that are left when a job cannot be shown in its message: other words, a direct message, later."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import discord

from bot.errors import tell
from bot.said import failure
from bot.studio import Studio
from cogs.direct import kept, write
from cogs.errors import explain
from cogs.fate import NOBODY, TROUBLE, Fate, fate_of
from cogs.text import CONTENT_LIMIT, clean, shown, trim
from cogs.withheld import remarks
from cogs.words import say
from db.errors import DatabaseError
from db.jobs import Job, JobState

log = logging.getLogger(__name__)

GONE: Final = "The files of these pictures are no longer on the disk."

Originals = Callable[[Job], Awaitable[tuple[Sequence[tuple[int, bytes]], str]]]
"""Position and file of each picture that a job shows, and a remark on those that are gone."""


class OtherWays:
    """For one job, besides its follower.

    Attributes:
        told: whether the member knows all there is to know; what is left then is to write that down.
    """

    def __init__(
        self, client: discord.Client, studio: Studio, job_id: int, few: asyncio.Semaphore, originals: Originals
    ) -> None:
        self._client = client
        self._studio = studio
        self._job_id = job_id
        self._few = few
        self._originals = originals
        self.told = False

    async def troubled(self, job: Job | None, error: Exception, *, doubtful: bool) -> bool:
        """Do what is left after an error of Discord's. False when that has to be tried again later.

        Args:
            job: None when it is not even known whose it was.
            error: what was raised.
            doubtful: whether an earlier attempt may have arrived.
        """
        match fate_of(error):
            case Fate.LATER:
                log.warning("job %s: not delivered yet: %s", self._job_id, error)
                return False
            case Fate.ELSEWHERE | Fate.NEVER:
                log.warning("job %s cannot be shown in its channel: %s", self._job_id, error)
                return await self._in_private(job, doubtful=doubtful)
        return await self.confess(job, error)

    async def confess(self, job: Job | None, error: Exception) -> bool:
        """Something unforeseen: the member is told once, in the channel or privately."""
        text, _ = explain(error, "showing your pictures")
        if fate_of(error) is Fate.TOO_LARGE:
            text = say("Discord does not take these pictures here, however small I make them.")
        if job is None:  # nobody knows whose it was
            return True
        return await self._say(job, f"{text} {kept(job)}")

    async def give_up(self) -> bool:
        """The pictures could not be posted for hours: say where they are. False when not even that works."""
        try:
            job = await self._studio.job(self._job_id)
        except DatabaseError as error:
            tell(error, "delivering pictures")
            return False
        if job is None or job.state is not JobState.RENDERED:
            return False
        log.error("job %s could not be delivered", job.id)
        return await self._say(job, f"{say('For hours Discord did not take what I painted.')} {kept(job)}")

    async def conclude(self) -> bool:
        """Its member knows all there is to know: no later start comes back to it."""
        try:
            await self._studio.delivered(self._job_id, None)
        except DatabaseError as error:
            tell(error, "recording what a member was told")
            return False
        return True

    async def _say(self, job: Job, text: str) -> bool:
        """Words instead of pictures, in the channel or privately. False when that has to be tried again later."""
        channel = self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)
        try:
            await channel.send(
                trim(f"<@{job.user_id}> {clean(text)}", CONTENT_LIMIT),
                nonce=f"tb{job.id}f",
                allowed_mentions=NOBODY,
            )
        except TROUBLE as trouble:
            if fate_of(trouble) is Fate.LATER:
                return False
            return await self._in_private(job, text, doubtful=True)
        self.told = True
        return await self.conclude()

    async def _in_private(self, job: Job | None, text: str = "", *, doubtful: bool) -> bool:
        """The channel is closed to the bot: a direct message, with the pictures unless `text` says why not."""
        if job is None:
            return True
        try:
            async with self._few:
                await self._write(job, text, doubtful=doubtful)
        except DatabaseError as error:
            tell(error, "delivering pictures")
            return False
        except TROUBLE as error:
            if fate_of(error) is Fate.LATER:
                return False
            log.warning("job %s: its member could not be told: %s", job.id, error)
        self.told = True
        return await self.conclude()

    async def _write(self, job: Job, text: str, *, doubtful: bool) -> None:
        where = say(
            "I could not post in {channel}: I am missing a permission there, or it is gone.",
            channel=f"<#{job.channel_id}>",
        )
        pictures: Sequence[tuple[int, bytes]] = ()
        if text:
            where = f"{where} {text}"
        elif job.state is JobState.RENDERED:
            pictures, lost = await self._originals(job)
            what = say("Here are the pictures you asked for.") if pictures else ""
            where = " ".join(filter(None, (where, what, lost or ("" if pictures else say(GONE)))))
        elif job.state is JobState.WITHHELD:
            where = f"{where} {' '.join(remarks(job))}"
        elif job.error:
            why = say("Your pictures could not be painted: {error}", error=shown(failure(job)))
            where = f"{where} {why}"
        sent = await write(self._client, job, where, pictures, doubtful=doubtful)
        if sent is not None:
            await self._studio.posted(job.id, 0, sent.channel.id, sent.id)
