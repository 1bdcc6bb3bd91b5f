"""What tests do with a finished result: its recipes and files, its form, its deletion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.recipe import Recipe
from tests.support.simcord_env import World, answer_of

RESULT = ["Reroll", "Edit", "Favourite", "Details", "Delete"]
RESULT += ["Upscale x2", "Upscale x4", "Original file", "Vary (subtle)", "Vary (strong)"]
"""Buttons under a single picture."""


async def recipes(world: World, job_id: int) -> list[Recipe]:
    """What a job paints."""
    job = await world.app.studio.job(job_id)
    assert job is not None
    return [Recipe.from_json(image.recipe) for image in job.images]


def files(world: World) -> list[Path]:
    """The originals on the disk."""
    return sorted(world.app.settings.pictures.rglob("*.png"))


def form_of(result: Any) -> dict[str, Any]:
    """The fields of the form that was opened, by custom id."""
    return {row["component"]["custom_id"]: row["component"] for row in result.modal["components"]}


def filled(result: Any, **changes: str) -> dict[str, Any]:
    """The form as it was opened, apart from the changes."""
    values = {}
    for name, field in form_of(result).items():
        chosen = [option["value"] for option in field.get("options", ()) if option.get("default")]
        values[name] = changes.get(name, chosen[0] if chosen else field.get("value", ""))
    return {name: [value] if name == "model" else value for name, value in values.items()}


async def ask_to_delete(world: World, actor: Any) -> Any:
    """Press Delete, and Delete for good."""
    asked = await actor.click(world.galleries()[0], label="Delete")
    assert asked.ephemeral
    assert "cannot be undone" in answer_of(asked)
    return await actor.click(asked.response, label="Delete for good"), asked
