"""What every benchmark prints: the machine, and rows of figure, target and verdict."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `passed` is None where there is no target."""

    name: str
    figure: str
    target: str = ""
    passed: bool | None = None


def processor() -> str:
    """The processor's name, as well as this system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def machine() -> str:
    """One line: date, processor, cores, system, Python and torch."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {processor()}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, torch {version('torch')}"
    )


def show(title: str, rows: Sequence[Row]) -> int:
    """Print a Markdown table. Returns 1 when a target was missed, else 0."""
    print(f"\n### {title}\n\n{machine()}\n\n| what | figure | target | |\n| --- | --- | --- | --- |")
    for row in rows:
        verdict = {None: "", True: "met", False: "**missed**"}[row.passed]
        print(f"| {row.name} | {row.figure} | {row.target} | {verdict} |")
    return int(any(row.passed is False for row in rows))


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
