"""How good the judge is: asked about pictures of the artist that it has never seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.adherence.attributes import HEADS, UNASKED
from benchmarks.adherence.judge import Judge, judge_metadata, load_judge
from benchmarks.adherence.pictures import Batch, RoundTrip, draw_batch, vae_digest

ON_ANY: Final = frozenset({"quality", "arms", "legs"})
"""Heads that are tested on pictures of every quality, limbs wrong or right; the others on good ones alone."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often each head is right about the artist's own pictures, 0 to 1."""

    drawn: dict[str, float]
    round_trip: dict[str, float]
    """The same pictures after the model's VAE; empty without a model."""


def measure_judge(judge: Judge, model: Path | None, *, pictures: int = 960, split: str = "test") -> Accuracy:
    """Ask a judge about pictures it has never seen, good ones as in the benchmark, plus the worst and the oldest."""
    trip = RoundTrip(model) if model else None
    good = [draw_batch(split, number, good=True) for number in range(max(1, pictures // 32))]
    any_ = [draw_batch(f"{split}-any", number) for number in range(max(1, pictures // 64))]
    drawn = _shares(judge, good, any_)
    if trip is None:
        return Accuracy(drawn, {})
    softened = [[Batch(trip(one.pictures), one.labels) for one in batches] for batches in (good, any_)]
    return Accuracy(drawn, _shares(judge, *softened))


def _shares(judge: Judge, good: Sequence[Batch], any_: Sequence[Batch]) -> dict[str, float]:
    """How often each head is right: those `ON_ANY` about pictures of every quality, the others about good ones."""
    right, total = np.zeros(len(HEADS)), np.zeros(len(HEADS))
    for batches, on_any in ((good, False), (any_, True)):
        for batch in batches:
            logits = judge.logits(list(batch.pictures))
            for place, head in enumerate(HEADS):
                if (head.name in ON_ANY) != on_any:
                    continue
                valid = batch.labels[:, place] != UNASKED
                right[place] += (logits[place].argmax(1) == batch.labels[:, place])[valid].sum()
                total[place] += valid.sum()
    return {head.name: float(right[p] / total[p]) for p, head in enumerate(HEADS) if total[p]}


def known_accuracy(path: Path, model: Path) -> Accuracy:
    """How good a judge is with a model's VAE: as noted when it was saved, or measured now for another VAE.

    Raises:
        ValueError: the file is no judge, or was not tested when it was saved.
    """
    note = judge_metadata(path)
    if "drawn" not in note:
        raise ValueError(f"{path} does not say how good it is: train the judge again.")
    if note.get("vae") != vae_digest(model):
        print("The judge was tested with another VAE, so it is tested now with this one.", flush=True)
        return measure_judge(load_judge(path), model)
    return Accuracy(json.loads(note["drawn"]), json.loads(note["round_trip"]))


def show_accuracy(accuracy: Accuracy) -> None:
    """Print the table."""
    print("\n| judge's head | the artist's pictures | after the VAE |\n| --- | --- | --- |")
    for head in HEADS:
        parts = [accuracy.drawn.get(head.name), accuracy.round_trip.get(head.name)]
        print(f"| {head.name} | " + " | ".join("" if p is None else f"{p:.1%}" for p in parts) + " |")
