"""Aspects and sizes as members type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidRequest
from pipeline.profiles import load_profiles
from pipeline.sizes import is_allowed, nearest_sizes, resolve_size

PROFILES = load_profiles()
V3, V4 = PROFILES["animagine-xl-3.0"], PROFILES["animagine-xl-4.0"]
AIDXL, BOYS = PROFILES["aidxl-0.8"], PROFILES["animeboys-xl"]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_documented_aspect_gives_its_size(profile: str) -> None:
    """Also with the card's word beside it, in any case."""
    for bucket in PROFILES[profile].buckets:
        size = (bucket.width, bucket.height)
        assert resolve_size(PROFILES[profile], bucket.aspect, None) == size
        assert resolve_size(PROFILES[profile], f" {bucket.aspect} {bucket.label} ".upper(), None) == size
        assert resolve_size(PROFILES[profile], None, f"{bucket.width}x{bucket.height}") == size


def test_the_default_is_the_profiles() -> None:
    """Nothing given, or nothing but white space."""
    assert resolve_size(V4, None, None) == resolve_size(V4, " ", "") == (832, 1216)


@pytest.mark.parametrize(
    "text", ["832x1216", "832 X 1216", "832×1216", "832*1216", "832x1216px", "８３２ｘ１２１６", "832х1216"]
)
def test_a_size_may_be_written_in_many_ways(text: str) -> None:
    """Signs that look like an x are one, the Cyrillic letter included."""
    assert resolve_size(V4, None, text) == (832, 1216)


@pytest.mark.parametrize("text", ["2:3", "2 : 3", "2/3", "２：３", "4:6", "13:19", "832:1216", "2.0:3.0"])
def test_an_aspect_may_be_any_equal_ratio(text: str) -> None:
    """The documented name, the same name uncancelled, and the true ratio."""
    assert resolve_size(V4, text, None) == (832, 1216)


def test_a_label_that_fits_one_size_is_enough() -> None:
    """`square`."""
    assert resolve_size(V4, "square", None) == (1024, 1024)


def test_a_label_that_fits_several_lists_them() -> None:
    """Four sizes of that card are portraits."""
    with pytest.raises(InvalidRequest) as caught:
        resolve_size(V4, "portrait", None)
    assert all(size in caught.value.text for size in ("896x1152", "832x1216", "768x1344", "640x1536"))


def test_words_are_aspects_where_the_card_says_so() -> None:
    """AnimeBoysXL names its sizes so; ratios work there, too."""
    assert resolve_size(BOYS, "Portrait", None) == resolve_size(BOYS, "13:19", None) == (832, 1216)


def test_an_undocumented_aspect_names_the_nearest_and_all() -> None:
    """2:3 is another card's name for that size."""
    with pytest.raises(InvalidRequest) as caught:
        resolve_size(V3, "2:3", None)
    assert "The nearest is 832x1216 (13:19)" in caught.value.text
    assert all(f"`{bucket.aspect}`" in caught.value.text for bucket in V3.buckets)


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [("830x1216", "832x1216"), ("512x512", "1024x1024"), ("1920x1080", "1344x768"), ("999999x1", "1536x640")],
)
def test_an_undocumented_size_names_the_nearest(asked: str, nearest: str) -> None:
    """By shape first."""
    with pytest.raises(InvalidRequest) as caught:
        resolve_size(V4, None, asked)
    assert f"nearest allowed: {nearest}" in caught.value.text


@pytest.mark.parametrize(
    "text", ["nan", "nanxnan", "-832x1216", "1e3x1e3", "832", "x", "832x1216x3", "9" * 5000, "big"]
)
def test_what_is_no_size_is_refused_with_how_to_write_one(text: str) -> None:
    """And with the sizes that there are."""
    with pytest.raises(InvalidRequest) as caught:
        resolve_size(V4, None, text)
    assert "`832x1216`" in caught.value.text
    assert "1024x1024" in caught.value.text
    assert len(caught.value.text) < 400


def test_a_size_and_its_aspect_may_both_be_given() -> None:
    """If they agree."""
    assert resolve_size(V4, "2:3", "832x1216") == (832, 1216)
    with pytest.raises(InvalidRequest, match="only one"):
        resolve_size(V4, "1:1", "832x1216")


def test_a_size_typed_as_aspect_is_a_size() -> None:
    """What was meant is plain."""
    assert resolve_size(V4, "832x1216", None) == (832, 1216)


def test_the_free_rule_takes_any_size_that_obeys_it() -> None:
    """Multiples of 32, about a million pixels, at least 256."""
    assert resolve_size(AIDXL, None, "960x1056") == (960, 1056)
    for size in ("1000x1000", "224x4096", "512x512", "2048x2048"):
        with pytest.raises(InvalidRequest, match="multiples of 32"):
            resolve_size(AIDXL, None, size)


@given(st.integers(1, 80), st.integers(1, 80))
def test_the_free_rule_makes_a_size_of_any_ratio(across: int, up: int) -> None:
    """Near the ratio, and allowed; or refused with the nearest."""
    said = ""
    try:
        width, height = resolve_size(AIDXL, f"{across}:{up}", None)
    except InvalidRequest as error:
        said = error.text
    if 1 / 16 <= across / up <= 16:
        assert not said
    if said:
        assert "nearest" in said
    else:
        assert is_allowed(AIDXL, width, height)
        assert width / height == pytest.approx(across / up, rel=0.12)


@given(st.sampled_from(list(PROFILES)), st.integers(), st.integers())
def test_the_nearest_sizes_of_anything_are_allowed(profile: str, width: int, height: int) -> None:
    """Nothing overflows, negative and huge numbers included."""
    nearest = nearest_sizes(PROFILES[profile], width, height)
    assert nearest
    assert all(is_allowed(PROFILES[profile], bucket.width, bucket.height) for bucket in nearest)


def test_the_nearest_of_an_allowed_size_is_itself() -> None:
    """Whatever its name."""
    for profile in PROFILES.values():
        for bucket in profile.buckets:
            found = nearest_sizes(profile, bucket.width, bucket.height, 1)[0]
            assert found.width / found.height == pytest.approx(bucket.width / bucket.height, rel=0.03)


@given(st.sampled_from(list(PROFILES)), st.text(max_size=20), st.text(max_size=20))
def test_no_text_raises_anything_but_a_sentence(profile: str, aspect: str, size: str) -> None:
    """Whatever is typed."""
    said = ""
    try:
        found = resolve_size(PROFILES[profile], aspect, size)
    except InvalidRequest as error:
        said = error.text
    assert said.isprintable()
    assert said or is_allowed(PROFILES[profile], *found)
