"""The attention grammar, sentence by sentence of its definition."""

from __future__ import annotations

import pytest

from pipeline.errors import InvalidRequest
from pipeline.prompt.grammar import MAX_DEPTH, Span, parse, render


def _spans(text: str) -> list[tuple[str, float]]:
    (chunk,) = parse(text)
    return [(span.text, span.weight) for span in chunk]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("an (important) word", [("an ", 1.0), ("important", 1.1), (" word", 1.0)]),
        ("(unbalanced", [("unbalanced", 1.1)]),
        ("\\(literal\\]", [("(literal]", 1.0)]),
        ("(unnecessary)(parens)", [("unnecessaryparens", 1.1)]),
        (
            "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
            [
                ("a ", 1.0),
                ("house", 1.573),
                (" ", 1.1),
                ("on", 1.0),
                (" a ", 1.1),
                ("hill", 0.55),
                (", sun, ", 1.1),
                ("sky", 1.4641),
                (".", 1.1),
            ],
        ),
        ("[quiet]", [("quiet", 0.909091)]),
        ("((a:0.5):3)", [("a", 1.5)]),
        ("(a: 1.2 )", [("a", 1.2)]),
        ("(a:-1)", [("a", -1.0)]),
        ("back\\\\slash", [("back\\slash", 1.0)]),
        ("lone \\slash", [("lone slash", 1.0)]),
        ("smile :) and ]", [("smile :) and ]", 1.0)]),
        ("(a [b) c]", [("a ", 1.1), ("b", 1.0), (" c", 0.909091)]),
        ("(a:b:1.2)", [("a:b", 1.2)]),
        ("(wait:...)", [("wait:...", 1.1)]),
        (":1.2)", [(":1.2)", 1.0)]),
        ("", []),
        ("((()))", []),
    ],
)
def test_weights(text: str, expected: list[tuple[str, float]]) -> None:
    """The examples of the field's own documentation, and the corners of the grammar."""
    assert _spans(text) == expected


def test_break_starts_a_chunk() -> None:
    """The separate word cuts, also inside a group, whose weight holds on both sides."""
    assert parse("a BREAK b\nBREAK\n(c BREAK d:1.2), BREAKFAST, break") == (
        (Span("a"),),
        (Span("b"),),
        (Span("c", 1.2),),
        (Span("d", 1.2), Span(", BREAKFAST, break")),
    )


def test_break_at_the_edges_gives_empty_chunks() -> None:
    """Nothing before the word is a chunk without spans."""
    assert parse("BREAK a BREAK") == ((), (Span("a"),), ())


@pytest.mark.parametrize("text", ["(" * 10_000, "[" * 10_000 + "a", "(" * 10_000 + ")" * 10_000, "(a" * 10_000])
def test_deep_nesting_is_refused(text: str) -> None:
    """Ten thousand brackets get a sentence, not a crash."""
    with pytest.raises(InvalidRequest, match=f"at most {MAX_DEPTH}"):
        parse(text)


_HUGE = "9" * 300


@pytest.mark.parametrize(
    "text",
    [
        "(a:11)",
        "(a:-10.1)",
        "((a:9):9)",
        f"(a:{_HUGE}{_HUGE})",
        "(" * 30 + "a",
        f"(((a:{_HUGE}):{_HUGE}):0)",
    ],
)
def test_weights_out_of_range_are_refused(text: str) -> None:
    """Weights beyond ten, also through nesting or overflow, get a sentence."""
    with pytest.raises(InvalidRequest, match="weight"):
        parse(text)


@pytest.mark.parametrize("number", ["nan", "NaN", "inf", "-inf", "infinity", "1.1.1", "1..2"])
def test_weights_that_are_no_numbers_are_refused(number: str) -> None:
    """What stands where a number belongs and is none is named in the sentence."""
    with pytest.raises(InvalidRequest, match=number.replace(".", r"\.")):
        parse(f"(smile:{number})")


@pytest.mark.parametrize(
    ("chunk", "printed"),
    [
        ((Span("a", 1.1),), "(a)"),
        ((Span("a", 0.909091),), "[a]"),
        ((Span("a", 1.21),), "(a:1.21)"),
        ((Span("x "), Span("y", 1.1)), "x (y:1.1)"),
        ((Span("a:", 1.1),), "(a::1.1)"),
        ((Span("(a) \\"),), "\\(a\\) \\\\"),
        ((Span("a", 0.0),), "(a:0)"),
        ((Span("a", 0.000001),), "(a:0.000001)"),
        ((Span("a"), Span("", 1.2), Span("b")), "ab"),
    ],
)
def test_printing(chunk: tuple[Span, ...], printed: str) -> None:
    """Short brackets where they cannot be misread, numbers elsewhere, every literal bracket escaped."""
    assert render([chunk]) == printed
    assert _spans(printed) == [(s.text, s.weight) for s in parse(render([chunk]))[0]]


def test_the_literal_word_break_survives_printing() -> None:
    """Text that merely reads `BREAK` after escapes does not become a new chunk."""
    chunks = parse("BRE\\AK")
    assert chunks == ((Span("BREAK"),),)
    assert parse(render(chunks)) == chunks
