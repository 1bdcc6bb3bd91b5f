"""Picture i of a seed is always the same, whoever draws it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from pipeline.miniature.artist.scene import is_held_out
from pipeline.miniature.training.pictures import BUCKETS, bucket_of, draw_picture, draw_pictures, scene_of


def test_scenes_follow_from_seed_and_index_alone() -> None:
    """And from both of them."""
    assert [scene_of(3, index) for index in range(20)] == [scene_of(3, index) for index in range(20)]
    assert scene_of(3, 1) != scene_of(3, 2)
    assert scene_of(3, 1) != scene_of(4, 1)


@pytest.mark.parametrize("held_out", [False, True])
def test_held_out_combinations_are_kept_apart(held_out: bool) -> None:
    """In both directions."""
    scenes = [scene_of(0, index, held_out=held_out) for index in range(300)]
    assert all(is_held_out(*scene.triple) == held_out for scene in scenes if scene.person)
    assert held_out == all(scene.person for scene in scenes)


def test_buckets_take_turns_and_fit_the_vae() -> None:
    """Every size also lies the other way round."""
    assert [bucket_of(index) for index in range(11)] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1]
    assert all(width % 16 == height % 16 == 0 for width, height in BUCKETS)
    assert {(height, width) for width, height in BUCKETS} == set(BUCKETS)


def test_other_processes_draw_the_same_pictures_in_the_order_asked_for() -> None:
    """Over several chunks."""
    indices = [5, 0, *range(20, 40), 3]
    drawn = list(draw_pictures(indices, 1, workers=2))
    for at in (0, 1, 7, -1):
        index = indices[at]
        width, height = BUCKETS[bucket_of(index)]
        assert drawn[at].shape == (height, width, 3)
        assert drawn[at].dtype == np.uint8
        assert np.array_equal(drawn[at], draw_picture(1, index))
    assert len(drawn) == len(indices)


def test_a_size_can_be_given() -> None:
    """Instead of the bucket's; and no picture at all is fine."""
    assert [picture.shape for picture in draw_pictures([0, 4], 1, workers=0, size=(64, 96))] == [
        (96, 64, 3)
    ] * 2
    assert list(draw_pictures([], 1, workers=2)) == []


def test_drawing_stops_when_nobody_takes_any_more() -> None:
    """Ten thousand pictures are asked for, and one is taken."""
    pictures = draw_pictures(range(10**4), 1, workers=0)
    next(pictures)
    pictures.close()  # type: ignore[attr-defined]


def test_drawing_does_not_load_torch() -> None:
    """The drawing processes would carry it each."""
    code = (
        "import sys; from pipeline.miniature.training.pictures import draw_picture; draw_picture(0, 0);"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
