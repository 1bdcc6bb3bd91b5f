"""What an error of Discord's means for the next attempt, and whom messages may ping."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

import aiohttp
import discord

_TOO_LARGE: Final = 40005
_UNKNOWN_CHANNEL: Final = 10003
_ELSEWHERE: Final = frozenset({30046, 50027, 50083})
"""Too many edits of an old message, an invalid token, an archived thread (which a new message opens again)."""
_LATER: Final = frozenset({40003})
"""Too many direct messages opened at once."""

RETRY_SECONDS: Final = (5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)
"""Pauses between attempts to deliver while Discord or the database is down.

Then the member is told where the pictures are. While not even that can be said, every hour tries both again.
"""

NOBODY: Final = discord.AllowedMentions.none()


class Fate(Enum):
    """What an error of Discord's means for the next attempt."""

    TOO_LARGE = auto()
    ELSEWHERE = auto()
    """Not this way: the message or the token is gone, or may not be edited."""
    LATER = auto()
    """Discord or the network is down, or asks for a pause, or the bot's token is refused."""
    NEVER = auto()
    """There is no such channel any more."""
    FAULT = auto()
    """Discord refuses what we sent: a fault of ours."""


TROUBLE: Final = (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError)


def fate_of(error: BaseException) -> Fate:
    """Read an error of `TROUBLE`."""
    if not isinstance(error, discord.HTTPException):
        return Fate.LATER
    if error.status == 413 or error.code == _TOO_LARGE:
        return Fate.TOO_LARGE
    if error.code == _UNKNOWN_CHANNEL:
        return Fate.NEVER
    if error.code in _ELSEWHERE:  # before the status: 30046 comes as a 429, and waiting does not help
        return Fate.ELSEWHERE
    # 401: the bot's own token is refused, which says nothing about this way or this member.
    if error.status >= 500 or error.status in {401, 429} or error.code in _LATER:
        return Fate.LATER
    if error.status in {403, 404}:
        return Fate.ELSEWHERE
    return Fate.FAULT
