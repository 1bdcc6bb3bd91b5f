"""The latent cache: built once, named by what it was made of, read by bucket."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.miniature.artist.scene import Scene
from pipeline.miniature.training import latents as module
from pipeline.miniature.training.latents import SCALE, artist_hash, cached_latents, encode_pictures, halved
from pipeline.miniature.training.pictures import BUCKETS, Picture, scene_of
from tests.pipeline.miniature.training.conftest import quick_picture


def build(vae: Any, work: Path, count: int = 20, **changes: Any) -> Any:
    """A cache, and the lines that were said."""
    return cached_latents(vae, work, seed=0, count=count, workers=0, say=lambda _: None, **changes)


def close(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two latents differ by no more than bfloat16's rounding, on average."""
    return one.shape == other.shape and bool((one - other).abs().mean() < 0.03 * other.std())


@pytest.mark.usefixtures("quick_artist")
def test_every_picture_is_where_its_index_says(vae: Any, work: Path) -> None:
    """At both sizes, in every bucket."""
    cache = build(vae, work)
    assert [len(cache.indices(bucket)) for bucket in range(9)] == [3, 3, 2, 2, 2, 2, 2, 2, 2]
    for bucket, (width, height) in enumerate(BUCKETS):
        for place, index in enumerate(cache.indices(bucket)):
            picture = quick_picture(0, index)
            full, half = cache.read("full", bucket, [place]), cache.read("half", bucket, [place])
            assert full.shape == (1, 4, height // 8, width // 8)
            assert half.shape == (1, 4, height // 16, width // 16)
            # bfloat16 rounds otherwise in company than alone; the next picture is several times as far away.
            assert near(full, encode_pictures(vae, [picture], None))
            assert near(half, encode_pictures(vae, [halved(picture)], None))
            assert not near(full, encode_pictures(vae, [quick_picture(0, index + len(BUCKETS))], None))


def near(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether latents are the same up to bfloat16's rounding."""
    return float((one - other).abs().mean()) < 0.02 * float(other.abs().mean())


@pytest.mark.usefixtures("quick_artist")
def test_a_cache_is_made_once(vae: Any, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second call only finds it."""
    first = build(vae, work)

    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(module, "_build", never)
    assert build(vae, work) == first
    assert (first.folder / "identity.json").is_file()


@pytest.mark.usefixtures("quick_artist")
def test_another_vae_artist_or_number_is_another_cache(
    vae: Any, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in a folder of its own."""
    folders = {build(vae, work, 9).folder, build(vae, work, 10).folder, build(vae, work, 9, sample=True).folder}
    other = copy.deepcopy(vae)
    other.quant_conv.bias.data += 0.01
    folders.add(build(other, work, 9).folder)
    monkeypatch.setattr(module, "artist_hash", lambda: "repainted")
    folders.add(build(vae, work, 9).folder)
    assert len(folders) == 5


@pytest.mark.usefixtures("quick_artist")
def test_an_interrupted_build_leaves_no_cache(vae: Any, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the next one starts anew."""

    def broken(*_: object) -> None:
        raise OSError("disk")

    with monkeypatch.context() as patch:
        patch.setattr(module, "_store", broken)
        with pytest.raises(OSError, match="disk"):
            build(vae, work, 9)
    assert not list(work.glob("latents-*"))
    assert build(vae, work, 9).folder.is_dir()


@pytest.mark.usefixtures("quick_artist")
def test_fewer_pictures_than_buckets_leave_some_empty(vae: Any, work: Path) -> None:
    """Which is no error."""
    cache = build(vae, work, 2)
    assert [len(cache.indices(bucket)) for bucket in range(9)] == [1, 1, 0, 0, 0, 0, 0, 0, 0]


def test_halving_is_the_mean_of_blocks() -> None:
    """Rounded to the nearest level."""
    picture = np.zeros((4, 6, 3), np.uint8)
    picture[0, 0] = 255
    picture[2:, 4:] = 7
    small = halved(picture)
    assert small.shape == (2, 3, 3)
    assert small[0, 0].tolist() == [64, 64, 64]
    assert small[1, 2].tolist() == [7, 7, 7]
    assert small.sum() == 3 * (64 + 7)


def test_latents_are_scaled_means(vae: Any) -> None:
    """Up to what bfloat16 leaves of them."""
    picture = quick_picture(0, 0)
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
    with torch.no_grad():
        mean = vae.encode(pixels).latent_dist.mean
    assert close(encode_pictures(vae, [picture], None), mean * SCALE)


def test_the_artists_hash_is_of_drawings_of_every_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no change of the artist goes unnoticed."""
    drawn: list[Scene] = []

    def noted(seed: int, index: int) -> Picture:
        drawn.append(scene_of(seed, index))
        return np.full((1, 1, 3), index % 256, np.uint8)

    monkeypatch.setattr(module, "draw_picture", noted)
    artist_hash.__wrapped__()
    assert len(drawn) < 50
    for name in (
        "place",
        "light",
        "painting",
        "quality",
        "year",
        "hair_colour",
        "hair_style",
        "eye_colour",
        "mouth",
        "closed_eyes",
        "blush",
        "headwear",
        "garment",
        "garment_colour",
        "framing",
        "pose",
        "cat",
    ):
        seen = {getattr(scene, name) for scene in drawn}
        assert seen == {getattr(scene_of(5, index), name) for index in range(2000)}
