"""The attention grammar of AUTOMATIC1111's web UI, the field's convention.

`(x)` multiplies the weight of x by 1.1, `[x]` divides it by 1.1, `(x:1.5)` multiplies it by 1.5, nesting
multiplies, a backslash makes a bracket or a backslash literal, brackets still open at the end close there,
and the separate word `BREAK` starts a new chunk. The rules are those of `parse_prompt_attention` in
https://github.com/AUTOMATIC1111/stable-diffusion-webui (`modules/prompt_parser.py`), which diffusers'
`lpw_stable_diffusion_xl` copied, with these differences: weights are rounded to 6 decimals, weights and
nesting have limits, and spans without text are left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from pipeline.errors import InvalidRequest

MAX_DEPTH: Final = 32
"""Brackets of one kind open at the same time. It also bounds the work: each span is touched this often."""
MAX_WEIGHT: Final = 10.0
"""Largest weight of a span, up or down: 24 brackets deep. Beyond it embeddings are noise, then overflow."""
WEIGHT_DECIMALS: Final = 6
"""Finer than half precision can hold, and coarse enough that 1.1 * 1.1 prints as 1.21."""

_ROUND: Final = 1.1
_SQUARE: Final = 1 / 1.1
_CLOSING: Final = {")": ("(", _ROUND), "]": ("[", _SQUARE)}
_TOKEN = re.compile(
    r"""
    \\[()\[\]\\]                        # an escaped sign
    | \\                                # a backslash before anything else vanishes
    | [(\[\])]
    | :\s*([+-]?(?:[.\d]+|nan|inf(?:inity)?))\s*\)   # a weight, only inside round brackets
    | [^\\()\[\]:]+
    | :
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BREAK = re.compile(r"\bBREAK\b")
_SPECIAL = re.compile(r"[()\[\]\\]")
_PLAIN = re.compile(r"[\w\s,'-]+")
"""Text that can stand in `(...)` and `[...]` without a number and never be taken for something else."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of literal text (escapes resolved) and its weight, -`MAX_WEIGHT` to `MAX_WEIGHT`."""

    text: str
    weight: float = 1.0


Chunk: TypeAlias = tuple[Span, ...]
"""What stands between two `BREAK`s; neighbouring spans differ in weight. May be empty."""


def parse(text: str) -> tuple[Chunk, ...]:
    """Parse a prompt into chunks of weighted spans.

    The time is linear in the length of the text, whatever it nests.

    Args:
        text: a prompt of any length.

    Returns:
        At least one chunk. A prompt without text gives one empty chunk.

    Raises:
        InvalidRequest: a weight that is not a number, a weight beyond `MAX_WEIGHT`, brackets nested deeper
            than `MAX_DEPTH`.
    """
    parser = _Parser()
    for match in _TOKEN.finditer(text):
        parser.take(match.group(0), match.group(1))
    return parser.finish()


def merge(spans: Iterable[Span]) -> Chunk:
    """Join neighbouring spans of equal weight and leave out those without text."""
    groups: list[tuple[list[str], float]] = []
    for span in spans:
        if not span.text:
            continue
        if groups and groups[-1][1] == span.weight:
            groups[-1][0].append(span.text)
        else:
            groups.append(([span.text], span.weight))
    return tuple(Span("".join(texts), weight) for texts, weight in groups)


def render(chunks: Iterable[Chunk]) -> str:
    """Print chunks as a prompt; `parse` reads the same texts and weights back.

    Chunks are joined by ` BREAK `; white space at the edges of a chunk beside a `BREAK` is lost, as in every
    prompt with `BREAK`.
    """
    printed = []
    for chunk in chunks:
        parts: list[str] = []
        for span in merge(chunk):
            # Emphasis in the middle of a tag is always spelled with its number: `lucy (cyberpunk)` would
            # look like a name.
            at_start = not parts or parts[-1].rstrip(" ").endswith(",")
            parts.append(_print(span, short=at_start))
        printed.append("".join(parts))
    return " BREAK ".join(printed)


def escape(text: str) -> str:
    r"""Spell text so that `parse` takes it literally: `a (b)` becomes `a \(b\)`."""
    spelled = _SPECIAL.sub(r"\\\g<0>", text)
    # A backslash before a letter vanishes in parsing; it keeps the literal word from starting a chunk.
    return _BREAK.sub(r"BRE\\AK", spelled)


def _print(span: Span, *, short: bool) -> str:
    text = escape(span.text)
    if span.weight == 1.0:
        return text
    if short and _PLAIN.fullmatch(text):
        if span.weight == round(_ROUND, WEIGHT_DECIMALS):
            return f"({text})"
        if span.weight == round(_SQUARE, WEIGHT_DECIMALS):
            return f"[{text}]"
    number = f"{span.weight:.{WEIGHT_DECIMALS}f}".rstrip("0").rstrip(".")
    return f"({text}:{number})"


def _number(text: str) -> float | None:
    """The factor a member wrote, or None when there is no digit in it and so nothing was meant."""
    try:
        value = float(text)
    except ValueError:
        if not any(sign.isdigit() for sign in text):
            return None
        value = math.nan
    if not math.isfinite(value):
        raise InvalidRequest(
            "The weight `{weight}` is not a number that can be used. Write for example `(smile:1.3)`.",
            weight=text[:20],
        )
    return value


def _shorten(text: str) -> str:
    """The start of a text for an error sentence."""
    words = " ".join(text.split())
    return words if len(words) <= 40 else words[:40].rstrip() + "…"


class _Parser:
    """Texts in order with their weights; None marks where a chunk ends."""

    def __init__(self) -> None:
        self._texts: list[str | None] = []
        self._weights: list[float] = []
        self._opened: dict[str, list[int]] = {"(": [], "[": []}

    def take(self, sign: str, number: str | None) -> None:
        """Read one token; `number` is the one in a token of the form `:1.5)`."""
        if sign in self._opened:
            self._open(sign)
        elif sign[0] == "\\":
            self._add(sign[1:])
        elif number is not None and self._opened["("]:
            factor = _number(number)
            if factor is None:
                # `(hm:...)` is no weight: literal text, then an ordinary closing bracket.
                self._add(sign[:-1])
            self._close("(", _ROUND if factor is None else factor)
        elif sign in _CLOSING and self._opened[_CLOSING[sign][0]]:
            self._close(*_CLOSING[sign])
        else:
            # White space around the word goes; a pattern for it would take quadratic time on long runs.
            first, *others = _BREAK.split(sign)
            self._add(first.rstrip() if others else first)
            for index, part in enumerate(others, start=1):
                self._add(None)
                self._add(part.strip() if index < len(others) else part.lstrip())

    def finish(self) -> tuple[Chunk, ...]:
        """Close what is open, cut at the marks, round the weights, merge; checks the limit of the weights."""
        for kind, factor in _CLOSING.values():
            while self._opened[kind]:
                self._close(kind, factor)
        chunks: list[list[Span]] = [[]]
        for text, weight in zip(self._texts, self._weights, strict=True):
            if text is None:
                chunks.append([])
            elif text:
                chunks[-1].append(Span(text, _checked(weight, text)))
        return tuple(merge(chunk) for chunk in chunks)

    def _add(self, text: str | None) -> None:
        self._texts.append(text)
        self._weights.append(1.0)

    def _open(self, kind: str) -> None:
        self._opened[kind].append(len(self._texts))
        if len(self._opened[kind]) > MAX_DEPTH:
            raise InvalidRequest(
                "The brackets of this prompt are nested too deep: at most {limit} inside each other are read. "
                "Write a number instead, for example `(smile:1.3)`.",
                limit=MAX_DEPTH,
            )

    def _close(self, kind: str, factor: float) -> None:
        for index in range(self._opened[kind].pop(), len(self._weights)):
            self._weights[index] *= factor


def _checked(weight: float, text: str) -> float:
    if not abs(weight) <= MAX_WEIGHT:
        raise InvalidRequest(
            "The weight of `{text}` comes to {weight}; weights from -{limit} to {limit} can be used. "
            "Write a smaller number or fewer brackets.",
            text=_shorten(text),
            weight=f"{weight:.4g}",
            limit=f"{MAX_WEIGHT:g}",
        )
    # Adding zero turns -0.0 into 0.0.
    return round(weight, WEIGHT_DECIMALS) + 0.0
