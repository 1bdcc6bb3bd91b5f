"""`python -m benchmarks.start`: how long the command line and the demo take to be ready."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time

from benchmarks.report import Row, show

PROMPT_TARGET = 0.5
DEMO_TARGET = 15.0
ROUNDS = 7


def prompt_seconds() -> float:
    """Best of several runs: what a warm disk cache gives, which is what a person at a shell meets."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        command = [sys.executable, "-m", "bot", "prompt", "1girl, green hair, beanie", "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        best = min(best, time.perf_counter() - began)
    return best


def demo_seconds() -> float:
    """From the command to the printed address, with an empty data folder."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "demo"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "DATA_DIR": folder, "PYTHONUNBUFFERED": "1"},
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if "http://127.0.0.1" in line:
                    return time.perf_counter() - began
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
    raise RuntimeError("the demo ended without printing its address")


def main() -> int:
    """Measure and print."""
    prompt, demo = prompt_seconds(), demo_seconds()
    return show(
        "Start",
        [
            Row("`python -m bot prompt`, best of 7", f"{prompt:.2f} s", "under 0.5 s", prompt < PROMPT_TARGET),
            Row("`python -m bot demo` until its address", f"{demo:.1f} s", "under 15 s", demo < DEMO_TARGET),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
