"""What variations keep and change: `python -m benchmarks.variation`.

Paints pictures of held-out combinations with the built-in model, varies each at several strengths as the buttons do
(same prompt, next seed, img2img from the picture), and asks the judge of `benchmarks.adherence` whether hair colour,
garment colour and place are still the same. Change is the mean difference of the pixels, 0 to 255, from the first
picture; for comparison also that of a reroll, which shares nothing but the prompt.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Final

import numpy as np

from benchmarks.adherence.judge import Pictures, load_judge
from benchmarks.adherence.painter import CACHE, Painter
from benchmarks.adherence.prompts import PROFILE, adherence_prompts
from benchmarks.report import Row, show
from bot.afterwards import STRENGTHS
from bot.orders import Vary
from pipeline.built_in import FOLDER
from pipeline.engine.build import build_engine
from pipeline.profiles import load_profiles
from pipeline.recipe import Recipe
from pipeline.work import Failed, Painted, Work

LADDER: Final = (0.3, STRENGTHS[Vary.SUBTLE], 0.6, STRENGTHS[Vary.STRONG], 0.9)
HEADS: Final = ("hair colour", "garment colour", "place")
NAMES: Final = {STRENGTHS[how]: f" ({how.value})" for how in Vary}


def paint(works: list[Work], model: Path) -> list[Pictures]:
    """Paint works, in their order.

    Raises:
        Exception: whatever the engine says about a picture that failed.
    """
    engine = build_engine(
        load_profiles(),
        weights={PROFILE: model},
        cache=CACHE / "cache",
        device="cpu",
        precision="auto",
        max_running=4,
        max_models=1,
        hub_endpoint=None,
        hub_token=None,
        emit=lambda _: None,
    )
    for work in works:
        engine.add(work)
    found: dict[int, Pictures] = {}
    while engine.busy:
        for event in engine.tick():
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Painted):
                shape = (event.height, event.width, 3)
                found[event.id] = np.frombuffer(event.pixels, np.uint8).reshape(shape)
    return [found[work.id] for work in works]


def main() -> int:
    """Paint, vary and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.variation", description=__doc__)
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--model", type=Path, default=FOLDER)
    given = parser.parse_args()
    painter, judge = Painter(given.model), load_judge()
    asked = adherence_prompts(200)[: given.pictures]
    first = [canvas.pixels for canvas in painter.paint(asked, "pictures to vary")]
    recipes = [painter.recipe(each) for each in asked]
    before = judge.answers(first)
    rows = []
    for strength in (*LADDER, None):
        works = [_varied(n, recipe, first[n], strength) for n, recipe in enumerate(recipes)]
        painted = paint(works, given.model)
        after = judge.answers(painted)
        kept = [
            f"{head} {fmean(a[head] == b[head] for a, b in zip(before, after, strict=True)):.0%}"
            for head in HEADS
        ]
        change = fmean(float(np.abs(a.astype(int) - b).mean()) for a, b in zip(first, painted, strict=True))
        name = "a reroll" if strength is None else f"strength {strength:g}{NAMES.get(strength, '')}"
        rows.append(Row(name, f"kept: {', '.join(kept)}; change {change:.1f}"))
    return show(f"Variations of {len(first)} pictures", rows)


def _varied(number: int, recipe: Recipe, picture: Pictures, strength: float | None) -> Work:
    next_seed = recipe.with_seed((recipe.seed + 1) % 2**32)
    if strength is None:
        return Work(number, next_seed)
    return Work(number, replace(next_seed, init_image="ab" * 32, strength=strength), source=picture.tobytes())


if __name__ == "__main__":
    sys.exit(main())
