r"""Permutation prompts: what they stand for, how they are counted, and what is refused."""

from __future__ import annotations

import contextlib
import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidRequest
from pipeline.profiles import load_profiles
from pipeline.prompt.compose import PromptOptions, compose
from pipeline.prompt.permutations import MAX_DEPTH, expand, read

LITERAL = st.text(alphabet="ab ,(:\n👩", max_size=4) | st.sampled_from([r"\{", r"\}", r"\|", r"\\", r"\("])
Tree = str | list["list[Tree]"]
"""A literal, or the alternatives of a choice, each a list of trees."""
TREES: st.SearchStrategy[list[Tree]] = st.recursive(
    st.lists(LITERAL, max_size=2),
    lambda inner: st.lists(LITERAL | st.lists(inner, min_size=1, max_size=3), max_size=3),
    max_leaves=8,
)


def spell(trees: list[Tree]) -> str:
    """The prompt of some trees."""
    return "".join(
        each if isinstance(each, str) else "{" + "|".join(spell(option) for option in each) + "}"
        for each in trees
    )


def meant(trees: list[Tree]) -> list[str]:
    """What they stand for, in the plainest way."""
    parts = [
        [each] if isinstance(each, str) else [text for option in each for text in meant(option)]
        for each in trees
    ]
    return ["".join(texts) for texts in itertools.product(*parts)]


@given(TREES)
def test_all_and_only_what_is_meant(trees: list[Tree]) -> None:
    """In order, and as many as were counted."""
    permutations = read(spell(trees))
    if permutations.count <= 2000:
        texts = list(expand(permutations))
        assert texts == meant(trees)
        assert len(texts) == permutations.count


@given(TREES)
def test_what_comes_out_stands_for_itself(trees: list[Tree]) -> None:
    """So that an edit of an expanded prompt does not expand again."""
    for text in itertools.islice(expand(read(spell(trees))), 20):
        assert list(expand(read(text))) == [text]


@given(st.text(alphabet="ab{}|\\", max_size=60))
def test_whatever_is_typed_is_read_or_refused_with_a_sentence(text: str) -> None:
    """And nothing else happens."""
    with contextlib.suppress(InvalidRequest):
        assert read(text).count >= 1


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        ("1girl, smile", ["1girl, smile"]),
        ("{red|blue} hair", ["red hair", "blue hair"]),
        ("{|red }hair", ["hair", "red hair"]),
        ("{a|b}{c|d}", ["ac", "ad", "bc", "bd"]),
        ("{a|{b|c} d}", ["a", "b d", "c d"]),
        ("{red} hair", ["red hair"]),
        ("{}", [""]),
        ("a | b", ["a | b"]),
        (r"\{a\|b\}", [r"\{a\|b\}"]),
        (r"{a\|b|c}", [r"a\|b", "c"]),
        ("a\\", ["a\\"]),
    ],
)
def test_examples(prompt: str, texts: list[str]) -> None:
    """As the documentation shows them."""
    assert list(expand(read(prompt))) == texts


def test_escapes_are_painted_as_plain_signs() -> None:
    """The attention grammar takes the backslash away."""
    composed = compose(load_profiles()["animagine-xl-4.0"], PromptOptions(prompt=r"1girl, \{a\}, b \| c"))
    assert composed.prompt.startswith("1girl, {a}, b | c")


@pytest.mark.parametrize(
    ("prompt", "brace", "place"),
    [("1girl, {red", "{", 8), ("red} hair", "}", 4), ("{a|{b}", "{", 1), ("{a}}", "}", 4), (r"\{a}", "}", 4)],
)
def test_a_brace_without_its_partner_is_named_by_its_place(prompt: str, brace: str, place: int) -> None:
    """Characters are counted from 1, as people do."""
    with pytest.raises(InvalidRequest) as refused:
        read(prompt)
    assert f"The `{brace}` at character {place} of the prompt" in refused.value.text
    assert f"write `\\{brace}`" in refused.value.text


def test_deep_braces_are_refused() -> None:
    """At once, at any depth."""
    read("{" * MAX_DEPTH + "}" * MAX_DEPTH)
    for depth in (MAX_DEPTH + 1, 6000):
        with pytest.raises(InvalidRequest, match="nested too deep"):
            read("{" * depth)


def test_counting_costs_nothing_however_many_they_are() -> None:
    """Nothing is expanded before somebody has looked at the number."""
    start = time.perf_counter()
    assert read("{a|b}" * 100).count == 2**100
    assert read("{a|b}" * 1200).count == 2**1200
    assert time.perf_counter() - start < 0.5


def test_many_braces_with_one_text_are_no_deep_recursion() -> None:
    """Each of them is that text."""
    assert list(expand(read("{a}" * 2000 + "{b|c}"))) == ["a" * 2000 + "b", "a" * 2000 + "c"]
