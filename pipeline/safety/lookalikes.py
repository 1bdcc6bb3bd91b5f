"""Letters of other scripts that look like Latin ones, and what is invisible.

Written for this project after the idea of Unicode's confusables (UTS #39). NFKD and case folding take care of
full-width, mathematical, circled and superscript letters.

Both texts and rules are folded, so a Russian or Greek rule still finds Russian or Greek words: they are only compared
in another spelling. Looking alike is judged by print, not by sound.
"""

from __future__ import annotations

from typing import Final

_TABLE: Final = {
    # Latin letters with strokes, turned letters, phonetic signs, small capitals
    "a": "аɑαᴀɐ∂ⱥꭺꭤ𐊠",
    "b": "вьʙɓƀβᏴᖯƃƅϐ",
    "c": "сϲᴄƈȼɔↄⅽꮯ𐐽¢ç",
    "d": "ԁđɗɖᴅꓒⅾδᏧժ",
    "e": "еєεɛəǝɘᴇҽ℮ꬲⱸ€ξ",
    "f": "ƒꜰϝքẝ",
    "g": "ɡɢցǥԍɠɣᶃ",
    "h": "һнհΗħʜɦɥꮋᏂ",
    "i": "іıɩιɪӏїᎥꙇį¡ɨⵏ",
    "j": "јϳᴊʝɉյ",
    "k": "кκᴋƙҟқҝϰ",
    "l": "ⅼłʟᴌɭƚɫߊ⏐∣ӀǀᏞℓ",
    "m": "мᴍɱⅿʍΜ",
    "n": "∩пոռηɴɲŋƞΝŉ",
    "o": "оοσօøᴏɵ০०໐๐ዐⲟө◯○●",
    "p": "рρᴘƥþϸ",
    "q": "ԛգզʠɋ",
    "r": "гʀɾɼɽɍᴦⲅꮁ",
    "s": "ѕꜱʂƨઽꮪՏş",
    "t": "тτᴛƭŧʈꭲ",
    "u": "υսᴜʉꭎμʊ",
    "v": "νѵᴠⅴʋ∨",
    "w": "ԝшωաᴡʬѡɯ",
    "x": "хχᕁ×ⅹҳ",
    "y": "уγўүұɏʏყƴ",
    "z": "ᴢʐƶȥʑζʒ",
    "ae": "æ",
    "oe": "œ",
}


def _ranges() -> dict[str, str]:
    """Letters in squares and circles that NFKD leaves alone, and the flags that are made of letters."""
    found = {}
    for first in (0x1F150, 0x1F170, 0x1F1E6):
        found.update({chr(first + place): chr(ord("a") + place) for place in range(26)})
    return found


LOOKALIKES: Final[dict[str, str]] = {
    sign: latin for latin, signs in _TABLE.items() for sign in signs
} | _ranges()
"""Sign to the Latin letter that it looks like. Three Greek capitals look like other letters than their small ones."""

INVISIBLE: Final = frozenset(
    [chr(code) for code in (0x00AD, 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0xFEFF)]
    + [chr(code) for code in (*range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x202A, 0x202F))]
    + [chr(code) for code in (*range(0x2060, 0x2070), *range(0xFE00, 0xFE10), *range(0xFFF9, 0xFFFC))]
    + [chr(code) for code in (*range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0))]
)
"""Zero-width signs, marks of the reading direction, variation selectors, fillers and tags."""

MARKS: Final = (
    (0x0300, 0x036F), (0x0483, 0x0489), (0x0591, 0x05BD), (0x0610, 0x061A), (0x064B, 0x065F), (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F),
)  # fmt: skip
"""Accents and points that are taken off. Vowel signs of Indic scripts and the voicing of kana are letters and stay."""
