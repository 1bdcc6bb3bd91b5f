"""Private drafts: what they pass on, and how they become everybody's."""

from __future__ import annotations

import asyncio
from typing import Final
from weakref import WeakValueDictionary

from bot.orders import Lineage
from db.gallery import Gallery
from db.jobs import Job, Jobs
from pipeline.errors import MemberError

DRAFT: Final = "This is somebody's private draft, so only they can do that."


def check_own(job: Job, user_id: int) -> None:
    """Refuse a private draft to everybody but its author, moderators included.

    Raises:
        MemberError: it is somebody else's.
    """
    if job.private and job.user_id != user_id:
        raise MemberError(DRAFT)


class Drafts:
    """The use cases of private drafts. Speaks no Discord."""

    def __init__(self, *, jobs: Jobs, gallery: Gallery) -> None:
        self._jobs = jobs
        self._gallery = gallery
        self._sharing: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def inherited(self, lineage: Lineage) -> bool:
        """Whether what is gone on from is a private draft, so that what comes of it is one, too."""
        return lineage.parent_image_id is not None and await self._gallery.is_private(lineage.parent_image_id)

    def sharing(self, job_id: int) -> asyncio.Lock:
        """Held from looking at a draft until it is shared, so that two presses at once post it once."""
        lock = self._sharing.get(job_id) or asyncio.Lock()
        self._sharing[job_id] = lock
        return lock

    async def shared(self, job_id: int, channel_id: int, message_id: int) -> bool:
        """Write down that it was posted for everybody. False when it is no draft any more, or was deleted."""
        return await self._jobs.share(job_id, channel_id, message_id)
