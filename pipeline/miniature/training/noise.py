"""Noising latents and weighing the loss: epsilon prediction with SDXL's schedule.

The schedule is SDXL's `scaled_linear` from 0.00085 to 0.012 in 1000 steps (Ho et al. 2020, "Denoising Diffusion
Probabilistic Models"; betas as in Rombach et al. 2022 and SDXL's scheduler config).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import torch
from torch import Tensor

STEPS: Final = 1000
_BETA_START: Final = 0.00085
_BETA_END: Final = 0.012

Weighting = Literal["min-snr", "debiased", "none"]


@dataclass(frozen=True, slots=True)
class Noised:
    """A batch to denoise: what the UNet reads, and what it should say."""

    latents: Tensor
    """(batch, 4, height, width), noisy."""
    timesteps: Tensor
    """(batch,), 0 to 999."""
    target: Tensor
    """The noise, shaped as the latents."""


def alphas_cumprod() -> Tensor:
    """Product of (1 - beta) up to each of the 1000 steps, in float32."""
    betas = torch.linspace(_BETA_START**0.5, _BETA_END**0.5, STEPS, dtype=torch.float32) ** 2
    return torch.cumprod(1.0 - betas, dim=0)


def stratified_timesteps(count: int, generator: torch.Generator) -> Tensor:
    """One timestep from each of `count` equal parts of the schedule, in random order.

    Each is uniform over the whole schedule by itself, but a batch always covers it evenly, which lowers the
    variance of the loss (as in Kingma et al. 2021, "Variational Diffusion Models", section 4).

    Returns:
        (count,), 0 to 999.
    """
    offset = torch.rand(count, generator=generator)
    places = (torch.randperm(count, generator=generator) + offset) / count
    return (places * STEPS).long().clamp_(0, STEPS - 1)


def add_noise(
    latents: Tensor,
    generator: torch.Generator,
    *,
    offset: float = 0.0,
    perturbation: float = 0.0,
    alphas: Tensor | None = None,
) -> Noised:
    """Noise latents to random degrees.

    Args:
        latents: (batch, 4, height, width), scaled to about unit deviation; on any device.
        generator: a CPU generator.
        offset: deviation of a constant added to each channel's noise, which teaches very dark and bright
            pictures (Guttenberg 2023, "Diffusion with Offset Noise").
        perturbation: deviation of further noise that the target does not hold, against exposure bias
            (Ning et al. 2023, "Input Perturbation Reduces Exposure Bias in Diffusion Models").
        alphas: `alphas_cumprod()`, computed when missing.
    """
    alphas = alphas_cumprod() if alphas is None else alphas
    batch, channels = latents.shape[:2]
    timesteps = stratified_timesteps(batch, generator)
    noise = torch.randn(latents.shape, generator=generator)
    if offset:
        noise = noise + offset * torch.randn(batch, channels, 1, 1, generator=generator)
    shown = noise
    if perturbation:
        shown = noise + perturbation * torch.randn(latents.shape, generator=generator)
    kept = alphas[timesteps].view(-1, 1, 1, 1).to(latents.device)
    noisy = kept.sqrt() * latents + (1.0 - kept).sqrt() * shown.to(latents.device)
    return Noised(noisy, timesteps.to(latents.device), noise.to(latents.device))


def loss_weights(timesteps: Tensor, weighting: Weighting, gamma: float, alphas: Tensor | None = None) -> Tensor:
    """How much the squared error of each timestep counts, for epsilon prediction.

    Args:
        timesteps: (batch,), 0 to 999.
        weighting: `min-snr`: min(snr, gamma) / snr (Hang et al. 2023, "Efficient Diffusion Training via
            Min-SNR Weighting Strategy"); `debiased`: 1 / sqrt(snr) (Yu et al. 2023, "Debias the Training of
            Diffusion Models"), at most 10; `none`: 1.
        gamma: of min-SNR; above 0.
        alphas: `alphas_cumprod()`, computed when missing.

    Returns:
        (batch,), on the device of the timesteps.
    """
    alphas = alphas_cumprod() if alphas is None else alphas
    kept = alphas.to(timesteps.device)[timesteps]
    snr = kept / (1.0 - kept)
    if weighting == "min-snr":
        return snr.clamp(max=gamma) / snr
    if weighting == "debiased":
        return snr.rsqrt().clamp(max=10.0)
    return torch.ones_like(snr)
