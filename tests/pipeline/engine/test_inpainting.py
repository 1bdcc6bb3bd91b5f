"""Painting over a part: the same as diffusers' own inpainting pipeline inside the mask, untouched outside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from diffusers import StableDiffusionXLInpaintPipeline
from PIL import Image

from pipeline.engine.engine import Engine
from pipeline.engine.pasting import unmasked_kept
from pipeline.engine.schedulers import build_scheduler
from pipeline.samplers import SAMPLERS
from pipeline.work import Failed, Painted, Work
from tests.pipeline.engine.test_source import SIZE, a_picture, paint, work_from
from tests.support.painting import Shelf, drain, make_profile, of_kind


def a_mask(box: tuple[int, int, int, int] = (16, 8, 56, 40)) -> Image.Image:
    """White in a box, which is no multiple of a latent pixel."""
    mask = Image.new("L", SIZE)
    mask.paste(255, box)
    return mask


def masked(mask: Image.Image, work_id: int = 1, **changes: Any) -> Work:
    """A work that paints over a part of the picture."""
    work = work_from(a_picture(), work_id, **({"mask": "cd" * 32} | changes))
    return replace(work, mask=mask.tobytes())


def rgb(pixels: bytes) -> npt.NDArray[np.int16]:
    """Rows, columns, colours."""
    return np.frombuffer(pixels, np.uint8).reshape(SIZE[1], SIZE[0], 3).astype(np.int16)


@pytest.mark.parametrize("strength", [0.5, 1.0])
@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_it_is_what_diffusers_paints(model: Any, stock: Any, sampler: str, strength: float) -> None:
    """The same pixels, with the same seed, but for those outside that are put back."""
    work = masked(a_mask(), sampler=sampler, strength=strength)
    recipe = work.recipe
    plain: Any = StableDiffusionXLInpaintPipeline(**stock.components)
    plain.scheduler = build_scheduler(sampler, model.scheduler_config, recipe.steps)
    plain.set_progress_bar_config(disable=True)
    expected = plain(
        prompt=recipe.prompt,
        negative_prompt=recipe.negative_prompt,
        image=a_picture(),
        mask_image=a_mask(),
        width=SIZE[0],
        height=SIZE[1],
        strength=strength,
        num_inference_steps=recipe.steps,
        guidance_scale=recipe.guidance_scale,
        generator=torch.Generator("cpu").manual_seed(recipe.seed),
    ).images[0]
    [painted] = paint(model, work)
    theirs = unmasked_kept(expected.tobytes(), work.source, work.mask, *SIZE)
    assert np.abs(rgb(painted.pixels) - rgb(theirs)).max() <= 1


def test_unmasked_pixels_are_unchanged(model: Any) -> None:
    """Exactly, whatever the VAE makes of them; inside much is new."""
    work = masked(a_mask(), strength=1.0, sampler="euler")
    [painted] = paint(model, work)
    change = np.abs(rgb(painted.pixels) - rgb(work.source)).max(axis=-1)
    inside = np.asarray(a_mask()) > 0
    assert change[~inside].max() == 0
    assert (change[inside] > 10).mean() > 0.5


def test_neighbours_change_nothing(model: Any) -> None:
    """Bit for bit, beside a picture without a mask and one with another."""
    [alone] = paint(model, masked(a_mask()))
    beside = paint(
        model, work_from(a_picture(), 2, seed=9), masked(a_mask((0, 0, 32, 48)), 3), masked(a_mask())
    )
    assert beside[2].pixels == alone.pixels


def test_a_white_mask_paints_all_of_it(model: Any) -> None:
    """Up to the border."""
    work = masked(Image.new("L", SIZE, 255), strength=1.0)
    [painted] = paint(model, work)
    change = np.abs(rgb(painted.pixels) - rgb(work.source)).max(axis=-1)
    assert (change[:2] > 0).any()
    assert (change[-2:] > 0).any()


def test_a_mask_of_nothing_is_refused(model: Any) -> None:
    """One pixel is less than a latent has room for."""
    engine = Engine(Shelf(stock=replace(model, profile=make_profile("stock"))))
    engine.add(masked(a_mask((17, 9, 18, 10))))
    events = drain(engine)
    assert not of_kind(events, Painted)
    [failed] = of_kind(events, Failed)
    assert "too small" in str(failed.error)


def test_the_edge_is_faded_on_its_inner_side() -> None:
    """From the given picture to the painted one within a few pixels, and none of the given one is touched."""
    width, height = 256, 256
    mask = Image.new("L", (width, height))
    mask.paste(255, (128, 0, 256, 256))
    black, white = bytes(width * height * 3), b"\xff" * (width * height * 3)
    mixed = np.frombuffer(unmasked_kept(white, black, mask.tobytes(), width, height), np.uint8)
    row = mixed.reshape(height, width, 3)[100, :, 0].astype(int)
    assert row[:128].max() == 0
    assert 0 < row[129] < row[130] < 255
    assert row[136:].min() == 255
