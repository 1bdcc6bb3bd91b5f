"""Sentences: English to whoever wants that, and template and values to whoever says them in another language."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidRequest
from pipeline.sentence import Codes, Sentence, packed, unpacked

NESTED = Sentence(
    "The model `{name}` of {place} is gone: {known}. {part:.0%}",
    name="a",
    place=Sentence("your preset `{name}`", name="{b}"),
    known=Codes(("c", "d_e")),
    part=0.5,
)
VALUES = st.text(max_size=20) | st.integers() | st.floats(allow_nan=False)


def test_it_is_its_english_text() -> None:
    """Wherever a text will do."""
    assert NESTED == "The model `a` of your preset `{b}` is gone: `c`, `d_e`. 50%"
    assert Sentence("{red|blue} hair") == "{red|blue} hair"


def test_it_never_changes() -> None:
    """It is passed between packages and threads."""
    with pytest.raises(AttributeError):
        NESTED.template = "x"
    with pytest.raises(TypeError):
        NESTED.values["name"] = "x"  # type: ignore[index]


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy])
def test_a_copy_is_a_sentence(again: object) -> None:
    """With the same values."""
    made = again(NESTED)  # type: ignore[operator]
    assert (made, made.template, dict(made.values)) == (NESTED, NESTED.template, dict(NESTED.values))


def test_what_was_written_down_is_read_back() -> None:
    """With everything in it."""
    made = unpacked(json.loads(json.dumps(packed(NESTED))))
    assert isinstance(made, Sentence)
    assert (made, made.template, dict(made.values)) == (NESTED, NESTED.template, dict(NESTED.values))
    assert isinstance(made.values["place"], Sentence)
    assert isinstance(made.values["known"], Codes)


@given(VALUES)
def test_any_value_is_read_back(value: object) -> None:
    """Braces and quotes too."""
    made = Sentence("{value}", value=value)
    assert unpacked(json.loads(json.dumps(packed(made)))) == made


def test_plain_english_of_older_versions_is_read_as_it_is() -> None:
    """It was never a sentence."""
    made = unpacked("{not} a template")
    assert made == "{not} a template"
    assert not isinstance(made, Sentence)


@pytest.mark.parametrize("data", [{}, {"t": "a"}, {"t": "a", "v": [1]}, {"c": 7}])
def test_what_was_never_written_by_us_is_refused(data: object) -> None:
    """By errors that readers of rows expect."""
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        unpacked(data)


def test_an_error_is_told_by_its_sentence() -> None:
    """So that it can be written down and said later."""
    error = InvalidRequest("`{name}` is not there.", name="x")
    assert isinstance(error.text, Sentence)
    assert error.text.template == "`{name}` is not there."
    assert str(error) == "`x` is not there."
