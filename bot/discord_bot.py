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
from cogs.door import Door
from cogs.editing import Editing
from cogs.erasing import Erasing
from cogs.errors import Tree
from cogs.export import ExportPictures
from cogs.forget_me import ForgetButton, ForgetMe
from cogs.help import Help
from cogs.history import History, ShowButton, TurnButton
from cogs.imagine import Imagine
from cogs.inpainting import Inpainting
from cogs.mod.audit_pages import AuditTurnButton
from cogs.mod.delete import EverywhereButton, delete_menu
from cogs.mod.desk import Desk
from cogs.mod.group import mod_group
from cogs.mod.review_buttons import ReviewButton
from cogs.mod.rule_pages import RulePageButton
from cogs.mod.upkeep import UpkeepTask
from cogs.models import Models
from cogs.owner.broadcasting import BroadcastButton, Broadcaster
from cogs.owner.group import owner_group
from cogs.painting import Painting
from cogs.presets import Presets
from cogs.privacy import Privacy
from cogs.queue import Queue
from cogs.quota import QuotaCog
from cogs.reporting import ReportButton, Reporting
from cogs.result_buttons import RESULT_BUTTONS
from cogs.servers import Servers
from cogs.settings import Settings
from cogs.settings_panel import SETTING_CONTROLS
from cogs.sharing import Sharing
from cogs.tour import TourButton, tour_view
from cogs.words import Words, languages

log = logging.getLogger(__name__)

TREE_KEY: Final = "discord.command_tree"
CONTROL_KEY: Final = "discord.control_tree"
"""The last control server and the hash of what was sent there."""


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
        self.sharing = Sharing(self, app.studio, app.afterwards, app.drafts, app.moderation.gate)
        self.moderation = app.moderation
        self.enforcement = app.enforcement
        self.reviewing = app.reviewing
        self._checker = app.checker
        self.door = Door(app.moderation.bans, app.enforcement.sanctions)
        self._retention = app.retention
        self._moderation = app.moderation
        self._settings = app.settings
        self._servers = Servers(self, app.moderation.instance)
        self.broadcaster = Broadcaster(
            self, app.broadcasts, app.moderation.audit, app.moderation.instance.welcome, app.studio.park
        )
        self._owner = owner_group(app, self._servers, self.broadcaster)
        self._queue_control = app.queue_control
        self._mod = mod_group(app, self.painting)
        self.forgetter = app.forgetter
        self.erasing = Erasing(self, app.forgetter, park=app.studio.park)
        self._exporter = app.exporter
        self._comparer = app.comparer
        self._store: Store = app.store

    async def setup_hook(self) -> None:
        """Add the cogs and buttons, then sync the commands if they changed."""
        self.add_dynamic_items(*BUTTONS, *RESULT_BUTTONS, *BATCH_BUTTONS, *SETTING_CONTROLS)
        self.add_dynamic_items(TourButton, UseButton, TurnButton, ShowButton, ForgetButton)
        self.add_dynamic_items(RulePageButton, ReviewButton, ReportButton)
        await self.add_cog(Imagine(self.studio, self.preferences, self.batching, self.handed_in))
        await self.add_cog(Inpainting(self.studio, self.preferences, self.painting, self.handed_in))
        await self.add_cog(Describe(self.tree, self.studio, self.afterwards, self.album))
        await self.add_cog(Queue(self.studio, self._queue_control))
        await self.add_cog(QuotaCog(self._moderation.quotas))
        await self.add_cog(Models(self.studio))
        await self.add_cog(Privacy(self._settings))
        await self.add_cog(Help(self.studio))
        await self.add_cog(History(self.studio, self.album))
        await self.add_cog(Again(self.studio, self.afterwards, self.album, self.painting))
        await self.add_cog(Settings(self.studio, self.preferences))
        await self.add_cog(Presets(self.studio, self.preferences, self.afterwards, self.album))
        await self.add_cog(Editing(self.afterwards, self.preferences, self.batching))
        await self.add_cog(Compare(self.afterwards, self.album, self._comparer))
        await self.add_cog(ExportPictures(self.studio, self.album, self._exporter))
        await self.add_cog(ForgetMe(self, self.forgetter, self.erasing))
        await self.add_cog(
            Delivery(self, self.studio, self.afterwards, self.painting, self._retention, self.erasing)
        )
        await self.add_cog(UpkeepTask(self, self.enforcement.upkeep, self.door))
        self.add_dynamic_items(AuditTurnButton, EverywhereButton)
        await self.add_cog(self._servers)
        await self.add_cog(self.broadcaster)
        self.add_dynamic_items(BroadcastButton)
        if control := self._settings.control_guild:
            self.tree.add_command(self._owner, guild=discord.Object(control))
        await self.add_cog(Reporting(self.tree, self))
        await self.add_cog(Desk(self, self.reviewing, self.forgetter.sweep, park=self.studio.park))
        self._checker.warm()
        self.tree.add_command(self._mod)
        self.tree.add_command(delete_menu())
        await self.tree.set_translator(Words())
        await self.sync_commands()
        await self.sync_control_guild()

    async def is_owner(self, user: discord.abc.User, /) -> bool:
        """Whether they own this instance: by the settings, or as Discord knows the application's owner or team."""
        return user.id in self._settings.owner_ids or await super().is_owner(user)

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

    async def sync_control_guild(self) -> None:
        """Send the owner's commands to the control server, if they are not what was sent last.

        One that is none any more loses them.
        """
        control = self._settings.control_guild
        last, _, digest = (await self._store.get(CONTROL_KEY) or "0").partition(" ")
        wanted = self.tree_digest(discord.Object(control)) if control else ""
        if int(last) == control and digest == wanted:
            return
        try:
            if int(last) not in {0, control}:
                await self._clear(int(last))
            if control:
                await self.tree.sync(guild=discord.Object(control))
        except discord.HTTPException as error:
            log.error("the owner's commands could not be synced, the next start tries again: %s", error)  # noqa: TRY400
            return
        await self._store.set(CONTROL_KEY, f"{control} {wanted}")

    async def _clear(self, guild_id: int) -> None:
        try:
            await self.tree.sync(guild=discord.Object(guild_id))
        except discord.Forbidden:  # the bot was removed there, and its commands with it
            log.info("the former control server %s cannot be reached any more", guild_id)

    def tree_digest(self, guild: discord.Object | None = None) -> str:
        """A hash of every command, of the words they are translated by, and of the application they belong to."""
        found = self.tree.get_commands(guild=guild)
        tree = sorted((c.to_dict(self.tree) for c in found), key=lambda c: str(c["name"]))
        text = json.dumps([self.application_id, tree, languages()], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    async def on_message(self, message: discord.Message, /) -> None:
        """Ignore messages: everything is a slash command or a button."""
