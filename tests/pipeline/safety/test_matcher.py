"""Rules: wildcards, phrases, exceptions, and what is refused as a rule."""

from __future__ import annotations

import time

import pytest

from pipeline.errors import InvalidRequest
from pipeline.safety.matcher import MAX_RULES, Kind, Rule, RuleSet
from pipeline.safety.patterns import MAX_LENGTH, MAX_WORDS, read_pattern


def found(pattern: str, text: str) -> list[str]:
    """What one block rule finds."""
    return [match.quote for match in RuleSet([Rule(number=1, pattern=pattern)]).blocked(text)]


@pytest.mark.parametrize(
    ("pattern", "fits", "fails"),
    [
        ("sword*", ["sword", "swords", "swordfish"], ["crossword", "swor"]),
        ("*sword", ["sword", "broadsword"], ["swords"]),
        ("*sword*", ["sword", "broadswords"], ["words"]),
        ("sw?rd", ["sword", "sward"], ["swrd", "swoord"]),
        ("s*rd", ["sword", "shard"], ["swords"]),
        ("ab*cd*ef", ["abcdef", "abxcdyef", "abcdcdef"], ["abcefd", "abcde"]),
        ("*ab?c*", ["abxc", "zabxcz"], ["abc"]),
        ("big swo*", ["big sword"], ["big red sword", "big"]),
        ("b?g *word", ["big sword", "bag word"], ["bg sword"]),
        ("b?g", ["bag", "b0g"], ["bg", "bags", "boog"]),
        ("ツル*", ["ツルギ", "つるぎ"], ["オツル"]),
    ],
)
def test_wildcards_stay_within_a_word(pattern: str, fits: list[str], fails: list[str]) -> None:
    """A star is any letters or none, a question mark is one."""
    for text in fits:
        assert found(pattern, f"x, {text}, y"), text
    for text in fails:
        assert not found(pattern, f"x, {text}, y"), text


@pytest.mark.parametrize("text", ["sw0rds", "s w o r d s", "s.w.o.r.d.f.i.s.h", "sw-ords", "$words"])
def test_wildcards_see_through_spellings_too(text: str) -> None:
    """Leetspeak and letters set apart."""
    assert found("sword*", text)


def test_an_exception_lets_the_longer_word_pass() -> None:
    """But not the same letters elsewhere in the prompt."""
    rules = RuleSet(
        [
            Rule(number=1, pattern="*dict*"),
            Rule(number=2, pattern="addiction*", kind=Kind.ALLOW),
            Rule(number=3, pattern="red dictator", kind=Kind.ALLOW),
        ]
    )
    assert rules.blocked("addiction, addictions") == ()
    assert rules.blocked("red dictator") == ()
    assert [match.quote for match in rules.blocked("addiction, blue dictator")] == ["dictator"]
    assert {match.rule.number for match in rules.find("addiction")} == {1, 2}


def test_an_exception_does_not_cover_a_longer_block() -> None:
    """What it allows is only its own words."""
    rules = RuleSet([Rule(number=1, pattern="red sword"), Rule(number=2, pattern="sword", kind=Kind.ALLOW)])
    assert rules.blocked("red sword")


@pytest.mark.parametrize(
    "pattern", ["*", "?", "**", "a*", "*a", "*a*", "?a?", "a*b", "a *", "* girl", "a*a*a*a*a*a*"]
)
def test_a_rule_that_matches_everything_is_refused(pattern: str) -> None:
    """A wildcard needs two letters side by side."""
    with pytest.raises(InvalidRequest, match="would match almost everything"):
        read_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(aa|aa)*b", "a{1,99}", ".*sword", r"\bsword\b", "[a-z]+x", "^sword", "(?:x)"]
)
def test_a_regular_expression_is_refused(pattern: str) -> None:
    """None is ever run, so none can take exponential time."""
    with pytest.raises(InvalidRequest, match="regular expression"):
        read_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("", "has no letter"),
        ("  ", "has no letter"),
        ("!?!", "almost everything"),
        ("...", "has no letter"),
        ("\u200b", "has no letter"),
        ("x" * (MAX_LENGTH + 1), "may have 100 characters"),
        ("a " * (MAX_WORDS + 1), "may have 10 words"),
        ("ab*cd*ef*gh*ij*kl", "more than 4 stars"),
    ],
)
def test_what_is_no_rule_gets_a_sentence(pattern: str, words: str) -> None:
    """That says what would be right."""
    with pytest.raises(InvalidRequest, match=words):
        read_pattern(pattern)


def test_two_spellings_are_the_same_rule() -> None:
    """They have one key."""
    assert read_pattern("Big_SWORD").key == read_pattern("bíg  sword").key
    assert read_pattern("bishop_(chess)").key == "bishop chess"
    assert read_pattern("big sword").key != read_pattern("bigsword").key


@pytest.mark.parametrize(
    "text",
    ["a" * 6000, "a " * 3000, "ab" * 3000, "a.b." * 1500, "l 0 " * 1500, "a!" * 3000, "(" * 6000, "ｌ" * 6000,
     "e\u0301" * 3000, "少" * 6000, "aab " * 1500],
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    """Whatever is repeated how often; generous, for a machine that is busy."""
    patterns = [
        "a*b*c*ab*b"[2:],
        "aa*ab*ba*bb",
        "*aab*",
        "aa?a*aa?b",
        "a b a b",
        "少女*",
        "*lo?li*",
        "ab*" + "ab" * 20,
    ]
    rules = RuleSet(Rule(number=place, pattern=each) for place, each in enumerate(patterns))
    begun = time.thread_time()
    rules.find(text)
    assert time.thread_time() - begun < 1.0


def test_many_rules_are_asked_in_one_pass() -> None:
    """Ten thousand phrases that begin alike cost what one costs; `benchmarks.rules` has the figures."""
    rules = RuleSet(Rule(number=n, pattern=f"red thing{n} *ing{n}x*") for n in range(MAX_RULES))
    text = ", ".join(["red thing5 singing5xs", "red thing6", "red"] * 50)
    rules.find("warm")
    begun = time.thread_time()
    matches = rules.blocked(text + " ")
    assert time.thread_time() - begun < 0.25
    assert {match.rule.number for match in matches} == {5}
