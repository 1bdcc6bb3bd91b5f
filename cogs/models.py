"""`/models`: what each model's card says, with a button that paints the card's own example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import discord
from discord import app_commands, ui
from discord.app_commands import Choice
from discord.ext import commands

from bot.studio import Studio
from cogs import options
from cogs.buttons import ExampleButton
from cogs.errors import guarded
from cogs.layouts import WORKING, layout
from cogs.text import LAYOUT_LIMIT, trim
from cogs.who import Who, may
from cogs.words import say, translated
from pipeline.profiles.types import Licence, Profile, Range
from pipeline.request import choose_profile
from pipeline.samplers import SAMPLERS

PER_MESSAGE: Final = 5
"""Models of one message: each gets its share of the 4,000 characters."""


def limits(numbers: Range) -> str:
    """`1 to 50, best 25 to 30`."""
    low, high = numbers.recommended_low, numbers.recommended_high
    best = f"{low:g}" if low == high else say("{low:g} to {high:g}", low=low, high=high)
    return say("{low:g} to {high:g}, best {best}", low=numbers.minimum, high=numbers.maximum, best=best)


def licence_text(licence: Licence) -> str:
    """One licence with its link and remark."""
    link = f"[{licence.name}](<{licence.url}>)" if licence.url else licence.name
    return f"{link} ({translated(licence.remark).rstrip('.。')})" if licence.remark else link


def sizes_text(profile: Profile) -> str:
    """The sizes as a rule or as the list of aspect names."""
    if rule := profile.free_sizes:
        side = int(rule.area**0.5)
        return say(
            "multiples of {multiple}, at least {least}, area about {side} x {side} (±{tolerance:.0%})",
            multiple=rule.multiple,
            least=rule.minimum,
            side=side,
            tolerance=rule.tolerance,
        )
    return ", ".join(dict.fromkeys(bucket.aspect for bucket in profile.buckets))


def model_text(profile: Profile, room: int, *, default: bool = False) -> str:
    """A model in at most `room` characters; advice is what gives way."""
    sampler = SAMPLERS[profile.sampler].name if profile.sampler in SAMPLERS else profile.sampler
    lines = [
        f"### {profile.name}{say(' (default)') if default else ''}",
        say(
            "{summary} By {author}. Model `{id}`",
            summary=translated(profile.summary),
            author=profile.author,
            id=profile.id,
        ),
        say("Licence: {licences}", licences="; ".join(licence_text(licence) for licence in profile.licences)),
        say("Sizes: {sizes}", sizes=sizes_text(profile)),
        say(
            "Steps {steps} · guidance {guidance} · {sampler}",
            steps=limits(profile.steps),
            guidance=limits(profile.guidance_scale),
            sampler=sampler,
        ),
    ]
    text = "\n".join(lines)
    for sentence in profile.advice:
        longer = f"{text}\n-# {translated(sentence)}"
        if len(longer) > room:
            break
        text = longer
    return trim(text, room)


def section(profile: Profile, room: int, *, default: bool) -> ui.Item[Any]:
    """A model with its button, or without when the card has no example."""
    text = ui.TextDisplay[Any](model_text(profile, room, default=default))
    if not profile.examples:
        return text
    return ui.Section(text, accessory=ExampleButton(profile.id))


def pages(profiles: Sequence[Profile], default: str) -> Iterator[ui.LayoutView]:
    """Messages of a few models each."""
    for start in range(0, len(profiles), PER_MESSAGE):
        group = profiles[start : start + PER_MESSAGE]
        room = (LAYOUT_LIMIT - 50) // len(group)
        items: list[ui.Item[Any]] = []
        for profile in group:
            if items:
                items.append(ui.Separator())
            items.append(section(profile, room, default=profile.id == default))
        yield layout(WORKING, *items)


def detail(profile: Profile, default: str) -> ui.LayoutView:
    """Everything about one model, its tags with their meanings included."""
    tags = "\n".join(f"- `{tag.tag}` {translated(tag.meaning)}" for tag in profile.tags)
    presets = "\n".join(
        f"- `{p.id}` {translated(p.meaning) if p.meaning else p.text}" for p in profile.negative_presets
    )
    items: list[ui.Item[Any]] = [section(profile, 1500, default=profile.id == default)]
    if profile.template_text:
        items.append(
            ui.TextDisplay(trim(say("**Order of tags**") + f"\n{translated(profile.template_text)}", 500))
        )
    if tags:
        items.append(ui.TextDisplay(trim(say("**Tags of the card**") + f"\n{tags}", 1300)))
    if presets:
        items.append(ui.TextDisplay(trim(say("**Negative presets**") + f"\n{presets}", 500)))
    if profile.card_url:
        items.append(ui.TextDisplay(trim(say("-# [The model's card](<{url}>)", url=profile.card_url), 150)))
    return layout(WORKING, *items)


class Models(commands.Cog):
    """Shows the profiles."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def _here(self, interaction: discord.Interaction[Any]) -> tuple[Mapping[str, Profile], str]:
        """The models that may be used in this server, and the default one."""
        guild = interaction.guild_id or 0
        return self._studio.profiles_of(guild), self._studio.default_of(guild)

    @may(Who.EVERYBODY)
    @app_commands.command(name="models", description="The models with their licence, limits and advice")
    @app_commands.guild_only()
    @app_commands.describe(model="Show everything about this one")
    async def models(self, interaction: discord.Interaction[Any], model: str | None = None) -> None:
        """Answer to the member only; what a button paints is for everybody."""
        async with guarded(interaction, "showing the models"):
            profiles, default = self._here(interaction)
            if model is not None:
                profile = choose_profile(profiles, model, default)
                views = [detail(profile, default)]
            else:
                views = list(pages(list(profiles.values()), default))
            await interaction.response.send_message(view=views[0], ephemeral=True)
            for view in views[1:]:
                await interaction.followup.send(view=view, ephemeral=True)

    @models.autocomplete("model")
    async def _models(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        found = options.models(*self._here(interaction), typed)
        return [Choice(name=name, value=value) for name, value in found]
