"""The untrained miniature of the tests: the same everywhere, and an SDXL checkpoint like any other."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch

from pipeline.engine.configs import CONFIG_FILES, sdxl_config
from pipeline.engine.layout import MODELS, STEM, check_folder
from tests.support.random_miniature import CHANGES, VERSION, _gaussian

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
