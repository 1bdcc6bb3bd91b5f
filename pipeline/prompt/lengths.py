"""How long a prompt may be: in characters as it is typed, and in tokens as it is painted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.errors import InvalidRequest
from pipeline.prompt.grammar import render
from pipeline.prompt.tags import Item, spans
from pipeline.prompt.tokens import CHUNK_TOKENS, TokenMeter
from pipeline.sentence import Sentence

MAX_LENGTH: Final = 6000
"""Characters of a prompt, and of a negative prompt: the longest text that a Discord option takes."""
MAX_CHUNKS: Final = 32
"""Chunks of 75 tokens. Any 6,000 characters of words that the tokenizer knows fit; each chunk costs memory in every
step."""


def check_length(text: str, name: Sentence) -> None:
    """Refuse what is too long to be read.

    Raises:
        InvalidRequest: it is.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidRequest(
            "The {field} has {length} characters; at most {limit} can be read. Please shorten it.",
            field=name,
            length=len(text),
            limit=MAX_LENGTH,
        )


def check_tokens(chunks: Sequence[Sequence[Item]], name: Sentence, meter: TokenMeter) -> None:
    """Refuse what fills more than `MAX_CHUNKS`; the tokenizer is read only when that is possible at all.

    Raises:
        InvalidRequest: it does.
        WeightsError: it has to be counted, and the tokenizer is broken.
    """
    sizes = [sum(len(span.text.encode()) for span in spans(items)) for items in chunks]
    # A token takes at least one byte of its text.
    if sum(-(-size // CHUNK_TOKENS) for size in sizes) <= MAX_CHUNKS:
        return
    counts = meter.count(render([spans(items) for items in chunks]))
    if len(counts) > MAX_CHUNKS:
        raise InvalidRequest(
            "The {field} is too long to be painted: it fills {count} chunks of {size} tokens, "
            "and at most {limit} can be used. Please shorten it.",
            field=name,
            count=len(counts),
            size=CHUNK_TOKENS,
            limit=MAX_CHUNKS,
        )
