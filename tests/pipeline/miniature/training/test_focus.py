"""What each place of a picture counts for in the denoiser's loss."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
import torch

from pipeline.miniature.artist.draw import draw, placement
from pipeline.miniature.artist.scene import Scene, random_scene
from pipeline.miniature.training.focus import MOST, focus
from pipeline.miniature.training.pictures import BUCKETS


def a_scene(framing: str) -> Scene:
    """Somebody in that framing."""
    rng = Random(framing)
    return next(scene for scene in iter(lambda: random_scene(rng), None) if scene.framing == framing)


def of(scene: Scene, size: tuple[int, int], share: float = 0.3) -> torch.Tensor:
    """The weights of a whole picture, at an eighth of its size."""
    return focus(scene, size, size[1] // 8, size[0] // 8, share)


@pytest.mark.parametrize("size", BUCKETS)
def test_the_loss_stays_as_large_as_it_was(size: tuple[int, int]) -> None:
    """The weights have mean 1, and no place counts more than `MOST` times another."""
    rng = Random(f"{size}")
    for _ in range(20):
        weights = of(random_scene(rng), size)
        assert float(weights.mean()) == pytest.approx(1, abs=1e-5)
        assert float(weights.max() / weights.min()) <= MOST + 1e-4


def test_the_smaller_a_face_the_more_it_counts() -> None:
    """A face that fills the picture counts about as much as the rest does."""
    at_face = []
    for framing, size in (("portrait", (256, 256)), ("full body", (256, 256)), ("full body", (384, 160))):
        scene = a_scene(framing)
        place = placement(scene, *size)
        assert place is not None
        weights = of(scene, size)[0]
        at_face.append(float(weights[int((place.y + 0.5 * place.unit) / 8), int(place.x / 8)] / weights.min()))
    assert 1 <= at_face[0] < at_face[1] < at_face[2]
    assert at_face[0] < 1.5


def test_without_people_or_a_share_all_places_count_alike() -> None:
    """Nothing is preferred."""
    rng = Random(5)
    empty = next(scene for scene in iter(lambda: random_scene(rng), None) if not scene.person)
    assert of(empty, (256, 256)).unique().tolist() == [1]
    assert of(a_scene("full body"), (256, 256), 0.0).unique().tolist() == [1]


@pytest.mark.parametrize("size", [(256, 256), (384, 160), (160, 384)])
def test_the_head_is_where_it_is_said_to_be(size: tuple[int, int]) -> None:
    """Drawn with other hair, the picture changes most within the weights of the head."""
    for framing in ("upper body", "full body"):
        scene = a_scene(framing)
        changes = {
            "hair_style": "bob cut",
            "headwear": "",
            "quality": "best quality",
            "painting": "",
            "year": "",
        }
        pair = []
        for colour in ("white hair", "black hair"):
            kept = {name: getattr(scene, name) for name in scene.__dataclass_fields__} | changes
            pair.append(np.asarray(draw(Scene(**(kept | {"hair_colour": colour})), *size), np.int16))
        moved = np.abs(pair[0] - pair[1]).sum(-1) > 60
        place = placement(scene, *size)
        assert place is not None
        down, across = np.nonzero(moved)
        far = np.hypot(across - place.x, down - place.y - 0.5 * place.unit) / place.unit
        assert moved.any()
        assert np.quantile(far, 0.95) < 0.72
