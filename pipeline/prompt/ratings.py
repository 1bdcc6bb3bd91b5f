"""The rating ladder, spoken in the words of each card."""

from __future__ import annotations

from collections.abc import Collection

from pipeline.errors import InvalidRequest
from pipeline.profiles.types import Profile, Rating
from pipeline.prompt.normalise import key
from pipeline.prompt.vocabulary import Vocabulary, negative_words, positive_words


def choose_rating(
    vocabulary: Vocabulary, typed: Collection[str], rating: Rating | None, ceiling: Rating
) -> tuple[Rating, str, tuple[str, ...]]:
    """Decide which rating is painted.

    What the member chose comes first, then what the prompt says itself, then the profile's default, lowered
    to the ceiling.

    Args:
        vocabulary: the profile's.
        typed: keys of the tags in the member's prompt.
        rating: what the member chose.
        ceiling: the most that may be painted here.

    Returns:
        The rating, why (a clause), and warnings.

    Raises:
        InvalidRequest: the rating, or a rating word in the prompt, is above the ceiling.
    """
    profile = vocabulary.profile
    if rating is not None and rating.level > ceiling.level:
        raise InvalidRequest(
            "The rating `{rating}` goes beyond what may be painted here; the most is `{ceiling}`.",
            rating=rating.value,
            ceiling=ceiling.value,
        )
    for word, name in _words_above(profile, ceiling):
        if name in typed:
            raise InvalidRequest(
                "`{word}` goes beyond what may be painted here; the most is the rating `{ceiling}`. "
                "Please take it out of the prompt.",
                word=word,
                ceiling=ceiling.value,
            )
    said = {name: step for name, step in vocabulary.ratings.items() if name in typed}
    highest = max(said.values(), key=lambda step: step.level, default=None)
    if rating is not None:
        warnings: tuple[str, ...] = ()
        if highest is not None and highest.level > rating.level:
            warnings = (f"The prompt asks for the rating `{highest.value}`, but `{rating.value}` was chosen.",)
        return rating, "as chosen", warnings
    default = min(profile.default_rating, ceiling, key=lambda step: step.level)
    if highest is not None and not said.keys() <= {key(word) for word in positive_words(profile, default)}:
        return highest, "as the prompt says", ()
    return default, "the default of this model" if default is profile.default_rating else "the most here", ()


def words_to_avoid(profile: Profile, rating: Rating) -> list[tuple[str, Rating]]:
    """The negative words of every step above `rating`, each with its step, strongest step last.

    Words that the rating itself uses in the prompt (`nsfw` is two steps' word on one card) are not among
    them.
    """
    wanted = {key(word) for word in positive_words(profile, rating)}
    avoided: dict[str, tuple[str, Rating]] = {}
    for step in Rating:
        if step.level > rating.level:
            for word in negative_words(profile, step):
                if key(word) not in wanted:
                    avoided.setdefault(key(word), (word, step))
    return list(avoided.values())


def _words_above(profile: Profile, ceiling: Rating) -> list[tuple[str, str]]:
    """Words that speak of a step above the ceiling, with their keys.

    A word belongs to the mildest step whose prompt uses it; one that no prompt uses, to the mildest step
    that it keeps out.
    """
    steps: dict[str, tuple[str, Rating]] = {}
    for words_of in (positive_words, negative_words):
        for step in Rating:
            for word in words_of(profile, step):
                steps.setdefault(key(word), (word, step))
    return [(word, name) for name, (word, step) in steps.items() if step.level > ceiling.level]
