"""PNG metadata: other people's tools read it back, and ours reads it back exactly."""

from __future__ import annotations

import dataclasses
import io

import pytest
from PIL import Image
from sd_parsers import ParserManager

from pipeline.metadata import RECIPE_KEY, encode_png
from pipeline.recipe import Recipe
from pipeline.samplers import SAMPLERS

RECIPE = Recipe(
    profile="animagine-xl-4.0",
    prompt="1girl, bishop \\(chess\\), (smile:1.2), 日本語, masterpiece",
    negative_prompt="lowres, (bad:1.05)",
    width=64,
    height=96,
    sampler="euler_a",
    steps=25,
    guidance_scale=6.5,
    seed=4294967295,
)
PIXELS = bytes(range(256)) * (64 * 96 * 3 // 256)


def reopened(recipe: Recipe) -> Image.Image:
    """The picture as a reader of the file gets it."""
    return Image.open(io.BytesIO(encode_png(PIXELS, recipe)))


def test_the_pixels_are_kept() -> None:
    """PNG is lossless, whatever level it is packed with."""
    assert reopened(RECIPE).tobytes() == PIXELS


def test_the_recipe_reads_back_equal() -> None:
    """The second chunk is the exact recipe."""
    assert Recipe.from_json(reopened(RECIPE).text[RECIPE_KEY]) == RECIPE  # type: ignore[attr-defined]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_sd_parsers_reads_everything_back(sampler: str) -> None:
    """The field's reader finds prompt, negative prompt, seed, sampler, steps, guidance and size."""
    recipe = Recipe(**{**{f: getattr(RECIPE, f) for f in Recipe.__slots__}, "sampler": sampler})
    info = ParserManager().parse(io.BytesIO(encode_png(PIXELS, recipe)))
    assert info is not None
    found = info.samplers[0]
    assert [p.value for p in info.prompts] == [recipe.prompt]
    assert [p.value for p in info.negative_prompts] == [recipe.negative_prompt]
    assert found.name == SAMPLERS[sampler].name
    parameters = {**found.parameters, **info.metadata}
    assert str(parameters.get("seed", parameters.get("Seed"))) == str(recipe.seed)
    assert int(parameters["steps"]) == recipe.steps
    assert float(parameters["cfg_scale"]) == recipe.guidance_scale
    assert "64x96" in str(info.metadata) + str(found.parameters)


def test_a_prompt_of_several_lines_does_not_end_the_prompt_early() -> None:
    """The format is read line by line."""
    recipe = Recipe.from_json(RECIPE.to_json().replace("1girl, ", "1girl,\\n\\nSteps: 3, "))
    info = ParserManager().parse(io.BytesIO(encode_png(PIXELS, recipe)))
    assert info is not None
    assert info.samplers[0].parameters["steps"] in {25, "25"}


def test_a_picture_that_started_from_another_says_so() -> None:
    """By the name that A1111 uses."""
    recipe = dataclasses.replace(RECIPE, init_image="ab" * 32, strength=0.45)
    assert "Denoising strength: 0.45" in reopened(recipe).text["parameters"]  # type: ignore[attr-defined]
    assert "Denoising" not in reopened(RECIPE).text["parameters"]  # type: ignore[attr-defined]
