"""The embedded miniature: made once, whole, the same everywhere, and an SDXL checkpoint like any other."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from pipeline.engine.configs import CONFIG_FILES, sdxl_config
from pipeline.engine.layout import MODELS, STEM, check_folder
from pipeline.engine.miniature import CHANGES, VERSION, _gaussian, ensure_miniature, make_miniature
from pipeline.errors import WeightsError

EXPECTED = {
    "unet": "d7a6e1d10c2ee5fad072957a1ea049911c1a06bc6f7aea4d4f7d151c300bb92d",
    "vae": "f8626f1d3d566ed9bc069a7de856bfc14f2552dc21c43ceceedd5f6c528e00cf",
    "text_encoder": "9d734634f167c9945bd8c320984d22e7b215f9a9524d263894c58224edc32e75",
    "text_encoder_2": "001cec7fb3fe295210c056b7816e3aaa7301d56e43ce16fa3a28d608d02c50d7",
}
"""SHA-256 of the weights files of `random-1`."""


def _weights(folder: Path, name: str) -> Path:
    return folder / name / f"{STEM[name]}.safetensors"


def test_plain_diffusers_paints_with_it(miniature_folder: Path) -> None:
    """The stock pipeline loads the folder as it stands and paints a picture that is neither broken nor flat."""
    from diffusers import StableDiffusionXLPipeline

    pipe = StableDiffusionXLPipeline.from_pretrained(miniature_folder)
    pipe.set_progress_bar_config(disable=True)
    pictures = [
        pipe(
            prompt,
            width=128,
            height=96,
            num_inference_steps=3,
            generator=torch.Generator().manual_seed(1),
            output_type="pt",
        ).images[0]
        for prompt in ("1girl, solo", "a dragon on a hill")
    ]
    assert pictures[0].shape == (3, 96, 128)
    assert all(picture.isfinite().all() and 0.05 < picture.std() < 0.5 for picture in pictures)
    assert (pictures[0] - pictures[1]).abs().mean() > 0.01  # the prompt matters


def test_bytes_are_the_same_everywhere(miniature_folder: Path) -> None:
    """The weights files have these hashes on every machine; a change needs a new VERSION."""
    found = {name: hashlib.sha256(_weights(miniature_folder, name).read_bytes()).hexdigest() for name in MODELS}
    assert VERSION == "random-1"
    assert found == EXPECTED


def test_made_once(miniature_folder: Path) -> None:
    """The second call finds the folder and writes nothing."""
    before = _weights(miniature_folder, "unet").stat().st_mtime_ns
    assert ensure_miniature(miniature_folder.parent) == miniature_folder
    assert _weights(miniature_folder, "unet").stat().st_mtime_ns == before


def test_no_half_made_folder_after_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When making it fails half way, nothing is left under its name and the next call makes it whole."""

    def break_off(folder: Path) -> None:
        (folder / "unet").mkdir()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.engine.miniature.make_miniature", break_off)
    with pytest.raises(WeightsError, match="No space left"):
        ensure_miniature(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_second_maker_uses_the_first_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes that make it at once end with one whole folder."""

    def slower(folder: Path) -> None:
        (folder / "mine").touch()
        other = tmp_path / f"miniature-{VERSION}"
        other.mkdir()
        (other / "theirs").touch()

    monkeypatch.setattr("pipeline.engine.miniature.make_miniature", slower)
    made = ensure_miniature(tmp_path)
    assert [path.name for path in made.iterdir()] == ["theirs"]
    assert list(tmp_path.iterdir()) == [made]


def test_architecture_is_sdxls(miniature_folder: Path) -> None:
    """Only sizes differ from SDXL's configs: kinds of blocks, conditioning and activations are its own."""
    sizes = {key for changes in CHANGES.values() for key in changes}
    for name in CONFIG_FILES:
        made = json.loads((miniature_folder / name).read_text())
        wanted = sdxl_config(name)
        assert made.keys() == wanted.keys()
        assert {key for key in made if made[key] != wanted[key]} <= sizes
    assert not sizes & {
        "addition_embed_type",
        "down_block_types",
        "hidden_act",
        "latent_channels",
        "scaling_factor",
    }


def test_tensor_names_are_the_hubs(miniature_folder: Path) -> None:
    """Text encoders keep the `text_model.` prefix of published checkpoints, and nothing is a pickle."""
    tensors = check_folder(miniature_folder)
    assert "text_model.embeddings.token_embedding.weight" in tensors["text_encoder"]
    assert tensors["text_encoder_2"]["text_projection.weight"].shape == (96, 96)
    assert {path.suffix for path in miniature_folder.rglob("*") if path.is_file()} == {
        ".json",
        ".txt",
        ".safetensors",
    }


def test_tokenizers_are_clips(miniature_folder: Path) -> None:
    """Ids of a known text, the paddings of SDXL's two tokenizers, and 77 tokens at most."""
    from transformers import CLIPTokenizer

    first, second = (CLIPTokenizer.from_pretrained(miniature_folder / f"tokenizer{n}") for n in ("", "_2"))
    assert first("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
    assert (first.pad_token_id, second.pad_token_id) == (49407, 0)
    assert first.model_max_length == second.model_max_length == 77
    assert len(first) == 49408


def test_random_numbers_depend_on_the_name() -> None:
    """Each tensor has its own numbers, close to a normal distribution."""
    one, other = _gaussian("unet/a", (64, 64)), _gaussian("unet/b", (64, 64))
    assert not torch.equal(one, other)
    assert torch.equal(one, _gaussian("unet/a", (64, 64)))
    assert abs(one.mean()) < 0.05
    assert abs(one.std() - 1) < 0.05


def test_half_precision_loses_nothing(miniature_folder: Path) -> None:
    """Every weight is a float16 number, so a half-precision copy is the same checkpoint."""
    with safe_open(_weights(miniature_folder, "unet"), framework="pt") as file:
        for key in list(file.keys())[:20]:
            tensor = file.get_tensor(key)
            assert torch.equal(tensor, tensor.half().float())


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


def test_make_miniature_fills_an_empty_folder(tmp_path: Path, miniature_folder: Path) -> None:
    """Making it again elsewhere gives the same files, byte for byte."""
    make_miniature(tmp_path)
    files = {path.relative_to(miniature_folder) for path in miniature_folder.rglob("*") if path.is_file()}
    assert {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()} == files
    assert all((tmp_path / file).read_bytes() == (miniature_folder / file).read_bytes() for file in files)
