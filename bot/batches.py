"""Batches: one request that stands for several jobs, by permutations of its prompt or a series of seeds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.drafts import DRAFT
from bot.moderation.rooms import Rooms
from bot.orders import Accepted, Lineage, Order, Origin, QueueFull
from bot.permuted import expanded
from bot.settings import Settings
from bot.studio import Studio
from db.confirmations import Confirmations
from db.jobs import CapReached, NotWaiting
from pipeline.errors import InvalidRequest, MemberError
from pipeline.prompt.permutations import read
from pipeline.request import ImagineRequest
from pipeline.sentence import packed, unpacked

MOST_JOBS: Final = 40
"""Jobs of one batch: each is a message of its own, and a channel takes so many at once."""
_GONE: Final = (
    "These pictures are not waiting for your word any more: they were queued or cancelled before, or it is more than "
    "a day ago. `/imagine` asks for new ones."
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests, each to become a job; what they go on from, and how they are answered."""

    requests: tuple[ImagineRequest, ...]
    lineage: Lineage
    private: bool = False
    notify: bool = False
    warnings: tuple[str, ...] = ()
    """Said with each of the results."""

    @property
    def pictures(self) -> int:
        """Pictures of all its jobs."""
        return sum(int(request.count) for request in self.requests)


class Batches:
    """The use cases of batches. Speaks no Discord."""

    def __init__(
        self, *, settings: Settings, studio: Studio, confirmations: Confirmations, rooms: Rooms
    ) -> None:
        self._studio = studio
        self._confirmations = confirmations
        self._rooms = rooms
        self._most = min(settings.max_pending_per_member, settings.max_pending_per_guild)

    def check(self, origin: Origin, request: ImagineRequest, seeds: str = "") -> None:
        """Whether a request may stand for several here.

        Raises:
            InvalidRequest: a brace is wrong.
            MemberError: that is switched off.
        """
        several = read(request.prompt).count > 1
        self._rooms.check_batch(origin, series=bool(seeds.strip()), permutations=several)

    def expanded(self, request: ImagineRequest, seeds: str = "") -> tuple[ImagineRequest, ...]:
        """The requests that one stands for, in the order in which they are painted.

        Raises:
            InvalidRequest: a brace or the series is wrong, or they are more pictures than a member may have waiting.
        """
        return expanded(request, seeds, most=self._most, most_jobs=MOST_JOBS)

    async def keep(self, origin: Origin, batch: Batch) -> int:
        """Check every request and write the batch down until its member confirms it. Returns its number.

        Raises:
            InvalidRequest: one of them cannot be painted as it stands; nothing was kept.
            DatabaseError: nothing was kept.
        """
        for request in batch.requests:
            await self._studio.planned(origin, request)
            await asyncio.sleep(0)  # each takes milliseconds: others get their turn in between
        return await self._confirmations.keep(origin.guild_id, origin.user_id, _packed(batch))

    async def find(self, number: int, guild_id: int, user_id: int) -> Batch:
        """A batch that still waits for this member's word.

        Raises:
            MemberError: it does not any more, or is somebody else's.
        """
        found = await self._confirmations.get(number)
        if found is None or found.guild_id != guild_id:
            raise MemberError(_GONE)
        if found.user_id != user_id:
            raise MemberError(DRAFT)
        return _unpacked(found.batch)

    async def submit(self, origin: Origin, number: int, batch: Batch) -> tuple[Accepted, ...]:
        """Queue all of it, once. What is random is drawn now.

        Raises:
            MemberError: it was queued or cancelled meanwhile, there is no room for it now (it still waits then), or
                as `Studio.submit`, for all of it.
        """
        if batch.pictures > self._most:  # the cap was lowered since: waiting would not help
            raise InvalidRequest(
                "This is a batch of {count} pictures, and {cap} is the most that may wait here now. Cancel it, and ask "
                "for fewer.",
                count=batch.pictures,
                cap=self._most,
            )
        orders: list[Order] = []
        for request in batch.requests:
            planned = (await self._studio.planned(origin, request)).warned(batch.warnings)
            orders.append((request, planned, batch.lineage))
            await asyncio.sleep(0)
        try:
            return await self._studio.submit_all(origin, orders, number)
        except NotWaiting as error:
            raise MemberError(_GONE) from error
        except QueueFull as error:
            if not isinstance(error.__cause__, CapReached):
                raise
            raise QueueFull(
                "This is a batch of {count} pictures, and {pending} of the {cap} that may wait here already do. "
                "Nothing was queued: press Paint again when some of them are done. `/queue` shows them.",
                count=batch.pictures,
                pending=error.__cause__.pending,
                cap=error.__cause__.cap,
            ) from error

    async def drop(self, number: int) -> bool:
        """Cancel it before anything was queued. False when it does not wait any more."""
        return await self._confirmations.drop(number)


def _packed(batch: Batch) -> str:
    requests: Sequence[object] = [request.to_dict() for request in batch.requests]
    data = {
        "requests": requests,
        "action": batch.lineage.action,
        "parent": batch.lineage.parent_image_id,
        "private": batch.private,
        "notify": batch.notify,
        "warnings": [packed(each) for each in batch.warnings],
    }
    return json.dumps(data, ensure_ascii=False)


def _unpacked(text: str) -> Batch:
    data = json.loads(text)
    requests = tuple(ImagineRequest.from_dict(each) for each in data["requests"])
    lineage = Lineage(data["action"], data["parent"])
    return Batch(requests, lineage, data["private"], data["notify"], tuple(map(unpacked, data["warnings"])))
