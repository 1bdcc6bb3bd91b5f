"""`/imagine`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.handed_in import ON_ITS_WAY, HandedIn
from bot.orders import Origin
from bot.studio import Studio
from cogs import options
from cogs.downloads import check_attachment, download
from cogs.errors import guarded
from cogs.painting import Painting
from pipeline.errors import InvalidRequest
from pipeline.profiles.types import Profile, Rating
from pipeline.request import MAX_COUNT, ImagineRequest, choose_profile
from pipeline.sizes import nearest_sizes

AnyInteraction = discord.Interaction[Any]

RATINGS: list[Choice[str | int | float]] = [Choice(name=rating.value, value=rating.value) for rating in Rating]
COUNTS: list[Choice[str | int | float]] = [Choice(name=str(n), value=n) for n in range(1, MAX_COUNT + 1)]


def choices(pairs: list[options.Choice]) -> list[Choice[str]]:
    """Suggestions as Discord takes them."""
    return [Choice(name=name, value=value) for name, value in pairs]


class Imagine(commands.Cog):
    """The command that everything else is about."""

    def __init__(self, studio: Studio, painting: Painting, handed_in: HandedIn) -> None:
        self._studio = studio
        self._painting = painting
        self._handed_in = handed_in

    def _profile(self, interaction: AnyInteraction) -> Profile:
        """The model chosen so far in a half-filled command, or the default while that is half-typed."""
        wanted = getattr(interaction.namespace, "model", None)
        try:
            return self._named(wanted)
        except InvalidRequest:
            return self._studio.profiles[self._studio.default_profile]

    def _named(self, wanted: str | None) -> Profile:
        return choose_profile(self._studio.profiles, wanted, self._studio.default_profile)

    @app_commands.command(name="imagine", description="Paint pictures from a prompt")
    @app_commands.guild_only()
    @app_commands.describe(
        prompt="What to paint, as tags: 1girl, solo, long hair, smile. (tag:1.2) weighs, BREAK parts",
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
        image="A picture to start from: PNG, JPEG or WebP",
        strength="How much of that picture is painted again: 0.05 to 1, usually 0.6",
    )
    @app_commands.choices(rating=RATINGS, count=COUNTS)
    async def imagine(
        self,
        interaction: AnyInteraction,
        prompt: Range[str, 1, 6000],
        model: str | None = None,
        aspect: str | None = None,
        count: int = 1,
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
        order: bool = False,  # noqa: FBT001, FBT002 - an option of the command
        image: discord.Attachment | None = None,
        strength: float | None = None,
    ) -> None:
        """Queue pictures and show them in this channel."""
        async with guarded(interaction, "queueing your pictures"):
            shape, size = options.size_or_aspect(aspect)
            request = ImagineRequest(
                prompt=prompt,
                profile=model,
                aspect=shape,
                size=size,
                count=count,
                seed=seed,
                steps=steps,
                guidance_scale=guidance,
                sampler=sampler,
                negative=negative or "",
                negative_preset=negative_preset,
                rating=rating,
                quality=options.quality_of(quality),
                year=year,
                styles=options.split_list(style),
                order=order,
            )
            if image is None:
                if strength is not None:
                    raise InvalidRequest(
                        "`strength` says how much of an `image` is painted again: give one, too."
                    )
                await self._painting.paint(interaction, request)
                return
            check_attachment(image)

            async def prepare(origin: Origin) -> ImagineRequest:
                kept = await self._handed_in.take(await download(image), origin)
                request_from = replace(request, init_image=kept.sha256, strength=strength)
                if shape is None and size is None:
                    nearest = nearest_sizes(self._named(model), kept.width, kept.height, 1)[0]
                    request_from = replace(request_from, size=f"{nearest.width}x{nearest.height}")
                return request_from

            draft = replace(request, init_image=ON_ITS_WAY, strength=strength)
            await self._painting.paint(interaction, draft, prepare=prepare)

    @imagine.autocomplete("model")
    async def _models(self, _: AnyInteraction, typed: str) -> list[Choice[str]]:
        return choices(options.models(self._studio.profiles, self._studio.default_profile, typed))

    @imagine.autocomplete("aspect")
    async def _aspects(self, interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
        return choices(options.aspects(self._profile(interaction), typed))

    @imagine.autocomplete("negative_preset")
    async def _presets(self, interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
        return choices(options.presets(self._profile(interaction), typed))

    @imagine.autocomplete("quality")
    async def _qualities(self, interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
        return choices(options.qualities(self._profile(interaction), typed))

    @imagine.autocomplete("year")
    async def _years(self, interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
        return choices(options.years(self._profile(interaction), typed))

    @imagine.autocomplete("style")
    async def _styles(self, interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
        return choices(options.styles(self._profile(interaction), typed))

    @imagine.autocomplete("sampler")
    async def _samplers(self, interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
        return choices(options.samplers(self._profile(interaction), typed))

    @imagine.autocomplete("steps")
    async def _steps(self, interaction: AnyInteraction, typed: object) -> list[Choice[int]]:
        found = options.numbers(self._profile(interaction).steps, str(typed), whole=True)
        return [Choice(name=name, value=int(value)) for name, value in found]

    @imagine.autocomplete("guidance")
    async def _guidance(self, interaction: AnyInteraction, typed: object) -> list[Choice[float]]:
        found = options.numbers(self._profile(interaction).guidance_scale, str(typed), whole=False)
        return [Choice(name=name, value=value) for name, value in found]
