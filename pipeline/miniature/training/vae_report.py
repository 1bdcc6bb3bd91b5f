"""How well a VAE gives pictures back that it never saw, in decibels."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from pipeline.miniature.artist.scene import QUALITIES
from pipeline.miniature.training.batches import to_pictures, to_tensor
from pipeline.miniature.training.pictures import BUCKETS, Picture, bucket_of, draw_pictures, scene_of
from pipeline.miniature.training.vae import Vae

_SEED: Final = 2**40
"""Of the fresh pictures; no training has it unless somebody asks for it."""


@dataclass(frozen=True, slots=True)
class VaeReport:
    """Peak signal-to-noise ratios in dB, a higher one is better; from weights rounded to float16, as shipped."""

    pictures: int
    mean: float
    fifth_percentile: float
    by_quality: dict[str, float]
    by_bucket: dict[tuple[int, int], float]

    def lines(self) -> Iterator[str]:
        """The report as text."""
        yield (
            f"VAE on {self.pictures} fresh pictures: {self.mean:.2f} dB on average, "
            f"5th percentile {self.fifth_percentile:.2f} dB"
        )
        yield "by quality tag: " + ", ".join(f"{name} {value:.2f}" for name, value in self.by_quality.items())
        yield "by size: " + ", ".join(f"{w}x{h} {value:.2f}" for (w, h), value in self.by_bucket.items())


def vae_report(vae: Vae, pictures: int = 270, *, workers: int = 2, device: str = "cpu") -> VaeReport:
    """Measure a VAE on pictures that no training saw, every other one of a combination held out of training.

    Args:
        vae: left as it is; a copy is rounded to float16 and computes in float32.
        pictures: how many; they are spread over all sizes.
        workers: processes that draw.
        device: where to compute.
    """
    rounded = copy.deepcopy(vae).half().float().to(device).eval()
    scores: list[float] = []
    by_quality: dict[str, list[float]] = defaultdict(list)
    by_bucket: dict[tuple[int, int], list[float]] = defaultdict(list)
    for held_out in (False, True):
        indices = range(int(held_out), pictures, 2)
        drawn = draw_pictures(indices, _SEED, workers=workers, held_out=held_out)
        for index, picture in zip(indices, drawn, strict=True):
            score = psnr(picture, _given_back(rounded, picture, device))
            scores.append(score)
            by_quality[scene_of(_SEED, index, held_out=held_out).quality].append(score)
            by_bucket[BUCKETS[bucket_of(index)]].append(score)
    return VaeReport(
        len(scores),
        float(np.mean(scores)),
        float(np.percentile(scores, 5)),
        {name: float(np.mean(by_quality[name])) for name in QUALITIES if by_quality[name]},
        {size: float(np.mean(by_bucket[size])) for size in BUCKETS if by_bucket[size]},
    )


def psnr(one: Picture, other: Picture) -> float:
    """Peak signal-to-noise ratio of two pictures in dB: 10 log10(255^2 / mean squared error), at most 100."""
    squares = float(np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2))
    return min(100.0, 10 * float(np.log10(255**2 / max(squares, 1e-12))))


@torch.no_grad()
def _given_back(vae: Vae, picture: Picture, device: str) -> Picture:
    latents = vae.encode(to_tensor([picture]).to(device)).latent_dist.mode()
    return to_pictures(vae.decode(latents).sample)[0]
