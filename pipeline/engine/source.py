"""Starting from a picture instead of from noise alone (img2img), as `StableDiffusionXLImg2ImgPipeline` does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch

from pipeline.engine.decode import tiles
from pipeline.engine.memory import keep_only, latent_shape
from pipeline.engine.model import LoadedModel
from pipeline.errors import InvalidRequest
from pipeline.recipe import Recipe

_HALF: Final = 128


@dataclass(frozen=True, slots=True)
class Kept:
    """What of a picture is not painted over: its latents, its noise, and the mask [1, 1, h, w], 1 where it is."""

    latents: torch.Tensor
    noise: torch.Tensor
    mask: torch.Tensor

    def put_back(self, painted: torch.Tensor, scheduler: Any, timestep: torch.Tensor | None) -> torch.Tensor:
        """The painted latents, and outside the mask the picture's own with the noise of the next step.

        Args:
            painted: [1, 4, h, w].
            scheduler: has just taken a step.
            timestep: of the next step; None after the last.
        """
        own = self.latents
        if timestep is not None:
            own = scheduler.add_noise(own, self.noise, timestep.reshape(1))
        return (1 - self.mask) * own + self.mask * painted


@dataclass(frozen=True, slots=True)
class Start:
    """Where a picture begins: latents [1, 4, h, w] in float32, and how many of the scheduler's steps are skipped."""

    latents: torch.Tensor
    skipped: int
    kept: Kept | None = None


@torch.inference_mode()
def from_picture(
    model: LoadedModel,
    recipe: Recipe,
    pixels: bytes,
    scheduler: Any,
    generator: torch.Generator,
    mask: bytes = b"",
    *,
    tiled: bool = False,
) -> Start:
    """Encode a picture and add the noise of the step it enters at.

    All chance comes from the generator in the stock pipeline's order: first the VAE's, then the noise. With a mask as
    `StableDiffusionXLInpaintPipeline` does it for a UNet that knows nothing of masks.

    Args:
        model: whose VAE encodes.
        recipe: gives size, steps and strength.
        pixels: RGB, 3 bytes a pixel, row by row, of the recipe's size.
        scheduler: with its timesteps set; its first step is moved.
        generator: the picture's own, on the CPU.
        mask: 1 byte a pixel, 255 where the picture is painted over; empty for everywhere.
        tiled: encode in overlapping tiles: less memory, and slightly different shades.

    Raises:
        InvalidRequest: the mask is smaller than anything that can be painted.
    """
    skipped = (recipe.steps - recipe.denoising_steps) * getattr(scheduler, "order", 1)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(skipped)
    picture = np.frombuffer(pixels, np.uint8).reshape(1, recipe.height, recipe.width, 3)
    values = torch.from_numpy(picture.astype(np.float32) / 255).permute(0, 3, 1, 2) * 2 - 1
    latents = _encode(model, values, generator, tiled=tiled)
    noise = torch.randn(latents.shape, generator=generator).to(latents.device)
    timestep = scheduler.timesteps[skipped : skipped + 1]
    if not mask:
        return Start(scheduler.add_noise(latents, noise, timestep), skipped)
    # The stock pipeline encodes the picture without what is masked, too, for UNets that are shown it. Ours is not, but
    # the chance of that encoding comes before that of the steps.
    torch.randn(latents.shape, generator=generator)
    # With nothing of the picture left to start from, stock starts from noise alone.
    start = (
        noise * scheduler.init_noise_sigma
        if recipe.strength == 1.0
        else scheduler.add_noise(latents, noise, timestep)
    )
    return Start(start, skipped, Kept(latents, noise, _latent_mask(recipe, mask, latents)))


def _latent_mask(recipe: Recipe, mask: bytes, latents: torch.Tensor) -> torch.Tensor:
    levels = np.frombuffer(mask, np.uint8).reshape(1, 1, recipe.height, recipe.width)
    whole = torch.from_numpy((levels >= _HALF).astype(np.float32))
    small = torch.nn.functional.interpolate(whole, size=latents.shape[-2:])
    if not small.any():
        raise InvalidRequest(
            "What the mask leaves to be painted is too small. Mark an area of at least 16 x 16 pixels."
        )
    return small.to(latents.device)


def _encode(
    model: LoadedModel, values: torch.Tensor, generator: torch.Generator, *, tiled: bool
) -> torch.Tensor:
    vae: Any = model.vae
    if vae.dtype == torch.float16 and vae.config.force_upcast:
        vae.to(dtype=torch.float32)  # as for decoding: SDXL's own VAE overflows in float16
    keep_only(model, vae)
    height, width = values.shape[-2:]
    with tiles(model, latent_shape(model, width, height), enabled=tiled):
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
