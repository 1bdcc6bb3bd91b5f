"""Pictures as batches of tensors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

import numpy as np
import torch
from torch import Tensor

from pipeline.miniature.training.pictures import BUCKETS, Picture, bucket_of


def to_tensor(pictures: Sequence[Picture]) -> Tensor:
    """Pictures of one size as float32 (batch, 3, height, width), -1 to 1."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def to_pictures(tensor: Tensor) -> list[Picture]:
    """The other way round, rounded and cut to 0 to 255."""
    levels = ((tensor.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return list(levels.permute(0, 2, 3, 1).cpu().numpy())


class Pictures:
    """The training pictures by bucket, picture i of the seed in bucket i modulo their number."""

    def __init__(self, drawn: Iterable[Picture]) -> None:
        self._buckets: list[list[Picture]] = [[] for _ in BUCKETS]
        for index, picture in enumerate(drawn):
            self._buckets[bucket_of(index)].append(picture)
        self._all = [picture for bucket in self._buckets for picture in bucket]
        self._filled = [bucket for bucket in self._buckets if bucket]

    def batch(self, rng: Random, count: int, side: int) -> Tensor:
        """Pictures drawn by chance, half of them mirrored.

        Args:
            rng: where the chance comes from.
            count: of pictures.
            side: crops of that many pixels each way, from anywhere; 0 gives whole pictures of one bucket.
        """
        chosen = rng.choices(self._all if side else rng.choice(self._filled), k=count)
        cut = [_crop(picture, side, rng) if side else picture for picture in chosen]
        return to_tensor([picture[:, ::-1] if rng.random() < 0.5 else picture for picture in cut])

    def sample(self, count: int) -> list[list[Picture]]:
        """The first pictures of every bucket, about `count` in all."""
        each = max(1, count // len(self._filled))
        return [bucket[:each] for bucket in self._filled]


def _crop(picture: Picture, side: int, rng: Random) -> Picture:
    top = rng.randint(0, picture.shape[0] - side)
    left = rng.randint(0, picture.shape[1] - side)
    return picture[top : top + side, left : left + side]
