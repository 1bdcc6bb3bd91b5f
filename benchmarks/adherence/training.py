"""Trains the judge on the artist's pictures: `python -m benchmarks.adherence train-judge`.

Trained by time rather than by steps: the learning rate falls to nothing when the minutes are over, on any
machine. While the artist draws new pictures, earlier ones are shown again, each time changed a little, as
drawing costs as much as learning.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from benchmarks.adherence.attributes import HEADS, UNASKED
from benchmarks.adherence.judge import Judge, JudgeNetwork, as_input, judge_metadata, load_judge, save_judge
from benchmarks.adherence.pictures import Batch, RoundTrip, Source, draw_batch
from pipeline.miniature.training.checkpoint import load, save
from pipeline.miniature.training.optimizers import Optimizers, build_optimizers

IDENTITY: Final = '{"judge": 1}'
"""Of its checkpoints: raised when they can no longer be gone on from."""
RATE: Final = 2e-3
"""Learning rate of AdamW, for vectors."""
MUON_RATE: Final = 4e-3
"""Learning rate of Muon, for kernels and matrices."""
WARM_UP: Final = 0.04
"""Share of the time in which the learning rate rises."""
SMALL: Final = 0.3
"""Share of the time in which pictures are halved: four times as many are seen while the coarse is learned."""
MOST_REUSE: Final = 6
"""How often a batch is shown on average, at most."""
FEWEST: Final = 8
"""Batches drawn before any is shown again."""
KEPT: Final = 120
"""Batches kept for being shown again: 120 x 32 pictures, 750 MB."""
ON_ANY: Final = frozenset({"quality", "arms", "legs"})
"""Heads that are tested on pictures of every quality, limbs wrong or right; the others on good ones alone."""
SAVE_EVERY: Final = 60.0
"""Seconds between checkpoints."""


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """How to train.

    Attributes:
        minutes: of training, those before a resumed checkpoint included.
        model: folder whose VAE softens some of the pictures, or None.
        checkpoint: file to go on from and to save to, or None.
        device: where the network computes.
        workers: processes that draw beside the training; 0 draws in this one.
        seed: of the weights and of the small changes.
    """

    minutes: float
    model: Path | None = None
    checkpoint: Path | None = None
    device: str = "cpu"
    workers: int = 1
    seed: int = 0


def changed(pictures: torch.Tensor) -> torch.Tensor:
    """Pictures [n, 3, h, w], a little moved, scaled, mirrored, tinted, softened and grained, each in its own way."""
    count, device = len(pictures), pictures.device

    def between(low: float, high: float, *shape: int) -> torch.Tensor:
        return torch.rand(count, *shape, device=device) * (high - low) + low

    move = torch.zeros(count, 2, 3, device=device)
    zoom = between(0.94, 1.06)
    move[:, 0, 0] = zoom * torch.where(between(0, 1) < 0.5, -1.0, 1.0)
    move[:, 1, 1] = zoom
    move[:, :, 2] = between(-0.05, 0.05, 2)
    grid = functional.affine_grid(move, list(pictures.shape), align_corners=False)
    moved = functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    soft = functional.avg_pool2d(functional.pad(moved, (1, 1, 1, 1), mode="replicate"), 3, 1)
    moved = torch.lerp(moved, soft, between(-1.0, 0.8, 1, 1, 1).clamp(min=0))
    moved = moved * between(0.95, 1.05, 3, 1, 1) + between(-0.04, 0.04, 1, 1, 1)
    return moved + torch.randn_like(moved) * between(-0.04, 0.05, 1, 1, 1).clamp(min=0)


def loss_of(outputs: list[torch.Tensor], labels: torch.Tensor) -> torch.Tensor:
    """Mean cross entropy over the heads that somebody in the batch can be asked about."""
    losses = [
        functional.cross_entropy(output.float(), labels[:, place], ignore_index=UNASKED)
        for place, output in enumerate(outputs)
        if bool((labels[:, place] != UNASKED).any())
    ]
    return torch.stack(losses).mean()


def rate_at(progress: float) -> float:
    """The share of `RATE` at a share of the time, both 0 to 1: a short rise, then half a cosine down."""
    if progress < WARM_UP:
        return progress / WARM_UP
    return 0.5 * (1 + float(np.cos(np.pi * min(1.0, (progress - WARM_UP) / (1 - WARM_UP)))))


def train_judge(options: JudgeOptions) -> JudgeNetwork:
    """Train for some minutes, going on from the checkpoint if there is one."""
    torch.manual_seed(options.seed)
    device = torch.device(options.device)
    network = JudgeNetwork()
    network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizers = build_optimizers(network, "muon", MUON_RATE, RATE, weight_decay=0.02)
    step, drawn, spent = _restore(options.checkpoint, network, optimizers)
    network.train()
    source = Source(options.model, drawn, workers=options.workers)
    shower = Shower(source, Random(f"{options.seed}/{step}"))
    began = saved = time.monotonic()
    while (seconds := spent + time.monotonic() - began) < 60 * options.minutes:
        batch, progress = shower.next(), seconds / (60 * options.minutes)
        optimizers.set_rate(rate_at(progress))
        with torch.autocast(device.type, torch.bfloat16):
            pictures = as_input(batch.pictures).to(device)
            pictures = changed(functional.avg_pool2d(pictures, 2) if progress < SMALL else pictures)
            outputs = network(pictures.contiguous(memory_format=torch.channels_last))
            loss = loss_of(outputs, torch.from_numpy(batch.labels).to(device))
        optimizers.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimizers.step()
        step += 1
        if step % 50 == 0:
            print(
                f"judge: step {step}, {drawn + shower.drawn} batches drawn, {seconds:.0f} s, loss {loss.item():.3f}",
                flush=True,
            )
        if options.checkpoint and time.monotonic() - saved > SAVE_EVERY:
            saved = time.monotonic()
            _store(options.checkpoint, network, optimizers, (step, drawn + shower.drawn, spent + saved - began))
    source.close()
    if options.checkpoint:
        _store(options.checkpoint, network, optimizers, (step, drawn + shower.drawn, seconds))
    network.eval()
    return network


def _store(path: Path, network: JudgeNetwork, optimizers: Optimizers, at: tuple[int, int, float]) -> None:
    save(path, {"network": network.state_dict(), "optimizers": optimizers.state_dict(), "at": at}, IDENTITY)


class Shower:
    """Hands out batches without waiting for the artist: what is drawn meanwhile, else one from before."""

    def __init__(self, source: Source, rng: Random) -> None:
        self._source, self._rng = source, rng
        self._kept: list[Batch] = []
        self._shown = 0
        self.drawn = 0

    def next(self) -> Batch:
        """A batch; a new one for certain when each was shown `MOST_REUSE` times on average."""
        batch = self._source.take(wait=self._shown >= MOST_REUSE * self.drawn or self.drawn < FEWEST)
        self._shown += 1
        if batch is None:
            return self._rng.choice(self._kept)
        self.drawn += 1
        if len(self._kept) < KEPT:
            self._kept.append(batch)
        else:
            self._kept[self._rng.randrange(KEPT)] = batch
        return batch


def _restore(path: Path | None, network: JudgeNetwork, optimizers: Optimizers) -> tuple[int, int, float]:
    """Read a checkpoint; returns steps, batches drawn and seconds, all 0 without one."""
    if path is None or not path.is_file():
        return 0, 0, 0.0
    state = load(path, IDENTITY)
    network.load_state_dict(state["network"])
    optimizers.load_state_dict(state["optimizers"])
    step, drawn, spent = state["at"]
    print(f"judge: going on from step {step}, {spent:.0f} s", flush=True)
    return step, drawn, spent


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often each head is right about the artist's own pictures, 0 to 1."""

    drawn: dict[str, float]
    round_trip: dict[str, float]
    """The same pictures after the model's VAE; empty without a model."""


def measure_judge(judge: Judge, model: Path | None, *, pictures: int = 960, split: str = "test") -> Accuracy:
    """Ask a judge about pictures it has never seen, good ones as in the benchmark, plus the worst and the oldest."""
    trip = RoundTrip(model) if model else None
    asked: list[Batch] = [draw_batch(split, number, good=True) for number in range(max(1, pictures // 32))]
    asked += [draw_batch(f"{split}-any", number) for number in range(max(1, pictures // 64))]
    drawn = _shares(judge, asked, len(asked))
    if trip is None:
        return Accuracy(drawn, {})
    return Accuracy(drawn, _shares(judge, [Batch(trip(one.pictures), one.labels) for one in asked], len(asked)))


def _shares(judge: Judge, asked: list[Batch], count: int) -> dict[str, float]:
    right, total = np.zeros(len(HEADS)), np.zeros(len(HEADS))
    good = max(1, count * 2 // 3)
    for number, batch in enumerate(asked):
        logits = judge.logits(list(batch.pictures))
        for place, head in enumerate(HEADS):
            if (number < good) == (head.name in ON_ANY):
                continue
            valid = batch.labels[:, place] != UNASKED
            right[place] += (logits[place].argmax(1) == batch.labels[:, place])[valid].sum()
            total[place] += valid.sum()
    return {head.name: float(right[p] / total[p]) for p, head in enumerate(HEADS) if total[p]}


def train_and_save(options: JudgeOptions, target: Path) -> Accuracy:
    """Train, test and save, the accuracies with it; prints them as a table."""
    network = train_judge(options)
    accuracy = measure_judge(Judge(network.to("cpu")), options.model)
    note = {"drawn": json.dumps(accuracy.drawn), "round_trip": json.dumps(accuracy.round_trip)}
    save_judge(network, target, {**note, "minutes": str(options.minutes)})
    show_accuracy(accuracy)
    return accuracy


def saved_accuracy(path: Path) -> Accuracy:
    """What a judge reached when it was saved."""
    note = judge_metadata(path)
    return Accuracy(json.loads(note["drawn"]), json.loads(note["round_trip"]))


def show_accuracy(accuracy: Accuracy) -> None:
    """Print the table."""
    print("\n| judge's head | the artist's pictures | after the VAE |\n| --- | --- | --- |")
    for head in HEADS:
        parts = [accuracy.drawn.get(head.name), accuracy.round_trip.get(head.name)]
        print(f"| {head.name} | " + " | ".join("" if p is None else f"{p:.1%}" for p in parts) + " |")


__all__ = [
    "Accuracy",
    "JudgeOptions",
    "load_judge",
    "measure_judge",
    "saved_accuracy",
    "train_and_save",
    "train_judge",
]
