"""Words that stand in captions without being drawn: `data/words.txt`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def undrawn_words() -> tuple[str, ...]:
    """Tags and names that the artist never draws, without contradicting what it draws.

    Written from common knowledge of Danbooru's general tags; some 500, each lower case.
    """
    text = files("pipeline.miniature.training").joinpath("data/words.txt").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))
