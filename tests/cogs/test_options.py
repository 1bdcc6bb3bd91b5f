"""Reading what was typed into the options."""

from __future__ import annotations

import pytest

from cogs.options import quality_of, size_or_aspect, split_list


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (None, (None, None)),
        ("  ", (None, None)),
        ("1:1", ("1:1", None)),
        (" 832 x 1216 ", (None, "832x1216")),
        ("832×1216", (None, "832x1216")),
        ("portrait", ("portrait", None)),
    ],
)
def test_one_option_takes_an_aspect_or_a_size(
    typed: str | None, expected: tuple[str | None, str | None]
) -> None:
    """Two numbers with an x between them are pixels, anything else a name."""
    assert size_or_aspect(typed) == expected


def test_lists_are_split_at_commas() -> None:
    """Empty parts are nothing."""
    assert split_list(" a, b ,, c d,") == ("a", "b", "c d")
    assert split_list(None) == ()


def test_no_quality_is_not_the_default_quality() -> None:
    """Nothing typed means what the card recommends; `none` means none."""
    assert quality_of(None) is None
    assert quality_of(" , ") is None
    assert quality_of("none") == ()
    assert quality_of("masterpiece, newest") == ("masterpiece", "newest")
