"""A loaded checkpoint: the parts of an SDXL model, ready on a device."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    from pipeline.engine.latent_rgb import LatentRgb
    from pipeline.profiles.types import Profile


@dataclass(slots=True)
class LoadedModel:
    """Everything the engine needs of one checkpoint.

    `scheduler_config` is the config the checkpoint ships (its `scheduler/scheduler_config.json`); every
    sampler is built from it, as `SomeScheduler.from_config(pipe.scheduler.config)` would. `weights` says what
    was read (`hub:owner/name@commit`, `file:name.safetensors@sha`, `folder:name`, `miniature:3f9c2a1b77de`).
    """

    profile: Profile
    weights: str
    unet: UNet2DConditionModel
    vae: AutoencoderKL
    text_encoder: CLIPTextModel
    text_encoder_2: CLIPTextModelWithProjection
    tokenizer: CLIPTokenizer
    tokenizer_2: CLIPTokenizer
    scheduler_config: dict[str, Any]
    device: torch.device
    dtype: torch.dtype
    force_zeros_for_empty_prompt: bool = False
    offloaded: bool = field(default=False)
    latent_rgb: LatentRgb | None = None
    """What its latents look like, once a preview has asked."""
