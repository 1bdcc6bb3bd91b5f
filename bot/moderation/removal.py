"""Deleting a job's pictures wherever the bot has posted them, and all that was made from them where asked for."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Final

from bot.afterwards import Afterwards
from bot.album import Album
from bot.errors import tell
from bot.studio import Studio
from db.audit import Entry
from db.errors import DatabaseError
from db.jobs import Job
from db.removal import Removals
from pipeline.errors import MemberError

log = logging.getLogger(__name__)

NOTED: Final = 50
"""Numbers of jobs that an entry of the log names."""


@dataclass(frozen=True, slots=True)
class Gone:
    """What was deleted: jobs, and messages that are being taken down."""

    jobs: int
    messages: int


class Remover:
    """The use case. Speaks no Discord: who takes the messages down finds them among the takedowns."""

    def __init__(self, *, studio: Studio, afterwards: Afterwards, album: Album, removals: Removals) -> None:
        self._studio = studio
        self._afterwards = afterwards
        self._album = album
        self._removals = removals

    async def find(self, name: str, guild_id: int) -> Job:
        """The job of this server that a moderator names by number or by a link to any message that shows it.

        Whatever its state and whether or not it is a private draft: nothing of it is shown.

        Raises:
            MemberError: it is not known here, or the name is neither.
        """
        return await self._of(await self._album.find(name), guild_id)

    async def find_by_message(self, message_id: int, guild_id: int) -> Job:
        """The job that a message shows.

        Raises:
            MemberError: none of this server.
        """
        return await self._of(await self._album.find_by_message(message_id), guild_id)

    async def _of(self, job_id: int | None, guild_id: int) -> Job:
        job = await self._studio.job(job_id) if job_id is not None else None
        job = job and await self._afterwards.restored(job)
        if job is None or job.guild_id != guild_id:
            raise MemberError(
                "No pictures of mine are known here under this number or link. Choose one of the list, or copy the "
                "link of their message."
            )
        return job

    async def newest(self, guild_id: int, typed: str, most: int) -> tuple[Job, ...]:
        """The newest jobs of a server, for a moderator who types a number.

        Raises:
            DatabaseError: the database is unusable.
        """
        ids = await self._removals.newest(guild_id, typed.strip().removeprefix("#"), most)
        found = [await self._studio.job(each) for each in ids]
        return tuple(job for job in found if job is not None)

    async def family(self, job: Job) -> int:
        """How many jobs were made from a job's pictures, and from those, and so on."""
        return len(await self._removals.family(job.id, job.guild_id, offspring=True)) - 1

    async def remove(self, job: Job, entry: Entry, *, offspring: bool) -> Gone:
        """Delete it. The first commit makes it certain; what a crash leaves, every start goes on with.

        Args:
            job: of the entry's server.
            entry: who decided that, and why.
            offspring: whether all that was made from it goes, too.

        Raises:
            DatabaseError: nothing was deleted.
        """
        ids = await self._removals.family(job.id, job.guild_id, offspring=offspring)
        details = {"jobs": list(ids[:NOTED]), "count": len(ids), "offspring": offspring}
        entry = replace(entry, job_id=job.id, user_id=job.user_id, details=details)
        removed = await self._removals.remove(job.id, entry, offspring=offspring)
        self._studio.reviews_changed()
        for each in removed.stopped:
            self._studio.drop(each.job_id, each.image_ids)
        try:
            await self._afterwards.sweep()
        except DatabaseError as error:
            tell(error, "sweeping deleted pictures")
        return Gone(len(removed.job_ids), removed.messages)
