"""The artist's pictures as batches of bytes with labels, drawn from seeds that the model's training never uses."""

from __future__ import annotations

import io
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks.adherence.attributes import labels
from benchmarks.adherence.judge import Pictures, digest
from benchmarks.adherence.limbs import Limbs, any_limbs, draw_limbs
from pipeline.miniature.artist.scene import QUALITIES, Scene, random_scene
from pipeline.miniature.training.pictures import BUCKETS

BATCH: Final = 32
HELD_OUT: Final = 0.25
"""Share of the judge's pictures whose combination the model never sees: more than chance, as it is asked there."""
QUALITY_SHARES: Final = (0.45, 0.25, 0.08, 0.05, 0.17)
"""Mostly good pictures, which are asked about everything; `QUALITIES` in order."""
GOOD: Final = QUALITIES[:2]
ROUND_TRIPS: Final = 0.25
"""Share of the batches that pass through the model's VAE, where one is given."""
JPEG_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures of one size, [n, height, width, 3], and labels [n, heads]."""

    pictures: Pictures
    labels: NDArray[np.int64]


def scene_of(split: str, number: int, *, good: bool = False) -> Scene:
    """Scene `number` of a seed space of the judge's own.

    Args:
        split: `train`, `test` and so on: splits share no seeds.
        number: 0 and up.
        good: only masterpieces and best quality, as the benchmark's prompts ask for.
    """
    rng = Random(f"judge/{split}/{number}")
    scene = random_scene(rng, held_out=rng.random() < HELD_OUT)
    return replace(scene, quality=rng.choice(GOOD) if good else rng.choices(QUALITIES, QUALITY_SHARES)[0])


def bucket_of(split: str, number: int) -> tuple[int, int]:
    """Width and height of a batch."""
    return Random(f"judge/{split}/size/{number}").choice(BUCKETS)


def as_bytes(picture: Image.Image) -> Pictures:
    """[height, width, 3], RGB."""
    return np.asarray(picture.convert("RGB"), dtype=np.uint8)


def draw_batch(split: str, number: int, *, size: int = BATCH, good: bool = False) -> Batch:
    """Batch `number` of a split: always the same. Good pictures have two arms and two legs."""
    width, height = bucket_of(split, number)
    pictures, answers = [], []
    for place in range(number * size, (number + 1) * size):
        scene = scene_of(split, place, good=good)
        wrong = scene.framing == "full body" and not good
        limbs = any_limbs(Random(f"judge/{split}/limbs/{place}")) if wrong else Limbs()
        pictures.append(as_bytes(draw_limbs(scene, width, height, limbs)))
        answers.append(labels(scene, limbs))
    return Batch(np.stack(pictures), np.array(answers, np.int64))


def vae_digest(model: Path) -> str:
    """SHA-256 of the weights of a model folder's VAE, hexadecimal.

    Raises:
        FileNotFoundError: there is none.
    """
    files = sorted((model / "vae").glob("*.safetensors"))
    if not files:
        raise FileNotFoundError(
            f"{model / 'vae'} holds no VAE: --model names a model folder in diffusers layout"
        )
    return digest(files)


class RoundTrip:
    """Encodes and decodes pictures with a model's VAE, which is how painted pictures differ most from drawn ones.

    Args:
        model: folder in diffusers layout.
        device: where it computes.
    """

    def __init__(self, model: Path, device: torch.device | None = None) -> None:
        from diffusers import AutoencoderKL

        self._device = device or torch.device("cpu")
        vae: Any = AutoencoderKL.from_pretrained(model / "vae", dtype=torch.float32)  # type: ignore[no-untyped-call]
        self.vae = vae.to(self._device).eval()

    @torch.inference_mode()
    def __call__(self, pictures: Pictures, at_once: int = 8) -> Pictures:
        """The same shape, [n, height, width, 3]; sides must be multiples of 8."""
        done = []
        for start in range(0, len(pictures), at_once):
            tensor = torch.from_numpy(pictures[start : start + at_once]).to(self._device)
            latents = self.vae.encode(tensor.permute(0, 3, 1, 2).float() / 127.5 - 1).latent_dist.mode()
            image = (self.vae.decode(latents).sample * 0.5 + 0.5).clamp(0, 1)
            done.append((image * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy())
        return np.concatenate(done)


class Maker:
    """Makes training batches: drawn, some of them compressed, some passed through the VAE.

    Args:
        model: folder whose VAE is used, or None for none.
    """

    def __init__(self, model: Path | None) -> None:
        self._trip = RoundTrip(model) if model else None

    def __call__(self, number: int) -> Batch:
        """Training batch `number`: always the same for the same VAE."""
        batch = draw_batch("train", number)
        rng = Random(f"judge/wear/{number}")
        pictures = np.stack(
            [_compressed(one, rng) if rng.random() < JPEG_SHARE else one for one in batch.pictures]
        )
        if self._trip and rng.random() < ROUND_TRIPS:
            pictures = self._trip(pictures)
        return Batch(pictures, batch.labels)


def _compressed(picture: Pictures, rng: Random) -> Pictures:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=rng.randint(45, 92))
    return as_bytes(Image.open(buffer))


class Source:
    """Training batches in order, drawn beside the training.

    Args:
        model: see `Maker`.
        first: number of the first one, for going on after a stop.
        workers: processes that draw some batches ahead; 0 draws in this one.
    """

    def __init__(self, model: Path | None, first: int, *, workers: int) -> None:
        self._numbers = count(first)
        self._maker = None if workers else Maker(model)
        self._pool = None
        self._waiting: deque[Future[Batch]] = deque()
        if workers:
            self._pool = ProcessPoolExecutor(
                workers, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(model,)
            )
            self._waiting.extend(self._pool.submit(_make, next(self._numbers)) for _ in range(2 * workers + 2))

    def take(self, *, wait: bool) -> Batch | None:
        """The next batch, or None when it is not drawn yet and not to be waited for."""
        if self._pool is None or self._maker:
            return self._maker(next(self._numbers)) if self._maker and wait else None
        if not wait and not self._waiting[0].done():
            return None
        batch = self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(_make, next(self._numbers)))
        return batch

    def close(self) -> None:
        """Stop drawing."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)


_workers: list[Maker] = []
"""The maker of a worker process; empty everywhere else."""


def _start_worker(model: Path | None) -> None:
    torch.set_num_threads(1)
    _workers.append(Maker(model))


def _make(number: int) -> Batch:
    return _workers[0](number)
