"""`python -m bot run`: the bot on the real Discord."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
from typing import TYPE_CHECKING, Final

import discord
from filelock import FileLock, Timeout

from bot.app import open_app
from bot.logs import set_up_logs
from bot.settings import Settings, SettingsError, check_token, read_settings
from pipeline.errors import MemberError

if TYPE_CHECKING:
    from bot.discord_bot import TagbrushBot

log = logging.getLogger("bot.run")

CLOSING: Final = "closing the bot"


def run(args: argparse.Namespace) -> int:
    """Run until interrupted."""
    settings = read_settings(log_format="json") if args.json else read_settings()
    check_token(settings.discord_token)
    set_up_logs(settings)
    return asyncio.run(serve(settings))


async def serve(settings: Settings) -> int:
    """Connect and serve until SIGINT or SIGTERM.

    Raises:
        SettingsError: Discord refuses the token, or another bot uses the same data folder.
        MemberError, DatabaseError: something else the owner has to mend.
    """
    from bot.discord_bot import TagbrushBot

    lock = instance_lock(settings)
    try:
        async with open_app(settings) as app:
            bot = TagbrushBot(app)
            loop = asyncio.get_running_loop()
            for name in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(name, stop, bot)
            log.info("connecting to Discord (stop with Ctrl+C)")
            try:
                async with bot:
                    await bot.start(settings.discord_token)
            except discord.LoginFailure as error:
                raise SettingsError(
                    "Discord refuses DISCORD_TOKEN: make a new token on the portal's “Bot” page and put it into `.env`."
                ) from error
            except (discord.HTTPException, discord.GatewayNotFound, OSError) as error:
                raise MemberError("Discord cannot be reached: {reason}.", reason=error) from error
    finally:
        lock.release()
    return 0


def stop(bot: TagbrushBot) -> None:
    """Close the bot; asked a second time, end at once. Either way everything unfinished goes on at the next start."""
    if bot.is_closed() or any(task.get_name() == CLOSING for task in asyncio.all_tasks()):
        log.warning("stopping at once")
        os._exit(130)
    log.info("stopping (once more to stop at once)")
    asyncio.get_running_loop().create_task(bot.close(), name=CLOSING)


def instance_lock(settings: Settings) -> FileLock:
    """Make sure that only one bot works on this data folder: two would paint every job twice.

    Raises:
        SettingsError: another one is running, or the folder cannot be written.
    """
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(settings.data_dir / "bot.lock", thread_local=False)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise SettingsError(
            "Another Tagbrush is already running on `{folder}`: stop it first, or set another DATA_DIR.",
            folder=settings.data_dir,
        ) from error
    except OSError as error:
        raise SettingsError(
            "DATA_DIR `{folder}` cannot be used: {reason}. Name a folder this user may write to.",
            folder=settings.data_dir,
            reason=error.strerror or error,
        ) from error
    return lock
