"""What the benchmark prints and writes: Markdown tables of figure, uncertainty, target and verdict."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.adherence.figures import wilson
from benchmarks.report import machine

VERDICTS = {None: "", True: "met", False: "**missed**"}


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. `passed` is None where there is no target."""

    name: str
    figure: str
    interval: str = ""
    judge: str = ""
    target: str = ""
    passed: bool | None = None
    artist: str = ""
    """The same figure of the artist's own pictures of the same scenes, as the judge sees them."""


@dataclass(frozen=True, slots=True)
class Section:
    """One table, and what has to be said about it."""

    title: str
    lines: tuple[Line, ...]
    note: str = ""

    @property
    def missed(self) -> bool:
        """Whether a target was missed."""
        return any(line.passed is False for line in self.lines)

    def markdown(self) -> str:
        """The table."""
        rows = [
            f"| {line.name} | {line.figure} | {line.interval} | {line.artist} | {line.judge} | {line.target} | "
            f"{VERDICTS[line.passed]} |"
            for line in self.lines
        ]
        head = (
            "| what | figure | 95 % interval | the artist's | the judge itself | target | |\n"
            + "| --- " * 7
            + "|"
        )
        note = f"{self.note}\n\n" if self.note else ""
        return f"### {self.title}\n\n{note}{head}\n" + "\n".join(rows) + "\n"


def share_line(
    name: str,
    right: int,
    total: int,
    *,
    target: float | None = None,
    judge: str = "",
    most: float | None = None,
    artist: float | None = None,
) -> Line:
    """A share with its interval.

    Args:
        name: of the line.
        right: how many.
        total: of how many.
        target: the least that is wanted.
        judge: how good the judge is at it.
        most: what it has to stay under.
        artist: the same share of the artist's own pictures; below the target the judge is too weak to tell.
    """
    low, high = wilson(right, total)
    share = right / total if total else 0.0
    wanted = "" if target is None else f"at least {target:.0%}"
    passed = None if target is None or not total else share >= target
    if most is not None:
        wanted, passed = f"under {most:.0%}", share < most if total else None
    own = "" if artist is None else f"{artist:.1%}"
    if artist is not None and target is not None and artist < target:
        own += " (the judge is too weak for this target)"
    figure, interval = f"{share:.1%} ({right} of {total})", f"{low:.1%} to {high:.1%}"
    return Line(name, figure, interval, judge, wanted, passed, own)


def commit() -> str:
    """The checkout's short commit, with a plus sign where files were changed since; empty outside of git."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty=+"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return found.stdout.strip()


def document(sections: Sequence[Section], *, weights: str, judge: str, device: str, part: str = "") -> str:
    """The whole report.

    Args:
        sections: in order.
        weights: digest of the model's files.
        judge: digest of the judge's weights.
        device: the pictures were painted on.
        part: says that this is not the whole benchmark, and why; empty when it is.
    """
    head = (
        f"## How well the miniature does what its tags say (`benchmarks.adherence`)\n\n{machine()}, "
        f"painted on {device}, commit {commit() or 'unknown'}, model {weights[:16]}, judge {judge[:16]}\n"
    )
    if part:
        head += f"\n**{part}**\n"
    return "\n".join((head, *(section.markdown() for section in sections)))
