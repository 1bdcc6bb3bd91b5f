"""Everything about a finished job, for the one who asks."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import discord
from discord import ui

from cogs.layouts import DONE, layout, made_from
from cogs.models import licence_text
from cogs.reporting import ReportButton
from cogs.text import block, clean, duration, plural, trim
from cogs.words import say
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
        ui.TextDisplay(say("### Job #{job}\n**Prompt, as it was painted**", job=job.id)),
        ui.TextDisplay(block(recipe.prompt, PROMPT_ROOM)),
    ]
    if recipe.negative_prompt:
        items.append(ui.TextDisplay(say("**Negative prompt**")))
        items.append(ui.TextDisplay(block(recipe.negative_prompt, NEGATIVE_ROOM)))
    items.append(ui.TextDisplay(trim("\n".join(_facts(job, recipe, profile, parents)), 1400)))
    items.append(ui.File(f"attachment://{file_name(job)}"))
    if any(image.file for image in job.images):
        items.append(ui.ActionRow(ReportButton(job.id)))
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
    numbers = say("{steps} steps · guidance {scale:g}", steps=recipe.steps, scale=recipe.guidance_scale)
    lines = [f"**{name}** · {recipe.width} x {recipe.height} · {sampler} · {numbers}"]
    if weights := job.images[0].weights:
        lines.append(say("Weights `{weights}`", weights=clean(weights)))
    lines += [_picture(image) for image in job.images]
    when = datetime.fromtimestamp(job.created_at, UTC)
    lines.append(
        say("Asked for by {member} {when}", member=f"<@{job.user_id}>", when=discord.utils.format_dt(when))
    )
    if parents:
        lines.append(say("Lineage: {line}", line=_line(job, parents)))
    if profile and profile.licences:
        licences = "; ".join(licence_text(each) for each in profile.licences)
        lines.append(say("Licence of the model: {licences}", licences=licences))
    return lines


def _picture(image: Image) -> str:
    took = f", {duration(image.seconds)}" if image.seconds is not None else ""
    lacking = "" if image.file else f", {image.state.value}"
    return say("- picture {n}: seed `{seed}`", n=image.position + 1, seed=image.seed) + f"{took}{lacking}"


def _line(job: Job, parents: Sequence[Ancestor]) -> str:
    """`reroll of [#12](...), variation of #9`: each generation with what made it."""
    makers = [job.action, *(parent.action for parent in parents)]
    words = [made_from(action, older) for action, older in zip(makers, parents, strict=False)]
    line = ", ".join(words)
    if parents[-1].action != "imagine":
        line = say("{line}, and further back", line=line)
    return f"{line} ({plural(len(parents), 'generation')})"
