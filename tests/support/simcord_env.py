"""The real bot in a simulated Discord: real composition root, real database and files, real executor thread."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
import simcord

from bot.app import App, open_app
from bot.demo.glue import Park
from bot.discord_bot import TagbrushBot
from bot.factories import EngineFactory
from bot.moderation.looking import ClassifierFactory
from bot.settings import read_settings
from tests.support.scripted_classifier import ScriptedClassifier
from tests.support.wire import Wire, walk


class World:
    """A guild with a channel, a newcomer, a stranger and a moderator, and the bot."""

    env: simcord.Env
    wire: Wire
    app: App
    bot: TagbrushBot

    def __init__(
        self,
        data: Path,
        make_engine: EngineFactory | None,
        settings: dict[str, Any],
        make_classifier: ClassifierFactory | None = None,
    ) -> None:
        self._data = data
        self._make_engine = make_engine
        self._make_classifier = make_classifier
        self._settings = settings
        self._park = Park()
        self._app_stack = contextlib.AsyncExitStack()

    async def open(self) -> None:
        """Start the bot."""
        await self._open_bot()
        self._make_env()
        await self.env.start()
        self.guild = self.env.create_guild("Painters")
        self.channel = self.guild.create_text_channel("painting")
        moderators = self.guild.create_role(
            "mod", permissions=discord.Permissions(manage_messages=True, moderate_members=True)
        )
        self.alice = self.guild.add_member(self.env.create_user("alice"))
        self.bob = self.guild.add_member(self.env.create_user("bob"))
        self.mod = self.guild.add_member(self.env.create_user("mod"), roles=[moderators])
        await self.env.settle()

    def _make_env(self) -> None:
        self.env = simcord.Env(self.bot, check_errors=False, settle_timeout=20.0)
        # simcord's Discord lives in January 2026; the database takes its times from the real clock.
        self.env.backend.clock._epoch = datetime.now(UTC)
        self._park.env = self.env
        self.wire = Wire(self.env)
        self.wire.listen()

    async def _open_bot(self) -> None:
        values = {"data_dir": self._data, "min_free_mb": 0, **self._settings}
        settings = read_settings({}, None, **values)
        self.app = await self._app_stack.enter_async_context(
            open_app(
                settings,
                park=self._park,
                make_engine=self._make_engine,
                make_classifier=self._make_classifier,
            )
        )
        self.bot = TagbrushBot(self.app)

    async def close(self) -> None:
        """Stop everything, and fail on whatever Discord would have refused or nobody answered for."""
        await self._stop_bot()
        await self.env.shutdown()
        self.wire.leave()
        assert self.wire.violations == [], self.wire.violations
        assert self.env.errors == [], self.env.errors

    async def _stop_bot(self) -> None:
        await self.bot.painting.close()
        await self.bot.erasing.close()
        await self._app_stack.aclose()

    async def restart(self, before_start: Callable[[], None] | None = None) -> None:
        """The process ends in the middle of whatever it does, and a new one starts on the same data."""
        await self._stop_bot()
        if before_start is not None:
            before_start()
        await self._open_bot()
        await self.env.restart_bot(self.bot)

    # -- acting and looking ----------------------------------------------------------------------------------

    async def imagine(self, actor: Any = None, /, **options: Any) -> simcord.InteractionResult:
        """`/imagine` in the channel, by alice unless somebody else is named."""
        options.setdefault("prompt", "1girl, solo")
        return await (actor or self.alice).slash(self.channel, "imagine", **options)

    async def until(self, condition: Callable[[], bool], what: str = "it", seconds: float = 60.0) -> None:
        """Let the bot work until the condition holds."""
        deadline = time.perf_counter() + seconds
        while True:
            await self.env.settle()
            if condition():
                return
            assert time.perf_counter() < deadline, f"{what} did not happen\n{self.shown()}"
            await asyncio.sleep(0.01)

    async def finished(self, seconds: float = 60.0) -> None:
        """Let the bot work until no job of its is in progress and all is shown."""
        await self.until(lambda: not self.app.studio.waiting_jobs(), "the end", seconds)
        deadline = time.perf_counter() + seconds
        while self.bot.painting.busy:
            assert time.perf_counter() < deadline, f"not all was shown\n{self.shown()}"
            # Of many jobs that end at once only a few are shown in each second.
            await self.env.advance_time(0.1)
            await self.env.settle()
            await asyncio.sleep(0.01)

    def history(self) -> list[discord.Message]:
        """The public messages of the bot in the channel."""
        return [m for m in self.channel.history() if m.author.id == self.env.backend.bot_user.id]

    def galleries(self) -> list[discord.Message]:
        """Those that show pictures."""
        return [m for m in self.history() if m.attachments]

    def shown(self) -> str:
        """Everything the bot shows in the channel, as text."""
        return "\n---\n".join(text_of(message) for message in self.history())


def raw_components(message: Any) -> list[dict[str, Any]]:
    """The components of a message or response as Discord has them."""
    found = message.components
    return [c if isinstance(c, dict) else c.to_dict() for c in found]


def text_of(message: Any) -> str:
    """Everything a member reads in a message or response."""
    parts = [message.content or ""]
    parts += [str(c["content"]) for c in walk(raw_components(message)) if c.get("type") == 10]
    return "\n".join(part for part in parts if part)


def buttons_of(message: Any) -> list[str]:
    """Labels of the buttons of a message."""
    return [str(c.get("label")) for c in walk(raw_components(message)) if c.get("type") == 2]


def alt_texts(message: Any) -> list[str]:
    """Alt texts of the pictures of a message."""
    items = [item for c in walk(raw_components(message)) for item in c.get("items") or []]
    return [str(item.get("description")) for item in items]


def answer_of(result: simcord.InteractionResult) -> str:
    """What the member was told: the followup if there is one, else the response."""
    told = result.followups[-1] if result.followups else result.response
    return text_of(told) if told is not None else ""


@contextlib.asynccontextmanager
async def discord_world(
    data: Path,
    *,
    make_engine: EngineFactory | None = None,
    make_classifier: ClassifierFactory | None = ScriptedClassifier,
    **settings: Any,
) -> AsyncIterator[World]:
    """Open a world on a data folder. Without `make_engine` the real engine paints with the built-in miniature.

    Finished pictures pass, unless `make_classifier` says otherwise; None for the real default.
    """
    world = World(data, make_engine, settings, make_classifier)
    await world.open()
    try:
        yield world
    finally:
        await world.close()
