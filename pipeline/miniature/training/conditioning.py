"""What the UNet is told beside the noisy latents: both texts, the pooled text, and SDXL's six time ids.

Exactly as `StableDiffusionXLPipeline` does it, so that the model is trained on what it will be asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.miniature.training.tokenizer import LENGTH


@dataclass(frozen=True, slots=True)
class Conditioning:
    """The conditions of a batch."""

    texts: Tensor
    """(batch, 77, width of encoder 1 + width of encoder 2)."""
    pooled: Tensor
    """(batch, width of encoder 2)."""
    time_ids: Tensor
    """(batch, 6)."""


def token_ids(tokenizer: Any, captions: Sequence[str]) -> Tensor:
    """Token ids of captions, cut and padded to 77.

    Args:
        tokenizer: a `CLIPTokenizer`.
        captions: may be empty strings.

    Returns:
        (batch, 77), of type int64.
    """
    ids: Tensor = tokenizer(
        list(captions), padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt"
    ).input_ids
    return ids


def encode(encoders: Sequence[nn.Module], ids: Sequence[Tensor], time_ids: Tensor) -> Conditioning:
    """Run both text encoders.

    Args:
        encoders: `CLIPTextModel` and `CLIPTextModelWithProjection`.
        ids: for each encoder, (batch, 77).
        time_ids: (batch, 6), passed on.
    """
    first = encoders[0](ids[0], output_hidden_states=True)
    second = encoders[1](ids[1], output_hidden_states=True)
    texts = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)
    return Conditioning(texts, second.text_embeds, time_ids)


def time_ids(original: tuple[int, int], crop: tuple[int, int], target: tuple[int, int], count: int) -> Tensor:
    """SDXL's size and crop conditions, the same for a whole batch.

    Args:
        original: height and width of the picture in pixels before it was cropped.
        crop: top and left of the crop in pixels.
        target: height and width of what is painted, in pixels.
        count: pictures in the batch.

    Returns:
        (count, 6), in the pipeline's order.
    """
    return torch.tensor([*original, *crop, *target], dtype=torch.float32).expand(count, 6).clone()


def denoise(unet: nn.Module, latents: Tensor, timesteps: Tensor, conditions: Conditioning) -> Tensor:
    """The UNet's prediction of the noise, shaped as the latents."""
    predicted: Tensor = unet(
        latents,
        timesteps,
        encoder_hidden_states=conditions.texts,
        added_cond_kwargs={"text_embeds": conditions.pooled, "time_ids": conditions.time_ids},
        return_dict=False,
    )[0]
    return predicted
