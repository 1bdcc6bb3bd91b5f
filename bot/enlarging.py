"""Larger pictures of finished ones: upscaled, and redrawn with more detail."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.asked import asked
from bot.orders import Lineage, Order
from bot.ratings import rating_of
from bot.said import noted
from bot.studio import Studio
from db.jobs import Image, Job
from pipeline.errors import MemberError
from pipeline.prompt.compose import Composed
from pipeline.recipe import Recipe
from pipeline.request import Plan
from pipeline.upscalers import BY_SCALE, Upscaler

REDRAW: Final = 1.5
"""How much larger than the first picture a redrawn one is: SDXL draws well up to there (the field's "hires fix")."""
REDRAW_STRENGTH: Final = 0.35
"""Enough for new detail, too little for another picture."""
MOST_PIXELS: Final = 20_000_000
"""Of a result: four times either side of 1024 x 1024, and some more."""
_GRID: Final = 8
"""Both sides of a painted picture are multiples of this."""


def offered(recipe: Recipe) -> tuple[Upscaler, ...]:
    """The upscalers that a picture can be given to: of an upscaled one those that its original could be, too."""
    width, height = recipe.painted_size
    return tuple(
        each
        for each in BY_SCALE.values()
        if each.id != recipe.upscaler and width * height * each.scale**2 <= MOST_PIXELS
    )


class Enlarger:
    """Orders of larger pictures. Speaks no Discord."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def upscaled(self, job: Job, position: int, scale: int) -> Order:
        """One picture of a job, enlarged. Where that was enlarged before, its original is taken.

        Raises:
            MemberError: it was not painted, or would become too large.
        """
        image = _painted(job, position)
        recipe = Recipe.from_json(image.recipe)
        upscaler = next((each for each in offered(recipe) if each.scale == scale), None)
        if upscaler is None:
            raise MemberError("This picture cannot be enlarged by {scale}.", scale=scale)
        width, height = recipe.painted_size
        larger = replace(
            recipe,
            width=width * scale,
            height=height * scale,
            init_image=recipe.init_image if recipe.upscaler else image.sha256 or "",
            strength=0.0,
            mask="",
            upscaler=upscaler.id,
            weights="",
        )
        return self._order(job, image, larger, "upscale")

    def redrawn(self, job: Job, position: int) -> Order:
        """One picture painted over at a larger size, so that it gets the detail that the size has room for.

        Raises:
            MemberError: it was not painted, or its model is no longer known.
        """
        image = _painted(job, position)
        recipe = Recipe.from_json(image.recipe)
        width, height = (round(side * REDRAW / _GRID) * _GRID for side in recipe.painted_size)
        larger = replace(
            recipe,
            width=width,
            height=height,
            init_image=image.sha256 or "",
            strength=max(REDRAW_STRENGTH, 1.0 / recipe.steps),
            mask="",
            upscaler="",
            weights="",
        )
        return self._order(job, image, larger, "redraw")

    def _order(self, job: Job, image: Image, recipe: Recipe, action: str) -> Order:
        profile = self._studio.profiles.get(image.profile)
        if profile is None:
            raise MemberError("The model of this picture is no longer known, so it cannot be gone on from.")
        # What was asked stays, so that Reroll and Edit under the result paint the prompt again.
        request = replace(asked(job), count=1)
        added, warnings = noted(job)
        composed = Composed(recipe.prompt, recipe.negative_prompt, added, warnings, rating_of(job, profile))
        return request, Plan(profile, composed, (recipe,), warnings), Lineage(action, image.id)


def _painted(job: Job, position: int) -> Image:
    image = next((each for each in job.images if each.position == position and each.sha256), None)
    if image is None:
        raise MemberError("This picture was not painted, so there is nothing to go on from.")
    return image
