"""One-file checkpoints: what is refused, and with which sentence; the fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from pipeline.engine.layout import read_header
from pipeline.engine.single_file import check_file, fingerprint
from pipeline.errors import WeightsError
from tests.support.ldm import write_single_file


@pytest.fixture(scope="module")
def single_file(miniature_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The miniature as one file, in half precision."""
    path = tmp_path_factory.mktemp("single") / "tiny.safetensors"
    write_single_file(miniature_folder, path, torch.float16)
    return path


def _save(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> Path:
    save_file({key: torch.zeros(shape) for key, shape in shapes.items()}, path)
    return path


def test_header_tells_names_types_and_shapes(single_file: Path) -> None:
    """The header is read without torch and agrees with what was written."""
    tensors = check_file(single_file)
    first = tensors["model.diffusion_model.input_blocks.0.0.weight"]
    assert (first.dtype, first.shape) == ("F16", (32, 4, 3, 3))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "does not exist"),
        (b"", "is empty"),
        (b"abc", "not a safetensors file"),
        (b"<!DOCTYPE html><html>not found</html>", "not a safetensors file"),
        ((40).to_bytes(8, "little") + b"{", "cut short"),
        ((2).to_bytes(8, "little") + b"[]", "not a safetensors file"),
        ((4).to_bytes(8, "little") + b"nope", "not a safetensors file"),
        ((14).to_bytes(8, "little") + b'{"a":{"b":[]}}', "not a safetensors file"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, content: bytes | None, says: str) -> None:
    """Missing, empty, foreign and damaged files give a sentence with their path."""
    path = tmp_path / "model.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=says) as caught:
        check_file(path)
    assert str(path) in caught.value.text


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A folder where a file is needed gives a sentence, too."""
    with pytest.raises(WeightsError, match="is not a file"):
        read_header(tmp_path)


@pytest.mark.parametrize("ending", ["ckpt", "pt", "bin", "PTH"])
def test_pickles_are_refused_unread(tmp_path: Path, ending: str) -> None:
    """Pickles are refused by their name, before anything is opened."""
    with pytest.raises(WeightsError, match="safetensors files only"):
        check_file(tmp_path / f"model.{ending}")


def test_cut_short(single_file: Path, tmp_path: Path) -> None:
    """A download that stopped in the middle of the tensors is recognised by its size."""
    path = tmp_path / "half.safetensors"
    path.write_bytes(single_file.read_bytes()[:-1000])
    with pytest.raises(WeightsError, match="cut short"):
        check_file(path)


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("cond_stage_model.transformer.text_model.final_layer_norm.weight", "a Stable Diffusion 1 checkpoint"),
        ("cond_stage_model.model.ln_final.weight", "a Stable Diffusion 2 checkpoint"),
        ("conditioner.embedders.0.model.ln_final.weight", "an SDXL refiner"),
        ("lora_unet_down_blocks_1.lora_up.weight", "a LoRA"),
        ("model.diffusion_model.double_blocks.0.img_attn.proj.bias", "a Flux checkpoint"),
        ("decoder.conv_in.weight", "not a whole SDXL checkpoint"),
    ],
)
def test_other_checkpoints_are_told_by_name(tmp_path: Path, key: str, what: str) -> None:
    """A file of another family is refused, saying what it is and what is needed."""
    path = _save(tmp_path / "other.safetensors", {key: (2,)})
    with pytest.raises(WeightsError, match=what) as caught:
        check_file(path)
    assert "an SDXL checkpoint is needed" in caught.value.text


def test_inpainting_checkpoints_are_refused(single_file: Path, tmp_path: Path) -> None:
    """An inpainting UNet takes nine channels; it would crash at the first step."""
    shapes = dict.fromkeys(check_file(single_file), (1,))
    path = _save(
        tmp_path / "i.safetensors", shapes | {"model.diffusion_model.input_blocks.0.0.weight": (2, 9, 3, 3)}
    )
    with pytest.raises(WeightsError, match="takes 9 channels"):
        check_file(path)


def test_a_vae_is_needed_unless_another_one_is_used(single_file: Path, tmp_path: Path) -> None:
    """Pruned files without VAE are fine exactly when the profile brings one."""
    shapes = {
        key: tensor.shape
        for key, tensor in check_file(single_file).items()
        if not key.startswith("first_stage_model.")
    }
    path = _save(tmp_path / "pruned.safetensors", shapes)
    with pytest.raises(WeightsError, match="the VAE"):
        check_file(path)
    assert check_file(path, own_vae=False)


def test_fingerprint_is_the_model_hash(single_file: Path, tmp_path: Path) -> None:
    """It is the start of the SHA-256, as web UIs write it, and progress reaches 1."""
    seen: list[float | None] = []
    found = fingerprint(single_file, tmp_path, lambda _, fraction: seen.append(fraction))
    assert found == hashlib.sha256(single_file.read_bytes()).hexdigest()[:10]
    assert seen[-1] == 1.0


def test_fingerprint_is_kept_until_the_file_changes(tmp_path: Path) -> None:
    """A file is hashed once, and again only after it changed."""
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"one")
    first = fingerprint(path, tmp_path)
    assert fingerprint(path, tmp_path, lambda *_: pytest.fail("hashed again")) == first
    path.write_bytes(b"other")
    assert fingerprint(path, tmp_path) != first


def test_fingerprint_of_a_missing_file(tmp_path: Path) -> None:
    """A file that vanished gives a sentence."""
    with pytest.raises(WeightsError, match=r"gone\.safetensors"):
        fingerprint(tmp_path / "gone.safetensors", tmp_path)
