"""From finished latents to pixels, exactly as `StableDiffusionXLPipeline` ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from pipeline.engine.memory import keep_only, vae_scale
from pipeline.engine.model import LoadedModel


@torch.inference_mode()
def decode(model: LoadedModel, latents: torch.Tensor, *, tiled: bool = False) -> tuple[int, int, bytes]:
    """Decode one picture.

    Args:
        model: the checkpoint whose VAE is used.
        latents: [1, 4, height, width], float32, in the UNet's scale.
        tiled: decode in overlapping tiles: less memory, and slightly different shades.

    Returns:
        Width, height in pixels and the pixels, RGB, 3 bytes each, row by row.
    """
    vae: Any = model.vae
    if vae.dtype == torch.float16 and vae.config.force_upcast:
        # SDXL's own VAE overflows in float16. Stock casts it to float32 and back for each picture; keeping it
        # in float32 costs 160 MB and saves the casts.
        vae.to(dtype=torch.float32)
    keep_only(model, vae)
    with tiles(model, latents.shape[-2:], enabled=tiled):
        image = vae.decode(unscaled(model, latents).to(vae.dtype), return_dict=False)[0]
    # VaeImageProcessor.postprocess: denormalise, clamp, then round to 8 bits in float32.
    unit = (image * 0.5 + 0.5).clamp(0, 1).float()
    levels = (unit * 255).round().to(torch.uint8)
    height, width = levels.shape[-2:]
    return width, height, levels[0].permute(1, 2, 0).contiguous().cpu().numpy().tobytes()


def unscaled(model: LoadedModel, latents: torch.Tensor) -> torch.Tensor:
    """Latents of the UNet's scale in the VAE's."""
    vae: Any = model.vae
    config = vae.config
    mean, std = config.get("latents_mean"), config.get("latents_std")
    if mean is None or std is None:
        return latents / config.scaling_factor
    shape = (1, -1, 1, 1)
    mean, std = (
        torch.tensor(values, device=latents.device).view(shape).to(latents.dtype) for values in (mean, std)
    )
    return latents * std / config.scaling_factor + mean


@contextmanager
def tiles(model: LoadedModel, shape: tuple[int, ...], *, enabled: bool) -> Iterator[None]:
    """Tiles of half the longer side, for one call of the VAE only; its own tile is a whole 1024 x 1024 picture."""
    if not enabled:
        yield
        return
    vae: Any = model.vae
    before = (vae.use_tiling, vae.tile_latent_min_size, vae.tile_sample_min_size)
    side = max(2, max(shape) // 2)
    vae.use_tiling, vae.tile_latent_min_size, vae.tile_sample_min_size = True, side, side * vae_scale(model)
    try:
        yield
    finally:
        vae.use_tiling, vae.tile_latent_min_size, vae.tile_sample_min_size = before
