"""Everything about a finished job, for the one who asks."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

import discord
from discord import ui

from cogs.layouts import ACTIONS, DONE, layout, place_of
from cogs.models import licence_text
from cogs.text import block, clean, duration, plural, trim
from db.jobs import Image, Job
from db.records import Ancestor
from pipeline.profiles.types import Profile
from pipeline.recipe import Recipe
from pipeline.samplers import SAMPLERS

PROMPT_ROOM: Final = 1300
NEGATIVE_ROOM: Final = 900


def details_view(job: Job, profile: Profile | None, parents: Sequence[Ancestor]) -> ui.LayoutView:
    """The full recipe, lineage, seconds and licence; whatever is too long is whole in the attached file."""
    recipe = Recipe.from_json(job.images[0].recipe)
    items: list[ui.Item[Any]] = [
        ui.TextDisplay(f"### Job #{job.id}\n**Prompt, as it was painted**"),
        ui.TextDisplay(block(recipe.prompt, PROMPT_ROOM)),
    ]
    if recipe.negative_prompt:
        items.append(ui.TextDisplay("**Negative prompt**"))
        items.append(ui.TextDisplay(block(recipe.negative_prompt, NEGATIVE_ROOM)))
    items.append(ui.TextDisplay(trim("\n".join(_facts(job, recipe, profile, parents)), 1400)))
    items.append(ui.File(f"attachment://{file_name(job)}"))
    return layout(DONE, *items)


def file_name(job: Job) -> str:
    """What the attached recipes are called."""
    return f"tagbrush-{job.id}-recipes.json"


def recipes_file(job: Job) -> discord.File:
    """Every picture's whole recipe, as JSON."""
    recipes = [json.loads(image.recipe) for image in job.images]
    text = json.dumps(recipes, ensure_ascii=False, indent=2)
    return discord.File(io.BytesIO(text.encode()), file_name(job))


def _facts(job: Job, recipe: Recipe, profile: Profile | None, parents: Sequence[Ancestor]) -> list[str]:
    sampler = SAMPLERS[recipe.sampler].name if recipe.sampler in SAMPLERS else recipe.sampler
    name = clean(profile.name if profile else recipe.profile)
    numbers = f"{recipe.steps} steps · guidance {recipe.guidance_scale:g}"
    lines = [f"**{name}** · {recipe.width} x {recipe.height} · {sampler} · {numbers}"]
    if weights := job.images[0].weights:
        lines.append(f"Weights `{clean(weights)}`")
    lines += [_picture(image) for image in job.images]
    when = datetime.fromtimestamp(job.created_at, UTC)
    lines.append(f"Asked for by <@{job.user_id}> {discord.utils.format_dt(when)}")
    if parents:
        lines.append(f"{ACTIONS.get(job.action, job.action).capitalize()} {_line(parents)}")
    if profile and profile.licences:
        lines.append(f"Licence of the model: {'; '.join(licence_text(each) for each in profile.licences)}")
    return lines


def _picture(image: Image) -> str:
    took = f", {duration(image.seconds)}" if image.seconds is not None else ""
    lacking = "" if image.file else f", {image.state.value}"
    return f"- picture {image.position + 1}: seed `{image.seed}`{took}{lacking}"


def _line(parents: Sequence[Ancestor]) -> str:
    """`of [#12](...), reroll of #9`: each generation with what made it."""
    words = [place_of(parents[0])]
    for younger, older in pairwise(parents):
        words.append(f"{ACTIONS.get(younger.action, younger.action)} {place_of(older)}")
    line = ", ".join(words)
    last = parents[-1]
    more = "" if last.action == "imagine" else ", and further back"
    return f"{line}{more} ({plural(len(parents), 'generation')})"
