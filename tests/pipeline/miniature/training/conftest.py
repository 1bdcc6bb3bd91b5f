"""Small models and quick pictures for the trainings' tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.miniature.training.options import DenoiserOptions, VaeOptions
from pipeline.miniature.training.pictures import BUCKETS, Picture, bucket_of


def quick_options(**changes: Any) -> DenoiserOptions:
    """Options of a training that takes seconds."""
    small: dict[str, Any] = {
        "steps": 4,
        "batch_size": 2,
        "channels": (8, 16, 16),
        "heads": (1, 2, 2),
        "transformer_layers": (1, 1, 1),
        "text_width": 16,
        "text_2_width": 24,
        "text_layers": 2,
        "text_2_layers": 2,
        "pictures": 20,
        "precision": "fp32",
        "threads": 1,
    }
    return DenoiserOptions(**(small | changes))


def quick_picture(seed: int, index: int, size: tuple[int, int] | None = None, **_: Any) -> Picture:
    """Blocks of colour that depend on seed and index, instead of the artist's slower picture."""
    width, height = size or BUCKETS[bucket_of(index)]
    rng = np.random.default_rng([seed, index])
    small = rng.integers(0, 256, (-(-height // 16), -(-width // 16), 3), np.uint8)
    return np.ascontiguousarray(small.repeat(16, axis=0).repeat(16, axis=1)[:height, :width])


@pytest.fixture
def quick_artist(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are drawn in this process, by `quick_picture`."""
    monkeypatch.setattr("pipeline.miniature.training.pictures.draw_picture", quick_picture)


@pytest.fixture(scope="session")
def vae() -> Any:
    """An untrained VAE of the smallest size."""
    from pipeline.miniature.training.vae import build_vae

    return build_vae(VaeOptions(steps=1, channels=(8, 8, 8, 8))).eval()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work folder."""
    return tmp_path / "work"
