"""Runs every benchmark in a process of its own, so that none warms another's caches."""

from __future__ import annotations

import subprocess
import sys

ALL = (
    "start",
    "loop",
    "queue",
    "overhead",
    "engine",
    "history",
    "adherence",
    "variation",
    "upscale",
    "previews",
    "killing",
    "check",
    "classify",
    "repeatable",
    "rules",
)

if __name__ == "__main__":
    sys.exit(
        max(subprocess.run([sys.executable, "-m", f"benchmarks.{n}"], check=False).returncode for n in ALL)
    )
