"""What a job's message looks like in each of its states (Components V2).

Fresh views only, never edited ones: discord.py forgets a dynamic item for the whole bot when one view is
sent again without it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from discord import ui

from bot.orders import Left, Progress
from bot.said import failure, noted
from cogs.buttons import CancelButton
from cogs.layouts import BROKEN, DONE, STOPPED, WORKING, layout, made_from
from cogs.result_buttons import again_row, result_rows, withheld_buttons
from cogs.text import alt, bar, block, clean, duration, inline, plain, plural, seeds, shown, time_left, trim
from cogs.uploads import place_in
from cogs.withheld import held, remarks
from cogs.words import say
from db.jobs import Job, JobState
from db.records import Ancestor
from pipeline.profiles.types import Profile
from pipeline.recipe import Recipe
from pipeline.sentence import Sentence
from pipeline.upscalers import UPSCALERS

PROMPT_ROOM: Final = 1800
NOTE_ROOM: Final = 900


def asked_prompt(job: Job) -> str:
    """The prompt as the member typed it."""
    try:
        return str(json.loads(job.request)["prompt"])
    except (ValueError, KeyError, TypeError):
        return job.images[0].prompt if job.images else ""


def progress_view(job: Job, progress: Progress, model: str, preview: str = "") -> ui.LayoutView:
    """Position, time left and a bar with the step, and a Cancel button; the picture so far, if there is such a file."""
    left = f" · {time_left(progress.eta_seconds)}" if progress.eta_seconds is not None else ""
    pictures = plural(progress.images, "picture")
    if progress.state is JobState.QUEUED and not progress.place:
        head = say("### Starting")
        body = f"{pictures}{left}"
    elif progress.state is JobState.QUEUED:
        head = say(
            "### In the queue: place {place} of {jobs} here", place=progress.place, jobs=progress.jobs_in_guild
        )
        body = f"{pictures}{left}"
    else:
        head = say("### Painting {pictures}", pictures=pictures)
        if progress.images > 1:
            head = say("### Painting {pictures}, {done} done", pictures=pictures, done=progress.images_done)
        body = f"{bar(_fraction(progress))}{left}"
        if progress.steps:
            step = say("step {step} of {steps}", step=progress.step, steps=progress.steps)
            body = f"{bar(_fraction(progress))} · {step}{left}"
    gallery: ui.MediaGallery[Any] = ui.MediaGallery()
    if preview:
        gallery.add_item(
            media=f"attachment://{preview}", description=alt(say("Preview: {prompt}", prompt=asked_prompt(job)))
        )
    lines = [head, body, f"-# {clean(model)} · {_for(job)}"]
    if progress.paused is not None:
        lines.insert(2, paused_text(progress.paused))
    if progress.left is not None:
        lines.append(f"-# {left_text(progress.left)}")
    lines += [f"-# {trim(shown(note), 300)}" for note in (progress.note, *progress.notices) if note]
    return layout(
        WORKING,
        ui.TextDisplay(block(asked_prompt(job), 600)),
        *([gallery] if preview else []),
        ui.TextDisplay(trim("\n".join(lines), 1500)),
        ui.ActionRow(CancelButton(job.id)),
    )


def paused_text(reason: str) -> str:
    """That moderators hold the queue back, and why."""
    if not reason:
        return say("⏸️ Paused by moderators. What waits is painted when they go on.")
    return say("⏸️ Paused by moderators: {reason}", reason=trim(plain(clean(reason)), 400))


def left_text(left: Left) -> str:
    """What a member may still ask for within a day."""
    parts = []
    if left.pictures is not None:
        parts.append(
            say("{left} of {limit} pictures left today", left=left.pictures, limit=left.of_pictures or 0)
        )
    if left.seconds is not None:
        parts.append(
            say(
                "about {left:.0f} of {limit} GPU seconds left today",
                left=left.seconds,
                limit=left.of_seconds or 0,
            )
        )
    return " · ".join(parts)


def _for(job: Job) -> str:
    return say("for {member}", member=f"<@{job.user_id}>")


def _fraction(progress: Progress) -> float:
    if not progress.images:
        return 0.0
    painting = progress.step / progress.steps if progress.steps else 0.0
    left = progress.images - progress.images_done
    return (progress.images_done + painting * left) / progress.images


def result_view(
    job: Job,
    files: Sequence[str],
    profile: Profile | None,
    remark: str = "",
    parents: Sequence[Ancestor] = (),
) -> ui.LayoutView:
    """The pictures as one gallery, with everything needed to paint them again.

    Args:
        job: rendered; only its painted pictures are shown.
        files: names of the attached files, in the order of the painted pictures.
        profile: its model, when it is still known.
        remark: something about the files, for example that they were compressed for Discord.
        parents: what it went on from, the nearest first; that one is named and linked.
    """
    prompt = asked_prompt(job)
    spoilers = {image.position for image in job.images if image.check_state == "spoiler"}
    gallery: ui.MediaGallery[Any] = ui.MediaGallery()
    for name in files:
        gallery.add_item(
            media=f"attachment://{name}", description=alt(prompt), spoiler=place_in(name) in spoilers
        )
    return layout(
        DONE,
        ui.TextDisplay(block(prompt, PROMPT_ROOM)),
        gallery,
        ui.TextDisplay(
            trim("\n".join([*_facts(job, profile, parents), *_notes(job, remark)]), 4000 - PROMPT_ROOM - 100)
        ),
        *result_rows(job),
    )


def _facts(job: Job, profile: Profile | None, parents: Sequence[Ancestor]) -> list[str]:
    painted = [image for image in job.images if image.file]
    recipe = Recipe.from_json(painted[0].recipe)
    # Pictures of a job are painted side by side, so their own seconds must not be added up.
    took = max(image.seconds or 0.0 for image in painted)
    facts = [
        f"**{clean(profile.name if profile else recipe.profile)}**",
        seeds([image.seed for image in painted]),
        f"{recipe.width} x {recipe.height}",
        say("{steps} steps · guidance {scale:g}", steps=recipe.steps, scale=recipe.guidance_scale),
        *upscaler_of(recipe),
        duration(took),
    ]
    source = f"{made_from(job.action, parents[0])} " if parents else ""
    draft = f" · {say('private draft')}" if job.private else ""
    return [" · ".join(facts), f"-# {source}{_for(job)}{draft}"]


def upscaler_of(recipe: Recipe) -> tuple[str, ...]:
    """What enlarged a picture, if anything did."""
    known = UPSCALERS.get(recipe.upscaler)
    return (known.name if known else clean(recipe.upscaler),) if recipe.upscaler else ()


def _notes(job: Job, remark: str) -> list[str]:
    every, warnings = noted(job)
    added = [each.tag for each in every if each.where == "prompt"]
    avoided = [each.tag for each in every if each.where != "prompt"]
    lines = []
    if added:
        lines.append(say("-# Added: {tags}", tags=inline(", ".join(added), 240)))
    if avoided:
        lines.append(say("-# Kept out: {tags}", tags=inline(", ".join(avoided), 160)))
    lines += [f"-# {trim(_warning(text), 300)}" for text in warnings[:4]]
    lines += [f"-# {each}" for each in remarks(job)]
    missing = sum(not image.file for image in job.images) - len(held(job))
    if missing and job.error:
        reference = ""
        if job.reference and job.reference not in job.error:
            reference = say(" (reference {reference})", reference=job.reference)
        said = say(
            "-# {pictures} could not be painted: {error}",
            pictures=plural(missing, "picture"),
            error=trim(shown(failure(job)), 500),
        )
        lines.append(f"{said}{reference}")
    if remark:
        lines.append(f"-# {remark}")
    return lines


def _warning(text: str) -> str:
    """In old rows it is a finished text, with its code in it."""
    return shown(text) if isinstance(text, Sentence) else clean(text)


def failed_view(job: Job) -> ui.LayoutView:
    """A plain sentence and the reference id."""
    sentence = trim(shown(failure(job)) or say("Something went wrong on our side."), NOTE_ROOM)
    reference = ""
    if job.reference and job.reference not in sentence:
        reference = "\n" + say("-# Reference {reference}", reference=job.reference)
    return layout(
        BROKEN,
        ui.TextDisplay(block(asked_prompt(job), 600)),
        ui.TextDisplay(f"{say('### Not painted')}\n{sentence}{reference}\n-# {_for(job)}"),
        again_row(job),
    )


def withheld_view(job: Job) -> ui.LayoutView:
    """No picture of the job may be shown: why, and what can be done."""
    return layout(
        STOPPED,
        ui.TextDisplay(block(asked_prompt(job), 600)),
        ui.TextDisplay("\n".join([say("### Withheld"), *remarks(job), f"-# {_for(job)}"])),
        ui.ActionRow(*withheld_buttons(job)),
    )


def cancelled_view(job: Job) -> ui.LayoutView:
    """What is left of a cancelled job. Finished pictures are named, not shown: moderators cancel too."""
    painted = [image.seed for image in job.images if image.file]
    kept = ""
    if painted:
        kept = "\n" + say(
            "{done} of {pictures} had been painted already ({seeds}). They are kept, but not posted; the same seed "
            "paints the same picture again.",
            done=len(painted),
            pictures=plural(len(job.images), "picture"),
            seeds=seeds(painted),
        )
    return layout(
        STOPPED,
        ui.TextDisplay(block(asked_prompt(job), 600)),
        ui.TextDisplay(f"{say('### Cancelled')}{kept}\n-# {_for(job)}"),
        again_row(job),
    )


def moved_view() -> ui.LayoutView:
    """Left in the old message when the pictures had to be posted as a new one."""
    return layout(STOPPED, ui.TextDisplay(say("-# The pictures are in a newer message below.")))
