"""What is suggested while a member fills in the options of a command, for the model they will paint with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import discord
from discord.app_commands import Choice

from cogs import options
from cogs.patience import PATIENCE
from cogs.text import CHOICE_LIMIT, clean, trim
from db.errors import DatabaseError
from pipeline.profiles.types import Profile

if TYPE_CHECKING:
    from cogs.buttons import Front

T = TypeVar("T")

AnyInteraction = discord.Interaction[Any]


def _front(interaction: AnyInteraction) -> Front:
    return cast("Front", interaction.client)


async def _profile(interaction: AnyInteraction) -> Profile:
    """The model chosen so far in a half-filled command, or that of its preset, or the member's own."""
    filled, front = interaction.namespace, _front(interaction)
    typed = getattr(filled, "model", None)
    guild, preset = interaction.guild_id or 0, getattr(filled, "preset", None)
    own = front.preferences.model(interaction.user.id, typed, preset, guild)
    try:
        return await _soon(front, own)
    except (TimeoutError, DatabaseError):
        return front.preferences.named(typed, guild_id=guild)


async def _soon(front: Front, reading: Awaitable[T]) -> T:
    """What is read, unless it comes too late to be suggested.

    Raises:
        TimeoutError: it does.
    """
    found: T = await front.studio.park(asyncio.wait_for(reading, PATIENCE), reason="what is suggested is read")
    return found


def _choices(pairs: list[options.Choice]) -> list[Choice[str]]:
    return [Choice(name=name, value=value) for name, value in pairs]


async def models(interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
    """Every model that may be used here."""
    studio, guild = _front(interaction).studio, interaction.guild_id or 0
    return _choices(options.models(studio.profiles_of(guild), studio.default_of(guild), typed))


async def aspects(interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
    """The model's shapes."""
    return _choices(options.aspects(await _profile(interaction), typed))


async def negative_presets(interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
    """The card's negative prompts."""
    return _choices(options.presets(await _profile(interaction), typed))


async def qualities(interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
    """The card's quality tags."""
    return _choices(options.qualities(await _profile(interaction), typed))


async def years(interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
    """The card's years."""
    return _choices(options.years(await _profile(interaction), typed))


async def styles(interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
    """The card's painting styles."""
    return _choices(options.styles(await _profile(interaction), typed))


async def samplers(interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
    """The samplers that the model allows."""
    return _choices(options.samplers(await _profile(interaction), typed))


async def steps(interaction: AnyInteraction, typed: object) -> list[Choice[int]]:
    """Useful numbers of steps."""
    found = options.numbers((await _profile(interaction)).steps, str(typed), whole=True)
    return [Choice(name=name, value=int(value)) for name, value in found]


async def guidance(interaction: AnyInteraction, typed: object) -> list[Choice[float]]:
    """Useful numbers for guidance."""
    found = options.numbers((await _profile(interaction)).guidance_scale, str(typed), whole=False)
    return [Choice(name=name, value=value) for name, value in found]


async def own_presets(interaction: AnyInteraction, typed: str) -> list[Choice[str]]:
    """The member's own presets by name, each with what it sets."""
    front = _front(interaction)
    try:
        found = await _soon(front, front.preferences.presets(interaction.user.id))
    except (TimeoutError, DatabaseError):
        return []
    named = [
        (trim(clean(f"{each.name} · {options.summary(each.options)}"), CHOICE_LIMIT), each.name)
        for each in found
    ]
    return _choices(options.pick(named, typed))


BY_OPTION: Final[dict[str, Any]] = {
    "model": models,
    "aspect": aspects,
    "negative_preset": negative_presets,
    "quality": qualities,
    "year": years,
    "style": styles,
    "sampler": samplers,
    "steps": steps,
    "guidance": guidance,
}
"""For `app_commands.autocomplete`: the options that follow the model."""
