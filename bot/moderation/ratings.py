"""The rule about ratings, for what was composed elsewhere: recipes of old jobs, enlarged pictures, variations.

What a member types is held to the ceiling while it is composed (`pipeline.prompt.compose`). Here the final prompts
are looked at once more, whichever way they come.
"""

from __future__ import annotations

from dataclasses import replace

from bot.moderation.ceilings import Ceilings, highest, lowest
from bot.moderation.gate import Check
from bot.orders import Origin
from pipeline.errors import InvalidRequest
from pipeline.profiles.types import Profile, Rating
from pipeline.prompt.insist import completed
from pipeline.prompt.ratings import rating_of_text
from pipeline.prompt.vocabulary import Vocabulary
from pipeline.recipe import Recipe
from pipeline.request import Plan


class RatingCheck(Check):
    """Refuses recipes above the ceiling of the place where they are to be painted."""

    def __init__(self, ceilings: Ceilings) -> None:
        self._ceilings = ceilings

    def judge(self, origin: Origin, planned: Plan) -> Plan:
        """Refuse, or see to it that the negative prompts keep out what is above the rating.

        Raises:
            InvalidRequest: a final prompt, or the rating it was painted with, is above the ceiling.
        """
        ceiling, profile = self._ceilings.of(origin), planned.profile
        said = [rating_of_text(profile, prompt) for prompt in {recipe.prompt for recipe in planned.recipes}]
        rating = highest(planned.composed.rating, *said)
        if rating.level > ceiling.level:
            raise InvalidRequest(
                "What is to be painted is rated `{rating}`, and the most here is `{ceiling}`.",
                rating=rating.value,
                ceiling=ceiling.value,
            )
        recipes = tuple(_held(profile, recipe, lowest(rating, ceiling)) for recipe in planned.recipes)
        return planned if recipes == planned.recipes else replace(planned, recipes=recipes)


def _held(profile: Profile, recipe: Recipe, rating: Rating) -> Recipe:
    """A recipe whose negative prompt keeps out more than the rating. Enlarging alone reads no prompt."""
    if recipe.upscaler:
        return recipe
    keep = Vocabulary.of(profile).keep
    negative = completed(profile, recipe.negative_prompt, rating, keep)
    return recipe if negative == recipe.negative_prompt else replace(recipe, negative_prompt=negative)
