"""Starts the real bot in a simulated server and serves its channel as a web page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Final

import discord
import simcord

from bot.demo.glue import Live, Park
from bot.discord_bot import TagbrushBot

if TYPE_CHECKING:
    from bot.app import App

SETTLE_SECONDS: Final = 30.0
NAME: Final = "Tagbrush"
TOPIC: Final = "Type /imagine, choose prompt, write a few tags and press Enter"


async def serve(
    open_app: Callable[[Park], AbstractAsyncContextManager[App]],
    *,
    port: int | None = None,
    ready: Callable[[str], None],
) -> None:
    """Serve the demo until the page's session is ended or the task is cancelled.

    Args:
        open_app: opens the composition root with the given park. Its database must be a fresh one: the
            simulated Discord forgets everything, and old jobs would point at channels that are gone.
        port: of the local page; None for a free one.
        ready: called with the page's address.
    """
    park = Park()
    async with open_app(park) as app:
        bot = TagbrushBot(app)
        env = simcord.Env(bot, check_errors=False, settle_timeout=SETTLE_SECONDS)
        env.backend.bot_user.name = NAME
        park.env = env
        await env.start()
        try:
            with env.time_context():
                await _show(env, bot, port, ready)
        finally:
            await bot.painting.close()
            await env.shutdown()
            park.env = None


async def _show(env: simcord.Env, bot: TagbrushBot, port: int | None, ready: Callable[[str], None]) -> None:
    guild = env.create_guild("Tagbrush demo")
    channel = guild.create_text_channel("painting", topic=TOPIC)
    staff = guild.create_role(
        "moderator", permissions=discord.Permissions(manage_messages=True, moderate_members=True)
    )
    host = guild.add_member(env.create_user("host", global_name="Host"), roles=[staff])
    newcomer = guild.add_member(env.create_user("newcomer", global_name="Newcomer"))
    await bot.give_tour(guild.id, channel.id)
    preview = env.preview(channel, viewers=[newcomer, host], layout="channel", port=port)
    live = Live(env, preview)
    async with preview:
        pump = asyncio.create_task(live.run(), name="demo page")
        try:
            ready(preview.url)
            await preview.wait_closed()
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
