"""`/preset`: options of a member's own, saved under a name for `/imagine preset:`."""

from __future__ import annotations

from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.afterwards import Afterwards
from bot.album import Album
from bot.defaults import Options
from bot.preferences import MAX_PRESETS, Named, Preferences
from bot.studio import Studio
from cogs import options, suggestions
from cogs.errors import defer_privately, guarded, whisper
from cogs.fate import NOBODY
from cogs.finding import find_finished
from cogs.imagine import COUNTS, RATINGS
from cogs.layouts import WORKING, layout
from cogs.text import inline, plain, plural, trim
from cogs.who import Who, may
from cogs.words import say

AnyInteraction = discord.Interaction[Any]
Name = Range[str, 1, 100]
_LIST_ROOM: Final = 3700
_NAME_ROOM: Final = 80
"""Of a line of the list: a name, of which each sign may be escaped, and the markdown around it."""


class Presets(
    commands.GroupCog, group_name="preset", group_description="Your own presets for /imagine preset:"
):
    """Saves, lists and deletes."""

    def __init__(self, studio: Studio, preferences: Preferences, afterwards: Afterwards, album: Album) -> None:
        self._studio = studio
        self._preferences = preferences
        self._afterwards = afterwards
        self._album = album

    @may(Who.OWN)
    @app_commands.command(name="save", description="Save the options of a job, or those you type, under a name")
    @app_commands.guild_only()
    @app_commands.describe(
        name="What to call it; one of the same name is replaced",
        job="Take the options of this job: its number, such as #12, or the link of its message",
        model="The model",
        aspect="Shape of the picture, or a size such as 832x1216",
        count="How many pictures",
        negative="What to keep out, as tags",
        negative_preset="The card's own negative prompts, or none",
        quality="Quality, score or aesthetic tags, separated by commas, or none",
        rating="How the pictures are rated; lowered where a channel allows less",
        year="The period whose style to paint in",
        style="Painting styles of the card, separated by commas",
        sampler="How the noise is taken away",
        steps="Denoising steps",
        guidance="How closely to follow the prompt",
        order="Put the tags into the order the card recommends",
    )
    @app_commands.choices(rating=RATINGS, count=COUNTS)
    @app_commands.autocomplete(**suggestions.BY_OPTION, name=suggestions.own_presets)
    async def save(
        self,
        interaction: AnyInteraction,
        name: Name,
        job: Range[str, 1, 200] | None = None,
        model: str | None = None,
        aspect: str | None = None,
        count: int | None = None,
        negative: Range[str, 1, 6000] | None = None,
        negative_preset: str | None = None,
        quality: str | None = None,
        rating: str | None = None,
        year: str | None = None,
        style: str | None = None,
        sampler: str | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        order: bool | None = None,  # noqa: FBT001 - an option of the command
    ) -> None:
        """Answer for the member's eyes only."""
        async with guarded(interaction, "saving a preset"):
            await defer_privately(interaction)
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
            source = None
            if job is not None:
                source = await find_finished(interaction, self._album, self._afterwards, job)
            user = interaction.user
            named, replaced = await self._preferences.save(user.id, user.name, name, typed, source)
            values = {
                "name": inline(named.name),
                "options": inline(options.summary(named.options), 600),
                "preset": named.name,
            }
            if replaced:
                said = say("Replaced {name}: {options}. Use it with `/imagine preset:{preset}`.", **values)
            else:
                said = say("Saved {name}: {options}. Use it with `/imagine preset:{preset}`.", **values)
            await whisper(interaction, said)

    @may(Who.OWN)
    @app_commands.command(name="list", description="Your presets and what they set")
    @app_commands.guild_only()
    async def list(self, interaction: AnyInteraction) -> None:
        """Answer for the member's eyes only."""
        async with guarded(interaction, "listing your presets"):
            await defer_privately(interaction)
            found = await self._preferences.presets(interaction.user.id)
            view = list_view(found)
            await interaction.edit_original_response(view=view, allowed_mentions=NOBODY)

    @may(Who.OWN)
    @app_commands.command(name="delete", description="Delete one of your presets")
    @app_commands.guild_only()
    @app_commands.describe(name="Which one")
    @app_commands.autocomplete(name=suggestions.own_presets)
    async def delete(self, interaction: AnyInteraction, name: Name) -> None:
        """Answer for the member's eyes only."""
        async with guarded(interaction, "deleting a preset"):
            await defer_privately(interaction)
            await self._preferences.delete(interaction.user.id, name)
            gone = say("Deleted {name}. Pictures painted by it stay as they are.", name=inline(name))
            await whisper(interaction, gone)


def list_view(found: tuple[Named, ...]) -> discord.ui.LayoutView:
    """Each preset with what it sets; the more there are, the less of each."""
    if not found:
        lines = [
            say("### No presets yet"),
            say("`/preset save` keeps the options of a job, or those you type with it."),
        ]
    else:
        room = min(400, _LIST_ROOM // len(found) - _NAME_ROOM)
        presets = plural(len(found), "preset")
        lines = [say("### Your {presets} (of {most})", presets=presets, most=MAX_PRESETS)]
        lines += [f"**{plain(each.name)}** {inline(options.summary(each.options), room)}" for each in found]
        lines.append(say("-# `/imagine preset:` uses one; what you type beside it wins."))
    return layout(WORKING, discord.ui.TextDisplay(trim("\n".join(lines), _LIST_ROOM + 200)))
