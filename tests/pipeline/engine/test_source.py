"""Starting from a picture: the same as diffusers' own img2img pipeline, for every sampler, alone or in company."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionXLImg2ImgPipeline
from PIL import Image

from pipeline.engine.engine import Engine
from pipeline.engine.schedulers import build_scheduler
from pipeline.samplers import SAMPLERS
from pipeline.work import Painted, Stepped, Work
from tests.support.painting import Shelf, drain, make_profile, make_recipe, of_kind

SIZE = (64, 48)
"""Width and height in pixels."""


def a_picture() -> Image.Image:
    """Soft colours."""
    width, height = SIZE
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([across, down, 255 - across], -1).astype(np.uint8))


def work_from(picture: Image.Image, work_id: int = 1, **changes: Any) -> Work:
    """A work that starts from this picture."""
    values: dict[str, Any] = {
        "width": SIZE[0],
        "height": SIZE[1],
        "steps": 6,
        "init_image": "ab" * 32,
        "strength": 0.5,
    }
    return Work(work_id, make_recipe(**(values | changes)), source=picture.tobytes())


def paint(model: Any, *works: Work) -> list[Painted]:
    """What the engine makes of some works together, in their order."""
    loaded = replace(model, profile=make_profile("stock"))
    engine = Engine(Shelf(stock=loaded))
    for work in works:
        engine.add(work)
    events = drain(engine)
    return [of_kind(events, Painted, work.id)[0] for work in works]


@pytest.mark.parametrize("strength", [0.34, 0.5, 1.0])
@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_it_is_what_diffusers_paints(model: Any, stock: Any, sampler: str, strength: float) -> None:
    """The same pixels, with the same seed."""
    work = work_from(a_picture(), sampler=sampler, strength=strength)
    recipe = work.recipe
    plain: Any = StableDiffusionXLImg2ImgPipeline(**stock.components)
    plain.scheduler = build_scheduler(sampler, model.scheduler_config, recipe.steps)
    plain.set_progress_bar_config(disable=True)
    expected = plain(
        prompt=recipe.prompt,
        negative_prompt=recipe.negative_prompt,
        image=a_picture(),
        strength=strength,
        num_inference_steps=recipe.steps,
        guidance_scale=recipe.guidance_scale,
        generator=torch.Generator("cpu").manual_seed(recipe.seed),
    ).images[0]
    [painted] = paint(model, work)
    ours = np.frombuffer(painted.pixels, np.uint8).astype(int)
    assert np.abs(ours - np.asarray(expected).reshape(-1).astype(int)).max() <= 1


def test_neighbours_change_nothing(model: Any) -> None:
    """Bit for bit, beside pictures from noise and from other pictures."""
    work = work_from(a_picture())
    [alone] = paint(model, work)
    other = work_from(a_picture().transpose(Image.Transpose.FLIP_LEFT_RIGHT), 2, seed=9, strength=0.9)
    noise = Work(3, make_recipe(width=SIZE[0], height=SIZE[1], steps=5))
    assert paint(model, other, work, noise)[1].pixels == alone.pixels


def test_as_many_steps_as_the_strength_leaves_are_told(model: Any) -> None:
    """From one to the last."""
    engine = Engine(Shelf(stock=replace(model, profile=make_profile("stock"))))
    engine.add(work_from(a_picture(), steps=10, strength=0.35))
    steps = [(event.step, event.steps) for event in of_kind(drain(engine), Stepped)]
    assert steps == [(1, 3), (2, 3), (3, 3)]
