"""What looking at a picture costs: `python -m benchmarks.classify [--kind wd --weights FOLDER] [--runs 200]`.

Times the picture classifier on pictures of noise, of the miniature's usual size and of SDXL's: from finished pixels to
ratings, on a thread of its own as the bot does it, first alone and then beside the engine's work (here: another thread
that multiplies matrices with torch all the time). The picture does not matter for the time.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.report import Row, percentile, show
from pipeline.classify import Classifier
from pipeline.engine.classifiers import KINDS, build_classifier

TARGET: Final = 150.0
"""Milliseconds a picture, on two cores, with the default classifier."""
SIZES: Final = ((256, 256), (1024, 1024))


def measure(classifier: Classifier, pixels: NDArray[np.uint8], runs: int) -> list[float]:
    """Milliseconds of each run, after some that are not counted."""
    with ThreadPoolExecutor(1, thread_name_prefix="classifier") as pool:

        def once() -> float:
            started = time.perf_counter()
            pool.submit(classifier.classify, pixels).result()
            return (time.perf_counter() - started) * 1000

        return [once() for _ in range(runs + 5)][5:]


def painting(stop: threading.Event) -> None:
    """Keeps torch's threads as busy as an engine does."""
    values = torch.rand(512, 512)
    while not stop.is_set():
        values = torch.tanh(values @ values)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classify", description=__doc__)
    parser.add_argument("--kind", choices=KINDS, default=KINDS[0])
    parser.add_argument("--weights", type=Path, help="the owner's own; by default the program's or the hub's")
    parser.add_argument("--runs", type=int, default=200)
    args = parser.parse_args()
    started = time.perf_counter()
    classifier = build_classifier(args.kind, weights=args.weights, cache=Path(".benchmarks/classify"))
    rows = [Row("reading its weights", f"{time.perf_counter() - started:.2f} s")]
    for beside in (False, True):
        stop = threading.Event()
        engine = threading.Thread(target=painting, args=(stop,), name="engine")
        if beside:
            engine.start()
        for width, height in SIZES:
            pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
            found = measure(classifier, pixels, args.runs)
            limited = args.kind == KINDS[0]
            name = f"{width} x {height}{', beside a busy engine' if beside else ''}"
            figure = f"{median(found):.1f} ms, 95 % under {percentile(found, 0.95):.1f} ms"
            target = f"at most {TARGET:g} ms" if limited else ""
            rows.append(Row(name, figure, target, percentile(found, 0.95) <= TARGET if limited else None))
        stop.set()
        if beside:
            engine.join()
    return show(f"Looking at a picture with {classifier.id}", rows)


if __name__ == "__main__":
    sys.exit(main())
