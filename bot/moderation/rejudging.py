"""What waited is looked at once more when its turn comes: rules and ceilings may have changed meanwhile.

Between asking and painting may lie hours, and a restart. What has been made stricter since holds for what waits, too:
the picture is not painted, and its member is told why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from bot.moderation.checking import place_of
from bot.moderation.gate import Gate
from bot.orders import Origin
from bot.ratings import rating_of
from db.jobs import Job
from pipeline.profiles.types import Profile
from pipeline.prompt.compose import Composed
from pipeline.recipe import Recipe
from pipeline.request import Plan

SHORT_TEXT: Final = 2_000
"""Characters of both prompts that are looked at in a few milliseconds."""


class Rejudging:
    """The gate's question about final recipes, asked of a picture that is about to start."""

    def __init__(self, gate: Gate, profiles: Mapping[str, Profile]) -> None:
        self._gate = gate
        self._profiles = profiles

    async def check(self, job: Job, recipe: Recipe, origin: Origin | None = None) -> None:
        """Let it start, or be shown to others, or not.

        Args:
            job: what it belongs to.
            recipe: of the picture.
            origin: who wants it where; as it was asked for, if that is left out.

        Raises:
            MemberError: it may not be painted any more.
        """
        if len(recipe.prompt) + len(recipe.negative_prompt) <= SHORT_TEXT:
            self._check(job, recipe, origin or place_of(job))
        else:
            await asyncio.to_thread(self._check, job, recipe, origin or place_of(job))

    def _check(self, job: Job, recipe: Recipe, origin: Origin) -> None:
        profile = self._profiles.get(recipe.profile)
        if profile is None:
            return  # the engine says so itself
        composed = Composed(recipe.prompt, recipe.negative_prompt, (), (), rating_of(job, profile))
        self._gate.judge(origin, Plan(profile, composed, (recipe,), ()))
