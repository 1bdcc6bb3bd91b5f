"""`/imagine`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.defaults import Options
from bot.handed_in import ON_ITS_WAY, HandedIn
from bot.orders import Origin
from bot.pictures import KeptPicture
from bot.preferences import Preferences
from bot.studio import Studio
from cogs import options, suggestions
from cogs.access import check_place, origin_of
from cogs.batching import Batching, Given
from cogs.downloads import check_attachment, download
from cogs.errors import guarded
from cogs.patience import in_time
from cogs.who import Who, may
from pipeline.errors import InvalidRequest
from pipeline.profiles.types import Rating
from pipeline.request import MAX_COUNT, ImagineRequest, choose_profile
from pipeline.sizes import nearest_size

AnyInteraction = discord.Interaction[Any]

RATINGS: list[Choice[str | int | float]] = [Choice(name=rating.value, value=rating.value) for rating in Rating]
COUNTS: list[Choice[str | int | float]] = [Choice(name=str(n), value=n) for n in range(1, MAX_COUNT + 1)]


class Imagine(commands.Cog):
    """The command that everything else is about."""

    def __init__(
        self, studio: Studio, preferences: Preferences, batching: Batching, handed_in: HandedIn
    ) -> None:
        self._studio = studio
        self._preferences = preferences
        self._batching = batching
        self._handed_in = handed_in

    @may(Who.EVERYBODY)
    @app_commands.command(name="imagine", description="Paint pictures from a prompt")
    @app_commands.guild_only()
    @app_commands.describe(
        prompt="What to paint, as tags: 1girl, smile. (tag:1.2) weighs, {red|blue} hair paints both, BREAK parts",
        model="The model; every other option shows what this one's card documents",
        aspect="Shape of the picture, by the card's own names, or a size such as 832x1216",
        count="How many pictures, each with the next seed",
        negative="What to keep out, as tags",
        negative_preset="The card's own negative prompts, or none",
        quality="Quality, score or aesthetic tags, separated by commas, or none",
        rating="How the picture is rated; this channel's ceiling always holds",
        year="The period whose style to paint in",
        style="Painting styles of the card, separated by commas",
        sampler="How the noise is taken away",
        steps="Denoising steps: more takes longer",
        guidance="How closely to follow the prompt",
        seed="The same seed with the same options paints the same picture",
        order="Put the tags into the order the card recommends",
        private="A draft that only you see, with a button to share it",
        notify="Mention you when the pictures took long",
        seeds="A series of seeds in place of seed and count, such as 100-107, 100-800/100 or 1,5,9",
        image="A picture to start from: PNG, JPEG or WebP",
        strength="How much of that picture is painted again: 0.05 to 1, usually 0.6",
        preset="One of your own presets, for what you leave out; /preset save makes one",
    )
    @app_commands.choices(rating=RATINGS, count=COUNTS)
    @app_commands.autocomplete(**suggestions.BY_OPTION, preset=suggestions.own_presets)
    async def imagine(
        self,
        interaction: AnyInteraction,
        prompt: Range[str, 1, 6000],
        model: str | None = None,
        aspect: str | None = None,
        count: int | None = None,
        negative: str | None = None,
        negative_preset: str | None = None,
        quality: str | None = None,
        rating: str | None = None,
        year: str | None = None,
        style: str | None = None,
        sampler: str | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        seed: int | None = None,
        order: bool | None = None,  # noqa: FBT001 - an option of the command
        private: bool | None = None,  # noqa: FBT001 - likewise
        notify: bool = False,  # noqa: FBT001, FBT002 - likewise
        seeds: Range[str, 1, 200] | None = None,
        image: discord.Attachment | None = None,
        strength: float | None = None,
        preset: str | None = None,
    ) -> None:
        """Queue pictures and show them in this channel."""
        async with guarded(interaction, "queueing your pictures"):
            check_place(interaction)
            shape, size = options.size_or_aspect(aspect)
            typed = Options(
                profile=model,
                aspect=shape,
                size=size,
                count=count,
                negative=negative,
                negative_preset=negative_preset,
                quality=options.quality_of(quality),
                rating=rating,
                year=year,
                styles=options.split_list(style) or None,
                sampler=sampler,
                steps=steps,
                guidance_scale=guidance,
                order=order,
            )
            origin = origin_of(interaction)
            async with in_time(interaction):
                asked = await self._preferences.effective(origin, prompt, typed, seed=seed, preset=preset)
            request = asked.request
            if seeds and count is None:
                # A series says itself how many pictures there are, whatever the member's default count is.
                request = replace(request, count=1)
            # The picture's own shape, unless another one was typed or is part of the preset that was.
            as_it_is = aspect is None and not (preset and (request.aspect or request.size))
            if image is not None:
                check_attachment(image)
                request = replace(request, init_image=ON_ITS_WAY, strength=strength)
            elif strength is not None:
                raise InvalidRequest("`strength` says how much of an `image` is painted again: give one, too.")
            await self._batching.paint(
                interaction,
                request,
                given=None if image is None else self._given(image, as_it_is=as_it_is),
                seed_series=seeds or "",
                private=asked.private if private is None else private,
                notify=notify,
                warnings=asked.warnings,
            )

    def _given(self, image: discord.Attachment, *, as_it_is: bool) -> Given:
        """What puts a member's file into a request, once the command is acknowledged.

        Args:
            image: downloaded and kept once, for however many requests there are.
            as_it_is: paint in the documented size that is most like the picture's.
        """
        kept: list[KeptPicture] = []

        async def put(origin: Origin, request: ImagineRequest) -> ImagineRequest:
            if not kept:
                kept.append(await self._handed_in.take(await download(image), origin))
            picture = kept[0]
            request = replace(request, init_image=picture.sha256)
            if as_it_is:
                profile = choose_profile(self._studio.profiles, request.profile, self._studio.default_profile)
                size = nearest_size(profile, picture.width, picture.height)
                request = replace(request, aspect=None, size=size)
            return request

        return put
