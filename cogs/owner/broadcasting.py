"""`/owner broadcast`: a message to every server, after a question, one server after the other, each once."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import ui
from discord.ext import commands

from bot.errors import tell
from bot.recorder import Park
from cogs.buttons import AnyInteraction, GuardedButton
from cogs.errors import defer_privately, whisper
from cogs.fate import NOBODY, TROUBLE
from cogs.owner.acting import check_owner, entry
from cogs.servers import first_writable
from cogs.text import plural
from cogs.who import Who
from db.audit import Audit, Entry
from db.broadcasts import Broadcast, Broadcasts
from db.errors import DatabaseError
from pipeline.errors import MemberError

if TYPE_CHECKING:
    from cogs.buttons import Front

log = logging.getLogger(__name__)

PACE_SECONDS: Final = 1.0
"""Between two servers: far below Discord's limit of 50 requests a second, which everything else needs, too."""


class BroadcastButton(GuardedButton, template=r"tb:broadcast:(?P<number>[0-9]{1,18})"):
    """Sends what was shown with it."""

    who = Who.OWNER
    doing = "starting a broadcast"

    def __init__(self, number: int, servers: int = 0) -> None:
        self.number = number
        super().__init__(
            ui.Button(
                label=f"Send to {plural(servers, 'server')}",
                style=discord.ButtonStyle.danger,
                custom_id=f"tb:broadcast:{number}",
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["number"]))

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Start it, once."""
        await defer_privately(interaction)
        await check_owner(interaction)
        servers = await front.broadcaster.start(self.number, entry(interaction, "broadcast.start"))
        await whisper(
            interaction, f"It goes out to {plural(servers, 'server')}. `/owner status` shows how far it is."
        )


class Broadcaster(commands.Cog):
    """Tells the servers. One that was claimed is never told again, also when the program is killed meanwhile."""

    def __init__(
        self,
        client: discord.Client,
        broadcasts: Broadcasts,
        audit: Audit,
        welcome: Callable[[int], bool],
        park: Park,
    ) -> None:
        self._client = client
        self._broadcasts = broadcasts
        self._audit = audit
        self._welcome = welcome
        self._park = park
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def cog_load(self) -> None:
        """Go on with what the last run has left."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="broadcasts")

    async def cog_unload(self) -> None:
        """Stop; the next start goes on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def servers(self) -> list[int]:
        """Whom a broadcast reaches now."""
        return [guild.id for guild in self._client.guilds if self._welcome(guild.id)]

    async def start(self, number: int, what: Entry) -> int:
        """Send a draft to all servers. Returns how many they are.

        Raises:
            MemberError: it was sent before, or is forgotten.
            DatabaseError: nobody was told.
        """
        servers = self.servers()
        if not await self._broadcasts.start(number, servers, what):
            raise MemberError("This was sent before, or a newer draft has taken its place.")
        self._news.set()
        return len(servers)

    async def newest(self) -> Broadcast | None:
        """The last one that was started."""
        return await self._broadcasts.get()

    async def _run(self) -> None:
        await self._client.wait_until_ready()
        while True:
            try:
                for number in await self._broadcasts.unfinished():
                    await self._send(number)
            except DatabaseError as error:
                tell(error, "sending a broadcast")
            await self._park(self._news.wait(), reason="waiting for a broadcast")
            self._news.clear()

    async def _send(self, number: int) -> None:
        broadcast = await self._broadcasts.get(number)
        while broadcast is not None and (guild_id := await self._broadcasts.claim(number)) is not None:
            sent = await self._tell(guild_id, broadcast)
            await self._broadcasts.told(number, guild_id, sent=sent)
            await self._park(asyncio.sleep(PACE_SECONDS), reason="the next server")
        if (done := await self._broadcasts.get(number)) is not None:
            details = {"sent": done.sent, "failed": done.failed, "unsure": done.unsure}
            what = Entry(
                guild_id=0, actor_id=0, actor_name="Tagbrush", action="broadcast.done", details=details
            )
            await self._audit.add(what)

    async def _tell(self, guild_id: int, broadcast: Broadcast) -> bool:
        guild = self._client.get_guild(guild_id)
        channel = first_writable(guild) if guild is not None else None
        if channel is None:
            return False
        try:
            await channel.send(broadcast.text, nonce=f"tbb{broadcast.id}", allowed_mentions=NOBODY)
        except TROUBLE as error:
            log.info("server %s was not told: %s", guild_id, error)
            return False
        return True
