"""A prompt tried against every rule without being painted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.moderation.policies import INSTANCE
from bot.moderation.word_rules import WordRules
from bot.orders import Origin
from bot.studio import Studio
from pipeline.errors import MemberError
from pipeline.request import ImagineRequest, compose_request
from pipeline.safety import minors
from pipeline.safety.matcher import Match
from pipeline.safety.minors import Finding


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial came to.

    Attributes:
        here: the server's rules that matched, with what they matched, allow rules and what they cover included.
        everywhere: the same of the rules of the instance.
        built_in: words of the built-in list, which alone mean nothing.
        refused: what the built-in list would refuse; None if nothing.
        composed: the final prompt; empty when it cannot be composed.
        problem: why it cannot.
    """

    here: tuple[Match, ...]
    everywhere: tuple[Match, ...]
    built_in: tuple[Match, ...]
    refused: Finding | None
    composed: str
    problem: MemberError | None

    @property
    def blocked(self) -> bool:
        """Whether a member would be refused."""
        rules = (*self.here, *self.everywhere)
        return self.refused is not None or any(each.blocks for each in rules)


class Trial:
    """Reads a prompt as the gate would: as it is typed, and as a model would be given it."""

    def __init__(self, studio: Studio, words: WordRules) -> None:
        self._studio = studio
        self._words = words

    def run(self, origin: Origin, prompt: str, negative: str = "", model: str | None = None) -> Outcome:
        """Try a prompt in the place of a command. To be called on a thread."""
        request = ImagineRequest(prompt=prompt, negative=negative, profile=model)
        composed, avoided, problem = "", "", None
        try:
            _, made = compose_request(
                request, self._studio.profiles, self._studio.default_profile, self._studio.ceiling(origin)
            )
            composed, avoided = made.prompt, made.negative_prompt
        except MemberError as error:
            problem = error
        texts = (prompt, composed) if composed else (prompt,)
        refused = [minors.look(prompt, negative, rated=False)]
        refused += [minors.look(composed, avoided, rated=False)] if composed else []
        return Outcome(
            here=_once(each for text in texts for each in self._words.find(origin.guild_id, text)),
            everywhere=_once(each for text in texts for each in self._words.find(INSTANCE, text)),
            built_in=_once(each for text in texts for each in minors.matches(text)),
            refused=next((each for each in refused if each), None),
            composed=composed,
            problem=problem,
        )


def _once(found: Iterable[Match]) -> tuple[Match, ...]:
    """Each rule once for each spelling; composing tidies underscores and case away."""
    kept: dict[tuple[int, str], Match] = {}
    for each in found:
        kept.setdefault((each.rule.number, " ".join(each.quote.casefold().replace("_", " ").split())), each)
    return tuple(kept.values())
