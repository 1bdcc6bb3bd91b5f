"""`/describe` and "Use these settings": how a picture was painted, from its file or from what we know of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any, Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.afterwards import Afterwards
from bot.album import Album
from bot.attachments import kind_of
from bot.borrowing import borrow
from bot.studio import Studio
from cogs.access import may_see
from cogs.borrow_form import borrow_form
from cogs.described import UseButton, described_view, settings_file
from cogs.downloads import check_attachment, download
from cogs.edit_form import edit_form
from cogs.errors import defer_privately, guarded
from cogs.fate import NOBODY
from cogs.layouts import message_link
from cogs.painting_buttons import EditButton
from cogs.patience import in_time, open_form
from cogs.who import Who, may
from cogs.words import say
from db.jobs import Job
from pipeline.errors import InvalidRequest, MemberError
from pipeline.metadata_reading import FoundSettings, of_recipe, read_settings
from pipeline.recipe import Recipe

AnyInteraction = discord.Interaction[Any]

MOST_FILES: Final = 4
"""Of a message that are looked into."""
SECONDS: Final = 2.0
"""For downloading before a form is opened: Discord waits 3 for it, and a form cannot come later."""
_NOTHING: Final = (
    "This picture says nothing of how it was painted. Discord keeps what is written in PNG files, but most other "
    "programs take it out, and JPEG and WebP files are not read."
)
_KINDS: Final = {"JPEG": "JPEG", "WEBP": "WebP"}


class Describe(commands.Cog):
    """Reads settings back."""

    def __init__(
        self, tree: app_commands.CommandTree[Any], studio: Studio, afterwards: Afterwards, album: Album
    ) -> None:
        self._tree = tree
        self._studio = studio
        self._afterwards = afterwards
        self._album = album
        self._menu = app_commands.guild_only(
            may(Who.EVERYBODY)(app_commands.ContextMenu(name="Use these settings", callback=self._use))
        )

    async def cog_load(self) -> None:
        """Cogs register slash commands by themselves, but no menus."""
        self._tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """And take none away."""
        self._tree.remove_command(self._menu.name, type=self._menu.type)

    @may(Who.EVERYBODY)
    @app_commands.command(
        name="describe", description="How a picture was painted: prompt, model, seed and the rest"
    )
    @app_commands.guild_only()
    @app_commands.describe(
        image="A PNG file, as A1111 or this bot has made it",
        job="Instead: the number of pictures of mine, such as #12, or the link of their message",
    )
    async def describe(
        self,
        interaction: AnyInteraction,
        image: discord.Attachment | None = None,
        job: app_commands.Range[str, 1, 200] | None = None,
    ) -> None:
        """Answer for the member's eyes only."""
        async with guarded(interaction, "reading that picture"):
            if (image is None) == (job is None):
                raise InvalidRequest("Give either an `image` or a `job`: the picture to look at.")
            if image is not None:
                check_attachment(image)
            await defer_privately(interaction)
            if image is not None:
                await self._tell(interaction, await _first([image]))
            else:
                known = await self._find(interaction, job or "")
                if known is None:
                    raise MemberError("No pictures of mine are known under this link.")
                await self._tell(interaction, of_recipe(Recipe.from_json(known.images[0].recipe)), known)

    async def _find(self, interaction: AnyInteraction, name: str) -> Job | None:
        """Our job of that number or link.

        Raises:
            MemberError: there is one, but not for this member; or the name is none.
        """
        found = await self._album.find(name)
        if found is None:
            return None
        job = await self._afterwards.finished(found, interaction.guild_id or 0, interaction.user.id)
        if not may_see(interaction, job.channel_id, job.user_id):
            raise MemberError("This job is no longer known here. `/imagine` paints new pictures.")
        return job

    async def _tell(self, interaction: AnyInteraction, found: FoundSettings, job: Job | None = None) -> None:
        head = ""
        if job is not None:
            link = message_link(f"#{job.id}", job.guild_id, job.channel_id, job.message_id)
            head = say(
                "### Painted with {source}, as {job} by {member}",
                source=found.source,
                job=link,
                member=f"<@{job.user_id}>",
            )
        view = described_view(
            found,
            self._studio.profiles,
            self._studio.default_profile,
            # What was asked for is more than the recipe says, and known for jobs of ours.
            [UseButton() if job is None else EditButton(job.id)],
            head,
        )
        await interaction.edit_original_response(
            view=view, attachments=[settings_file(found)], allowed_mentions=NOBODY
        )

    async def _use(self, interaction: AnyInteraction, message: discord.Message) -> None:
        """Open the form with what is known of a message's pictures, or with what its files say."""
        async with guarded(interaction, "opening the form"):
            profiles = self._studio.profiles
            # Of our own pictures the database knows more than their files do, and at once.
            async with in_time(interaction):
                job = await self._find(interaction, message.jump_url)
            if job is not None:
                await open_form(interaction, edit_form(job.id, self._afterwards.prefilled(job), profiles))
                return
            attached = [*message.attachments, *(a for s in message.message_snapshots for a in s.attachments)]
            if not attached:
                raise MemberError("There is no picture in this message, and none of my jobs is shown by it.")
            try:
                async with in_time(interaction), asyncio.timeout(SECONDS):
                    found = await _first(attached[:MOST_FILES])
            except TimeoutError:
                raise MemberError(
                    "The file takes too long to arrive for a form to open. Save it and use `/describe image:`."
                ) from None
            borrowed = borrow(found, profiles, self._studio.default_profile)
            await open_form(interaction, borrow_form(borrowed, profiles))


async def _first(attached: Iterable[discord.Attachment]) -> FoundSettings:
    """What the first file says that says anything.

    Raises:
        MemberError: none does; or one is too large, or Discord does not hand it over.
    """
    kinds = []
    for attachment in attached:
        data = await download(attachment)
        found = await asyncio.to_thread(read_settings, data)
        if found is not None:
            return found
        with contextlib.suppress(InvalidRequest):
            kinds.append(kind_of(data))
    if len(kinds) == 1 and kinds[0] in _KINDS:
        raise MemberError(
            "This is a {kind} file, and settings are read from PNG files only: others lose what is written in them. "
            "Attach the PNG file as it was painted.",
            kind=_KINDS[kinds[0]],
        )
    raise MemberError(_NOTHING)
