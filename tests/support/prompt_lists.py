"""The lists of prompts in `tests/data`."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).parents[1] / "data"


def lines(name: str) -> list[str]:
    """The lines of a list, without comments."""
    # Not `splitlines`: some prompts hold signs that it takes for the end of a line.
    text = (DATA / name).read_text(encoding="utf-8")
    return [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
