"""However a word is spelled, it is found, and what was typed can be quoted."""

from __future__ import annotations

import pytest

from pipeline.safety.folding import fold
from pipeline.safety.matcher import Rule, RuleSet

SWORD = RuleSet([Rule(number=1, pattern="sword")])
MILK = RuleSet([Rule(number=1, pattern="milk")])


@pytest.mark.parametrize(
    "typed",
    [
        "sword", "SWORD", "SwOrD", "ｓｗｏｒｄ", "𝓼𝔀𝓸𝓻𝓭", "ⓢⓦⓞⓡⓓ", "🅂🅆🄾🅁🄳", "🅢🅦🅞🅡🅓", "🆂🆆🅾🆁🅳", "🇸🇼🇴🇷🇩", "ˢʷᵒʳᵈ",
        "śẃőŕď", "s\u0301w\u0301ord", "ѕԝоrԁ", "swοrd", "ꜱᴡᴏʀᴅ", "sw\u200bord", "s\u00adword", "\u202esword\u202c",
        "s\ufe0fword", "sw\u2060ord", "swo\U000e0072rd", "sw0rd", "5word", "$word", "$w0rd", "swooooord", "s w o r d",
        "s.w.o.r.d", "s_w_o_r_d", "s-w-o-r-d", "s, w, o, r, d", "s/w/o/r/d", "sw.ord", "sw-ord", "sw o rd", "sw(ord)",
        "sw(ord:1.3)", "(s:1.1)(w:1.1)(o:1.1)(r:1.1)(d:1.1)", "(sword:1.5)", "((sword))", "[sword]", r"\(sword\)",
        r"sw\ord", "{sword|shield}", "sword BREAK shield", "s💗w💗o💗r💗d", "<lora:sword:1>", "s w 0 r d",
        "s\nw\no\nr\nd",
    ],
)  # fmt: skip
def test_a_word_is_found_in_every_spelling(typed: str) -> None:
    """Width, accents, look-alikes, invisible signs, leetspeak, letters set apart, prompt syntax."""
    [match] = SWORD.blocked(f"1girl, {typed}, solo")
    assert match.rule.number == 1


@pytest.mark.parametrize(
    "typed", ["m1lk", "mi1k", "m!lk", "m|lk", "miIk", "MILK", "m11k", "m i l k", "m.1.l.k"]
)
def test_one_stands_for_two_letters(typed: str) -> None:
    """A digit one, an exclamation mark and a capital I are read as i and as l."""
    assert MILK.blocked(typed)


@pytest.mark.parametrize(
    "typed",
    ["swords", "crossword", "swordfish", "s, word", "swore", "the word", "sward", "as word", "1sword2x"],
)
def test_other_words_are_left_alone(typed: str) -> None:
    """A rule means whole words."""
    assert SWORD.blocked(typed) == ()


@pytest.mark.parametrize("typed", ["1girl", "year 2023", "1024x1024", "4k", "8 7 6 5", "101"])
def test_numbers_stay_numbers(typed: str) -> None:
    """Digits are letters only beside letters."""
    assert RuleSet([Rule(number=1, pattern=typed)]).blocked(f"a, {typed}, b")
    assert fold("101").readings == ()


@pytest.mark.parametrize(
    ("typed", "quote"),
    [
        ("1girl, S​W​ord, hat", "S​W​ord"),
        ("a (sw0rd:1.2) b", "sw0rd"),
        ("x s w o r d y", "s w o r d"),
        ("ｓｗｏｒｄ!", "ｓｗｏｒｄ"),
        ("ﬁne, sword", "sword"),
    ],
)
def test_what_was_typed_is_quoted(typed: str, quote: str) -> None:
    """From where it stands, also when folding made it longer or shorter."""
    [match] = SWORD.blocked(typed)
    assert match.quote == quote


@pytest.mark.parametrize(
    ("pattern", "typed"),
    [
        ("剣", "聖剣の少女"), ("聖剣", "聖剣の少女"), ("ツルギ", "つるぎ"), ("つるぎ", "ﾂﾙｷﾞ"), ("가나", "가나"),
        ("меч", "МЕЧ"), ("épée", "EPEE"), ("straße", "STRASSE"), ("σπαθί", "ΣΠΑΘΙ"), ("ดาบ", "ดาบ"),
        ("سيف", "سَيف"), ("तलवार", "तलवार"),
        ("🗡", "a🗡b"),
    ],
)  # fmt: skip
def test_other_scripts_have_rules_too(pattern: str, typed: str) -> None:
    """Kanji and emoji are found anywhere, the rest by words; kana in either syllabary."""
    assert RuleSet([Rule(number=1, pattern=pattern)]).blocked(typed)


def test_katakana_is_one_word() -> None:
    """A rule for a short word does not catch the longer one that begins so."""
    rules = RuleSet([Rule(number=1, pattern="ロリ")])
    assert rules.blocked("ロリ少女")
    assert not rules.blocked("ロリポップ")


@pytest.mark.parametrize("typed", ["long, sword", "long BREAK sword", "long\nsword"])
def test_a_phrase_ends_with_its_tag(typed: str) -> None:
    """Two tags are two things."""
    rules = RuleSet([Rule(number=1, pattern="long sword")])
    assert not rules.blocked(typed)
    for same in (
        "long sword",
        "long_sword",
        "long-sword",
        "(long:1.2) sword",
        "l0ng s w o r d",
        "LONG (sword)",
    ):
        assert rules.blocked(same), same


@pytest.mark.parametrize(
    "typed", ["sw()rd", "sw[]rd", "s&#119;ord", "sw&#x6f;rd", "&#115;&#119;&#111;&#114;&#100;"]
)
def test_empty_brackets_and_entities_are_letters(typed: str) -> None:
    """An empty pair looks like an o, and an entity is the sign that it stands for."""
    assert SWORD.blocked(f"1girl, {typed}, hat")


def test_eighteen_plus_is_a_rating() -> None:
    """Also where the plus is the only thing that says so."""
    assert RuleSet([Rule(number=1, pattern="r18")]).blocked("1girl, 18+")
    assert not RuleSet([Rule(number=1, pattern="r18")]).blocked("1girl, 18 flowers")
