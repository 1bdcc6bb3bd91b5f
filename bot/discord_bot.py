"""The Discord client: puts the cogs together and keeps the command tree in step with Discord."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import Final, Protocol

import discord
from discord.ext import commands

from bot.app import App
from cogs.again import Again
from cogs.batching import BATCH_BUTTONS, Batching
from cogs.buttons import BUTTONS
from cogs.compare import Compare
from cogs.delivery import Delivery
from cogs.describe import Describe
from cogs.described import UseButton
from cogs.editing import Editing
from cogs.erasing import Erasing
from cogs.errors import Tree
from cogs.export import ExportPictures
from cogs.forget_me import ForgetButton, ForgetMe
from cogs.help import Help
from cogs.history import History, ShowButton, TurnButton
from cogs.imagine import Imagine
from cogs.inpainting import Inpainting
from cogs.mod.desk import Desk
from cogs.mod.group import mod_group
from cogs.mod.review_buttons import ReviewButton
from cogs.models import Models
from cogs.painting import Painting
from cogs.presets import Presets
from cogs.queue import Queue
from cogs.reporting import ReportButton, Reporting
from cogs.result_buttons import RESULT_BUTTONS
from cogs.settings import Settings
from cogs.settings_panel import SETTING_CONTROLS
from cogs.sharing import Sharing
from cogs.tour import TourButton, tour_view
from cogs.words import Words, languages

log = logging.getLogger(__name__)

TREE_KEY: Final = "discord.command_tree"


class Store(Protocol):
    """A little memory between starts (`db.keyvalue.KeyValue`)."""

    async def get(self, key: str) -> str | None:
        """The value, or None."""

    async def set(self, key: str, value: str) -> None:
        """Write it down."""


class TagbrushBot(commands.Bot):
    """The bot. Default intents only: it reads no messages and knows no member list.

    Buttons reach the use cases through the client, because discord.py makes dynamic items itself.
    """

    def __init__(self, app: App) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents.default(),
            allowed_mentions=discord.AllowedMentions.none(),
            tree_cls=Tree,
        )
        self.studio = app.studio
        self.afterwards = app.afterwards
        self.album = app.album
        self.enlarger = app.enlarger
        self.preferences = app.preferences
        self.restorer = app.restorer
        self.expander = app.expander
        self.handed_in = app.handed_in
        self.painting = Painting(self, app.studio, app.afterwards, app.drafts, app.restorer, app.checker)
        self.batching = Batching(app.batches, self.painting)
        self.sharing = Sharing(self, app.studio, app.afterwards, app.drafts)
        self.reviewing = app.reviewing
        self._checker = app.checker
        self._retention = app.retention
        self._mod = mod_group(app)
        self.forgetter = app.forgetter
        self.erasing = Erasing(self, app.forgetter, park=app.studio.park)
        self._exporter = app.exporter
        self._comparer = app.comparer
        self._store: Store = app.store

    async def setup_hook(self) -> None:
        """Add the cogs and buttons, then sync the commands if they changed."""
        self.add_dynamic_items(*BUTTONS, *RESULT_BUTTONS, *BATCH_BUTTONS, *SETTING_CONTROLS)
        self.add_dynamic_items(TourButton, UseButton, TurnButton, ShowButton, ForgetButton)
        self.add_dynamic_items(ReviewButton, ReportButton)
        await self.add_cog(Imagine(self.studio, self.preferences, self.batching, self.handed_in))
        await self.add_cog(Inpainting(self.studio, self.preferences, self.painting, self.handed_in))
        await self.add_cog(Describe(self.tree, self.studio, self.afterwards, self.album))
        await self.add_cog(Queue(self.studio))
        await self.add_cog(Models(self.studio))
        await self.add_cog(Help(self.studio))
        await self.add_cog(History(self.studio, self.album))
        await self.add_cog(Again(self.studio, self.afterwards, self.album, self.painting))
        await self.add_cog(Settings(self.studio, self.preferences))
        await self.add_cog(Presets(self.studio, self.preferences, self.afterwards, self.album))
        await self.add_cog(Editing(self.afterwards, self.preferences, self.batching))
        await self.add_cog(Compare(self.afterwards, self.album, self._comparer))
        await self.add_cog(ExportPictures(self.studio, self.album, self._exporter))
        await self.add_cog(ForgetMe(self, self.forgetter, self.erasing))
        await self.add_cog(Delivery(self, self.studio, self.afterwards, self.painting, self._retention))
        await self.add_cog(Reporting(self.tree, self))
        await self.add_cog(Desk(self, self.reviewing, park=self.studio.park))
        self._checker.warm()
        self.tree.add_command(self._mod)
        await self.tree.set_translator(Words())
        await self.sync_commands()

    async def give_tour(self, guild_id: int, channel_id: int) -> None:
        """Post what to try first, with buttons that do it."""
        channel = self.get_partial_messageable(channel_id, guild_id=guild_id)
        await channel.send(view=tour_view(), allowed_mentions=discord.AllowedMentions.none())

    async def sync_commands(self) -> bool:
        """Send the command tree to Discord if it is not what was sent last. Returns whether it was sent.

        Bots that sync at every start run into Discord's daily limit.
        """
        digest = self.tree_digest()
        if await self._store.get(TREE_KEY) == digest:
            log.debug("the commands have not changed")
            return False
        try:
            await self.tree.sync()
        except discord.HTTPException as error:
            # Yesterday's commands still work; better than no bot at all.
            log.error("the commands could not be synced, the next start tries again: %s", error)  # noqa: TRY400
            return False
        await self._store.set(TREE_KEY, digest)
        log.info("commands synced")
        return True

    def tree_digest(self) -> str:
        """A hash of every command, of the words they are translated by, and of the application they belong to."""
        tree = sorted((c.to_dict(self.tree) for c in self.tree.get_commands()), key=lambda c: str(c["name"]))
        text = json.dumps([self.application_id, tree, languages()], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    async def on_message(self, message: discord.Message, /) -> None:
        """Ignore messages: everything is a slash command or a button."""
