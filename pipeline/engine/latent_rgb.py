"""What latents look like without decoding them: a small linear map from latents to colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import torch
from torch.nn import functional

from pipeline.engine.decode import unscaled
from pipeline.engine.memory import keep_only, vae_scale
from pipeline.engine.model import LoadedModel

# What each of SDXL's four latent channels adds to red, green and blue in [-1, 1]. The field's known factors, see
# `SDXL.latent_rgb_factors` in ComfyUI (comfy/latent_formats.py).
_SDXL: Final = (
    (0.3651, 0.4232, 0.4341),
    (-0.2533, -0.0042, 0.1068),
    (0.1076, 0.1111, -0.0362),
    (-0.3165, -0.2492, -0.2188),
)
_SDXL_BIAS: Final = (0.1084, -0.0175, -0.0011)
_SDXL_CHANNELS: Final = (128, 256, 512, 512)
_SDXL_SCALING: Final = 0.13025

_SIDE: Final = 32
"""Latents along each side of the picture that the map is fitted to."""
_KERNEL: Final = 3
_FINER: Final = 2
"""Pixels along each side of a latent. On the built-in model's VAE, whose latents say much about where inside their
square something lies, neighbours and finer pixels together take the error from 51 to 37 of 255 levels."""
_COARSE, _FINE = 1.6, 0.8
"""How far the latents vary from one patch to the next and inside a patch, about as in pictures."""
_RIDGE: Final = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class LatentRgb:
    """`weight` is [3 * finer * finer, channels, kernel, kernel] and `bias` [3 * finer * finer], in float32."""

    weight: torch.Tensor
    bias: torch.Tensor
    finer: int = 1

    def __call__(self, latents: torch.Tensor) -> torch.Tensor:
        """Colours, nominally -1 to 1, [1, 3, height * finer, width * finer], of latents in the UNet's scale."""
        colours = functional.conv2d(_padded(latents.float(), self.weight.shape[-1]), self.weight, self.bias)
        return functional.pixel_shuffle(colours, self.finer)


def latent_rgb(model: LoadedModel) -> LatentRgb:
    """The map of a model: SDXL's known one, or one fitted to its own VAE. Takes one small decoding then."""
    return fitted(model) if not _is_sdxl(model.vae) else published(model.device)


def published(device: torch.device) -> LatentRgb:
    """SDXL's known factors."""
    return LatentRgb(
        torch.tensor(_SDXL, device=device).T[:, :, None, None].contiguous(),
        torch.tensor(_SDXL_BIAS, device=device),
    )


@torch.inference_mode()
def fitted(model: LoadedModel) -> LatentRgb:
    """Least squares between random latents and what the model's VAE decodes them to.

    Random latents, because they are spread over all that the decoder can be given: fitted to encoded colour
    pictures, the map is worse on real ones.
    """
    vae: Any = model.vae
    if vae.dtype == torch.float16 and vae.config.force_upcast:
        vae.to(dtype=torch.float32)  # as for decoding a picture
    keep_only(model, vae)
    chance = torch.Generator("cpu").manual_seed(0)
    channels = int(vae.config.latent_channels)
    coarse = torch.randn(1, channels, _SIDE // 4, _SIDE // 4, generator=chance) * _COARSE
    fine = torch.randn(1, channels, _SIDE, _SIDE, generator=chance) * _FINE
    latents = functional.interpolate(coarse, size=(_SIDE, _SIDE), mode="bilinear") + fine
    given = latents.to(model.device)
    picture = vae.decode(unscaled(model, given).to(vae.dtype), return_dict=False)[0].float().cpu().clamp(-1, 1)
    finer = min(_FINER, vae_scale(model))
    small = functional.avg_pool2d(picture, vae_scale(model) // finer)
    targets = functional.pixel_unshuffle(small, finer).flatten(2)[0].T.double()
    seen = functional.unfold(_padded(latents, _KERNEL), _KERNEL)[0].T.double()
    seen = torch.cat([seen, torch.ones(len(seen), 1, dtype=seen.dtype)], dim=1)
    ridge = _RIDGE * len(seen) * torch.eye(seen.shape[1], dtype=seen.dtype)
    found = torch.linalg.solve(seen.T @ seen + ridge, seen.T @ targets).float()
    weight = found[:-1].T.reshape(-1, channels, _KERNEL, _KERNEL)
    return LatentRgb(weight.contiguous().to(model.device), found[-1].to(model.device), finer)


def _padded(latents: torch.Tensor, kernel: int) -> torch.Tensor:
    return functional.pad(latents, (kernel // 2,) * 4, mode="replicate") if kernel > 1 else latents


def _is_sdxl(vae: Any) -> bool:
    """Whether a VAE is SDXL's own, mended or finetuned: all of these keep its latents."""
    config = vae.config
    return (
        tuple(config.block_out_channels) == _SDXL_CHANNELS
        and config.scaling_factor == _SDXL_SCALING
        and config.latent_channels == len(_SDXL)
        and config.get("latents_mean") is None
    )
