"""From what members type to the spelling of the training captions."""

from __future__ import annotations

import pytest

from pipeline.errors import InvalidRequest
from pipeline.prompt.grammar import render
from pipeline.prompt.normalise import clean, key, spell_literals
from pipeline.prompt.tags import is_hollow, read, spans


def normalised(text: str, keep: tuple[str, ...] = ()) -> str:
    """The printed form of a text after all three steps."""
    cleaned, _ = clean(text, "prompt")
    return render(spans(items) for items in read(spell_literals(cleaned)[0], keep))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("bishop_(chess)", "bishop \\(chess\\)"),
        ("bishop \\(chess\\)", "bishop \\(chess\\)"),
        ("bishop_\\(chess\\)", "bishop \\(chess\\)"),
        ("firefly_(honkai:_star_rail)", "firefly \\(honkai: star rail\\)"),
        ("artoria_(swimsuit)_(fate)", "artoria \\(swimsuit\\) \\(fate\\)"),
        ("a_(b_(c))", "a \\(b \\(c\\)\\)"),
        ("vertin_(reverse:1999)", "vertin \\(reverse:1999\\)"),
        ("double_\\m/", "double \\\\m/"),
        ("(bishop_(chess):1.3)", "(bishop \\(chess\\):1.3)"),
        ("very_long_hair,long__hair", "very long hair, long hair"),
        ("_leading, trailing_", "leading, trailing"),
        ("(long_hair:1.2), [short_hair], ((x_y))", "(long hair:1.2), [short hair], (x y:1.21)"),
        ("a,, ,b , , c,", "a, b, c"),
        ("a，b、c", "a, b, c"),
        ("  a   girl\twith  a  hat ", "a girl with a hat"),
        ("a girl\n a hat,\r\n\u2028(a\nb:1.2)", "a girl, a hat, (a, b:1.2)"),
        ("A girl in Paris, wearing a Red dress.", "A girl in Paris, wearing a Red dress."),
        ("a BREAK b_c", "a BREAK b c"),
    ],
)
def test_spelling(typed: str, expected: str) -> None:
    """Underscores, brackets of names, commas and white space; weights and sentences stay."""
    assert normalised(typed) == expected
    assert normalised(expected) == expected


_FACES = (
    ">_< ^_^ o_o O_O 0_0 @_@ +_+ =_= |_| ._. x_x u_u t_t 6_9 >_o <|>_<|> <o>_<o> ||_|| -_- ;_; "
    ":3 :d :o :p ;d :< :> ^^^ !? ..."
)


@pytest.mark.parametrize("face", _FACES.split())
def test_emoticons_are_left_alone(face: str) -> None:
    """Emoticon tags without brackets are printed as typed, plain and between tags."""
    assert normalised(face) == face
    assert normalised(f"smile, {face}, night_sky") == f"smile, {face}, night sky"
    assert normalised(f"a, ({face}:1.2)") == f"a, ({face}:1.2)"


@pytest.mark.parametrize(
    ("face", "printed"),
    [
        (":)", ":\\)"),
        (";)", ";\\)"),
        (":(", ":\\("),
        (">:)", ">:\\)"),
        (">:(", ">:\\("),
        ("(o)_(o)", "\\(o\\)_\\(o\\)"),
        ("\\m/", "\\\\m/"),
        ("\\o/", "\\\\o/"),
        ("\\||/", "\\\\||/"),
        ("\\(^o^)/", "\\\\\\(^o^\\)/"),
    ],
)
def test_emoticons_with_brackets_become_literal(face: str, printed: str) -> None:
    """Their brackets and backslashes are escaped, also inside a weighted group."""
    assert normalised(f"{face}, smile") == f"{printed}, smile"
    assert normalised(f"smile, ({face}:1.2)") == f"smile, ({printed}:1.2)"
    assert normalised(f"{printed}, smile") == f"{printed}, smile"


def test_a_cat_face_in_brackets_is_emphasis_and_no_weight() -> None:
    """`(:3)` alone would be an empty text of weight 3."""
    assert normalised("(:3)") == "(:3:1.1)"
    assert normalised("(smile, :3)") == "(smile, :3:1.1)"


def test_a_group_that_ends_like_a_face_stays_a_group() -> None:
    """The only closing bracket belongs to the group."""
    assert normalised("(smile, :), night") == "(smile, ::1.1), night"


def test_known_names_with_a_space_are_names() -> None:
    """`lucy (cyberpunk)` as the AIDXL card writes it, with a warning that says how it was read."""
    text, warnings = spell_literals("1girl, lucy (cyberpunk), frieren (Sousou no Frieren)")
    assert text == "1girl, lucy \\(cyberpunk\\), frieren \\(Sousou no Frieren\\)"
    assert len(warnings) == 1
    assert "read as a name" in warnings[0]


def test_other_brackets_after_a_space_are_emphasis() -> None:
    """Unknown words in brackets keep their weight, printed with the number, and a warning tells."""
    text, warnings = spell_literals("red (dress)")
    assert text == "red (dress)"
    assert "read as emphasis" in warnings[0]
    assert normalised("red (dress)") == "red (dress:1.1)"


def test_a_number_always_means_emphasis() -> None:
    """With a weight written, even a known series is emphasised."""
    assert normalised("lucy (cyberpunk:1.2)") == "lucy (cyberpunk:1.2)"
    assert normalised("saber_(fate:1.2)") == "saber (fate:1.2)"


def test_words_of_the_card_keep_their_underscores() -> None:
    """A profile whose tags are written with underscores gets them so."""
    assert normalised("score_9, long_hair", ("score_9",)) == "score_9, long hair"
    assert normalised("a, (score_9:1.2)", ("score_9",)) == "a, (score_9:1.2)"


def test_invisible_marks_are_left_out_with_a_warning() -> None:
    """Right-to-left marks, zero-width signs and soft hyphens cannot hide a word or turn a message around."""
    text, warnings = clean("long\u200b \u202ehair\u200f, so\u00adlo", "prompt")
    assert text == "long hair, solo"
    assert "U+200B" in warnings[0]


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x1b", "\x7f", "\ud800"])
def test_control_characters_are_refused(sign: str) -> None:
    """A null byte and its kin get a sentence that names the sign and the field."""
    with pytest.raises(InvalidRequest, match=f"negative prompt.*U\\+{ord(sign):04X}"):
        clean(f"a{sign}b", "negative prompt")


@pytest.mark.parametrize("text", ["", " , ,", "(((", "()[]", "(:1.2)", ":1.2", "\\(\\)", "BREAK", "_", "1.5)"])
def test_nothing_to_paint(text: str) -> None:
    """Only brackets, commas and weights are no prompt."""
    assert is_hollow(read(spell_literals(text)[0]))


@pytest.mark.parametrize("text", [":)", ">_<", "!?", "1girl", "東京", "?"])
def test_something_to_paint(text: str) -> None:
    """Emoticons and signs that are tags are a prompt."""
    assert not is_hollow(read(spell_literals(text)[0]))


def test_keys_ignore_how_a_tag_is_spelled() -> None:
    """Case, underscores and the space after a colon make no difference; emoticons keep their underscore."""
    assert key("Rating:_General") == key("rating: general") == "rating:general"
    assert key(">_<") == ">_<"
