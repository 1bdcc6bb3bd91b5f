"""Writes a diffusers SDXL folder as one file in the original key layout, as web UIs do (tests only)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

Tensors = dict[str, torch.Tensor]

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_UNET_ENDS = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_OPEN_CLIP = {
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm.weight": "ln_final.weight",
    "final_layer_norm.bias": "ln_final.bias",
}
_OPEN_CLIP_LAYER = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def write_single_file(folder: Path, target: Path, dtype: torch.dtype = torch.float32) -> None:
    """Convert the diffusers checkpoint in `folder` and write it to `target`."""
    config = json.loads((folder / "unet" / "config.json").read_text())
    unet = load_file(folder / "unet" / "diffusion_pytorch_model.safetensors")
    vae = load_file(folder / "vae" / "diffusion_pytorch_model.safetensors")
    text = load_file(folder / "text_encoder" / "model.safetensors")
    text_2 = load_file(folder / "text_encoder_2" / "model.safetensors")
    tensors = {f"model.diffusion_model.{unet_key(k, config)}": v for k, v in unet.items()}
    tensors |= {f"first_stage_model.{k}": v for k, v in _vae(vae).items()}
    tensors |= {f"conditioner.embedders.0.transformer.{k}": v for k, v in text.items()}
    tensors |= {f"conditioner.embedders.1.model.{k}": v for k, v in _open_clip(text_2).items()}
    tensors = {key: value.to(dtype).contiguous() for key, value in tensors.items()}
    # Real files carry this buffer, which nothing needs.
    tensors["conditioner.embedders.0.transformer.text_model.embeddings.position_ids"] = torch.arange(77)[None]
    save_file(tensors, target)


def unet_key(key: str, config: dict[str, object]) -> str:
    """The original name of one of the UNet's tensors."""
    for ours, theirs in _UNET_ENDS.items():
        if key.startswith(f"{ours}."):
            return theirs + key.removeprefix(ours)
    layers = config["layers_per_block"]
    ups = config["up_block_types"]
    assert isinstance(layers, int)
    assert isinstance(ups, list)
    if match := re.fullmatch(r"mid_block\.(resnets|attentions)\.(\d)\.(.+)", key):
        place = int(match[2]) * 2 + (match[1] == "attentions")
        return f"middle_block.{place}.{_inner(match[1], match[3])}"
    match = re.fullmatch(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.+)", key)
    assert match is not None, key
    side, block, kind, index, rest = match[1], int(match[2]), match[3], int(match[4]), match[5]
    if side == "down":
        if kind == "downsamplers":
            return f"input_blocks.{(layers + 1) * (block + 1)}.0.{rest.replace('conv', 'op', 1)}"
        number = (layers + 1) * block + index + 1
        return f"input_blocks.{number}.{int(kind == 'attentions')}.{_inner(kind, rest)}"
    if kind == "upsamplers":
        place = 2 if str(ups[block]).startswith("CrossAttn") else 1
        return f"output_blocks.{(layers + 1) * block + layers}.{place}.{rest}"
    number = (layers + 1) * block + index
    return f"output_blocks.{number}.{int(kind == 'attentions')}.{_inner(kind, rest)}"


def _inner(kind: str, rest: str) -> str:
    if kind != "resnets":
        return rest
    name, _, leaf = rest.rpartition(".")
    return f"{_RESNET[name]}.{leaf}"


def _vae(tensors: Tensors) -> Tensors:
    blocks = 1 + max(int(m[1]) for key in tensors if (m := re.match(r"decoder\.up_blocks\.(\d+)", key)))
    result = {}
    for original, value in tensors.items():
        key = re.sub(r"encoder\.down_blocks\.(\d+)\.resnets\.(\d+)", r"encoder.down.\1.block.\2", original)
        key = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample", key)
        key = re.sub(
            r"up_blocks\.(\d+)\.resnets\.(\d+)", lambda m: f"up.{blocks - 1 - int(m[1])}.block.{m[2]}", key
        )
        key = re.sub(r"up_blocks\.(\d+)\.upsamplers\.0", lambda m: f"up.{blocks - 1 - int(m[1])}.upsample", key)
        key = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", key)
        key = key.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
        if ".attentions.0." in key:
            key = key.replace("mid_block.attentions.0.", "mid.attn_1.").replace("group_norm", "norm")
            for ours, theirs in (("to_q", "q"), ("to_k", "k"), ("to_v", "v"), ("to_out.0", "proj_out")):
                key = key.replace(f".{ours}.", f".{theirs}.")
            if value.ndim == 2:
                value = value[:, :, None, None]  # the original layers are 1x1 convolutions
        result[key] = value
    return result


def _open_clip(tensors: Tensors) -> Tensors:
    result = {"logit_scale": torch.tensor(4.6), "text_projection": tensors["text_projection.weight"].T}
    for original, value in tensors.items():
        key = original.removeprefix("text_model.")
        if key in _OPEN_CLIP:
            result[_OPEN_CLIP[key]] = value
        elif match := re.fullmatch(r"encoder\.layers\.(\d+)\.(.+)\.(weight|bias)", key):
            layer, name, leaf = match.groups()
            if name in _OPEN_CLIP_LAYER:
                result[f"transformer.resblocks.{layer}.{_OPEN_CLIP_LAYER[name]}.{leaf}"] = value
            elif name == "self_attn.q_proj":
                parts = [tensors[original.replace("q_proj", f"{part}_proj")] for part in "qkv"]
                result[f"transformer.resblocks.{layer}.attn.in_proj_{leaf}"] = torch.cat(parts)
    return result
