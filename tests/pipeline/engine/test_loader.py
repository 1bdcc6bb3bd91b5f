"""Loading: every way of bringing the same weights gives the same model, and what is broken is named."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file as read_tensors
from safetensors.torch import save_file

from pipeline.engine.configs import config_folder
from pipeline.engine.layout import MODELS, STEM
from pipeline.engine.loader import load_file, load_folder
from pipeline.engine.model import LoadedModel
from pipeline.errors import WeightsError
from tests.support.ldm import write_single_file
from tests.support.plain_profile import plain_profile

DEFAULTS: dict[str, Any] = {"weights": "folder:x", "device": torch.device("cpu"), "dtype": torch.float32}


@pytest.fixture
def copy(miniature_folder: Path, tmp_path: Path) -> Path:
    """A copy of the miniature's folder that a test may break."""
    return Path(shutil.copytree(miniature_folder, tmp_path / "copy"))


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to open a connection fails the test."""

    def refuse(*_: object) -> None:
        pytest.fail("loading opened a network connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def _folder(folder: Path, **options: Any) -> LoadedModel:
    return load_folder(plain_profile(), folder, **(DEFAULTS | options))


def _file(path: Path, configs: Path, **options: Any) -> LoadedModel:
    return load_file(plain_profile(), path, configs=configs, **(DEFAULTS | options))


def _assert_same(one: LoadedModel, other: LoadedModel) -> None:
    for name in MODELS:
        first, second = getattr(one, name).state_dict(), getattr(other, name).state_dict()
        assert first.keys() == second.keys()
        assert all(torch.equal(first[key], second[key]) for key in first)


@torch.no_grad()
def _prediction(model: Any) -> torch.Tensor:
    """One UNet call on fixed inputs, conditioned by both text encoders."""
    ids = [
        tokenizer("1girl, solo", padding="max_length", max_length=77, return_tensors="pt").input_ids
        for tokenizer in (model.tokenizer, model.tokenizer_2)
    ]
    first = model.text_encoder(ids[0], output_hidden_states=True)
    second = model.text_encoder_2(ids[1], output_hidden_states=True)
    prompt = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)
    added = {"text_embeds": second[0], "time_ids": torch.tensor([[256.0, 256, 0, 0, 256, 256]])}
    latents = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    result: torch.Tensor = model.unet(
        latents, torch.tensor([500]), encoder_hidden_states=prompt, added_cond_kwargs=added
    ).sample
    return result


@pytest.mark.usefixtures("no_network")
def test_folder(miniature_folder: Path) -> None:
    """A diffusers folder loads without the network, in evaluation mode, frozen, with its scheduler's config."""
    model = _folder(miniature_folder)
    assert model.weights == "folder:x"
    assert model.scheduler_config["_class_name"] == "EulerDiscreteScheduler"
    assert model.scheduler_config["timestep_spacing"] == "leading"
    assert model.force_zeros_for_empty_prompt
    assert not any(getattr(model, name).training for name in MODELS)
    assert not any(p.requires_grad for name in MODELS for p in getattr(model, name).parameters())


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("precision", [torch.float32, torch.float16])
def test_single_file_is_the_same_model(miniature_folder: Path, tmp_path: Path, precision: torch.dtype) -> None:
    """Folder and single file of the same weights agree in every tensor and paint the same."""
    path = tmp_path / "tiny.safetensors"
    write_single_file(miniature_folder, path, precision)
    one, other = _folder(miniature_folder), _file(path, miniature_folder)
    _assert_same(one, other)
    assert torch.equal(_prediction(one), _prediction(other))
    assert one.scheduler_config == other.scheduler_config
    assert one.force_zeros_for_empty_prompt == other.force_zeros_for_empty_prompt


def test_half_precision_files_load_as_float32(miniature_folder: Path, copy: Path) -> None:
    """On the CPU everything is float32, whatever the files hold; also files of the fp16 variant."""
    for name in MODELS:
        path = copy / name / f"{STEM[name]}.safetensors"
        tensors = {key: value.half() for key, value in read_tensors(path).items()}
        save_file(tensors, path.with_name(f"{STEM[name]}.fp16.safetensors"), metadata={"format": "pt"})
        path.unlink()
    model = _folder(copy)
    assert {p.dtype for name in MODELS for p in getattr(model, name).parameters()} == {torch.float32}
    _assert_same(model, _folder(miniature_folder))


def test_precision_asked_for(miniature_folder: Path) -> None:
    """All four models get the precision asked for."""
    model = _folder(miniature_folder, dtype=torch.bfloat16)
    assert {p.dtype for name in MODELS for p in getattr(model, name).parameters()} == {torch.bfloat16}


def test_another_vae(miniature_folder: Path, copy: Path) -> None:
    """A profile's own VAE replaces the checkpoint's, in folders and in single files."""
    path = copy / "vae" / "diffusion_pytorch_model.safetensors"
    save_file({key: value + 1 for key, value in read_tensors(path).items()}, path, metadata={"format": "pt"})
    single = copy / "tiny.safetensors"
    write_single_file(miniature_folder, single)
    wanted = read_tensors(path)["decoder.conv_in.weight"]
    loaded: tuple[Any, ...] = (
        _folder(miniature_folder, vae=copy / "vae"),
        _file(single, miniature_folder, vae=copy / "vae"),
    )
    for model in loaded:
        assert torch.equal(model.vae.decoder.conv_in.weight, wanted)


def test_shipped_configs_name_whole_tokenizers(tmp_path: Path) -> None:
    """What single files are completed with is written once, with both tokenizers."""
    folder = config_folder(tmp_path)
    assert config_folder(tmp_path) == folder
    assert len(json.loads((folder / "tokenizer_2" / "vocab.json").read_text())) == 49408
    assert json.loads((folder / "unet" / "config.json").read_text())["cross_attention_dim"] == 2048


def test_sizes_that_do_not_fit(miniature_folder: Path, tmp_path: Path) -> None:
    """A tiny file is not SDXL's size: the sentence names the file and the reason."""
    path = tmp_path / "tiny.safetensors"
    write_single_file(miniature_folder, path, torch.float16)
    with pytest.raises(WeightsError, match="cannot be loaded as an SDXL checkpoint") as caught:
        _file(path, config_folder(tmp_path))
    assert str(path) in caught.value.text


def test_missing_tensors_of_a_single_file(miniature_folder: Path, tmp_path: Path) -> None:
    """A file that lost a layer is refused; the libraries would leave it without numbers."""
    path = tmp_path / "tiny.safetensors"
    write_single_file(miniature_folder, path)
    tensors = read_tensors(path)
    del tensors["model.diffusion_model.middle_block.0.in_layers.2.weight"]
    save_file(tensors, path)
    with pytest.raises(WeightsError, match=r"tiny\.safetensors.*is not whole"):
        _file(path, miniature_folder)


@pytest.mark.parametrize("name", MODELS)
def test_missing_tensors_of_a_folder(copy: Path, name: str) -> None:
    """A component that lost a tensor is refused; the libraries would fill it with random numbers."""
    path = copy / name / f"{STEM[name]}.safetensors"
    tensors = read_tensors(path)
    lost = next(key for key in tensors if key.endswith(("conv1.weight", "fc1.weight")))
    del tensors[lost]
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(WeightsError, match="it lacks 1 tensors") as caught:
        _folder(copy)
    assert str(copy / name) in caught.value.text


def _only_pickle(folder: Path) -> None:
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    path.rename(path.with_suffix(".bin"))


def _no_weights(folder: Path) -> None:
    (folder / "vae" / "diffusion_pytorch_model.safetensors").unlink()


def _cut(folder: Path) -> None:
    path = folder / "text_encoder_2" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-5])


def _no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer" / "merges.txt").unlink()


def _bad_config(folder: Path) -> None:
    (folder / "unet" / "config.json").write_text("{")


def _other_pipeline(folder: Path) -> None:
    path = folder / "model_index.json"
    index = json.loads(path.read_text())
    path.write_text(json.dumps(index | {"unet": ["evil", "FluxTransformer"]}))


def _no_index(folder: Path) -> None:
    (folder / "model_index.json").unlink()


def _wrong_size(folder: Path) -> None:
    path = folder / "unet" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"cross_attention_dim": 64}))


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (_only_pickle, "only as a pickle"),
        (_no_weights, "holds no weights"),
        (_cut, "cut short"),
        (_no_tokenizer, "tokenizer/vocab.json"),
        (_bad_config, "cannot be read as JSON"),
        (_other_pipeline, "names `FluxTransformer` as unet"),
        (_no_index, "lacks .*model_index.json"),
        (_wrong_size, "cannot be loaded as an SDXL checkpoint"),
    ],
)
def test_broken_folders_are_named(copy: Path, break_it: Callable[[Path], None], says: str) -> None:
    """Each way a folder can be broken gives a sentence with the path in question."""
    break_it(copy)
    with pytest.raises(WeightsError, match=says) as caught:
        _folder(copy)
    assert str(copy) in caught.value.text


def test_loading_is_silent(miniature_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """No progress bars or advice of the libraries on the terminal."""
    _folder(miniature_folder)
    assert capfd.readouterr() == ("", "")
