"""The table of words that belong to a step."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pipeline.profiles import load_profiles
from pipeline.profiles.types import Rating
from pipeline.prompt.ladder import Ladder
from pipeline.prompt.rated import table

LADDER = Ladder.of(load_profiles()["animagine-xl-4.0"])
G, S, Q, E = Rating


def step(tag: str) -> Rating:
    """The strongest step of a tag's words."""
    return max((word.step for word in LADDER.find([tag])), key=lambda each: each.level, default=G)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        *[
            (tag, S)
            for tag in ("white panties", "ass focus", "see-through shirt", "rating_sensitive", "下着姿")
        ],
        *[
            (tag, Q)
            for tag in ("completely nude", "covered nipples", "r-18", "no_panties", "裸エプロン", "알몸의")
        ],
        *[(tag, E) for tag in ("large penis", "cum on body", "sex from behind", "セックスシーン", "секс")],
        *[
            (tag, G)
            for tag in ("cleavage", "bikini", "naked mole rat", "裸足", "ピエロ", "성기사", "houjuu nue")
        ],
        *[(tag, G) for tag in ("sussex", "sextant", "analysis", "grape", "cockpit", "pen is here", "us")],
    ],
)
def test_a_tag_belongs_to_a_step(tag: str, expected: Rating) -> None:
    """By the strongest of its words, and a longer harmless phrase counts instead of them."""
    assert step(tag) is expected


@pytest.mark.parametrize(
    "tag",
    ["nud3", "n.u.d.e", "n u d e", "nuuude", "nu de", "nudegirl", "nudes", "ｎｕｄｅ", "nudе", "n\u200bude"],
)
def test_every_spelling_is_the_same_word(tag: str) -> None:
    """Digits, signs, spaces, repetitions, other letters and invisible ones."""
    assert [word.text for word in LADDER.find([tag])] == ["nude"]


def test_a_word_is_found_where_it_stands() -> None:
    """Tag, start and end, over several tags if need be."""
    [found] = LADDER.search(["1girl", "very NUDE girl"])
    assert found.places == ((1, 5, 9),)
    [found] = LADDER.search(["n", "s", "f", "w"])
    assert found.places == tuple((tag, 0, 1) for tag in range(4))


def test_no_harmless_phrase_is_harmless_anyway() -> None:
    """Each is in the table because it holds a word of one of the steps."""
    for phrase, word in table().phrases.items():
        if word is None:
            whole = range(len(phrase) + 1)
            parts = [phrase[a:b] for a in whole for b in whole if b > a and (a, b) != (0, len(phrase))]
            spelled = [one + two for one, two in pairwise(phrase)]
            assert any(map(table().phrases.get, parts)) or {*spelled} & {*table().single}, phrase
