"""Which of a repository's files are fetched. Names only: `test_hub` downloads them."""

from __future__ import annotations

import pytest

from pipeline.engine.hub_files import Wanted, choose_files
from pipeline.errors import WeightsError

UNET = "unet/diffusion_pytorch_model.safetensors"
REPO = "artist/tiny"
WANTED = Wanted(REPO)

DIFFUSERS = [
    "model_index.json",
    *(f"{name}/config.json" for name in ("unet", "vae", "text_encoder", "text_encoder_2")),
    "tokenizer/vocab.json",
    "tokenizer/merges.txt",
    "scheduler/scheduler_config.json",
    "text_encoder/model.safetensors",
    "text_encoder_2/model.safetensors",
    "vae/diffusion_pytorch_model.safetensors",
]


def test_variant_is_chosen_where_it_exists() -> None:
    """Of two precisions one is fetched: the variant where there is one, the plain files elsewhere."""
    names = [*DIFFUSERS, UNET, "unet/diffusion_pytorch_model.fp16.safetensors", "unet/x.non_ema.safetensors"]
    chosen = choose_files(names, Wanted(REPO, variant="fp16"))
    assert "unet/diffusion_pytorch_model.fp16.safetensors" in chosen
    assert UNET not in chosen
    assert "vae/diffusion_pytorch_model.safetensors" in chosen
    assert UNET in choose_files(names, WANTED)


def test_shards_come_with_their_index() -> None:
    """A component in several pieces is fetched whole."""
    shards = [f"unet/diffusion_pytorch_model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    index = "unet/diffusion_pytorch_model.safetensors.index.json"
    chosen = choose_files([*DIFFUSERS, *shards, index], WANTED)
    assert {*shards, index} <= set(chosen)


@pytest.mark.parametrize(
    ("names", "wanted", "says"),
    [
        ([*DIFFUSERS, "unet/diffusion_pytorch_model.bin"], WANTED, "only as a pickle"),
        (DIFFUSERS, WANTED, "no safetensors weights in unet/"),
        (["model.ckpt"], WANTED, "only as a pickle"),
        (["README.md"], WANTED, "no safetensors weights"),
        (["a.safetensors", "b.safetensors"], WANTED, "several checkpoints"),
        (["a.safetensors"], Wanted(REPO, file="b.safetensors"), "no safetensors file `b.safetensors`"),
        (["a.ckpt"], Wanted(REPO, file="a.ckpt"), "no safetensors file"),
        (["config.json"], Wanted(REPO, vae=True), "no safetensors weights"),
    ],
)
def test_repositories_without_usable_weights(names: list[str], wanted: Wanted, says: str) -> None:
    """What cannot be used is said, before anything is fetched."""
    with pytest.raises(WeightsError, match=says):
        choose_files(names, wanted)


def test_single_file_repositories() -> None:
    """Without a diffusers layout the one checkpoint is taken, or the one that the profile names."""
    assert choose_files(["a.safetensors", "README.md"], WANTED) == ("a.safetensors",)
    names = ["a.safetensors", "b.safetensors"]
    assert choose_files(names, Wanted(REPO, file="b.safetensors")) == ("b.safetensors",)


def test_vae_repositories() -> None:
    """A VAE is its config and one weights file."""
    names = ["config.json", "diffusion_pytorch_model.safetensors", "sdxl_vae.safetensors", "x.bin"]
    assert choose_files(names, Wanted(REPO, vae=True)) == ("config.json", "diffusion_pytorch_model.safetensors")
