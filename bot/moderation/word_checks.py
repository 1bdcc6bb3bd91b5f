"""What may be asked for in words: the gate's part for the server's rules and for the built-in list.

Both look at what was typed and chosen, then once more at the final prompts, so that a word which only comes together
in them, or that an old recipe brings along, is found as well. What is in the negative prompt is kept out of the
picture, so the rules of a server do not concern it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from bot.moderation.gate import Check
from bot.moderation.word_rules import WordRules
from bot.orders import Order, Origin
from bot.ratings import rating_of
from db.gallery import Gallery
from db.jobs import Job
from db.sources import Sources
from pipeline.errors import MemberError
from pipeline.profiles.types import Rating
from pipeline.recipe import Recipe
from pipeline.request import ImagineRequest, Plan
from pipeline.safety import minors
from pipeline.safety.minors import Finding

GENERATIONS: Final = 20
"""Pictures that are looked back at."""
RATED = frozenset({Rating.QUESTIONABLE, Rating.EXPLICIT})


def typed_text(request: ImagineRequest) -> str:
    """All that a request adds to the prompt, as tags."""
    return ", ".join((request.prompt, *request.styles, *(request.quality or ()), request.year or ""))


def prompts_of(planned: Plan) -> tuple[tuple[str, str], ...]:
    """The final prompts with their negative prompts, each once."""
    return tuple(dict.fromkeys((recipe.prompt, recipe.negative_prompt) for recipe in planned.recipes))


class WordCheck(Check):
    """The rules of the server, and those that the owner of the instance made for all servers."""

    def __init__(self, rules: WordRules) -> None:
        self._rules = rules

    def read(self, origin: Origin, request: ImagineRequest) -> ImagineRequest:
        """Refuse a blocked word in what was typed or chosen."""
        self._rules.check(origin.guild_id, typed_text(request))
        return request

    def judge(self, origin: Origin, planned: Plan) -> Plan:
        """Refuse a blocked word in what would be painted."""
        for prompt, _ in prompts_of(planned):
            self._rules.check(origin.guild_id, prompt)
        return planned


class MinorsCheck(Check):
    """The built-in list against sexualised minors. Nobody switches it off, and it holds at the command line."""

    everywhere = True

    def __init__(self, gallery: Gallery, sources: Sources) -> None:
        self._gallery = gallery
        self._sources = sources

    def read(self, origin: Origin, request: ImagineRequest) -> ImagineRequest:  # noqa: ARG002 - for everybody
        """Refuse what was typed, also together with the rating that was chosen."""
        rated = (request.rating or "").strip().casefold() in RATED
        _refuse(minors.look(typed_text(request), request.negative, rated=rated))
        return request

    def judge(self, origin: Origin, planned: Plan) -> Plan:  # noqa: ARG002 - for everybody
        """Refuse what would be painted."""
        for prompt, negative in prompts_of(planned):
            _refuse(minors.look(prompt, negative, rated=planned.composed.rating in RATED))
        return planned

    async def afford(self, origin: Origin, orders: Sequence[Order]) -> None:  # noqa: ARG002 - for everybody
        """Refuse what comes together with the picture to start from: its words and its rating count as well."""
        for _, planned, _ in orders:
            for image in dict.fromkeys(recipe.init_image for recipe in planned.recipes if recipe.init_image):
                await self._check_source(image, planned)

    async def _check_source(self, sha256: str, planned: Plan) -> None:
        own = [minors.read(*each) for each in prompts_of(planned)]
        if not any(each.age or each.sexual for each in own) and planned.composed.rating not in RATED:
            return
        line = await self._line(sha256)
        painted = [job for jobs in line.values() for job in jobs]
        # What members hand in themselves has no words, and often no rating that anybody knows.
        ratings = {rating_of(job, None) for job in painted} | {planned.composed.rating}
        for each in line:
            ratings |= {Rating(given) for given in await self._sources.ratings_of(each) if given in set(Rating)}
        texts = dict.fromkeys((i.prompt, i.negative_prompt) for job in painted for i in job.images)
        before = await asyncio.to_thread(lambda: [minors.read(*each) for each in texts])
        _refuse(minors.judge(*own, *before, rated=not ratings.isdisjoint(RATED)))

    async def _line(self, sha256: str) -> dict[str, tuple[Job, ...]]:
        """The jobs that painted a picture, those that painted what it was painted from, and so on, by their files.

        A picture shows what its own first pictures were asked for, also when later prompts do not say it again.
        """
        line: dict[str, tuple[Job, ...]] = {}
        left = [sha256]
        while left and len(line) < GENERATIONS:
            each = left.pop(0)
            line[each] = jobs = await self._gallery.shown_by(each, deleted_too=True)
            for image in (image for job in jobs for image in job.images):
                source = Recipe.from_json(image.recipe).init_image
                if source and source not in line and source not in left:
                    left.append(source)
        return line


def _refuse(finding: Finding | None) -> None:
    """Raises a `MemberError` that names what was found."""
    if finding is None:
        return
    if finding.rated:
        raise MemberError(
            "`{word}` is never painted with the ratings questionable and explicit. This is the built-in rule against "
            "sexualised minors; it holds everywhere, and nobody can switch it off.",
            word=finding.word[:100],
        )
    if finding.sexual:
        raise MemberError(
            "`{word}` and `{sexual}` are never painted together. This is the built-in rule against sexualised minors; "
            "it holds everywhere, and nobody can switch it off.",
            word=finding.word[:100],
            sexual=finding.sexual[:100],
        )
    raise MemberError(
        "`{word}` is never painted. This is the built-in rule against sexualised minors; it holds everywhere, and "
        "nobody can switch it off.",
        word=finding.word[:100],
    )
