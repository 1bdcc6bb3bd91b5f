"""The exported folder is a checkpoint like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open

from pipeline.engine.layout import check_folder
from pipeline.miniature.training.checkpoint import TrainingError
from pipeline.miniature.training.export import export_model
from pipeline.miniature.training.models import Denoiser, build_denoiser
from pipeline.miniature.training.tokenizer import miniature_vocabulary
from pipeline.prompt.tokens import TokenMeter
from tests.pipeline.miniature.training.conftest import quick_options

OPTIONS = quick_options()


@pytest.fixture(scope="module")
def model() -> Denoiser:
    """Untrained models of the smallest size."""
    return build_denoiser(OPTIONS, miniature_vocabulary())


def test_a_plain_pipeline_loads_and_paints(vae: Any, model: Denoiser, tmp_path: Path) -> None:
    """Also in float32, and the prompt meter reads its tokenizer."""
    from diffusers import StableDiffusionXLPipeline

    folder = tmp_path / "model"
    export_model(folder, vae, model, OPTIONS)
    check_folder(folder)
    loaded: Any = StableDiffusionXLPipeline.from_pretrained(folder, dtype=torch.float32)
    assert loaded.config.force_zeros_for_empty_prompt is False
    assert type(loaded.scheduler).__name__ == "EulerAncestralDiscreteScheduler"
    for name, part in (*model.parts.items(), ("vae", vae)):
        theirs = getattr(loaded, name).state_dict()
        for key, value in part.state_dict().items():
            assert theirs[key].dtype == torch.float32
            torch.testing.assert_close(theirs[key], value.half().float(), msg=f"{name}/{key}")
    loaded.set_progress_bar_config(disable=True)
    picture = loaded("1girl, red sweater", height=104, width=152, num_inference_steps=2).images[0]
    assert picture.size == (152, 104)
    assert TokenMeter(folder / "tokenizer").count("red sweater") == (2,)


def test_names_and_types_are_those_of_hub_checkpoints(vae: Any, model: Denoiser, tmp_path: Path) -> None:
    """With the prefix that newer transformers drop."""
    export_model(tmp_path / "model", vae, model, OPTIONS)
    for name in ("text_encoder", "text_encoder_2"):
        with safe_open(tmp_path / "model" / name / "model.safetensors", "pt") as file:
            keys = set(file.keys())
            assert {file.get_tensor(key).dtype for key in keys} == {torch.float16}
        assert "text_model.embeddings.token_embedding.weight" in keys
        assert ("text_projection.weight" in keys) == (name == "text_encoder_2")
        assert all(key.startswith(("text_model.", "text_projection.")) for key in keys)


def test_an_export_replaces_a_model_and_nothing_else(vae: Any, model: Denoiser, tmp_path: Path) -> None:
    """A folder with other things in it stays."""
    folder = tmp_path / "model"
    export_model(folder, vae, model, OPTIONS)
    (folder / "old").touch()
    export_model(folder, vae, model, OPTIONS)
    assert not (folder / "old").exists()
    other = tmp_path / "home"
    other.mkdir()
    (other / "letter").touch()
    with pytest.raises(TrainingError, match="something else"):
        export_model(other, vae, model, OPTIONS)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["home", "model"]


def test_weights_that_went_astray_are_not_shipped(vae: Any, tmp_path: Path) -> None:
    """The sentence names the weight."""
    broken = build_denoiser(OPTIONS, miniature_vocabulary())
    broken.unet.conv_in.weight.data[0, 0, 0, 0] = 1e6
    with pytest.raises(TrainingError, match=r"unet/conv_in\.weight"):
        export_model(tmp_path / "model", vae, broken, OPTIONS)
    assert not (tmp_path / "model").exists()
