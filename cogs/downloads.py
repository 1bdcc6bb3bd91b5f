"""Files that members attach, from Discord to us."""

from __future__ import annotations

import aiohttp
import discord

from bot.attachments import check_bytes
from pipeline.errors import MemberError


def check_attachment(attachment: discord.Attachment) -> None:
    """Refuse by what Discord tells of a file, before anything is downloaded.

    Raises:
        InvalidRequest: it is too large.
    """
    check_bytes(attachment.size)


async def download(attachment: discord.Attachment) -> bytes:
    """The bytes of a file. Discord tells its size truly, so nothing larger than what was checked arrives.

    Raises:
        InvalidRequest: it is too large.
        MemberError: Discord does not hand it over.
    """
    check_attachment(attachment)
    return await fetch(attachment)


async def fetch(attachment: discord.Attachment) -> bytes:
    """The bytes of a file whose size was checked.

    Raises:
        MemberError: Discord does not hand it over.
    """
    try:
        return await attachment.read()
    except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
        raise MemberError("Discord did not hand over the file. Attach it again.") from error
