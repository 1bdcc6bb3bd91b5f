"""The checkpoint that comes with the program: what is missing or damaged in it is named, with a way to get it back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from pipeline import built_in
from pipeline.engine.store import ModelStore
from pipeline.engine.weights import WeightsState
from pipeline.errors import WeightsError
from pipeline.profiles import load_profiles
from pipeline.profiles.types import Rating
from pipeline.prompt.tokens import TokenMeter
from pipeline.request import ImagineRequest, plan, warm_up
from tests.support.plain_profile import plain_profile

UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture
def folder(miniature_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the untrained miniature that the program takes for its own and a test may break."""
    copy = Path(shutil.copytree(miniature_folder, tmp_path / "model"))
    monkeypatch.setattr(built_in, "FOLDER", copy)
    return copy


def _store(cache: Path) -> ModelStore:
    return ModelStore({"tiny": plain_profile()}, cache_dir=cache / "cache", device="cpu")


def _gone(folder: Path) -> None:
    shutil.rmtree(folder)


def _no_unet(folder: Path) -> None:
    (folder / UNET).unlink()


def _cut(folder: Path) -> None:
    path = folder / UNET
    path.write_bytes(path.read_bytes()[:-1000])


def _empty(folder: Path) -> None:
    (folder / "text_encoder" / "model.safetensors").write_bytes(b"")


def _pointer(folder: Path) -> None:
    (folder / UNET).write_text("version https://git-lfs.github.com/spec/v1\n")


def _no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer_2" / "vocab.json").unlink()


def _no_version(folder: Path) -> None:
    (folder / built_in.VERSION_FILE).unlink()


def _bad_version(folder: Path) -> None:
    (folder / built_in.VERSION_FILE).write_text("<<<<<<< HEAD\n")


def _bad_config(folder: Path) -> None:
    (folder / "vae" / "config.json").write_text("{")


@pytest.mark.parametrize(
    ("break_it", "names"),
    [
        (_gone, "model_index.json"),
        (_no_unet, "unet"),
        (_cut, UNET),
        (_empty, "text_encoder/model.safetensors"),
        (_pointer, UNET),
        (_no_tokenizer, "tokenizer_2/vocab.json"),
        (_no_version, built_in.VERSION_FILE),
        (_bad_version, built_in.VERSION_FILE),
        (_bad_config, "vae/config.json"),
    ],
)
def test_damage_is_named_with_the_way_back(
    folder: Path, tmp_path: Path, break_it: Callable[[Path], None], names: str
) -> None:
    """By `describe`, which `doctor` shows, and when something is to be painted; the store works once it is mended."""
    whole = Path(shutil.copytree(folder, tmp_path / "whole"))
    store = _store(tmp_path)
    break_it(folder)
    status = store.describe("tiny")
    assert (status.state, status.where) == (WeightsState.BROKEN, str(folder))
    assert names in status.text
    assert "git restore pipeline/miniature/model" in status.text
    assert store.check_online("tiny") == status
    with pytest.raises(WeightsError) as caught:
        store.get("tiny")
    assert caught.value.text == status.text
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
    assert store.describe("tiny").usable
    assert store.get("tiny").weights == "miniature:random-1"


def _lost_tensor(folder: Path) -> None:
    tensors = load_file(folder / UNET)
    del tensors["conv_in.weight"]
    save_file(tensors, folder / UNET, metadata={"format": "pt"})


def _wrong_size(folder: Path) -> None:
    path = folder / "unet" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"cross_attention_dim": 64}))


@pytest.mark.parametrize("break_it", [_lost_tensor, _wrong_size])
def test_damage_that_only_loading_finds(folder: Path, tmp_path: Path, break_it: Callable[[Path], None]) -> None:
    """The loader's sentence, with the way back."""
    break_it(folder)
    with pytest.raises(WeightsError, match="git restore pipeline/miniature/model") as caught:
        _store(tmp_path).get("tiny")
    assert str(folder) in caught.value.text


def test_recipes_tell_trainings_apart(folder: Path, tmp_path: Path) -> None:
    """By the version in the folder, without a hash of the weights."""
    (folder / built_in.VERSION_FILE).write_text("other-2\n")
    assert "other-2" in _store(tmp_path).describe("tiny").text
    assert _store(tmp_path).get("tiny").weights == "miniature:other-2"


def test_the_fingerprint_is_of_all_weights(folder: Path) -> None:
    """Another number anywhere makes another fingerprint; what is written beside the weights does not."""
    before = built_in.fingerprint(folder)
    (folder / "README.md").write_text("a model card")
    assert built_in.fingerprint(folder) == before
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(path)
    tensors["quant_conv.bias"] += 1
    save_file(tensors, path, metadata={"format": "pt"})
    assert built_in.fingerprint(folder) != before
    assert built_in.version(folder) == "random-1"


def test_half_precision_files_paint_in_float32_on_the_cpu(folder: Path, tmp_path: Path) -> None:
    """The files that ship are small; the CPU computes in float32 all the same."""
    for path in folder.rglob("*.safetensors"):
        halves = {name: tensor.half() for name, tensor in load_file(path).items()}
        save_file(halves, path, metadata={"format": "pt"})
    model = _store(tmp_path).get("tiny")
    parts: Any = (model.unet, model.vae, model.text_encoder, model.text_encoder_2)
    assert {weight.dtype for part in parts for weight in part.parameters()} == {torch.float32}


def test_prompts_are_counted_with_the_models_own_tokenizer(folder: Path) -> None:
    """The miniature's with its folder's, the large models' with CLIP's."""
    profiles = load_profiles()
    assert profiles["miniature"].tokenizer == folder / "tokenizer"
    assert {p.tokenizer for p in profiles.values() if p.source.repo} == {None}


def test_a_broken_tokenizer_is_named_with_the_way_back(folder: Path) -> None:
    """Where tokens are counted; the other models are not held up by it."""
    (folder / "tokenizer" / "vocab.json").write_text("{")
    profiles = load_profiles()
    with pytest.raises(WeightsError, match="git restore pipeline/miniature/model"):
        TokenMeter(profiles["miniature"].tokenizer).count("1girl")
    warm_up(profiles)
    request = ImagineRequest(prompt="1girl", profile="animagine-xl-4.0")
    assert plan(request, profiles, "miniature", ceiling=Rating.GENERAL, draw_seed=lambda: 0).recipes
