"""Which tags are dropped, and which must not be."""

from __future__ import annotations

import pytest

from pipeline.prompt.dedupe import drop_duplicates, says
from pipeline.prompt.grammar import render
from pipeline.prompt.tags import read, spans
from pipeline.prompt.words import table


def kept(text: str, protected: tuple[str, ...] = ()) -> str:
    """The printed prompt after dropping."""
    (items,) = read(text)
    return render([spans(drop_duplicates(items, protected)[0])])


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("long hair, very long hair", "very long hair"),
        ("very long hair, long hair", "very long hair"),
        ("long hair, absurdly long hair, very long hair", "absurdly long hair"),
        ("hat, witch hat", "witch hat"),
        ("dress, red dress", "red dress"),
        ("shirt, white shirt, skirt", "white shirt, skirt"),
        ("sky, night sky, night", "night sky"),
        ("solo, smile, Solo", "solo, smile"),
        ("blond hair, blonde hair", "blond hair"),
        ("grey hair, gray_hair", "grey hair"),
        ("solo, (solo:1.3)", "(solo:1.3)"),
        ("(a, b:1.2), (a, b:1.2)", "(a, b:1.2)"),
        ("dress, (red dress:1.2)", "(red dress:1.2)"),
    ],
)
def test_the_more_telling_tag_stays(typed: str, expected: str) -> None:
    """The same thing is said once."""
    assert kept(typed) == expected


@pytest.mark.parametrize(
    "text",
    [
        "1girl, 2girls",
        "1girl, solo",
        "shirt, no shirt",
        "hat, unworn hat",
        "dress, holding dress",
        "ribbon, hair ribbon",
        "1girl, a girl in a red dress, dress",
        "(long hair:1.2), very long hair",
        "long hair, (very long hair:0.6)",
        "(a:1.2), (a:1.3)",
        "hoshimachi suisei, hoshimachi suisei \\(1st costume\\)",
        "2girls, long hair, very long hair",
        "1girl, 1boy, dress, red dress",
        "long hair, long hair ornament",
        "blue eyes, eyes",
    ],
)
def test_what_may_mean_something_else_stays(text: str) -> None:
    """Counts, negations, chosen weights, several people, names and bodies are left alone."""
    assert kept(text) == text


def test_documented_tags_are_never_dropped_for_another() -> None:
    """`sky` would go, unless the card documents it."""
    assert kept("sky, blue sky", protected=("sky",)) == "sky, blue sky"


def test_a_warning_names_both_tags() -> None:
    """The member sees what was left out, and what says it instead (a tag that stays)."""
    (items,) = read("long hair, very long hair, absurdly long hair, x, x")
    _, warnings = drop_duplicates(items)
    assert warnings[0] == "Left out because it is there already: `x`."
    assert "`long hair` was left out: `absurdly long hair` says it already." in warnings


def test_no_tag_says_itself() -> None:
    """The tables hold no circle, through which a tag could drop itself and its like."""
    for tag in table().implications:
        for general in says(tag):
            assert tag not in says(general)
