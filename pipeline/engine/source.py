"""Starting from a picture instead of from noise alone (img2img), as `StableDiffusionXLImg2ImgPipeline` does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pipeline.engine.memory import keep_only
from pipeline.engine.model import LoadedModel
from pipeline.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Start:
    """Where a picture begins: latents [1, 4, h, w] in float32, and how many of the scheduler's steps are skipped."""

    latents: torch.Tensor
    skipped: int


@torch.inference_mode()
def from_picture(
    model: LoadedModel, recipe: Recipe, pixels: bytes, scheduler: Any, generator: torch.Generator
) -> Start:
    """Encode a picture and add the noise of the step it enters at.

    All chance comes from the generator in the stock pipeline's order: first the VAE's, then the noise.

    Args:
        model: whose VAE encodes.
        recipe: gives size, steps and strength.
        pixels: RGB, 3 bytes a pixel, row by row, of the recipe's size.
        scheduler: with its timesteps set; its first step is moved.
        generator: the picture's own, on the CPU.
    """
    skipped = (recipe.steps - recipe.denoising_steps) * getattr(scheduler, "order", 1)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(skipped)
    picture = np.frombuffer(pixels, np.uint8).reshape(1, recipe.height, recipe.width, 3)
    values = torch.from_numpy(picture.astype(np.float32) / 255).permute(0, 3, 1, 2) * 2 - 1
    latents = _encode(model, values, generator)
    noise = torch.randn(latents.shape, generator=generator).to(latents.device)
    timestep = scheduler.timesteps[skipped : skipped + 1]
    return Start(scheduler.add_noise(latents, noise, timestep), skipped)


def _encode(model: LoadedModel, values: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    vae: Any = model.vae
    if vae.dtype == torch.float16 and vae.config.force_upcast:
        vae.to(dtype=torch.float32)  # as for decoding: SDXL's own VAE overflows in float16
    keep_only(model, vae)
    found = vae.encode(values.to(model.device, vae.dtype)).latent_dist
    # `latent_dist.sample` with the generator on the CPU, whatever the device.
    chance = torch.randn(found.mean.shape, generator=generator).to(found.mean)
    latents = (found.mean + found.std * chance).float()
    config = vae.config
    mean, std = config.get("latents_mean"), config.get("latents_std")
    if mean is None or std is None:
        return latents * config.scaling_factor
    shape = (1, -1, 1, 1)
    mean, std = (torch.tensor(values, device=latents.device).view(shape) for values in (mean, std))
    return (latents - mean) * config.scaling_factor / std
