"""The configs that one-file checkpoints do not carry: SDXL's own, written into the cache as a whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pipeline.engine.configs import config_folder, sdxl_config
from pipeline.errors import WeightsError


def test_full_size_configs_are_sdxls() -> None:
    """The shipped configs describe the published SDXL: the numbers of parameters of its four models."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    with torch.device("meta"):
        models = {
            "unet": UNet2DConditionModel.from_config(sdxl_config("unet/config.json")),
            "vae": AutoencoderKL.from_config(sdxl_config("vae/config.json")),
            "text_encoder": CLIPTextModel(CLIPTextConfig(**sdxl_config("text_encoder/config.json"))),
            "text_encoder_2": CLIPTextModelWithProjection(
                CLIPTextConfig(**sdxl_config("text_encoder_2/config.json"))
            ),
        }
    assert {name: sum(p.numel() for p in model.parameters()) for name, model in models.items()} == {
        "unet": 2_567_463_684,
        "vae": 83_653_863,
        "text_encoder": 123_060_480,
        "text_encoder_2": 694_659_840,
    }


def test_written_once(tmp_path: Path) -> None:
    """The second call finds the folder and writes nothing."""
    made = config_folder(tmp_path)
    before = (made / "model_index.json").stat().st_mtime_ns
    assert config_folder(tmp_path) == made
    assert (made / "model_index.json").stat().st_mtime_ns == before


def test_no_half_made_folder_after_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When making it fails half way, nothing is left under its name so the next call makes it whole."""

    def break_off(folder: Path) -> None:
        (folder / "unet").mkdir()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.engine.configs.write_configs", break_off)
    with pytest.raises(WeightsError, match="No space left"):
        config_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_second_maker_uses_the_first_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes that make it at once end with one whole folder."""

    def slower(folder: Path) -> None:
        (folder / "mine").touch()
        other = tmp_path / folder.name
        other.mkdir()
        (other / "theirs").touch()

    monkeypatch.setattr("pipeline.engine.configs.write_configs", slower)
    made = config_folder(tmp_path)
    assert [path.name for path in made.iterdir()] == ["theirs"]
    assert list(tmp_path.iterdir()) == [made]
