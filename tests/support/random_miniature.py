"""Makes an untrained miniature: the SDXL architecture, tiny, with deterministic random weights (tests only).

It is a checkpoint like any other, in diffusers layout, with float32 weights and CLIP's own tokenizers, and the
loader does not know it from a downloaded one. Its pictures are noise; it loads and paints several times faster
than the trained model that the program ships. The weights are computed from integers with operations whose
rounding IEEE 754 fixes, so that every machine makes the same bytes: what tests expect of them stays comparable.
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipeline.built_in import VERSION_FILE
from pipeline.engine.configs import publish, write_configs
from pipeline.engine.layout import STEM

if TYPE_CHECKING:
    import torch
    from torch import nn

VERSION: Final = "random-1"
"""Raised when the weights change."""

# Widths of the two text encoders, and of the embedding of each of the six time ids. The first two differ, as
# single files tell the encoders apart by width.
_TEXT: Final = 64
_TEXT_2: Final = 96
_TIME: Final = 32
CHANGES: Final[dict[str, dict[str, Any]]] = {
    "unet/config.json": {
        "block_out_channels": [32, 64, 96],
        "attention_head_dim": [2, 4, 6],
        "layers_per_block": 1,
        "transformer_layers_per_block": [1, 1, 2],
        "cross_attention_dim": _TEXT + _TEXT_2,
        "addition_time_embed_dim": _TIME,
        "projection_class_embeddings_input_dim": 6 * _TIME + _TEXT_2,
        "norm_num_groups": 16,
        "sample_size": 32,
    },
    "vae/config.json": {
        "block_out_channels": [16, 32, 64, 64],
        "layers_per_block": 1,
        "norm_num_groups": 8,
        "sample_size": 256,
        "force_upcast": False,
    },
    "text_encoder/config.json": {
        "hidden_size": _TEXT,
        "intermediate_size": 4 * _TEXT,
        "num_attention_heads": 4,
        "num_hidden_layers": 2,
        "projection_dim": _TEXT,
    },
    "text_encoder_2/config.json": {
        "hidden_size": _TEXT_2,
        "intermediate_size": 4 * _TEXT_2,
        "num_attention_heads": 6,
        "num_hidden_layers": 3,
        "projection_dim": _TEXT_2,
    },
}
"""What differs from SDXL's own configs."""


def miniature_folder(cache: Path) -> Path:
    """Where the cache keeps the miniature, made or not."""
    return cache / f"miniature-{VERSION}"


def ensure_miniature(cache: Path) -> Path:
    """The miniature's folder in the cache, made by the first caller (a second or two).

    Safe against two processes at once: each makes its own, and the first to finish wins.
    """
    target = miniature_folder(cache)
    if not target.is_dir():
        publish(target, make_miniature)
    return target


def make_miniature(folder: Path) -> None:
    """Write the whole checkpoint into an empty folder: configs, tokenizers, version and float32 safetensors.

    float32 because a plain `from_pretrained(folder)` then works as it stands on a CPU (transformers keeps the
    type of the file, diffusers does not).
    """
    from safetensors.torch import save_file

    write_configs(folder, CHANGES)
    (folder / VERSION_FILE).write_text(f"{VERSION}\n", encoding="utf-8")
    for name, model in _empty_models(folder).items():
        tensors = {
            # Hub checkpoints keep this prefix; newer transformers drop it from CLIPTextModel's own names.
            key if name in {"unet", "vae"} or key.startswith("text_") else f"text_model.{key}": _tensor(
                f"{name}/{key}", tuple(value.shape)
            )
            for key, value in model.state_dict().items()
            if "position_ids" not in key
        }
        save_file(tensors, folder / name / f"{STEM[name]}.safetensors", metadata={"format": "pt"})


def _empty_models(folder: Path) -> dict[str, nn.Module]:
    """The four models, built from the configs just written and holding shapes only."""
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    with torch.device("meta"):
        return {
            "unet": UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(folder / "unet")),
            "vae": AutoencoderKL.from_config(AutoencoderKL.load_config(folder / "vae")),
            "text_encoder": CLIPTextModel(CLIPTextConfig.from_pretrained(folder / "text_encoder")),
            "text_encoder_2": CLIPTextModelWithProjection(
                CLIPTextConfig.from_pretrained(folder / "text_encoder_2")
            ),
        }


def _tensor(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """One weight, whose random numbers depend on its name alone, not on its neighbours.

    Rounded to float16, so that half-precision copies of the miniature hold the same numbers.
    """
    import torch

    if len(shape) == 1:
        # Norms start as the identity; biases at zero.
        return torch.full(shape, 1.0 if "norm" in name and name.endswith("weight") else 0.0)
    return (_gaussian(name, shape) * _deviation(name, shape)).half().float()


def _deviation(name: str, shape: tuple[int, ...]) -> float:
    """Standard deviation that keeps signals near unit size through the layers."""
    # The UNet reads hidden states before the final norm, so token embeddings set the scale it sees.
    if "token_embedding" in name:
        return 0.5
    if "position_embedding" in name:
        return 0.1
    return 1.0 / math.sqrt(math.prod(shape[1:]))


def _gaussian(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Nearly normal float32 numbers, the same on every machine.

    The sum of four independent 16-bit integers is close to normal (Irwin-Hall) and exact; scaling it is one
    correctly rounded multiplication. `torch.randn` differs in the last bit between instruction sets.
    """
    import numpy as np
    import torch

    seed = int.from_bytes(hashlib.sha256(f"{VERSION}:{name}".encode()).digest()[:16], "big")
    raw = np.random.PCG64(seed).random_raw(math.prod(shape))
    parts = raw.astype("<u8").view("<u2").reshape(-1, 4).astype(np.int64)
    centred = parts.sum(axis=1) - 2 * 65535
    # Each part has the variance (65536^2 - 1) / 12; four of them add up.
    scale = math.sqrt(3 / (65536**2 - 1))
    return torch.from_numpy(centred.astype(np.float32) * np.float32(scale)).reshape(shape)
