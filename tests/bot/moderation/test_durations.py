"""Durations as moderators type them."""

from __future__ import annotations

import pytest

from bot.moderation.durations import DAY, HOUR, LONGEST, MINUTE, SUGGESTED, WEEK, parts, read_duration
from pipeline.errors import InvalidRequest


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30m", 30 * MINUTE),
        ("2h", 2 * HOUR),
        ("3 days", 3 * DAY),
        ("1w", WEEK),
        ("1W 2D", WEEK + 2 * DAY),
        ("1 day, 12 hours and 5 min", DAY + 12 * HOUR + 5 * MINUTE),
        ("２ｈ", 2 * HOUR),
        ("3日", 3 * DAY),
        ("2時間30分", 2 * HOUR + 30 * MINUTE),
        ("3650d", LONGEST),
        *((text, read_duration(text)) for text in SUGGESTED),
    ],
)
def test_what_is_understood(text: str, seconds: int) -> None:
    """In either language, in any case and width."""
    assert read_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "2",
        "h",
        "-1h",
        "1.5h",
        "1 month",
        "forever",
        "2h or 3h",
        "0d",
        "3651d",
        "1" * 400 + "h",
        "\x00",
    ],
)
def test_what_is_not(text: str) -> None:
    """With a sentence each."""
    with pytest.raises(InvalidRequest):
        read_duration(text)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(2 * WEEK, (2, WEEK)), (DAY, (1, DAY)), (36 * HOUR, (36, HOUR)), (90 * MINUTE, (90, MINUTE))],
)
def test_the_largest_unit_that_fits(seconds: int, shown: tuple[int, int]) -> None:
    """As it is shown."""
    assert parts(seconds) == shown
