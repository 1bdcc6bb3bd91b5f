"""The tasks behind `/forget-me`: erasing members, and taking their messages down one after the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import discord

from bot.errors import tell
from bot.forgetting import Forgetter
from cogs.fate import RETRY_SECONDS, TROUBLE, Fate, fate_of
from db.errors import DatabaseError
from db.forgetting import Takedown

log = logging.getLogger(__name__)

PACE_SECONDS: Final = 1.0
"""Between two messages: Discord deletes about five in five seconds in a channel, old ones more slowly."""


class Erasing:
    """Owns a task for each member who is being erased and one for the messages; `close` ends them.

    Nothing is lost by that: what is left to do is in the database.
    """

    def __init__(
        self, client: discord.Client, forgetter: Forgetter, *, park: Callable[..., Awaitable[Any]]
    ) -> None:
        self._client = client
        self._forgetter = forgetter
        self._park = park
        self._members: dict[int, asyncio.Task[None]] = {}
        self._messages: asyncio.Task[None] | None = None
        self._more = False

    def erase(self, user_id: int) -> asyncio.Task[None]:
        """Erase a member whose wish is written down. The same task while that goes on."""
        task = self._members.get(user_id)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._erase(user_id), name="forgetting")
            self._members[user_id] = task
            task.add_done_callback(lambda _: self._members.pop(user_id, None))
        return task

    def take_down(self) -> None:
        """Begin with the messages, or have the one who does look again at the end."""
        self._more = True
        if self._messages is None:
            self._messages = asyncio.get_running_loop().create_task(self._take_down(), name="taking down")
            self._messages.add_done_callback(self._ended)

    async def resume(self) -> None:
        """Go on after a start."""
        try:
            for user_id in await self._forgetter.pending():
                self.erase(user_id)
        except DatabaseError as error:
            tell(error, "forgetting a member")
        self.take_down()

    @property
    def busy(self) -> bool:
        """Whether anything is being erased or taken down."""
        return bool(self._members) or self._messages is not None

    async def close(self) -> None:
        """Stop; the next start goes on."""
        tasks = [*self._members.values(), *([self._messages] if self._messages else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, _: asyncio.Task[None]) -> None:
        self._messages = None

    async def _erase(self, user_id: int) -> None:
        for pause in (*RETRY_SECONDS, None):
            try:
                await self._forgetter.erase(user_id)
            except DatabaseError as error:
                tell(error, "forgetting a member")
            except Exception as error:  # noqa: BLE001 - a task of its own: nobody else would hear of it
                tell(error, "forgetting a member")
                return
            else:
                self.take_down()
                return
            if pause is not None:
                await self._park(asyncio.sleep(pause), reason="the database is locked")
        log.error("a member could not be erased; the next start tries again")

    async def _take_down(self) -> None:
        """Go through the messages until none is left, with rests while Discord or the database is down."""
        try:
            for pause in (*RETRY_SECONDS, None):
                try:
                    while self._more:
                        self._more = False
                        await self._through()
                except (*TROUBLE, DatabaseError) as error:
                    log.warning("messages of a forgotten member are not taken down yet: %s", error)
                else:
                    return
                self._more = True
                if pause is not None:
                    await self._park(asyncio.sleep(pause), reason="Discord or the database is down")
            log.error("messages of forgotten members are left; the next start goes on")
        except Exception as error:  # noqa: BLE001 - as above
            tell(error, "taking down messages")

    async def _through(self) -> None:
        """Try each message once.

        Raises:
            discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError: Discord is down.
            DatabaseError: what was done cannot be written down.
        """
        last = 0
        while messages := await self._forgetter.takedowns(last):
            for message in messages:
                if last:
                    await self._park(asyncio.sleep(PACE_SECONDS), reason="Discord wants deletions to be slow")
                last = message.message_id
                await self._remove(message)

    async def _remove(self, message: Takedown) -> None:
        channel = self._client.get_partial_messageable(message.channel_id, guild_id=message.guild_id)
        try:
            await channel.get_partial_message(message.message_id).delete()
        except discord.NotFound:
            pass
        except TROUBLE as error:
            if fate_of(error) is Fate.LATER or getattr(error, "status", 0) == 401:
                raise
            log.info("a message of a forgotten member stays for now: %s", error)
            await self._forgetter.refused(message)
            return
        await self._forgetter.taken_down(message)
