r"""Reading what members type: Danbooru spelling into the spelling that the models were trained on.

`clean` works on signs (control characters, invisible marks), `spell_literals` on brackets (names and
emoticons get theirs escaped, so that they are not taken for emphasis), `tidy` on the words of one tag
(underscores to spaces). All three leave their own output as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Final

from pipeline.errors import InvalidRequest
from pipeline.prompt.grammar import escape
from pipeline.prompt.words import table
from pipeline.sentence import Codes, Sentence

_ENDS = r"(?=\s*(?:$|,|BREAK\b|[)\]]|:\s*[+-]?[.\d]+\s*\)))"
"""What may follow a whole tag: the end, a comma, `BREAK`, the end of its group."""
_FACE = re.compile(
    r"(?:>?[:;=]-?'?[()]|[:;]-?\[|\(o\)_\(o\)|\\\(\^o\^\)/|(?:double[ _])?\\(?:m|o|n|_|\|\|)/)" + _ENDS,
    re.IGNORECASE,
)
"""Emoticon tags that hold a bracket or a backslash. `:]` is not here: alone it is literal already."""
_CAT = re.compile(r":3(?=\s*\))")
"""`(:3)` is the face with emphasis and not an empty text of weight 3."""
_NAME = re.compile(r"\(([^()\[\],\\]*(?:\([^()\[\],\\]*\)[^()\[\],\\]*)?)\)")
_TAG_ENDS = re.compile(_ENDS)
_WEIGHT_END = re.compile(r":\s*[+-]?(?:[.\d]+|nan|inf(?:inity)?)\s*$", re.IGNORECASE)
_RUN = re.compile(r"[^\\()\[\],B\s:;=>]+|\s+")
_BREAK = re.compile(r"\bBREAK\b")
_EYE: Final = re.escape("+.=^@|;*$%!?~><-")
_EMOTICON = re.compile(
    rf"([ouxtqvnd369])_\1|[o0]_[o0]|[69]_[69]|[{_EYE}]_[{_EYE}ouxt]|[oxu]_[{_EYE}]"
    r"|<\|>_<\|>|<o>_<o>|\|\|_\|\||\(o\)_\(o\)|\\_/|\._+\.",
    re.IGNORECASE,
)
"""Emoticons with an underscore: two eyes and a mouth. Those without one need no care."""
_COMMAS: Final = frozenset("，、\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
"""Full-width commas, and line ends: members write one tag or one group of tags on each line."""
_LORA = re.compile(r"<(?:lora|lyco|hypernet):[^<>]{1,100}>", re.IGNORECASE)
_COLON = re.compile(r" ?: ?")
_SPACES = re.compile(r"\s+")


def clean(text: str, field: str) -> tuple[str, tuple[Sentence, ...]]:
    """Take out invisible marks and refuse control characters.

    Args:
        text: what was typed.
        field: how a sentence names it, for example `Sentence("prompt")`.

    Returns:
        The text in NFC with every invisible format character (zero-width and right-to-left marks, soft
        hyphens) gone, full-width commas and line ends as commas, and warnings about it.

    Raises:
        InvalidRequest: a control character or half a surrogate pair.
    """
    if text.isascii() and text.isprintable():
        return text, ()
    kept: list[str] = []
    marks: dict[str, None] = {}
    for sign in text:
        category = unicodedata.category(sign)
        if category == "Cs" or (category == "Cc" and not sign.isspace()):
            raise InvalidRequest(
                "The {field} holds the control character U+{code:04X}, which cannot be painted. "
                "Please delete it, or type the text anew instead of pasting it.",
                field=field,
                code=ord(sign),
            )
        if category == "Cf":
            marks[f"U+{ord(sign):04X}"] = None
        else:
            kept.append("," if sign in _COMMAS else sign)
    warnings: tuple[Sentence, ...] = ()
    if marks:
        codes = ", ".join(list(marks)[:5])
        warnings = (
            Sentence("Invisible marks in the {field} were left out ({codes}).", field=field, codes=codes),
        )
    return unicodedata.normalize("NFC", "".join(kept)), warnings


def spell_literals(text: str) -> tuple[str, tuple[Sentence, ...]]:
    r"""Escape the brackets of names and emoticons.

    `bishop_(chess)` is a name and becomes `bishop \(chess\)`. `lucy (cyberpunk)`, with a space, is emphasis
    in the attention grammar, but the cards write names this way too: it is read as a name when what stands
    in the brackets is known from Danbooru's names (a series, `cosplay`, `1st costume` and the like), and as
    emphasis otherwise. Either way a warning says so.

    Returns:
        The text and warnings.
    """
    scan = _Scan(text)
    scan.run()
    warnings = []
    if scan.names:
        warnings.append(
            Sentence(
                "{names} was read as a name; to emphasise a word write a number, `(word:1.1)`.",
                names=_listed(scan.names),
            )
        )
    if scan.emphases:
        warnings.append(
            Sentence(
                "The brackets of {words} were read as emphasis; for a name write an underscore before them, as in "
                r"`bishop_(chess)`, or `bishop \(chess\)`.",
                words=_listed(scan.emphases),
            )
        )
    if _LORA.search(text):
        warnings.append(
            Sentence("`<lora:...>` is no command here: it would be read as plain words. Better leave it out.")
        )
    return "".join(scan.out), tuple(warnings)


def tidy(text: str, keep: Collection[str] = ()) -> str:
    """The words of one tag (or a part of one): underscores to spaces, emoticons and `keep` left alone.

    Args:
        text: literal text without commas.
        keep: lower-case words that the model knows with their underscores (`score_9`).

    Returns:
        The text in NFC; white space collapsed but not stripped.
    """
    if "_" in text:
        parts = re.split(r"(\s+)", text)
        text = "".join(
            part if _EMOTICON.fullmatch(part) or part.lower() in keep else part.replace("_", " ")
            for part in parts
        )
    return unicodedata.normalize("NFC", _SPACES.sub(" ", text))


def is_emoticon(text: str) -> bool:
    """Whether a whole tag is an emoticon with an underscore, a bracket or a backslash."""
    return bool(_EMOTICON.fullmatch(text) or _FACE.fullmatch(text))


def key(text: str) -> str:
    """What two spellings of the same tag share: case, underscores and spaces around colons do not count."""
    if is_emoticon(text):
        return text.lower()
    name = " ".join(text.replace("_", " ").lower().split())
    return _COLON.sub(":", name) if ":" in name else name


class _Scan:
    """One pass over the text, sign by sign, that knows where tags start and how deep brackets are."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.out: list[str] = []
        self.names: dict[str, None] = {}
        self.emphases: dict[str, None] = {}
        self._depth = 0
        self._last_close = text.rfind(")")
        self._tag = 0
        """Where the current tag starts; equal to the position while nothing but white space was read."""

    def run(self) -> None:
        text, position = self.text, 0
        while position < len(text):
            if self._fresh(position) and (face := self._face(position)):
                self.out.append(face[0])
                position += face[1]
            elif run := _RUN.match(text, position):
                if self._fresh(position) and run.group().isspace():
                    self._tag = run.end()
                self.out.append(run.group())
                position = run.end()
            else:
                position += self._sign(position)

    def _fresh(self, position: int) -> bool:
        return self._tag == position

    def _sign(self, position: int) -> int:
        """Copy one sign that may matter; returns how many were read."""
        text, sign = self.text, self.text[position]
        length = 1
        if sign == "\\" and text[position + 1 : position + 2] in tuple("()[]\\"):
            length = 2
        elif sign == "(":
            if (name := self._name(position)) is not None:
                return name
            self._depth += 1
            self._tag = position + 1
        elif sign == ")":
            self._depth = max(0, self._depth - 1)
        elif sign in ",[":
            self._tag = position + 1
        elif sign == "B" and (word := _BREAK.match(text, position)):
            length = len(word.group())
            self._tag = position + length
        self.out.append(text[position : position + length])
        return length

    def _face(self, position: int) -> tuple[str, int] | None:
        """The emoticon that is the whole tag here, spelled literally, and its length."""
        text = self.text
        if self._depth and (cat := _CAT.match(text, position)):
            return ":3:1.1", len(cat.group())
        face = _FACE.match(text, position)
        if face is None:
            return None
        after = text[face.end() :].lstrip()[:1] if face.end() < len(text) else ""
        if self._depth:
            # Only when the group is closed by something else: `(smile, :)` closes itself.
            if ")" in face.group() and after not in (")", ":") and self._last_close < face.end():
                return None
        elif after == ")":
            return None
        return escape(face.group()), len(face.group())

    def _name(self, position: int) -> int | None:
        r"""Print `_(series)` or ` (series)` after words as ` \(series\)`; returns how many signs were read."""
        match = _NAME.match(self.text, position)
        before = self.text[self._tag : position]
        words = before.rstrip("_ \t\n")
        if match is None or not words or words == before:
            return None
        inner = match.group(1)
        known = key(inner) in table().qualifiers
        if not inner.strip() or _BREAK.search(inner) or (_WEIGHT_END.search(inner) and not known):
            return None
        if not before.endswith("_"):
            whole = " ".join(f"{words} ({inner})".split())
            if not _TAG_ENDS.match(self.text, match.end()):
                return None
            if not known:
                self.emphases[whole] = None
                return None
            self.names[whole] = None
        while self.out and not (stripped := self.out[-1].rstrip("_ \t\n")):
            self.out.pop()
        if self.out:
            self.out[-1] = stripped
        self.out.append(f" {escape(match.group())}")
        return len(match.group())


def _listed(names: Collection[str]) -> Codes | Sentence:
    shown = Codes(name[:60] for name in list(names)[:3])
    return Sentence("{names} and others", names=shown) if len(names) > 3 else shown
