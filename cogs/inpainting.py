"""`/inpaint` and `/expand`: a picture that a member hands in, painted over in a part or continued beyond its edges."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.expanding import EXPAND_STRENGTH
from bot.handed_in import ON_ITS_WAY, HandedIn, masked_by
from bot.orders import Lineage, Origin
from bot.preferences import Preferences
from bot.regions import NAMES
from bot.studio import Studio
from cogs import options, suggestions
from cogs.downloads import check_attachment, download
from cogs.errors import guarded
from cogs.imagine import COUNTS
from cogs.painting import Painting
from cogs.patience import in_time
from cogs.who import Who, may
from pipeline.request import ImagineRequest, choose_profile
from pipeline.sizes import nearest_size, resolve_size

AnyInteraction = discord.Interaction[Any]

REPAINT: Final = 0.8
"""How much of the masked part is painted again if nothing is said: a new thing can appear, where the old one was."""
REGIONS: Final[list[Choice[str | int | float]]] = [Choice(name=name, value=name) for name in NAMES]


class Inpainting(commands.Cog):
    """Both commands that need a mask."""

    def __init__(
        self, studio: Studio, preferences: Preferences, painting: Painting, handed_in: HandedIn
    ) -> None:
        self._studio = studio
        self._preferences = preferences
        self._painting = painting
        self._handed_in = handed_in

    @may(Who.EVERYBODY)
    @app_commands.command(
        name="inpaint", description="Paint over a part of a picture, and leave the rest as it is"
    )
    @app_commands.guild_only()
    @app_commands.describe(
        prompt="What the whole picture shows afterwards, as tags",
        image="The picture: PNG, JPEG or WebP",
        region="The part to paint over",
        mask="Instead of a part: a picture of the same size, white where to paint over",
        strength="How much of that part is painted again: 0.05 to 1, usually 0.8",
        negative="What to keep out, as tags",
        model="The model",
        count="How many pictures, each with the next seed",
        seed="The same seed with the same options paints the same picture",
    )
    @app_commands.choices(region=REGIONS, count=COUNTS)
    @app_commands.autocomplete(model=suggestions.models)
    async def inpaint(
        self,
        interaction: AnyInteraction,
        prompt: Range[str, 1, 6000],
        image: discord.Attachment,
        region: str | None = None,
        mask: discord.Attachment | None = None,
        strength: float | None = None,
        negative: str | None = None,
        model: str | None = None,
        count: int = 1,
        seed: int | None = None,
    ) -> None:
        """Queue it and show it in this channel."""
        async with guarded(interaction, "queueing your pictures"):
            profile = choose_profile(self._studio.profiles, model, self._studio.default_profile)
            request = ImagineRequest(
                prompt=prompt,
                profile=model,
                negative=negative or "",
                count=count,
                seed=seed,
                init_image=ON_ITS_WAY,
                strength=REPAINT if strength is None else strength,
            )
            masked_by(None if mask is None else b"", region)
            for each in filter(None, (image, mask)):
                check_attachment(each)

            async def prepare(origin: Origin) -> ImagineRequest:
                white = masked_by(None if mask is None else await download(mask), region)
                given = await self._handed_in.take_masked(await download(image), white, origin)
                return replace(
                    request,
                    size=nearest_size(profile, given.picture.width, given.picture.height),
                    init_image=given.picture.sha256,
                    mask=given.mask.sha256,
                )

            async with in_time(interaction):
                private = await self._preferences.private_default(interaction.user.id)
            await self._painting.paint(
                interaction, request, Lineage("inpaint"), private=private, prepare=prepare
            )

    @may(Who.EVERYBODY)
    @app_commands.command(name="expand", description="Paint what lies around a picture, in another shape")
    @app_commands.guild_only()
    @app_commands.describe(
        prompt="What the whole picture shows afterwards, as tags",
        image="The picture: PNG, JPEG or WebP",
        aspect="The new shape, by the card's own names, or a size such as 1216x832",
        strength="How freely the new part is painted: 0.05 to 1, usually 0.95",
        negative="What to keep out, as tags",
        model="The model",
        count="How many pictures, each with the next seed",
        seed="The same seed with the same options paints the same picture",
    )
    @app_commands.choices(count=COUNTS)
    @app_commands.autocomplete(aspect=suggestions.aspects, model=suggestions.models)
    async def expand(
        self,
        interaction: AnyInteraction,
        prompt: Range[str, 1, 6000],
        image: discord.Attachment,
        aspect: str,
        strength: float | None = None,
        negative: str | None = None,
        model: str | None = None,
        count: int = 1,
        seed: int | None = None,
    ) -> None:
        """Queue it and show it in this channel."""
        async with guarded(interaction, "queueing your pictures"):
            profile = choose_profile(self._studio.profiles, model, self._studio.default_profile)
            size = resolve_size(profile, *options.size_or_aspect(aspect))
            request = ImagineRequest(
                prompt=prompt,
                profile=model,
                size=f"{size[0]}x{size[1]}",
                negative=negative or "",
                count=count,
                seed=seed,
                init_image=ON_ITS_WAY,
                strength=EXPAND_STRENGTH if strength is None else strength,
            )
            check_attachment(image)

            async def prepare(origin: Origin) -> ImagineRequest:
                given = await self._handed_in.take_expanded(await download(image), size, origin)
                return replace(
                    request,
                    init_image=given.picture.sha256,
                    mask=given.mask.sha256,
                )

            async with in_time(interaction):
                private = await self._preferences.private_default(interaction.user.id)
            await self._painting.paint(
                interaction, request, Lineage("expand"), private=private, prepare=prepare
            )
