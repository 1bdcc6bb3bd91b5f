r"""Folding a prompt into words that can be compared, each with its place in what was typed.

Case, width, accents, look-alike letters and invisible signs go; attention weights, brackets, backslashes and
underscores only part words. Beside each word stand further readings of the same place: leetspeak (`l0l1`), letters
repeated (`looool`), and letters or syllables set apart (`l o l i`, `l.o.l.i`, `lo(li:1.2)`).

A tag ends at a comma or `BREAK`; words of two tags are never read as one phrase.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from pipeline.safety.lookalikes import INVISIBLE, LOOKALIKES, MARKS

LEET: Final = str.maketrans(
    {"0": "o", "1": "i", "l": "i", "3": "e", "4": "a", "5": "s", "7": "t",
     "@": "a", "$": "s", "!": "i", "|": "i", "+": "t"}
)  # fmt: skip
"""`1`, `!` and `|` stand for i as well as for l, so both letters are one in this reading."""
_KANJI: Final = "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_KATAKANA: Final = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_HIRAGANA: Final = "\u3041-\u3096\u309d-\u309f"
_EMOJI: Final = "\U0001f300-\U0001faff"
_OTHER: Final = rf"(?:[^\W_{_KANJI}{_KATAKANA}{_HIRAGANA}{_EMOJI}]|[\u0900-\u0eff])"
"""Letters and digits; Indic and Thai vowel signs are no letters to Python."""
_WORD = re.compile(
    rf"(?P<one>[{_KANJI}{_EMOJI}])|(?P<kana>[{_KATAKANA}]+|[{_HIRAGANA}\u30fc]+)|(?P<word>{_OTHER}+)"
)
_WORD_OF_RULE = re.compile(
    rf"(?P<one>[{_KANJI}{_EMOJI}])|(?P<kana>[?*]*(?:[{_KATAKANA}][{_KATAKANA}?*]*|[{_HIRAGANA}][{_HIRAGANA}\u30fc?*]*))"
    rf"|(?P<word>(?:{_OTHER}|[?*])+)"
)
_STAR_BESIDE_ONE = re.compile(rf"(?<=[{_KANJI}{_EMOJI}])\*+|\*+(?=[{_KANJI}{_EMOJI}])")
"""Each kanji is a word of its own, found within longer ones anyway: a star beside it says nothing more."""
_SIGNED = re.compile(r"[a-z0-9@$!|+]*[@$!|+][a-z0-9@$!|+]*")
_WEIGHT = re.compile(r":[ \t]*[+-]?[0-9.]+[ \t]*(?=\))")
_BREAK = re.compile(r"\bBREAK\b")
_TAG_END = re.compile(r"[,;|\n\r\u3001\u3002\u060c\u061b]")
_LOOSE = re.compile(r"[\s_]")
_SIGNS = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]", re.DOTALL)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)
_HOLLOW = re.compile(r"[a-z0-9]+(?:(?:\(\)|\[\])[a-z0-9]+)+")
"""Brackets with nothing in them, which look like an o."""
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_REPEATED = re.compile(r"(.)\1\1+")
_TO_HIRAGANA: Final = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
SHORT: Final = 2
"""Characters of a piece that is taken for a syllable when several of them stand apart."""


class Word(NamedTuple):
    """One word as it reads. `start` and `end` are its place in the text, `tag` counts the tags."""

    text: str
    start: int
    end: int
    tag: int


class Reading(NamedTuple):
    """Another way to read the words `first` to `last`. `leet` when digits and signs were taken for letters."""

    text: str
    first: int
    last: int
    leet: bool


class Run(NamedTuple):
    """Pieces that may be one word written apart.

    Attributes:
        pieces: indices of the words.
        ends: where each piece ends in the joined text, with 0 before the first.
        text: the pieces joined.
        leet: the same as leetspeak; empty if nothing in it is.
        least: pieces that must come together before they count as a word.
    """

    pieces: tuple[int, ...]
    ends: tuple[int, ...]
    text: str
    leet: str
    least: int


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in all its readings."""

    source: str
    words: tuple[Word, ...]
    readings: tuple[Reading, ...]
    runs: tuple[Run, ...]

    def quote(self, first: int, last: int) -> str:
        """The words `first` to `last` as they were typed."""
        return self.source[self.words[first].start : self.words[last].end]


@lru_cache(maxsize=64)
def fold(text: str) -> Folded:
    """Every reading of a text. The same text is asked about by several rule sets, so the last ones are kept."""
    typed = _BREAK.sub(",,,,,", text)
    plain, places = _plain(_ENTITY.sub(_unescaped, typed) if "&" in typed else typed)
    plain = _WEIGHT.sub(lambda match: "\0" * len(match.group()), plain)
    words: list[Word] = []
    tight: list[bool] = []
    pieces: list[bool] = []
    gaps: dict[str, tuple[bool, bool]] = {}
    tag = before = 0
    for match in _WORD.finditer(plain):
        start, end = match.span()
        gap = plain[before:start]
        known = gaps.get(gap)
        if known is None:
            ends = _TAG_END.search(gap) is not None
            known = gaps[gap] = (ends, not ends and _LOOSE.search(gap) is None)
        tag += known[0]
        tight.append(known[1])
        sort = match.lastgroup
        pieces.append(sort != "one")
        word = match.group()
        if sort == "kana":
            word = word.translate(_TO_HIRAGANA)
        words.append(Word(word, places[start], places[end - 1] + 1, tag))
        before = end
    readings = [*_alone(text, words), *_signed(plain, places, words)]
    return Folded(text, tuple(words), tuple(readings), tuple(_runs(words, tight, pieces)))


def fold_rule(text: str) -> tuple[str, ...]:
    """The words of a rule's pattern; `*` and `?` are part of words. Not cached: rules are folded once."""
    plain, _ = _plain(text)
    plain = _STAR_BESIDE_ONE.sub("", plain)
    return tuple(match.group().translate(_TO_HIRAGANA) for match in _WORD_OF_RULE.finditer(plain))


def leet(text: str) -> str:
    """A text as leetspeak reads it."""
    return text.translate(LEET)


def _unescaped(match: re.Match[str]) -> str:
    """The sign that an HTML entity stands for, with invisible ones behind it so that every place stays the same."""
    entity = match.group()
    return html.unescape(entity).ljust(len(entity), "\u200b")[: len(entity)]


def _plain(text: str) -> tuple[str, range | list[int]]:
    """Folded signs, and where each of them stands in the text."""
    if text.isascii():
        return text.lower(), range(len(text))
    signs: list[str] = []
    places: list[int] = []
    for match in _SIGNS.finditer(text):
        sign, place = match.group(), match.start()
        if sign.isascii():
            signs.extend(sign.lower())
            places.extend(range(place, match.end()))
            continue
        folded = _sign(sign)
        if signs and folded and ord(folded[0]) >= 0x1100:
            # The voicing of kana, and the parts of Korean syllables, may be signs of their own.
            joined = unicodedata.normalize("NFC", signs[-1] + folded)
            if len(joined) == 1:
                signs[-1] = joined
                continue
        for each in folded:
            signs.append(each)
            places.append(place)
    return "".join(signs), places


@lru_cache(maxsize=8192)
def _sign(sign: str) -> str:
    """One sign, folded; empty for what is invisible or only an accent."""
    if sign in INVISIBLE:
        return ""
    if (early := LOOKALIKES.get(sign)) is not None:
        return early
    spelled = unicodedata.normalize("NFKD", sign).casefold()
    kept = "".join(each for each in unicodedata.normalize("NFKD", spelled) if not _is_mark(each))
    if not kept:
        return ""
    whole = unicodedata.normalize("NFC", kept)
    return "".join(LOOKALIKES.get(each, each) for each in whole if each not in INVISIBLE)


def _is_mark(sign: str) -> bool:
    code = ord(sign)
    return any(low <= code <= high for low, high in MARKS)


def _alone(source: str, words: list[Word]) -> Iterator[Reading]:
    """Words whose digits or capital I stand for letters, and words whose letters are drawn out."""
    capitals = "I" in source
    drawn = any(_REPEATED.search(word.text) for word in words) if _REPEATED.search(source) else False
    for index, word in enumerate(words):
        text = word.text
        as_leet = _mixed(text) or (capitals and _odd_capital(source[word.start : word.end]))
        if drawn and _REPEATED.search(text):
            for spelled in (_REPEATED.sub(r"\1", text), _REPEATED.sub(r"\1\1", text)):
                yield Reading(spelled, index, index, leet=False)
                if as_leet:
                    yield Reading(leet(spelled), index, index, leet=True)
        elif as_leet:
            yield Reading(leet(text), index, index, leet=True)


def _mixed(text: str) -> bool:
    """Whether there are letters and digits in it."""
    return not text.isalpha() and _DIGIT.search(text) is not None and _LETTER.search(text) is not None


def _odd_capital(typed: str) -> bool:
    """Whether a capital I may stand for a small L."""
    return "I" in typed and not typed.isupper()


def _signed(plain: str, places: range | list[int], words: list[Word]) -> Iterator[Reading]:
    """Words with signs for letters, such as `p@nties` or `l()li`."""
    matches: Iterable[re.Match[str]] = _SIGNED.finditer(plain)
    if "()" in plain or "[]" in plain:
        matches = sorted((*matches, *_HOLLOW.finditer(plain)), key=lambda match: match.start())
    index = 0
    for match in matches:
        start, end = places[match.start()], places[match.end() - 1] + 1
        while index < len(words) and words[index].end <= start:
            index += 1
        last = index
        while last < len(words) and words[last].start < end:
            last += 1
        if last > index:
            # Signs at the edges may just be signs: `sex!` is found as the word it is.
            signs = match.group().replace("()", "o").replace("[]", "o")
            if signs == "18+":
                yield Reading("r18", index, last - 1, leet=False)
            for spelled in {signs, signs.rstrip("!|+"), signs.lstrip("!|+")}:
                yield Reading(leet(spelled), index, last - 1, leet=True)


def _runs(words: list[Word], tight: list[bool], pieces: list[bool]) -> Iterator[Run]:
    """Syllables one after the other, and words without a space between them."""
    every = [index for index, piece in enumerate(pieces) if piece]
    short = [len(word.text) <= SHORT for word in words]
    yield from _linked(words, every, 3, [short[one] and short[two] for one, two in pairwise(every)])
    # Something that is no letter may stand between them, such as an emoji.
    loose = list(accumulate(not each for each in tight))
    yield from _linked(words, every, 2, [loose[one] == loose[two] for one, two in pairwise(every)])


def _linked(words: list[Word], every: list[int], least: int, links: list[bool]) -> Iterator[Run]:
    """The pieces that hang together; `links` tells of each but the last whether the next one follows it."""
    if True not in links:
        return
    first = 0
    for place, linked in enumerate((*links, False), start=1):
        if not linked:
            if place - first >= least:
                yield _run(words, every[first:place], least)
            first = place


def _run(words: list[Word], run: list[int], least: int) -> Run:
    ends, text = [0], ""
    for index in run:
        text += words[index].text
        ends.append(len(text))
    return Run(tuple(run), tuple(ends), text, leet(text) if _mixed(text) else "", least)
