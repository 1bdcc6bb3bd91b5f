"""How often a classifier takes the harmless for something else: `python -m benchmarks.nsfw.harmless [--kind wd]`.

Shows it drawings of the miniature's artist and pictures that the miniature painted from prompts of the adherence
benchmark, all of them general, and prints the share that each threshold would withhold in a general channel. It says
nothing about pictures that are not harmless: there are none in this repository.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

import numpy as np

from benchmarks.adherence.painter import Painter
from benchmarks.adherence.prompts import adherence_prompts
from benchmarks.report import Row, show
from pipeline.built_in import FOLDER
from pipeline.classify import Scores
from pipeline.engine.classifiers import KINDS, build_classifier
from pipeline.miniature.artist.draw import draw
from pipeline.miniature.artist.scene import random_scene
from pipeline.profiles.types import Rating

THRESHOLDS: Final = (0.3, 0.5, 0.7, 0.9)
SIZES: Final = ((256, 256), (208, 304), (304, 208), (192, 336))


def _row(name: str, found: Sequence[Scores]) -> Row:
    above = [scores.above(Rating.GENERAL) for scores in found]
    shares = ", ".join(f"{limit:g}: {sum(each >= limit for each in above)}" for limit in THRESHOLDS)
    general = sum(scores.rating() is Rating.GENERAL for scores in found)
    return Row(f"{len(found)} {name}", f"{shares}; rated general: {general}; highest {max(above):.3f}")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nsfw.harmless", description=__doc__)
    parser.add_argument("--kind", choices=KINDS, default=KINDS[0])
    parser.add_argument("--weights", type=Path, help="the owner's own; by default the program's or the hub's")
    parser.add_argument("--drawings", type=int, default=100)
    parser.add_argument("--painted", type=int, default=20)
    args = parser.parse_args()
    classifier = build_classifier(args.kind, weights=args.weights, cache=Path(".benchmarks/classify"))
    drawn = [
        np.asarray(draw(random_scene(Random(f"harmless/{each}")), *SIZES[each % len(SIZES)]).convert("RGB"))
        for each in range(args.drawings)
    ]
    painted = Painter(FOLDER).paint(adherence_prompts(args.painted), "Painting")
    rows = [
        _row("drawings of the artist", [classifier.classify(each) for each in drawn]),
        _row("pictures by the miniature", [classifier.classify(each.pixels) for each in painted]),
    ]
    return show(f"Harmless pictures that {classifier.id} finds above general, by threshold", rows)


if __name__ == "__main__":
    sys.exit(main())
