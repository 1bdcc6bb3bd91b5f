"""Starts the real bot in a simulated server and serves its channels as web pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

import discord
import simcord

from bot.demo.glue import Live, Park, open_page
from bot.discord_bot import TagbrushBot

if TYPE_CHECKING:
    from simcord.builders import GuildHandle, RoleHandle

    from bot.app import App

SETTLE_SECONDS: Final = 30.0
NAME: Final = "Tagbrush"
TOPIC: Final = "Type /imagine, choose prompt, write a few tags and press Enter"
DESK_TOPIC: Final = (
    "Only moderators see this. Type /mod review channel and choose it, and withheld pictures come here"
)
POSTS: Final = discord.Permissions(embed_links=True, attach_files=True)

Ready = Callable[[str, str], None]


async def serve(
    open_app: Callable[[Park], AbstractAsyncContextManager[App]],
    *,
    port: int | None = None,
    ready: Ready,
) -> None:
    """Serve the demo until the page's session is ended or the task is cancelled.

    Args:
        open_app: opens the composition root with the given park. Its database must be a fresh one: the
            simulated Discord forgets everything, and old jobs would point at channels that are gone.
        port: of the local page; None for a free one.
        ready: called with the addresses of the page and of the moderators' channel.
    """
    park = Park()
    async with open_app(park) as app:
        bot = TagbrushBot(app)
        env = simcord.Env(bot, check_errors=False, settle_timeout=SETTLE_SECONDS)
        env.backend.bot_user.name = NAME
        park.env = env
        # The simulated clock starts at a date of its own; the database has the real time.
        env.backend.advance_clock(max(0.0, (datetime.now(UTC) - env.backend.clock.now()).total_seconds()))
        await env.start()
        try:
            with env.time_context():
                await _show(env, bot, port, ready)
        finally:
            await bot.painting.close()
            await env.shutdown()
            park.env = None


async def _show(env: simcord.Env, bot: TagbrushBot, port: int | None, ready: Ready) -> None:
    guild = env.create_guild("Tagbrush demo")
    channel = guild.create_text_channel("painting", topic=TOPIC)
    staff = guild.create_role(
        "moderator", permissions=discord.Permissions(manage_messages=True, moderate_members=True)
    )
    moderator = guild.add_member(env.create_user("moderator", global_name="Moderator"), roles=[staff])
    newcomer = guild.add_member(env.create_user("newcomer", global_name="Newcomer"))
    guest = guild.add_member(env.create_user("guest", global_name="Guest"))
    me = cast("discord.ClientUser", bot.user)  # it has logged in
    desk = guild.create_text_channel("moderators", topic=DESK_TOPIC, overwrites=_closed(guild, staff, me))
    await bot.give_tour(guild.id, channel.id)
    async with (
        open_page(env, channel, [newcomer, guest, moderator], port) as page,
        open_page(env, desk, [moderator]) as desk_page,
    ):
        pump = asyncio.create_task(Live(env, page, desk_page).run(), name="demo page")
        try:
            ready(page.url, desk_page.url)
            await page.wait_closed()
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)


def _closed(
    guild: GuildHandle, staff: RoleHandle, bot_user: discord.ClientUser
) -> dict[Any, discord.PermissionOverwrite]:
    """Who sees the moderators' channel: they and the bot."""
    seen = discord.PermissionOverwrite(view_channel=True, send_messages=True, read_message_history=True)
    posts = discord.PermissionOverwrite.from_pair(seen.pair()[0] | POSTS, discord.Permissions.none())
    hidden = discord.PermissionOverwrite(view_channel=False)
    return {guild.default_role: hidden, staff: seen, bot_user: posts}
