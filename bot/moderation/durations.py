"""How long a ban is to last, as moderators type it. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from pipeline.errors import InvalidRequest

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
LONGEST: Final = 3650 * DAY

_UNITS: Final = (
    (WEEK, ("w", "wk", "wks", "week", "weeks", "週", "週間")),
    (DAY, ("d", "day", "days", "日", "日間")),
    (HOUR, ("h", "hr", "hrs", "hour", "hours", "時間")),
    (MINUTE, ("m", "min", "mins", "minute", "minutes", "分", "分間")),
)
_BY_NAME: Final = {name: seconds for seconds, names in _UNITS for name in names}
_PART: Final = re.compile(r"\s*(\d{1,6})\s*([^\W\d]+)\s*(?:,|and\b|と)?", re.IGNORECASE)
SUGGESTED: Final = ("30m", "2h", "12h", "1d", "3d", "1w", "4w")


def read_duration(text: str) -> int:
    """Seconds of a duration such as `2h`, `3 days` or `1w 2d`.

    Raises:
        InvalidRequest: it is none, shorter than a minute or longer than ten years.
    """
    folded = unicodedata.normalize("NFKC", text).strip().casefold()
    total, place = 0, 0
    while place < len(folded):
        part = _PART.match(folded, place)
        if part is None or part[2] not in _BY_NAME:
            raise _wrong(text)
        total += int(part[1]) * _BY_NAME[part[2]]
        place = part.end()
    if not folded:
        raise _wrong(text)
    if not MINUTE <= total <= LONGEST:
        raise InvalidRequest(
            "`{text}` is too short or too long: from a minute to ten years. Leave it out for good.",
            text=text[:40],
        )
    return total


def parts(seconds: int) -> tuple[int, int]:
    """A duration as a number and the largest unit that it is a whole number of: `(3, DAY)`."""
    for size, _ in _UNITS:
        if seconds % size == 0:
            return seconds // size, size
    return max(1, round(seconds / MINUTE)), MINUTE


def _wrong(text: str) -> InvalidRequest:
    return InvalidRequest(
        "`{text}` is no duration. Write it as `30m`, `2h`, `3 days` or `1w`, or leave it out for good.",
        text=text[:40],
    )
