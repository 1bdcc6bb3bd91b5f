"""Where the parts of an export go: a direct message or, where those are closed, answers that only the member sees."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any, Final

import discord

from bot.studio import Studio
from cogs.fate import NOBODY, TROUBLE, Fate, fate_of
from cogs.uploads import DEFAULT_LIMIT, limit_of
from pipeline.errors import MemberError

log = logging.getLogger(__name__)

PAUSES: Final = (2.0, 10.0, 30.0)
"""Between attempts while Discord is down."""


class TooLarge(Exception):
    """Discord does not take a file of this size after all."""


class Closed(MemberError):
    """Neither way is open any more."""


class Outlet:
    """Sends to one member. Begins with direct messages and changes over, once, when Discord refuses one."""

    def __init__(self, interaction: discord.Interaction[Any], studio: Studio) -> None:
        self._interaction = interaction
        self._studio = studio
        self._direct: discord.DMChannel | None = None
        self._number = 0

    @property
    def direct(self) -> bool:
        """Whether direct messages are what is used."""
        return self._direct is not None

    @property
    def limit(self) -> int:
        """Bytes per file, as far as it is known."""
        if self._direct is not None:
            return DEFAULT_LIMIT
        return limit_of(self._interaction.guild, self._interaction)

    async def open(self, greeting: str) -> None:
        """Find out by a greeting whether direct messages arrive."""
        client, user = self._interaction.client, self._interaction.user
        try:
            self._direct = await client.create_dm(discord.Object(user.id))
            await self._direct.send(greeting, allowed_mentions=NOBODY)
        except TROUBLE as error:
            log.info("an export goes through the interaction: %s", error)
            self._direct = None

    async def send(self, text: str, file: Path | None = None) -> None:
        """Send a message, with a file, patiently.

        Raises:
            TooLarge: the file is too large.
            Closed: neither way is open any more.
        """
        self._number += 1
        for pause in (*PAUSES, None):
            try:
                await self._send(text, file)
            except TROUBLE as error:
                match fate_of(error):
                    case Fate.TOO_LARGE if file is not None:
                        raise TooLarge from error
                    case Fate.LATER if pause is not None:
                        await self._studio.park(asyncio.sleep(pause), reason="Discord is down")
                    case _ if self._direct is not None:
                        self._direct = None  # closed meanwhile
                    case _:
                        raise self._closed() from error
            else:
                return
        raise self._closed()

    async def _send(self, text: str, file: Path | None) -> None:
        extra: dict[str, Any] = {}
        if file is not None:
            # Opening it may take its time; what is sent is read piece by piece.
            extra["file"] = await asyncio.to_thread(discord.File, file, file.name)
        if self._direct is not None:
            # Discord drops a second message with this nonce, so an attempt whose answer got lost is not sent twice.
            nonce = f"x{self._interaction.id}.{self._number}"
            await self._direct.send(text, nonce=nonce, allowed_mentions=NOBODY, **extra)
            return
        if self._interaction.is_expired():
            raise self._closed()
        await self._interaction.followup.send(text, ephemeral=True, allowed_mentions=NOBODY, **extra)

    @staticmethod
    def _closed() -> Closed:
        return Closed(
            "The rest of your export cannot be sent: open your direct messages to this server's members, or ask for "
            "less."
        )
