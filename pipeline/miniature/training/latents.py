"""The latents of the training's pictures, drawn and encoded once: at full size and at half size, by bucket."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from pipeline.miniature.artist.scene import Scene
from pipeline.miniature.training.pictures import (
    BUCKETS,
    Picture,
    bucket_of,
    draw_picture,
    draw_pictures,
    scene_of,
)

Size = Literal["half", "full"]
SIZES: Final[tuple[Size, Size]] = ("half", "full")
SCALE: Final = 0.13025
"""SDXL's `scaling_factor`."""
_DIVISORS: Final[dict[Size, int]] = {"half": 2, "full": 1}
_FACTOR: Final = 8
"""Pixels per latent."""
_VERSION: Final = 1
_BATCH: Final = 32
_SPECIMENS: Final = 200
"""Scenes that `artist_hash` looks for new tags in; a few of them are drawn."""
_SHOWN: Final = tuple(field.name for field in dataclasses.fields(Scene) if field.name != "seed")
_SPECIMEN_SEED: Final = 1
_SAY_EVERY: Final = 10.0

Say = Callable[[str], None]
Vae = Any
"""diffusers' `AutoencoderKL`, whose attributes its type hints do not show."""


@dataclass(frozen=True, slots=True)
class LatentCache:
    """Latents on disk, read on demand. Picture `i` of bucket `b` is the `i // len(BUCKETS)`-th there."""

    folder: Path
    seed: int
    count: int

    def indices(self, bucket: int) -> range:
        """Which pictures of the seed a bucket holds."""
        return range(bucket, self.count, len(BUCKETS))

    def read(self, size: Size, bucket: int, places: Sequence[int]) -> Tensor:
        """Scaled latents of some pictures of a bucket.

        Args:
            size: full, or half of it in both directions.
            bucket: index into `BUCKETS`.
            places: positions in `indices(bucket)`.

        Returns:
            float32, (len(places), 4, height / 8, width / 8) of that size.
        """
        stored = np.load(self.folder / _file(size, bucket), mmap_mode="r")
        return torch.from_numpy(np.asarray(stored[list(places)], np.float32))


def cached_latents(
    vae: Vae, work: Path, *, seed: int, count: int, workers: int, say: Say, sample: bool = False
) -> LatentCache:
    """The cache of a training's pictures: found in the work folder, or drawn and encoded now.

    Args:
        vae: in float32, on the device to encode on.
        work: holds the caches, each in a folder named by what it was made of.
        seed: of the pictures.
        count: pictures 0 to count - 1.
        workers: drawing processes; 0 draws in this one.
        say: takes a line of progress now and then.
        sample: draw each latent from the VAE's distribution instead of taking its mean.
    """
    target = cache_folder(vae, work, seed=seed, count=count, sample=sample)
    if not target.is_dir():
        half_made = target.with_name(f".{target.name}.part")
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(parents=True)
        _build(half_made, vae, seed=seed, count=count, workers=workers, say=say, sample=sample)
        identity = cache_identity(vae, seed=seed, count=count, sample=sample)
        (half_made / "identity.json").write_text(identity + "\n", encoding="utf-8")
        half_made.rename(target)
    return LatentCache(target, seed, count)


def cache_folder(vae: Vae, work: Path, *, seed: int, count: int, sample: bool = False) -> Path:
    """Where the cache of these pictures is or would be: the name is a hash of `cache_identity`."""
    identity = cache_identity(vae, seed=seed, count=count, sample=sample)
    return work / f"latents-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"


def cache_identity(vae: Vae, *, seed: int, count: int, sample: bool) -> str:
    """What the latents depend on, as JSON: another VAE or a changed artist makes another cache."""
    digest = hashlib.sha256()
    for key, value in sorted(vae.state_dict().items()):
        digest.update(key.encode())
        digest.update(value.detach().float().cpu().contiguous().numpy().tobytes())
    facts: dict[str, Any] = {
        "version": _VERSION,
        "seed": seed,
        "pictures": count,
        "sample": sample,
        "vae": digest.hexdigest(),
        "artist": artist_hash(),
    }
    return json.dumps(facts, sort_keys=True)


@cache
def artist_hash() -> str:
    """SHA-256 of drawings that together show every tag: another way of drawing is noticed, another comment not."""
    digest, seen = hashlib.sha256(), set[tuple[str, object]]()
    for index in range(_SPECIMENS):
        scene = scene_of(_SPECIMEN_SEED, index)
        shown = {(name, getattr(scene, name)) for name in _SHOWN}
        if index < len(BUCKETS) or not shown <= seen:
            digest.update(draw_picture(_SPECIMEN_SEED, index).tobytes())
        seen |= shown
    return digest.hexdigest()


def halved(picture: Picture) -> Picture:
    """The picture at half its size: the mean of every 2 x 2 pixels, so that it shows the very same."""
    height, width, _ = picture.shape
    blocks = picture.reshape(height // 2, 2, width // 2, 2, 3).astype(np.uint16)
    return ((blocks.sum(axis=(1, 3)) + 2) // 4).astype(np.uint8)


@torch.no_grad()
def encode_pictures(vae: Vae, batch: Sequence[Picture], generator: torch.Generator | None) -> Tensor:
    """Scaled latents of pictures of one size.

    Args:
        vae: the encoder.
        batch: RGB, all (height, width, 3).
        generator: a CPU generator to sample with; None takes the means.

    Returns:
        float32 on the CPU, (pictures, 4, height / 8, width / 8).
    """
    pixels = torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2).to(vae.device)
    inputs = (pixels.float() / 127.5 - 1.0).contiguous(memory_format=torch.channels_last)
    # bfloat16 moves latents by less than 2 % of their deviation, and is three times as fast on a CPU.
    with torch.autocast(vae.device.type, torch.bfloat16):
        found = vae.encode(inputs).latent_dist
    latents: Tensor = found.mean.float().cpu()
    if generator is not None:
        latents = latents + found.std.float().cpu() * torch.randn(latents.shape, generator=generator)
    return latents * SCALE


def _build(folder: Path, vae: Vae, *, seed: int, count: int, workers: int, say: Say, sample: bool) -> None:
    vae.eval().to(memory_format=torch.channels_last)
    stores: dict[tuple[Size, int], npt.NDArray[np.float16]] = {}
    for bucket, (width, height) in enumerate(BUCKETS):
        held = len(range(bucket, count, len(BUCKETS)))
        for size in SIZES:
            divisor = _DIVISORS[size]
            shape = (
                held,
                vae.config.latent_channels,
                height // divisor // _FACTOR,
                width // divisor // _FACTOR,
            )
            if held:
                stores[size, bucket] = np.lib.format.open_memmap(
                    folder / _file(size, bucket), mode="w+", dtype=np.float16, shape=shape
                )
    generator = torch.Generator().manual_seed(seed) if sample else None
    waiting: list[list[Picture]] = [[] for _ in BUCKETS]
    begun = said = monotonic()
    # Bucket by bucket would draw as well, but in the pictures' own order progress is even.
    for index, picture in enumerate(draw_pictures(range(count), seed, workers=workers)):
        bucket = bucket_of(index)
        waiting[bucket].append(picture)
        if len(waiting[bucket]) == _BATCH or index + len(BUCKETS) >= count:
            _store(stores, bucket, waiting[bucket], index // len(BUCKETS) + 1, vae, generator)
            waiting[bucket] = []
        if monotonic() - said > _SAY_EVERY or index + 1 == count:
            said = monotonic()
            rate = (index + 1) / (said - begun)
            say(f"latents {index + 1}/{count}, {rate:.0f}/s, {(count - index - 1) / rate:.0f} s left")
    for store in stores.values():
        if isinstance(store, np.memmap):
            store.flush()


def _store(
    stores: dict[tuple[Size, int], npt.NDArray[np.float16]],
    bucket: int,
    batch: list[Picture],
    end: int,
    vae: Vae,
    generator: torch.Generator | None,
) -> None:
    made: dict[Size, list[Picture]] = {"full": batch, "half": [halved(picture) for picture in batch]}
    for size in SIZES:
        latents = encode_pictures(vae, made[size], generator)
        stores[size, bucket][end - len(batch) : end] = latents.numpy().astype(np.float16)


def _file(size: Size, bucket: int) -> str:
    width, height = BUCKETS[bucket]
    return f"{size}-{width}x{height}.npy"
