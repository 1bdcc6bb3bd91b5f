"""The UNet and the text encoders of the miniature: SDXL's architecture with small numbers, newly initialised."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from pipeline.engine.configs import sdxl_config
from pipeline.miniature.training.checkpoint import TrainingError
from pipeline.miniature.training.options import DenoiserOptions
from pipeline.miniature.training.tokenizer import Vocabulary

_TIME: Final = 32
"""Width of the embedding of each of the six time ids. SDXL has 256."""
_HEAD: Final = 32
"""Width of a text encoder's attention head, at least. SDXL has 64."""
_TOKEN_DEVIATION: Final = 0.5
_POSITION_DEVIATION: Final = 0.1
"""The UNet reads hidden states before the final norm, so that the embeddings set the scale it sees."""
_NAMES: Final = ("unet", "text_encoder", "text_encoder_2")


@dataclass(frozen=True, slots=True)
class Denoiser:
    """What is trained together."""

    unet: Any
    """`UNet2DConditionModel`; like its neighbours, typed loosely as diffusers' hints hide `nn.Module`."""
    text_encoder: Any
    """`CLIPTextModel`."""
    text_encoder_2: Any
    """`CLIPTextModelWithProjection`."""

    @property
    def parts(self) -> dict[str, nn.Module]:
        """The three models by their names in a diffusers folder."""
        return {name: getattr(self, name) for name in _NAMES}

    @property
    def texts(self) -> tuple[nn.Module, nn.Module]:
        """Both text encoders."""
        return self.text_encoder, self.text_encoder_2


def config_changes(options: DenoiserOptions, vocabulary: Vocabulary) -> dict[str, dict[str, Any]]:
    """What differs from SDXL's own configs, per config file."""
    levels = len(options.channels)
    attending = levels - 1
    tokens = {
        # transformers loads a checkpoint as the type its config names; diffusers loads its parts as float32.
        "torch_dtype": "float32",
        "vocab_size": len(vocabulary.ids),
        "bos_token_id": vocabulary.end - 1,
        "eos_token_id": vocabulary.end,
    }
    return {
        "unet/config.json": {
            "block_out_channels": list(options.channels),
            "attention_head_dim": list(options.heads),
            "layers_per_block": options.layers_per_block,
            "transformer_layers_per_block": list(options.transformer_layers),
            "down_block_types": ["DownBlock2D", *["CrossAttnDownBlock2D"] * attending],
            "up_block_types": [*["CrossAttnUpBlock2D"] * attending, "UpBlock2D"],
            "cross_attention_dim": options.text_width + options.text_2_width,
            "addition_time_embed_dim": _TIME,
            "projection_class_embeddings_input_dim": 6 * _TIME + options.text_2_width,
            "norm_num_groups": math.gcd(32, *options.channels),
            "sample_size": 32,
        },
        "text_encoder/config.json": _text_changes(options.text_width, options.text_layers)
        | tokens
        | {"pad_token_id": vocabulary.end},
        "text_encoder_2/config.json": _text_changes(options.text_2_width, options.text_2_layers)
        | tokens
        | {"pad_token_id": vocabulary.ids["!"]},
    }


def build_denoiser(options: DenoiserOptions, vocabulary: Vocabulary) -> Denoiser:
    """The three models with fresh weights in float32, the same for the same seed."""
    changes = config_changes(options, vocabulary)
    configs = {name: sdxl_config(name) | changed for name, changed in changes.items()}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        unet: Any = UNet2DConditionModel.from_config(configs["unet/config.json"])
        first = CLIPTextModel(CLIPTextConfig(**configs["text_encoder/config.json"]))
        second = CLIPTextModelWithProjection(CLIPTextConfig(**configs["text_encoder_2/config.json"]))
        # Nothing is the best guess of the noise to begin with.
        nn.init.zeros_(unet.conv_out.weight)
        nn.init.zeros_(unet.conv_out.bias)
        for encoder in (first, second):
            for key, weight in encoder.named_parameters():
                if key.endswith("token_embedding.weight"):
                    nn.init.normal_(weight, std=_TOKEN_DEVIATION)
                elif key.endswith("position_embedding.weight"):
                    nn.init.normal_(weight, std=_POSITION_DEVIATION)
    return Denoiser(unet, first, second)


def load_denoiser(folder: Path, options: DenoiserOptions, vocabulary: Vocabulary) -> Denoiser:
    """The three models with the weights of an exported model folder, in float32.

    Raises:
        TrainingError: the folder cannot be read, or holds models of other sizes or another tokenizer.
    """
    model = build_denoiser(options, vocabulary)
    try:
        loaded = {
            "unet": UNet2DConditionModel.from_pretrained(folder / "unet", dtype=torch.float32),
            "text_encoder": CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32),
            "text_encoder_2": CLIPTextModelWithProjection.from_pretrained(
                folder / "text_encoder_2", dtype=torch.float32
            ),
        }
    except (OSError, ValueError, RuntimeError) as error:
        raise TrainingError(f"The model folder {folder} cannot be read: {error}") from error
    for name, part in model.parts.items():
        try:
            part.load_state_dict(loaded[name].state_dict())
        except RuntimeError as error:
            raise TrainingError(
                f"The model folder {folder} holds a `{name}` of another size than the options ask for."
            ) from error
    return model


def _text_changes(width: int, layers: int) -> dict[str, Any]:
    heads = max(1, width // _HEAD)
    while width % heads:
        heads -= 1
    return {
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "projection_dim": width,
    }
