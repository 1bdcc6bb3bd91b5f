"""What moderators decide about single pictures, and what members report. Speaks no Discord."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from bot.errors import tell
from bot.moderation.policies import Policies
from bot.pictures import Pictures
from bot.settings import Settings
from db.audit import Entry
from db.errors import DatabaseError
from db.forgetting import Forgetting
from db.jobs import Image, Job
from db.reviews import Decision, OfBanned, Reported, Review, Reviews
from pipeline.errors import InvalidRequest, MemberError

log = logging.getLogger(__name__)

CHANNEL: Final = "review.channel"
HIDE_AFTER: Final = "report.hide_after"
DEFAULT_HIDE_AFTER: Final = 3
MOST_HIDE_AFTER: Final = 50
LISTED: Final = 15
_DAY: Final = 86_400.0
_AT_ONCE: Final = 200


class Reviewing:
    """The use cases of the review queue.

    Attributes:
        changed: set when a message for moderators has to be made or changed.
    """

    def __init__(
        self,
        *,
        reviews: Reviews,
        policies: Policies,
        pictures: Pictures,
        forgetting: Forgetting,
        settings: Settings,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.changed = asyncio.Event()
        self._reviews = reviews
        self._policies = policies
        self._pictures = pictures
        self._forgetting = forgetting
        self._days = settings.retention_days
        self._now = now

    def wake(self) -> None:
        """Something changed: the messages for moderators have to be looked after."""
        self.changed.set()

    # -- settings --------------------------------------------------------------------------------------------

    def channel(self, guild_id: int) -> int | None:
        """The channel in which moderators look at pictures; None where they use the list."""
        found = self._policies.get(guild_id, CHANNEL)
        return found if isinstance(found, int) and found > 0 else None

    async def set_channel(self, channel_id: int | None, entry: Entry) -> None:
        """Choose the channel, or none."""
        if channel_id is None:
            await self._policies.unset(CHANNEL, entry)
        else:
            await self._policies.set(CHANNEL, channel_id, entry)
        self.wake()

    def hide_after(self, guild_id: int) -> int:
        """How many members have to report a picture until it is taken down."""
        found = self._policies.get(guild_id, HIDE_AFTER)
        valid = isinstance(found, int) and not isinstance(found, bool) and 1 <= found <= MOST_HIDE_AFTER
        return int(found) if valid else DEFAULT_HIDE_AFTER

    async def set_hide_after(self, count: int, entry: Entry) -> None:
        """Choose it.

        Raises:
            InvalidRequest: out of range.
        """
        if not 1 <= count <= MOST_HIDE_AFTER:
            raise InvalidRequest("Choose a number from {low} to {high}.", low=1, high=MOST_HIDE_AFTER)
        await self._policies.set(HIDE_AFTER, count, entry)

    # -- looking ---------------------------------------------------------------------------------------------

    async def find(self, review_id: int, guild_id: int) -> Review:
        """A review of this server.

        Raises:
            MemberError: there is none with this number.
        """
        review = await self._reviews.get(review_id)
        if review is None or review.guild_id != guild_id:
            raise MemberError(
                "There is no picture to review under number {number}. `/mod review list` names them.",
                number=review_id,
            )
        return review

    async def waiting(self, guild_id: int) -> tuple[tuple[Review, ...], int]:
        """The oldest that wait in a server, and how many there are in all."""
        return await self._reviews.open_ones(guild_id, LISTED), await self._reviews.count(guild_id)

    async def picture(self, review: Review) -> bytes | None:
        """The picture that is meant; None when its file is gone."""
        if review.file is None:
            return None
        try:
            return await self._pictures.read(review.file)
        except (FileNotFoundError, IsADirectoryError):
            return None

    async def stale(self) -> tuple[Review, ...]:
        """Reviews whose message is missing or out of date, all of them."""
        found: list[Review] = []
        after = 0
        while ids := await self._reviews.stale(_AT_ONCE, after):
            found += [each for number in ids if (each := await self._reviews.get(number)) is not None]
            after = ids[-1]
        return tuple(found)

    async def shown(self, review: Review, channel_id: int | None, message_id: int | None) -> None:
        """The message for moderators says what the review does."""
        await self._reviews.shown(review, channel_id, message_id)

    # -- deciding --------------------------------------------------------------------------------------------

    async def decide(self, review_id: int, decision: Decision, entry: Entry) -> Review:
        """Decide about a picture, once.

        Raises:
            MemberError: unknown here, decided before, or the picture was deleted; or its member is banned, and nothing
                of theirs is shown again.
            DatabaseError: nothing was decided.
        """
        before = await self.find(review_id, entry.guild_id)
        try:
            decided = await self._reviews.decide(review_id, decision, entry)
        except OfBanned as error:
            raise MemberError(
                "This member is banned, so nothing of theirs is posted. Reject the picture, or unban them first."
            ) from error
        if decided is None:
            now = await self.find(review_id, entry.guild_id)
            if now.state == "gone":
                raise MemberError("This picture was deleted meanwhile, so there is nothing to decide.")
            raise MemberError(
                "This was decided before, so nothing was changed. `/mod audit recent` tells by whom."
            )
        if decision is Decision.REJECT and before.file is not None:
            await self._remove(before.file)
        self.wake()
        return decided

    async def _remove(self, file: str) -> None:
        """Take a doomed file from the disk; what fails here is done at the next start."""
        try:
            if await self._pictures.remove(file):
                await self._forgetting.files_gone([file])
        except DatabaseError as error:
            tell(error, "removing a rejected picture")

    async def expire(self) -> int:
        """Give up what nobody has looked at for as long as originals are kept. Returns how many those were."""
        gone = 0
        while self._days and (some := await self._reviews.expire(self._now() - self._days * _DAY, _AT_ONCE)):
            gone += some
        if gone:
            self.wake()
        return gone

    # -- reporting -------------------------------------------------------------------------------------------

    async def report(self, job: Job, position: int, reason: str, entry: Entry) -> Reported:
        """A member reports a picture of a finished job.

        Raises:
            MemberError: it is their own, or it is not shown any more.
            DatabaseError: nothing was reported.
        """
        if job.user_id == entry.actor_id:
            raise MemberError("These pictures are yours: Delete takes them away.")
        image = _picture(job, position)
        found = await self._reviews.report(image.id, reason, self.hide_after(entry.guild_id), entry)
        if found is None:
            raise MemberError("This picture is not shown any more.")
        if found.new:
            self.wake()
        return found


def _picture(job: Job, position: int) -> Image:
    found = next((each for each in job.images if each.position == position and each.file), None)
    if found is None:
        raise MemberError("This picture is not shown any more.")
    return found
