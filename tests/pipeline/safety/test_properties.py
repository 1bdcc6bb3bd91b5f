"""What holds for every text."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import InvalidRequest
from pipeline.safety.folding import fold
from pipeline.safety.matcher import Rule, RuleSet
from pipeline.safety.patterns import Glob, read_pattern
from tests.pipeline.prompt.strategies import prompts

_SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_WORD = st.text("abcdo0l1i", min_size=1, max_size=8)
_GLOB = st.text("abo*?", min_size=1, max_size=9)


def simple(pattern: str, word: str) -> bool:
    """Wildcards as a textbook has them."""
    if not pattern:
        return not word
    if pattern[0] == "*":
        return any(simple(pattern[1:], word[cut:]) for cut in range(len(word) + 1))
    return bool(word) and pattern[0] in {"?", word[0]} and simple(pattern[1:], word[1:])


@_SETTINGS
@given(text=prompts)
def test_every_word_is_quoted_from_its_place(text: str) -> None:
    """Places are in order and within the text, whatever is typed."""
    folded = fold(text)
    end = 0
    for word in folded.words:
        assert word.text
        assert 0 <= word.start < word.end <= len(text)
        assert word.start >= end - 1
        end = word.end
    for reading in folded.readings:
        assert 0 <= reading.first <= reading.last < len(folded.words)


@_SETTINGS
@given(pattern=_GLOB, word=st.text("abo", max_size=9))
def test_wildcards_match_as_in_the_textbook(pattern: str, word: str) -> None:
    """The fast way finds what the slow one does."""
    assert Glob(pattern, as_leet=False).matches(word) == simple(pattern, word)


@_SETTINGS
@given(words=st.lists(_WORD, min_size=1, max_size=4), before=prompts, after=prompts)
def test_a_rule_always_finds_itself(words: list[str], before: str, after: str) -> None:
    """In any prompt, as a tag of its own."""
    pattern = " ".join(words)
    rules = RuleSet([Rule(number=1, pattern=pattern)])
    assert rules.blocked(f"{before}, {pattern}, {after}")


@_SETTINGS
@given(text=prompts)
def test_any_text_is_a_rule_or_gets_a_sentence(text: str) -> None:
    """Nothing else is raised, and what is a rule finds itself."""
    try:
        pattern = read_pattern(text)
    except InvalidRequest as refusal:
        assert refusal.text.endswith(".")  # noqa: PT017
        return
    assert pattern.words
    RuleSet([Rule(number=1, pattern=text)]).find(text)
