"""The rating ladder, spoken in the words of each card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from pipeline.errors import InvalidRequest
from pipeline.profiles.types import Profile, Rating
from pipeline.prompt.above import refusal
from pipeline.prompt.ladder import Ladder
from pipeline.prompt.normalise import key
from pipeline.prompt.tags import read, texts_of
from pipeline.prompt.vocabulary import negative_words, positive_words
from pipeline.sentence import Codes, Sentence


def choose_rating(
    profile: Profile, ladder: Ladder, tags: Iterable[str], rating: Rating | None, ceiling: Rating
) -> tuple[Rating, Sentence, tuple[Sentence, ...]]:
    """Decide which rating is painted.

    What the member chose comes first, then what the prompt says itself in the card's words, then the
    profile's default, lowered to the ceiling.

    Args:
        profile: whose words count.
        ladder: of this profile.
        tags: literal texts of the tags in the member's prompt.
        rating: what the member chose.
        ceiling: the most that may be painted here.

    Returns:
        The rating, why (a clause), and warnings.

    Raises:
        InvalidRequest: the rating, or a rating word anywhere in the prompt, is above the ceiling.
    """
    if rating is not None and rating.level > ceiling.level:
        raise InvalidRequest(
            "The rating `{rating}` goes beyond what may be painted here; the most is `{ceiling}`.",
            rating=rating.value,
            ceiling=ceiling.value,
        )
    found = ladder.find(tags)
    for word in found:
        if word.step.level > ceiling.level:
            raise refusal(word.text, word.step, ceiling)
    own = {key(word) for step in Rating for word in positive_words(profile, step)}
    said = {key(word.text): word.step for word in found if key(word.text) in own}
    highest = max(said.values(), key=lambda step: step.level, default=None)
    if rating is not None:
        others = _foreign(profile, said, rating)
        warnings: tuple[Sentence, ...] = ()
        if others:
            asked = max(others.values(), key=lambda step: step.level)
            warnings = (
                Sentence(
                    "The prompt asks for the rating `{asked}`, but `{rating}` was chosen.",
                    asked=asked.value,
                    rating=rating.value,
                ),
            )
        return rating, Sentence("as chosen"), warnings
    default = min(profile.default_rating, ceiling, key=lambda step: step.level)
    if highest is None or not _foreign(profile, said, default):
        lowered = default is not profile.default_rating
        return default, Sentence("the most here") if lowered else Sentence("the default of this model"), ()
    if not _foreign(profile, said, highest):
        return highest, Sentence("as the prompt says"), ()
    told = Sentence(
        "The prompt holds words of different ratings: {words}; the strongest, `{rating}`, counts.",
        words=Codes(said),
        rating=highest.value,
    )
    return highest, Sentence("as the prompt says"), (told,)


def rating_of_text(profile: Profile, prompt: str) -> Rating:
    """The strongest step that any word of a prompt belongs to, whatever rating was chosen with it.

    The last ones are remembered: of every picture it is asked several times on its way.
    """
    return _rating_of_text(Ladder.of(profile), prompt)


@lru_cache(maxsize=512)
def _rating_of_text(ladder: Ladder, prompt: str) -> Rating:
    try:
        tags = texts_of(read(prompt))
    except InvalidRequest:  # an old row that today's grammar does not take
        tags = prompt.replace("BREAK", ",").split(",")
    words = ladder.find(tags)
    return max((word.step for word in words), key=lambda step: step.level, default=Rating.GENERAL)


def _foreign(profile: Profile, said: Mapping[str, Rating], rating: Rating) -> dict[str, Rating]:
    """The words said that this rating does not use itself."""
    own = {key(word) for word in positive_words(profile, rating)}
    return {word: step for word, step in said.items() if word not in own}


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
