"""A tiny model, loaded once: the miniature, painted at sizes that take milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline.engine.loader import load_folder
from pipeline.engine.model import LoadedModel
from pipeline.profiles.types import Conditioning
from tests.support.painting import make_profile


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Bits depend on the number of threads, so it is the same in all tests, whoever runs beside them."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def loaded(miniature_folder: Path) -> LoadedModel:
    """The miniature under a stock profile. Shared: tests must leave its parts as they were."""
    device = torch.device("cpu")
    return load_folder(
        make_profile("stock"), miniature_folder, weights="test:1", device=device, dtype=torch.float32
    )


@pytest.fixture
def model(loaded: LoadedModel) -> LoadedModel:
    """A copy whose fields a test may change; the parts are shared."""
    return replace(loaded)


@pytest.fixture
def lpw_model(loaded: LoadedModel) -> LoadedModel:
    """The same weights under a profile that is conditioned by lpw's rules."""
    return replace(loaded, profile=make_profile("lpw", Conditioning.LPW))


@pytest.fixture
def stock(loaded: LoadedModel) -> Any:
    """Plain diffusers on the same weights."""
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline

    pipe: Any = StableDiffusionXLPipeline(
        vae=loaded.vae,
        text_encoder=loaded.text_encoder,
        text_encoder_2=loaded.text_encoder_2,
        tokenizer=loaded.tokenizer,
        tokenizer_2=loaded.tokenizer_2,
        unet=loaded.unet,
        scheduler=EulerDiscreteScheduler.from_config(loaded.scheduler_config),
        force_zeros_for_empty_prompt=True,
        add_watermarker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe
