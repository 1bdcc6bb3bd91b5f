"""`/owner server`: which servers may use the bot, and how much each."""

from __future__ import annotations

from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.moderation.instance_settings import EVERY, BannedServer, InstanceSettings, server_id
from bot.moderation.quota_settings import Quota
from bot.studio import Studio
from cogs.errors import defer_privately, guarded, whisper
from cogs.mod.acting import MAX_REASON
from cogs.mod.quotas import quota_text
from cogs.owner.acting import check_owner, entry, name_of, suggest, suggest_servers
from cogs.servers import Servers
from cogs.text import clean, inline, plain, trim
from cogs.who import Who, may

AnyInteraction = discord.Interaction[Any]
SHOWN: Final = 20


class ServerCommands(app_commands.Group):
    """Servers, by their numbers, whether or not the bot is in them."""

    def __init__(self, settings: InstanceSettings, studio: Studio, servers: Servers) -> None:
        super().__init__(name="server", description="Servers that may use this bot")
        self._settings = settings
        self._studio = studio
        self._servers = servers

    @may(Who.OWNER)
    @app_commands.command(name="ban", description="Leave a server for good and cancel what it has waiting")
    @app_commands.describe(server="Which", reason="For the audit log")
    @app_commands.autocomplete(server=suggest_servers)
    async def ban(self, interaction: AnyInteraction, server: str, reason: Range[str, 1, MAX_REASON]) -> None:
        """The bot says so there and leaves; invited again it leaves again."""
        async with guarded(interaction, "banning a server"):
            await defer_privately(interaction)
            await check_owner(interaction)
            guild_id, client = server_id(server), interaction.client
            banned = BannedServer(guild_id, name_of(client, guild_id), clean(reason))
            await self._settings.ban(banned, entry(interaction, "server.ban", reason=clean(reason)))
            for waiting in self._studio.queue_of(guild_id):
                await self._studio.cancel(waiting.job_id)
            guild = client.get_guild(guild_id)
            if guild is not None:
                await self._servers.leave(guild)
            await whisper(interaction, f"Banned: {inline(banned.name, 60)} `{guild_id}`.")

    @may(Who.OWNER)
    @app_commands.command(name="unban", description="Lift the ban of a server")
    @app_commands.describe(server="Which")
    async def unban(self, interaction: AnyInteraction, server: str) -> None:
        """It has to be invited again."""
        async with guarded(interaction, "lifting a ban"):
            await defer_privately(interaction)
            await check_owner(interaction)
            await self._settings.unban(server_id(server), entry(interaction, "server.unban"))
            await whisper(interaction, "The ban is lifted; the bot has to be invited there again.")

    @may(Who.OWNER)
    @app_commands.command(name="banned", description="The servers that are banned")
    async def banned(self, interaction: AnyInteraction) -> None:
        """With the reasons."""
        async with guarded(interaction, "listing bans"):
            await defer_privately(interaction)
            await check_owner(interaction)
            found = list(self._settings.banned().values())
            lines = [f"- {plain(trim(b.name, 60))} `{b.guild_id}`: {plain(trim(b.reason, 60))}" for b in found]
            await whisper(interaction, _list(lines) or "No server is banned.")

    @may(Who.OWNER)
    @app_commands.command(name="only-listed", description="Whether only listed servers may use the bot")
    @app_commands.describe(on="True: nothing is painted in others, and the bot leaves them when it is invited")
    async def only_listed(self, interaction: AnyInteraction, on: bool) -> None:  # noqa: FBT001 - an option
        """Servers that it is in already are refused, and not left."""
        async with guarded(interaction, "changing the list of servers"):
            await defer_privately(interaction)
            await check_owner(interaction)
            await self._settings.set_list(entry(interaction, "server.only-listed", details={"on": on}), on=on)
            guilds = interaction.client.guilds
            refused = sum(not self._settings.allowed(guild.id) for guild in guilds)
            await whisper(
                interaction,
                f"Only listed servers: {'yes' if on else 'no'}. {refused} of {len(guilds)} are refused now.",
            )

    @may(Who.OWNER)
    @app_commands.command(name="list-add", description="Put a server on the list")
    @app_commands.describe(server="Which")
    @app_commands.autocomplete(server=suggest_servers)
    async def list_add(self, interaction: AnyInteraction, server: str) -> None:
        """Also one that the bot is not in yet."""
        async with guarded(interaction, "changing the list of servers"):
            await defer_privately(interaction)
            await check_owner(interaction)
            guild_id = server_id(server)
            name = name_of(interaction.client, guild_id)
            await self._settings.put(guild_id, name, entry(interaction, "server.list-add"))
            await whisper(interaction, f"On the list: {self._label(interaction.client, guild_id)}.")

    @may(Who.OWNER)
    @app_commands.command(name="list-remove", description="Take a server off the list")
    @app_commands.describe(server="Which")
    async def list_remove(self, interaction: AnyInteraction, server: str) -> None:
        """It is refused from then on, while only listed ones are allowed."""
        async with guarded(interaction, "changing the list of servers"):
            await defer_privately(interaction)
            await check_owner(interaction)
            await self._settings.take(server_id(server), entry(interaction, "server.list-remove"))
            await whisper(interaction, "It is not on the list any more.")

    @may(Who.OWNER)
    @app_commands.command(name="listed", description="The servers on the list")
    async def listed(self, interaction: AnyInteraction) -> None:
        """And whether the list counts."""
        async with guarded(interaction, "listing servers"):
            await defer_privately(interaction)
            await check_owner(interaction)
            lines = [f"Only listed servers: {'yes' if self._settings.list_on() else 'no'}"]
            lines += [f"- {self._label(interaction.client, each)}" for each in self._settings.listed()]
            await whisper(interaction, _list(lines))

    @may(Who.OWNER)
    @app_commands.command(name="limit", description="Limit what a server, or every server, may paint")
    @app_commands.describe(
        server="Which; without it every one that has no limits of its own",
        pictures="Pictures a day",
        gpu_seconds="Seconds of the GPU a day",
        pending="Pictures waiting or being painted at the same time",
    )
    @app_commands.autocomplete(server=suggest_servers)
    async def limit(
        self,
        interaction: AnyInteraction,
        server: str | None = None,
        pictures: int | None = None,
        gpu_seconds: int | None = None,
        pending: int | None = None,
    ) -> None:
        """What is not named stays."""
        async with guarded(interaction, "setting a limit"):
            await defer_privately(interaction)
            await check_owner(interaction)
            guild_id = EVERY if server is None else server_id(server)
            quota = Quota(pictures, gpu_seconds, pending)
            after = await self._settings.set_limit(guild_id, quota, entry(interaction, "server.limit"))
            await whisper(interaction, f"{self._whose(interaction.client, guild_id)}: {quota_text(after)}.")

    @may(Who.OWNER)
    @app_commands.command(name="unlimit", description="Take the limits of a server, or of every server, away")
    @app_commands.describe(server="Whose; without it those of every server")
    @app_commands.autocomplete(server=suggest_servers)
    async def unlimit(self, interaction: AnyInteraction, server: str | None = None) -> None:
        """Those of every server then hold for it."""
        async with guarded(interaction, "setting a limit"):
            await defer_privately(interaction)
            await check_owner(interaction)
            guild_id = EVERY if server is None else server_id(server)
            await self._settings.set_limit(guild_id, None, entry(interaction, "server.unlimit"))
            await whisper(interaction, f"{self._whose(interaction.client, guild_id)}: no limits.")

    @may(Who.OWNER)
    @app_commands.command(name="limits", description="The limits of servers")
    async def limits(self, interaction: AnyInteraction) -> None:
        """Those of every server, and of single ones."""
        async with guarded(interaction, "listing limits"):
            await defer_privately(interaction)
            await check_owner(interaction)
            found = self._settings.limits().items()
            lines = [f"- {self._whose(interaction.client, each)}: {quota_text(quota)}" for each, quota in found]
            await whisper(interaction, _list(lines) or "No server is limited.")

    @unban.autocomplete("server")
    async def _banned(self, interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
        return suggest(interaction.client, list(self._settings.banned()), typed)

    @list_remove.autocomplete("server")
    async def _listed(self, interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
        return suggest(interaction.client, list(self._settings.listed()), typed)

    def _label(self, client: discord.Client, guild_id: int) -> str:
        name = name_of(client, guild_id)
        return f"{inline(name, 60)} `{guild_id}`" if name else f"`{guild_id}`"

    def _whose(self, client: discord.Client, guild_id: int) -> str:
        return "Every server without its own" if guild_id == EVERY else self._label(client, guild_id)


def _list(lines: list[str]) -> str:
    more = [f"-# and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "\n".join([*lines[:SHOWN], *more])
