"""A sliding window: what was spent in it, and from when on more may be. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

DAY: Final = 86_400.0
MINUTE: Final = 60.0
_LITTLE: Final = 1e-6
"""Seconds are sums of floats: what is over the limit by less than this is within it."""


class Spent(NamedTuple):
    """So much at that moment, in Unix seconds."""

    at: float
    amount: float


def used(spent: Sequence[Spent], window: float, now: float) -> float:
    """What was spent in the window that ends now. What is exactly as old as the window has left it."""
    return sum(each.amount for each in spent if each.at > now - window)


def free_at(spent: Sequence[Spent], limit: float, needed: float, window: float, now: float) -> float | None:
    """The first moment from now on at which so much more fits, if nothing else is spent; None when it never does."""
    if needed > limit + _LITTLE:
        return None
    inside = sorted(each for each in spent if each.at > now - window)
    total, moment = sum(each.amount for each in inside), now
    for each in inside:
        if total + needed <= limit + _LITTLE:
            break
        total -= each.amount
        moment = each.at + window
    return moment
