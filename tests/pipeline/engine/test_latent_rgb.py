"""Colours of latents: SDXL's known ones for SDXL's VAE, fitted ones for any other."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch.nn import functional

from pipeline.built_in import FOLDER
from pipeline.engine import latent_rgb as module
from pipeline.engine.decode import decode
from pipeline.engine.engine import Engine
from pipeline.engine.latent_rgb import LatentRgb, fitted, latent_rgb, published
from pipeline.engine.loader import load_folder
from pipeline.engine.model import LoadedModel
from pipeline.engine.preview import preview_pixels
from pipeline.work import Painted, Preview
from tests.support.painting import Shelf, drain, make_profile, make_work, of_kind

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def built_in() -> LoadedModel:
    """The model that comes with the program."""
    return load_folder(make_profile("stock"), Path(FOLDER), weights="test:1", device=CPU, dtype=torch.float32)


def error(colours: LatentRgb, latents: torch.Tensor, pixels: torch.Tensor) -> float:
    """Root of the mean squared difference from a picture, in levels of 255, at the size of the latents."""
    size = (latents.shape[-2], latents.shape[-1])
    seen = functional.adaptive_avg_pool2d(colours(latents).clamp(-1, 1), size)
    true = functional.adaptive_avg_pool2d(pixels, size)
    return float(((seen - true) ** 2).mean().sqrt() * 127.5)


def sdxl_like(**changes: Any) -> Any:
    """A model whose VAE has SDXL's config."""
    config = {
        "block_out_channels": [128, 256, 512, 512],
        "scaling_factor": 0.13025,
        "latent_channels": 4,
        **changes,
    }

    class Config(SimpleNamespace):
        def get(self, name: str) -> Any:
            return getattr(self, name, None)

    return SimpleNamespace(vae=SimpleNamespace(config=Config(**config)), device=CPU)


def test_sdxls_vae_has_the_known_factors() -> None:
    """One latent of known value, in its known colour, a pixel a latent; nothing is decoded for it."""
    latents = torch.zeros(1, 4, 20, 30)
    latents[:, 0] = 1.0
    width, height, pixels = preview_pixels(latents, latent_rgb(sdxl_like()))
    assert (width, height) == (30, 20)
    expected = [round((value + 1) / 2 * 255) for value in (0.3651 + 0.1084, 0.4232 - 0.0175, 0.4341 - 0.0011)]
    assert list(pixels[:3]) == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("change", [{"scaling_factor": 0.18215}, {"latents_mean": [0.0] * 4}])
def test_another_vae_of_the_same_shape_is_not_taken_for_sdxls(change: dict[str, Any]) -> None:
    """SD 1.5's VAE has SDXL's layers, and other latents."""
    with patch.object(module, "fitted", return_value="fitted") as fit:
        assert latent_rgb(sdxl_like(**change)) is fit.return_value


def test_a_preview_of_broken_latents_is_grey() -> None:
    """Not a number is no error."""
    width, height, pixels = preview_pixels(torch.full((1, 4, 8, 16), float("nan")), published(CPU))
    assert (width, height) == (16, 8)
    assert set(pixels) == {128}


def test_fitted_colours_are_those_of_the_finished_picture(built_in: LoadedModel) -> None:
    """On a real picture of the built-in model; SDXL's factors are nowhere near."""
    engine = Engine(Shelf(stock=built_in))
    latents: list[torch.Tensor] = []

    def noted(model: LoadedModel, given: torch.Tensor, *, tiled: bool = False) -> tuple[int, int, bytes]:
        latents.append(given)
        return decode(model, given, tiled=tiled)

    with patch("pipeline.engine.engine.decode", side_effect=noted):
        engine.add(make_work(1, width=128, height=128, steps=12))
        painted = of_kind(drain(engine), Painted)[0]
    levels = torch.frombuffer(bytearray(painted.pixels), dtype=torch.uint8).reshape(1, 128, 128, 3)
    picture = levels.permute(0, 3, 1, 2).float() / 127.5 - 1
    off = error(fitted(built_in), latents[0], picture)
    assert off < 25
    assert error(published(CPU), latents[0], picture) > 3 * off


def test_fitting_touches_nothing_else(built_in: LoadedModel) -> None:
    """Neither the process's own chance nor the model: twice the same."""
    before = torch.random.get_rng_state()
    first, second = fitted(built_in), fitted(built_in)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(first.weight, second.weight)


def test_a_model_is_fitted_once(model: LoadedModel) -> None:
    """And its colours stay with it as long as it is loaded."""
    engine = Engine(Shelf(stock=model))
    with patch("pipeline.engine.preview.latent_rgb", side_effect=fitted) as fit:
        engine.add(make_work(1, preview_every=1))
        engine.add(make_work(2, preview_every=1))
        assert len(of_kind(drain(engine), Preview)) == 6
    assert fit.call_count == 1
    assert model.latent_rgb is not None


def test_a_vae_that_cannot_be_fitted_has_sdxls_colours(
    model: LoadedModel, caplog: pytest.LogCaptureFixture
) -> None:
    """Logged once, tried once, and the picture is painted."""
    engine = Engine(Shelf(stock=model))
    with patch("pipeline.engine.preview.latent_rgb", side_effect=MemoryError) as fit:
        engine.add(make_work(1, preview_every=1))
        events = drain(engine)
    assert (fit.call_count, len(of_kind(events, Preview)), len(of_kind(events, Painted))) == (1, 3, 1)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
