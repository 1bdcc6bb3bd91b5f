"""Text for Discord: whatever goes in, what comes out is harmless and short enough."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from cogs.text import alt, bar, block, clean, inline, length, plain, seeds, shown, trim
from cogs.words import speak
from pipeline.sentence import Codes, Sentence

ANY = st.text(st.characters(), max_size=400)


@given(ANY, st.integers(10, 200))
def test_trimmed_text_fits_and_short_text_stays(text: str, limit: int) -> None:
    """Counted in UTF-16 units, as the strictest reading of Discord's limits."""
    short = trim(text, limit)
    assert length(short) <= limit
    assert length(text) > limit or short == text


@given(ANY | st.text("`\n a", max_size=60), st.integers(30, 300))
def test_a_block_is_one_block(text: str, limit: int) -> None:
    """The fence opens and closes once, whatever backticks are inside."""
    made = block(text, limit)
    assert made.count("```") == 2
    assert made.startswith("```\n")
    assert made.endswith("\n```")
    assert length(made) <= limit


@given(ANY)
def test_inline_code_cannot_be_left(text: str) -> None:
    """Two backticks: the first and the last."""
    made = inline(text, 80)
    assert made.count("`") == 2
    assert "\n" not in made
    assert length(made) <= 80


@given(ANY)
def test_no_control_character_or_direction_mark_is_left(text: str) -> None:
    """Also none in alt texts, which are never empty."""
    assert not set(clean(text)) & set("\x00\x1b\u202e\u2066\u200f")
    assert 1 <= length(alt(text)) <= 256


@given(st.floats(-5, 5))
def test_a_bar_is_always_twenty_cells(fraction: float) -> None:
    """Also for fractions that cannot be."""
    made = bar(fraction)
    assert made.count("█") + made.count("░") == 20


def test_seeds_in_a_row_are_written_as_a_range() -> None:
    """What a member has to type again is the first one."""
    assert seeds([5]) == "seed 5"
    assert seeds([5, 6, 7]) == "seeds 5 to 7"
    assert seeds([5, 9]) == "seeds 5, 9"


EVIL = "x` <@123> @everyone [a](http://e.com)\n# big"


def test_a_parameter_cannot_leave_its_code() -> None:
    """What a member typed stays inside the backticks of our own sentence."""
    made = shown(Sentence("There is no `{model}` here: {model}.", model=EVIL))
    assert made.count("`") == 2
    assert "\n" not in made
    inside = made.split("`")[1]
    assert "[a](http://e.com)" in inside
    outside = made.split("`")[2]
    assert "[a]" not in outside
    assert "<@" not in outside
    assert "@everyone" not in outside


@given(ANY | st.text("`[]()<@*_~|# \nhttp:/e.", max_size=60))
def test_plain_text_is_one_harmless_line(text: str) -> None:
    """No code, mention or masked link, whatever goes in."""
    made = plain(text)
    assert not set(made) & set("`\n")
    bare = re.sub(r"\\.", "", made)
    assert "[" not in bare
    assert "]" not in bare
    assert not re.search(r"[<@]\w", bare)


def test_numbers_and_addresses_stay_readable() -> None:
    """Format specifications work, and an address can still be copied."""
    error = Sentence("{size:.1f} GB from {url}, `{name}`.", size=2.25, url="https://a.b/c_d", name="e_f")
    assert shown(error) == "2.2 GB from https://a.b/c_d, `e_f`."


def test_a_sentence_within_a_sentence_is_said_in_the_same_language() -> None:
    """Whatever stands in it stays as harmless as it would be outside."""
    place = Sentence("your preset `{name}`", name=EVIL)
    speak("ja")
    try:
        made = shown(
            Sentence(
                "The model `{name}` of {place} is no longer known, so it was left out.", name="m", place=place
            )
        )
    finally:
        speak(None)
    assert made.startswith("プリセット `x")
    assert made.count("`") == 4
    assert "\n" not in made


@given(st.lists(ANY, max_size=3))
def test_names_are_each_in_code_of_their_own(names: list[str]) -> None:
    """And cannot leave it."""
    made = shown(Sentence("Choose one of: {known}.", known=Codes(names)))
    assert made.count("`") == 2 * len(names)
    assert "\n" not in made


def test_a_text_of_an_old_row_is_taken_as_typed() -> None:
    """It may hold what members type, unless it is a sentence of ours."""
    assert shown("a [b](http://c.d) *e*") == r"a \[b\](http://c.d) \*e\*"
    assert shown("These pictures were deleted meanwhile.") == "These pictures were deleted meanwhile."
