"""What enlarging costs: `python -m benchmarks.upscale [--device cuda] [--size 832x1216]`.

Enlarges one picture through the engine by every factor that members are offered, and prints the seconds from joining
to the finished pixels, the longest tick (how long pictures beside it wait) and the most memory. Beside it stands one
denoising step of the built-in model at the same size, which is far less work than one of SDXL.
The picture does not matter for the time; it is noise.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from benchmarks.report import Row, show
from pipeline.built_in import FOLDER
from pipeline.engine.build import build_engine
from pipeline.engine.engine import Engine
from pipeline.profiles import load_profiles
from pipeline.recipe import Recipe
from pipeline.upscalers import BY_SCALE
from pipeline.work import Failed, Painted, Work

PROFILE: Final = "miniature"
TARGET: Final = 5.0
"""Seconds for x2 of a picture of 256 x 256 on two cores."""


def run(engine: Engine, work: Work) -> tuple[float, float]:
    """Seconds in all, and of the longest tick.

    Raises:
        Exception: whatever the engine says about a picture that failed.
    """
    started = time.perf_counter()
    longest = 0.0
    engine.add(work)
    while engine.busy:
        before = time.perf_counter()
        events = engine.tick()
        longest = max(longest, time.perf_counter() - before)
        for event in events:
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Painted):
                return time.perf_counter() - started, longest
    raise RuntimeError("the engine became idle without a picture")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.upscale", description=__doc__)
    parser.add_argument("--device", default="cpu", help="auto, cuda, mps or cpu")
    parser.add_argument("--size", default="256x256", help="of the picture that is enlarged")
    parser.add_argument("--runs", type=int, default=5, help="after one that is not counted")
    args = parser.parse_args()
    width, height = (int(side) for side in args.size.split("x"))
    engine = build_engine(
        load_profiles(),
        weights={PROFILE: Path(FOLDER)},
        cache=Path(".benchmarks/upscale"),
        device=args.device,
        precision="auto",
        max_running=1,
        max_models=1,
        hub_endpoint=None,
        hub_token=None,
        emit=lambda _: None,
    )
    steps = 10
    base = Recipe(PROFILE, "1girl", "", width, height, "euler_a", steps, 3.0, 1)
    noise = np.random.default_rng(1).integers(0, 256, width * height * 3, np.uint8).tobytes()
    rows = []
    numbers = iter(range(1, 10_000))
    painted = [run(engine, Work(next(numbers), base))[0] for _ in range(args.runs + 1)][1:]
    step = median(painted) / steps
    rows.append(Row("a denoising step, with its share of the rest", f"{step:.3f} s"))
    for scale, upscaler in BY_SCALE.items():
        recipe = Recipe(
            PROFILE, "1girl", "", width * scale, height * scale, "euler_a", 20, 3.0, 1,
            init_image="0" * 64, upscaler=upscaler.id,
        )  # fmt: skip
        found = [run(engine, Work(next(numbers), recipe, source=noise)) for _ in range(args.runs + 1)][1:]
        seconds, longest = median(each[0] for each in found), max(each[1] for each in found)
        limited = scale == 2 and args.size == "256x256"
        target, passed = (f"under {TARGET:g} s", seconds < TARGET) if limited else ("", None)
        rows.append(Row(f"x{scale}, {upscaler.name}", f"{seconds:.2f} s", target, passed))
        rows.append(Row("longest tick of it", f"{longest:.2f} s"))
        rows.append(
            Row("in steps of the miniature", f"{seconds / step:.1f} (SDXL's: charged as {upscaler.steps})")
        )
    return show(f"Enlarging {width} x {height}", rows)


if __name__ == "__main__":
    sys.exit(main())
