"""Trains the judge on the artist's pictures: `python -m benchmarks.adherence train-judge`.

Trained by time rather than by steps: the learning rate falls to nothing when the minutes are over, on any
machine. While the artist draws new pictures, earlier ones are shown again, each time changed a little, as
drawing costs as much as learning.
"""

from __future__ import annotations

import dataclasses
import json
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from benchmarks.adherence.accuracy import Accuracy, measure_judge, show_accuracy
from benchmarks.adherence.attributes import HEADS, UNASKED
from benchmarks.adherence.judge import JudgeNetwork, as_input, load_judge, save_judge
from benchmarks.adherence.pictures import Batch, Source, vae_digest
from pipeline.miniature.training.checkpoint import load, save
from pipeline.miniature.training.latents import artist_hash
from pipeline.miniature.training.optimizers import Optimizers, build_optimizers
from pipeline.miniature.training.progress import Stopped, StopRequest

VERSION: Final = 3
"""Of its checkpoints: raised when they can no longer be gone on from for a reason that `identity` does not name."""
RATE: Final = 2e-3
"""Learning rate of AdamW, for vectors."""
MUON_RATE: Final = 4e-3
"""Learning rate of Muon, for kernels and matrices."""
WARM_UP: Final = 0.04
"""Share of the time in which the learning rate rises."""
SHAPES: Final = {"hair style": 3.0, "pose": 3.0, "arms": 2.0, "legs": 2.0}
"""Heads that ask how one shape lies to another count for more: they are learned last, long after all colours."""
SMALL: Final = 0.3
"""Share of the time in which pictures are halved: four times as many are seen while the coarse is learned."""
MOST_REUSE: Final = 6
"""How often a batch is shown on average, at most."""
FEWEST: Final = 8
"""Batches drawn before any is shown again."""
KEPT: Final = 120
"""Batches kept for being shown again: 120 x 32 pictures, 750 MB."""
SAVE_EVERY: Final = 60.0
"""Seconds between checkpoints."""


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """How to train.

    Attributes:
        minutes: of training, those before a resumed checkpoint included.
        model: folder whose VAE softens some of the pictures, or None.
        checkpoint: file to save to and, with `resume`, to go on from; or None.
        resume: go on from the checkpoint instead of starting anew.
        device: where the network computes.
        workers: processes that draw beside the training; 0 draws in this one.
        seed: of the weights and of the small changes.
    """

    minutes: float
    model: Path | None = None
    checkpoint: Path | None = None
    resume: bool = False
    device: str = "cpu"
    workers: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ValueError: names the option and its range.
        """
        if not 0 < self.minutes < float("inf"):
            raise ValueError(f"minutes must be above 0, not {self.minutes}.")
        if self.workers < 0:
            raise ValueError(f"workers must be 0 or above, not {self.workers}.")

    @property
    def identity(self) -> str:
        """What must be the same when a training goes on, as JSON: the questions, what is drawn, and the VAE."""
        facts = {
            "version": VERSION,
            "seed": self.seed,
            "heads": {head.name: head.answers for head in HEADS},
            "artist": artist_hash(),
            "vae": vae_digest(self.model) if self.model else None,
        }
        return json.dumps(facts, sort_keys=True)


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
    """Mean cross entropy over the heads that somebody in the batch can be asked about, weighed by `SHAPES`."""
    losses = [
        functional.cross_entropy(output.float(), labels[:, place], ignore_index=UNASKED)
        * SHAPES.get(HEADS[place].name, 1.0)
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
    """Train for some minutes.

    Raises:
        Stopped: Ctrl+C or SIGTERM; the checkpoint is written.
        TrainingError: there is no checkpoint to go on from, or it does not fit.
        FileNotFoundError: the model folder has no VAE.
    """
    # Looked at before anything is drawn.
    identity = options.identity
    torch.manual_seed(options.seed)
    device = torch.device(options.device)
    network = JudgeNetwork()
    network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizers = build_optimizers(network, "muon", MUON_RATE, RATE, weight_decay=0.02)
    at = _restore(options, identity, network, optimizers)
    network.train()
    source = Source(options.model, at.drawn, workers=options.workers)
    shower = Shower(source, Random(f"{options.seed}/{at.step}"))
    try:
        with StopRequest() as stop:
            at = _train(options, network, optimizers, shower, at, stop)
    finally:
        source.close()
    if options.checkpoint:
        _store(options, network, optimizers, at)
    if stop.wanted:
        raise Stopped(f"Stopped after {at.seconds:.0f} s; give --resume to go on from there.")
    network.eval()
    return network


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a training is: optimizer steps, batches drawn and seconds of training."""

    step: int = 0
    drawn: int = 0
    seconds: float = 0.0


def _train(
    options: JudgeOptions,
    network: JudgeNetwork,
    optimizers: Optimizers,
    shower: Shower,
    start: Reached,
    stop: StopRequest,
) -> Reached:
    """Train until the minutes are over or a stop is wanted; returns how far it came."""
    device, whole = torch.device(options.device), 60 * options.minutes
    at = start
    began = saved = time.monotonic()
    while at.seconds < whole and not stop.wanted:
        batch, progress = shower.next(), at.seconds / whole
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
        now = time.monotonic()
        at = Reached(at.step + 1, start.drawn + shower.drawn, start.seconds + now - began)
        if at.step % 50 == 0:
            said = (
                f"judge: step {at.step}, {at.drawn} batches drawn, {at.seconds:.0f} s, loss {loss.item():.3f}"
            )
            print(said, flush=True)
        if options.checkpoint and now - saved > SAVE_EVERY:
            saved = now
            _store(options, network, optimizers, at)
    return at


def _store(options: JudgeOptions, network: JudgeNetwork, optimizers: Optimizers, at: Reached) -> None:
    if options.checkpoint:
        state = {
            "network": network.state_dict(),
            "optimizers": optimizers.state_dict(),
            "at": dataclasses.astuple(at),
        }
        save(options.checkpoint, state, options.identity)


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


def _restore(options: JudgeOptions, identity: str, network: JudgeNetwork, optimizers: Optimizers) -> Reached:
    if not options.resume or options.checkpoint is None:
        return Reached()
    state = load(options.checkpoint, identity)
    network.load_state_dict(state["network"])
    optimizers.load_state_dict(state["optimizers"])
    at = Reached(*state["at"])
    print(f"judge: going on from step {at.step}, {at.seconds:.0f} s", flush=True)
    return at


def train_and_save(options: JudgeOptions, target: Path) -> Accuracy:
    """Train, test and save, the accuracies with it; prints them as a table."""
    network = train_judge(options).to("cpu")
    # Tested as it is read back: rounded to float16.
    save_judge(network, target, {})
    accuracy = measure_judge(load_judge(target), options.model)
    note = {"drawn": json.dumps(accuracy.drawn), "round_trip": json.dumps(accuracy.round_trip)}
    note |= {"minutes": str(options.minutes), "vae": vae_digest(options.model) if options.model else ""}
    save_judge(network, target, note)
    show_accuracy(accuracy)
    return accuracy
