"""Noise and loss weights, against the published formulas and diffusers' own scheduler."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import DDPMScheduler

from pipeline.miniature.training.noise import add_noise, alphas_cumprod, loss_weights, stratified_timesteps


def seeded(seed: int = 0) -> torch.Generator:
    """A generator on the CPU."""
    return torch.Generator().manual_seed(seed)


def theirs() -> Any:
    """SDXL's schedule, as diffusers computes it."""
    return DDPMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")


def test_the_schedule_is_sdxls() -> None:
    """Step for step."""
    torch.testing.assert_close(alphas_cumprod(), theirs().alphas_cumprod, rtol=1e-6, atol=0)


def test_noising_is_ddpms() -> None:
    """Without offset and perturbation."""
    latents = torch.randn(6, 4, 5, 3, generator=seeded(1))
    noised = add_noise(latents, seeded())
    wanted = theirs().add_noise(latents, noised.target, noised.timesteps)
    torch.testing.assert_close(noised.latents, wanted)


def test_timesteps_cover_the_schedule() -> None:
    """Each batch evenly, and each place of a batch everything."""
    for seed in range(20):
        steps = stratified_timesteps(10, seeded(seed))
        assert sorted(int(step) // 100 for step in steps) == list(range(10))
    many = torch.cat([stratified_timesteps(4, seeded(seed)) for seed in range(500)])
    assert many.min() < 10
    assert many.max() > 989
    assert float(many.float().mean()) == pytest.approx(499.5, abs=10)
    # In random order: the first of a batch may be any.
    firsts = {int(stratified_timesteps(4, seeded(seed))[0]) // 250 for seed in range(50)}
    assert firsts == {0, 1, 2, 3}


def test_the_same_seed_gives_the_same_noise() -> None:
    """Offset and perturbation included."""
    latents = torch.zeros(2, 4, 3, 3)
    one = add_noise(latents, seeded(), offset=0.1, perturbation=0.1)
    two = add_noise(latents, seeded(), offset=0.1, perturbation=0.1)
    assert torch.equal(one.latents, two.latents)
    assert torch.equal(one.target, two.target)


def test_the_offset_is_the_same_all_over_a_channel() -> None:
    """Its deviation is the one asked for."""
    noised = add_noise(torch.zeros(400, 4, 16, 16), seeded(), offset=0.5)
    # A mean of 256 unit normals adds 1/16 of deviation.
    assert float(noised.target.mean(dim=(2, 3)).std()) == pytest.approx((0.5**2 + 1 / 256) ** 0.5, rel=0.06)


def test_the_target_leaves_the_perturbation_out() -> None:
    """It is on the input alone."""
    noised = add_noise(torch.zeros(64, 4, 8, 8), seeded(), perturbation=0.5)
    kept = alphas_cumprod()[noised.timesteps].view(-1, 1, 1, 1)
    extra = noised.latents / (1 - kept).sqrt() - noised.target
    assert float(extra.std()) == pytest.approx(0.5, rel=0.05)
    assert float(noised.target.std()) == pytest.approx(1, rel=0.05)


def test_loss_weights_are_the_published_ones() -> None:
    """Of both papers."""
    steps = torch.tensor([0, 100, 500, 999])
    snr = (alphas_cumprod() / (1 - alphas_cumprod()))[steps]
    min_snr = loss_weights(steps, "min-snr", 5.0)
    torch.testing.assert_close(min_snr, torch.minimum(snr, torch.full_like(snr, 5.0)) / snr)
    assert float(min_snr[0]) < 0.01
    assert float(min_snr[3]) == 1
    debiased = loss_weights(steps, "debiased", 5.0)
    torch.testing.assert_close(debiased[:3], snr[:3] ** -0.5)
    assert float(debiased[3]) == 10
    assert loss_weights(steps, "none", 5.0).tolist() == [1, 1, 1, 1]
