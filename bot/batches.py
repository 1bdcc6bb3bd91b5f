"""Batches: one request that stands for several jobs, by permutations of its prompt or a series of seeds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.drafts import DRAFT
from bot.moderation.rooms import Rooms
from bot.orders import Accepted, Lineage, Order, Origin
from bot.settings import Settings
from bot.studio import Studio
from db.confirmations import Confirmations
from db.jobs import NotWaiting
from pipeline.errors import InvalidRequest, MemberError
from pipeline.numbers import whole_number
from pipeline.prompt.permutations import expand, read
from pipeline.request import MAX_COUNT, ImagineRequest
from pipeline.seeds import read_seeds, runs

MOST_JOBS: Final = 40
"""Jobs of one batch: each is a message of its own, and a channel takes so many at once."""
_GONE: Final = (
    "These pictures are not waiting for your word any more: they were queued or cancelled before, or it is more than "
    "a day ago. `/imagine` asks for new ones."
)
_COUNTABLE: Final = 1_000_000


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

        A request without braces and series is itself, unchecked. Of several the numbers are known before the first
        is made, so one that stands for millions costs nothing.

        Args:
            request: its prompt may hold alternatives in braces.
            seeds: a series such as `100-107`, `100-800/100` or `100,200,300`; seeds in a row share a job.

        Raises:
            InvalidRequest: a brace or the series is wrong, or they are more pictures than a member may have waiting.
        """
        permutations = read(request.prompt)
        rows = self._rows(request, seeds)
        jobs = permutations.count * len(rows)
        if jobs > 1:
            each = whole_number("count", request.count, 1, MAX_COUNT)
            if seeds.strip():
                each = sum(count for _, count in rows)
            self._check(permutations.count, each, jobs)
        texts = expand(permutations)
        if not seeds.strip():
            return tuple(replace(request, prompt=text) for text in texts)
        return tuple(
            replace(request, prompt=t, seed=first, count=count) for t in texts for first, count in rows
        )

    def _rows(self, request: ImagineRequest, seeds: str) -> tuple[tuple[int, int], ...]:
        """First seed and count of each job that a prompt becomes."""
        if not seeds.strip():
            return ((0, 1),)
        if request.seed is not None:
            raise InvalidRequest("Give either `seed` or `seeds`: a series names every seed itself.")
        if request.count not in (1, "1"):
            raise InvalidRequest(
                "A series of seeds says itself how many pictures there are: leave `count` out."
            )
        return runs(read_seeds(seeds, self._most), MAX_COUNT)

    def _check(self, prompts: int, each: int, jobs: int) -> None:
        if prompts * each > self._most:
            raise InvalidRequest(
                "This stands for {prompts}, {pictures} in all, and {most} is the most you may have waiting "
                "here. Take fewer alternatives or fewer of each.",
                prompts=_number(prompts, "prompts"),
                pictures=_number(prompts * each, "pictures"),
                most=self._most,
            )
        if jobs > MOST_JOBS:
            raise InvalidRequest(
                "This makes {jobs} jobs, and {most} is the most at once. Take fewer alternatives.",
                jobs=jobs,
                most=MOST_JOBS,
            )

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
            MemberError: it was queued or cancelled meanwhile, or as `Studio.submit`, for all of it.
        """
        orders: list[Order] = []
        for request in batch.requests:
            planned = (await self._studio.planned(origin, request)).warned(batch.warnings)
            orders.append((request, planned, batch.lineage))
            await asyncio.sleep(0)
        try:
            return await self._studio.submit_all(origin, orders, number)
        except NotWaiting as error:
            raise MemberError(_GONE) from error

    async def drop(self, number: int) -> bool:
        """Cancel it before anything was queued. False when it does not wait any more."""
        return await self._confirmations.drop(number)


def _number(count: int, what: str) -> str:
    return f"more than a million {what}" if count > _COUNTABLE else f"{count} {what}"


def _packed(batch: Batch) -> str:
    requests: Sequence[object] = [request.to_dict() for request in batch.requests]
    data = {
        "requests": requests,
        "action": batch.lineage.action,
        "parent": batch.lineage.parent_image_id,
        "private": batch.private,
        "notify": batch.notify,
        "warnings": batch.warnings,
    }
    return json.dumps(data, ensure_ascii=False)


def _unpacked(text: str) -> Batch:
    data = json.loads(text)
    requests = tuple(ImagineRequest.from_dict(each) for each in data["requests"])
    lineage = Lineage(data["action"], data["parent"])
    return Batch(requests, lineage, data["private"], data["notify"], tuple(data["warnings"]))
