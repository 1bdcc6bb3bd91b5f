"""A member's own pictures: paged, searched, marked, and found again by number or link."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from bot.orders import Origin
from bot.pictures import Pictures
from bot.ratings import rated, seen_as
from bot.studio import Studio
from db.history import History, Page, Shown, Wanted, words_of
from db.jobs import Job, Jobs
from pipeline.errors import InvalidRequest

PAGE: Final = 5
"""Pictures of a page."""
MOST_TEXT: Final = 32
"""Characters of a search: it travels in the buttons, which Discord limits to 100."""
_NUMBER: Final = re.compile(r"#?([0-9]{1,18})")
_LINK: Final = re.compile(r"https?://(?:\w+\.)?discord(?:app)?\.com/channels/[0-9@me]+/[0-9]+/([0-9]{1,20})/?")
_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture of a page with its small copy, or None when the file is gone or it must not be shown here."""

    shown: Shown
    data: bytes | None
    allowed: bool
    """Whether its rating may be shown where it was asked for."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A page with its small pictures, and the filters that found it."""

    wanted: Wanted
    page: Page
    pictures: tuple[Thumbnail, ...]


class Album:
    """The use cases around the history. Speaks no Discord."""

    def __init__(self, *, studio: Studio, jobs: Jobs, history: History, pictures: Pictures) -> None:
        self._studio = studio
        self._jobs = jobs
        self._history = history
        self._pictures = pictures

    def wanted(
        self, *, text: str = "", profile: str = "", favourites: bool = False, since: str = "", until: str = ""
    ) -> Wanted:
        """Read the filters.

        Args:
            text: words that the prompt holds; `gree*` stands for all that begin so.
            profile: a model's id, or empty.
            favourites: only what the member has marked.
            since: the first day, as 2026-11-21, in UTC; empty for no limit.
            until: the last day, likewise.

        Raises:
            InvalidRequest: a text without words or too long, an unknown model, no date, or an empty span.
        """
        text = " ".join(text.split())
        if len(text) > MOST_TEXT:
            raise InvalidRequest(
                "A search takes {limit} characters at most, and this has {count}.",
                limit=MOST_TEXT,
                count=len(text),
            )
        if text and not words_of(text):
            raise InvalidRequest(
                "There is no word in `{text}` to search for. Write a part of the prompt, such as `green hair`.",
                text=text,
            )
        if profile and profile not in self._studio.profiles:
            raise InvalidRequest(
                "There is no model called `{name}`. Known models: {known}.",
                name=profile[:100],
                known=", ".join(f"`{p}`" for p in self._studio.profiles),
            )
        first, last = _day(since), _day(until)
        if first is not None and last is not None and last < first:
            raise InvalidRequest(
                "`{since}` is after `{until}`, so there is no day between them.", since=since, until=until
            )
        return Wanted(
            text=text,
            profile=profile,
            favourites=favourites,
            since=first,
            until=None if last is None else last + _DAY,
        )

    async def page(
        self,
        origin: Origin,
        wanted: Wanted,
        *,
        sees: Callable[[int, int], bool],
        before: int = 0,
        after: int = 0,
    ) -> Spread:
        """A page of a member's pictures in a guild, newest first, with small copies. See `History.page`.

        What is rated above the ceiling of the place where it is asked for, or stands where `sees` (channel and
        author) says that the member cannot look, is listed, but not shown.

        Where no picture has these very words, those that begin with them are looked for. Where there is nothing
        beyond a picture, because it was deleted meanwhile, it is the newest page.
        """
        user_id, guild_id, most = origin.user_id, origin.guild_id, self._studio.ceiling(origin).level
        page = await self._history.page(user_id, guild_id, wanted, size=PAGE, before=before, after=after)
        if not page.pictures and (before or after):
            page = await self._history.page(user_id, guild_id, wanted, size=PAGE)
        # Slower than whole words, so only now.
        if not page.pictures and (begins := self.begins(wanted)) is not None:
            page = await self._history.page(user_id, guild_id, begins, size=PAGE)
            wanted = begins if page.pictures else wanted
        small = []
        for shown in page.pictures:
            profile = self._studio.profiles.get(shown.profile)
            rating = rated(shown.rating, profile, shown.painted)
            allowed = rating.level <= most and sees(shown.channel_id, shown.user_id)
            threshold = self._studio.threshold(origin)
            if threshold is not None:
                allowed = allowed and seen_as(shown.scores, threshold).level <= most
            data = await self._pictures.thumbnail(shown.file) if allowed else None
            small.append(Thumbnail(shown, data, allowed))
        return Spread(wanted, page, tuple(small))

    @staticmethod
    def begins(wanted: Wanted) -> Wanted | None:
        """The same with words that only begin so; None where that is no other search."""
        words = [word for word in words_of(wanted.text) if len(word) > 1]
        text = " ".join(f"{word}*" for word in words)
        if not words or "*" in wanted.text or len(text) > MOST_TEXT:
            return None
        return replace(wanted, text=text)

    async def find(self, text: str) -> int | None:
        """The number of the job that a member names, by number or by a link to its message; None when unknown.

        Raises:
            InvalidRequest: it is neither.
        """
        text = text.strip()
        if found := _NUMBER.fullmatch(text):
            return int(found[1])
        if found := _LINK.fullmatch(text):
            return await self.find_by_message(int(found[1]))
        raise InvalidRequest(
            "`{text}` is neither the number of a job, such as `#12`, nor the link of a message.",
            text=text[:100],
        )

    async def find_by_message(self, message_id: int) -> int | None:
        """The number of the job that a message shows, or has shown; None when unknown."""
        job = await self._jobs.find_by_message(message_id) if message_id < 2**63 else None
        return job.id if job else None

    async def mark(self, job: Job, position: int, user_id: int, user_name: str) -> bool:
        """Make a picture a favourite, or take that back. Returns whether it is one now.

        Raises:
            InvalidRequest: there is no such picture.
        """
        image = next((each for each in job.images if each.position == position and each.file), None)
        if image is None:
            raise InvalidRequest("This picture was not painted.")
        return await self._history.toggle_favourite(user_id, user_name, image.id)

    async def marked(self, job: Job, user_id: int) -> frozenset[int]:
        """Positions of the job's pictures that are the member's favourites."""
        return await self._history.favourites_among(user_id, job.id)


def _day(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise InvalidRequest(
            "`{text}` is no date. Write it as year-month-day, such as 2026-11-21.", text=text[:40]
        ) from None
