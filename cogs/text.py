"""Text as Discord shows it: nothing a member types may ping, break the layout or exceed a limit. Pure."""

from __future__ import annotations

import math
import re
import string
import unicodedata
from typing import Final

from cogs.words import say, translated
from pipeline.queueing.eta import estimate
from pipeline.sentence import Channels, Codes, Moment, Sentence

CONTENT_LIMIT: Final = 2000
"""Characters of an ordinary message."""
LAYOUT_LIMIT: Final = 4000
"""Characters of all text displays of one Components V2 message together."""
ALT_LIMIT: Final = 256
"""Characters of a gallery item's alt text that discord.py documents."""
CHOICE_LIMIT: Final = 100
"""Characters of a choice's name and value."""
BAR_CELLS: Final = 20
_ELLIPSIS: Final = "…"


def length(text: str) -> int:
    """Length in UTF-16 code units: never less than what Discord counts, whichever way it counts."""
    return len(text) + sum(ord(character) > 0xFFFF for character in text)


def trim(text: str, limit: int) -> str:
    """The text, cut to `limit` UTF-16 code units with an ellipsis when it is longer."""
    if length(text) <= limit:
        return text
    room, kept = limit - 1, []
    for character in text:
        room -= 2 if ord(character) > 0xFFFF else 1
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + _ELLIPSIS


def clean(text: str) -> str:
    """The text without control characters, lone surrogates and marks that turn the reading direction."""
    return "".join(
        c
        for c in text
        if c in "\n\t" or (unicodedata.category(c) not in {"Cc", "Cs", "Co", "Cn"} and c not in _BIDI)
    )


_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def block(text: str, limit: int) -> str:
    """A code block: inside one Discord resolves no mention, link or markdown, and offers a copy button.

    Only three backticks in a row could end it early, so a zero-width space parts them.
    """
    fence = "```\n"
    inner = clean(text).replace("`", "`\u200b") if "``" in text else clean(text)
    return f"{fence}{trim(inner.strip(), limit - 8) or ' '}\n```"


def inline(text: str, limit: int = 100) -> str:
    """Inline code: for names and tags inside a sentence. Newlines become spaces, backticks apostrophes."""
    flat = " ".join(clean(text).replace("`", "'").split())
    return f"`{trim(flat, limit - 2) or ' '}`"


def coded(text: str) -> str:
    """A parameter for a place inside inline code: one line, and nothing that ends the code."""
    return " ".join(clean(text).replace("`", "\u02bc").split())


def plain(text: str) -> str:
    """A parameter outside code, as it reads: no markdown, mention, masked link or second line comes of it.

    A bare address stays one that can be clicked and copied: it shows where it leads.
    """
    parts = _ADDRESS.split(_MENTION.sub("\\1\u200b", coded(text)))
    return "".join(part if n % 2 else _MARKDOWN.sub(r"\\\g<0>", part) for n, part in enumerate(parts))


_MENTION: Final = re.compile(r"([<@])(?=\S)")
_MARKDOWN: Final = re.compile(r"[\\*_~|\[\]#>]")
_ADDRESS: Final = re.compile(r"(https?://[A-Za-z0-9./:_~%?&=#+-]+)")


def alt(prompt: str) -> str:
    """A prompt as alt text."""
    return trim(" ".join(clean(prompt).split()), ALT_LIMIT) or say("picture")


def bar(fraction: float) -> str:
    """A progress bar for a fraction of 0 to 1, as inline code so that its cells are equally wide."""
    fraction = min(1.0, max(0.0, fraction))
    full = int(fraction * BAR_CELLS)
    return f"`{'█' * full}{'░' * (BAR_CELLS - full)}` {fraction:.0%}"


def seeds(numbers: list[int]) -> str:
    """Seeds as a member would type them: one, or the first and last of a row."""
    if not numbers:
        return say("none")
    if len(numbers) > 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return say("seeds {first} to {last}", first=numbers[0], last=numbers[-1])
    listed = ", ".join(str(n) for n in numbers)
    return say("seeds {seeds}", seeds=listed) if len(numbers) > 1 else say("seed {seed}", seed=listed)


def duration(seconds: float) -> str:
    """How long something took."""
    if seconds < 100:
        return say("{seconds:.1f} s", seconds=seconds)
    return say("{minutes:.0f} min", minutes=seconds / 60)


def shown(text: str) -> str:
    """A text of the program in this task's language, in which no value can leave its code or be read as markdown.

    Values hold what members type: a backtick in one would end the code around it, and a link after that would be a live
    one in the bot's own words. A text that is no sentence, out of an old row, is such a value as a whole.
    """
    if not isinstance(text, Sentence):
        known = translated(text)
        return known if known != text else plain(text)
    template = translated(text.template)
    if not text.values:
        return template
    parts, inside = [], False
    formatter = string.Formatter()
    for literal, name, spec, conversion in formatter.parse(template):
        parts.append(literal)
        inside ^= literal.count("`") % 2 == 1
        if name is None:
            continue
        value, _ = formatter.get_field(name, (), text.values)
        if isinstance(value, Sentence):
            parts.append(coded(shown(value)) if inside else shown(value))
        elif isinstance(value, Codes):
            parts.append(str(Codes(coded(each) for each in value)))
        elif isinstance(value, Moment):
            parts.append(f"<t:{math.ceil(value.at)}:R>")  # Discord says "in 3 hours", in the reader's language
        elif isinstance(value, Channels):
            parts.append(", ".join(f"<#{each}>" for each in value.ids))
        else:
            said = format(formatter.convert_field(value, conversion), spec or "")
            parts.append(coded(said) if inside else plain(said))
    return "".join(parts)


def percent(part: float) -> str:
    """A part of 1 as `70%` or `0.1%`."""
    return f"{round(part * 100, 1):g}%"


def plural(count: int, what: str) -> str:
    """`1 picture`, `2 pictures`, in the language that is spoken; `what` is the English word for one."""
    return say(f"{{count}} {what}" if count == 1 else f"{{count}} {what}s", count=count)


def time_left(seconds: float) -> str:
    """`about 3 min left`, in the language that is spoken; see `pipeline.queueing.eta.estimate`."""
    words, number = estimate(seconds)
    return say("{estimate} left", estimate=say(words, n=number))
