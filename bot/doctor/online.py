"""Checks of the Discord side: the token, the application, the permissions, the invite link."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator
from typing import Final

import aiohttp
import discord

from bot.doctor.check import Check, fail, ok, warn
from bot.settings import Settings, SettingsError, check_token

PERMISSIONS: Final = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
)
"""All the bot needs. Read message history lets it find its own message again after a restart."""
TIMEOUT_SECONDS: Final = 15.0


def application_id(token: str) -> int | None:
    """The application id inside a token's first part, or None if it is not there."""
    head = token.partition(".")[0]
    try:
        text = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return int(text) if text.isdigit() else None


def lacking(granted: int) -> list[str]:
    """What the bot needs and these permission bits do not grant, in words. Administrators lack nothing."""
    permissions = discord.Permissions(granted)
    if permissions.administrator:
        return []
    return [name.replace("_", " ") for name, on in PERMISSIONS if on and not getattr(permissions, name)]


def invite_link(app_id: int) -> str:
    """The link that adds the bot to a server with just the permissions it needs."""
    return discord.utils.oauth_url(app_id, permissions=PERMISSIONS, scopes=("bot", "applications.commands"))


async def check_discord(settings: Settings) -> AsyncIterator[Check]:
    """Token, application, intents, permissions and the invite link."""
    try:
        check_token(settings.discord_token)
    except SettingsError as error:
        report = fail if settings.discord_token else warn
        yield report("token", error.text)
        return
    app_id = application_id(settings.discord_token)
    if app_id is None:
        yield fail(
            "token", "DISCORD_TOKEN does not begin with an application id: copy it again from the portal."
        )
        return
    yield ok("token", "DISCORD_TOKEN has the form of a bot token")
    yield ok("intents", "only the default intents are used; no privileged intent has to be switched on")
    async for check in _ask(settings.discord_token):
        yield check
    yield ok("permissions", "the invite link asks for: " + ", ".join(lacking(0)))
    yield ok("invite", invite_link(app_id))


async def _ask(token: str) -> AsyncIterator[Check]:
    client = discord.Client(intents=discord.Intents.default())
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await client.login(token)
            info = await client.application_info()
            # The raw answer: discord.py drops the permissions the bot has in each server.
            guilds = await client.http.get_guilds(200, with_counts=False)
    except discord.LoginFailure:
        yield fail("discord", "Discord refuses this token: make a new one on the portal's “Bot” page.")
    except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
        yield warn("discord", f"Discord cannot be asked from here right now ({type(error).__name__}).")
    else:
        yield ok("discord", f"Discord knows this bot as {info.name}, in {len(guilds)} servers")
        if not info.bot_public:
            yield warn("discord", "The bot is private: only you can invite it.")
        for guild in guilds:
            if missing := lacking(int(guild["permissions"])):
                yield warn(
                    "permissions", f"In {guild['name']} the bot lacks: {', '.join(missing)}. Invite it again."
                )
    finally:
        await client.close()
