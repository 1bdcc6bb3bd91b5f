"""Numbers as members give them, with a sentence for those that are none or out of range."""

from __future__ import annotations

import math
import re

from pipeline.errors import InvalidRequest
from pipeline.profiles.types import Range
from pipeline.sentence import Sentence

Number = int | float | str


def whole_number(name: Sentence, value: Number, low: int, high: int) -> int:
    """Read a whole number in a range.

    Raises:
        InvalidRequest: text that is no number, a fraction, NaN, infinite, or out of range.
    """
    number: float = math.nan
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,30}\s*", value, re.ASCII):
        number = int(value)
    elif not isinstance(value, str):
        number = value
    if not math.isfinite(number) or number != int(number) or not low <= number <= high:
        raise InvalidRequest(
            "{name} must be a whole number from {low} to {high}, not `{given}`.",
            name=name,
            low=low,
            high=high,
            given=str(value)[:40],
        )
    return int(number)


def real_number(name: Sentence, value: Number, limits: Range) -> float:
    """Read a number in a profile's range.

    Raises:
        InvalidRequest: text that is no number, NaN, infinite, or out of range.
    """
    try:
        number = float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or not limits.minimum <= number <= limits.maximum:
        raise InvalidRequest(
            "{name} must be a number from {low:g} to {high:g}, not `{given}`.",
            name=name,
            low=limits.minimum,
            high=limits.maximum,
            given=str(value)[:40],
        )
    return number
