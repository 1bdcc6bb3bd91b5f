"""The options refuse what cannot be trained, and know which of them make a run what it is."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from pipeline.miniature.training.options import DenoiserOptions, VaeOptions, identity


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": 0}, "steps must be at least 1"),
        ({"batch_size": -1}, "batch_size must be at least 1"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be above 0"),
        ({"kl_weight": -1.0}, "kl_weight must be 0 or above"),
        ({"decay_fraction": 1.5}, "decay_fraction must be from 0 to 1"),
        ({"ema_decay": 1.0}, "ema_decay must be from 0 to below 1"),
        ({"precision": "fp16"}, "precision must be one of bf16, fp32, not fp16"),
        ({"channels": (16, 32)}, "channels must have 4 widths, not 2"),
        ({"channels": (16, 32, 64, 60)}, "channels must be positive multiples of 8"),
        ({"crop_schedule": ()}, "crop_schedule"),
        ({"crop_schedule": ((0.5, 64),)}, "crop_schedule"),
        ({"crop_schedule": ((0.5, 64), (0.4, 32), (1.0, 0))}, "crop_schedule"),
        ({"crop_schedule": ((1.0, 60),)}, "crop_schedule"),
    ],
)
def test_the_vae_refuses_what_is_out_of_range(change: dict[str, Any], words: str) -> None:
    """Naming the option and the range."""
    with pytest.raises(ValueError, match=words):
        VaeOptions(**({"steps": 10} | change))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": 0}, "steps must be at least 1"),
        ({"text_layers": 1}, "text_layers must be at least 2"),
        ({"vocabulary_size": 300}, "vocabulary_size must be at least 514"),
        ({"unet_learning_rate": -1.0}, "unet_learning_rate must be above 0"),
        ({"text_encoder_learning_rate": 0.0}, "text_encoder_learning_rate must be above 0"),
        ({"noise_offset": -0.1}, "noise_offset must be 0 or above"),
        ({"tag_dropout": 1.1}, "tag_dropout must be from 0 to 1"),
        ({"person_focus": 0.5}, "person_focus must be from 0 to below 0.5"),
        ({"loss_weighting": "max"}, "loss_weighting must be one of min-snr, debiased, none, not max"),
        ({"device": "tpu"}, "device must be one of cpu, cuda"),
        ({"heads": (2, 4)}, "one number per resolution"),
        ({"heads": (2, 4, 5)}, "multiples of the heads"),
        ({"transformer_layers": (1, -1, 1)}, "transformer_layers must be at least 0"),
        ({"gradient_accumulation": 3}, "multiple of gradient_accumulation"),
    ],
)
def test_the_denoiser_refuses_what_is_out_of_range(change: dict[str, Any], words: str) -> None:
    """Naming the option and the range."""
    with pytest.raises(ValueError, match=words):
        DenoiserOptions(**({"steps": 10} | change))


def test_the_text_encoders_learn_at_half_the_rate_of_the_unet_by_default() -> None:
    """The ratio on Animagine XL 4.0's card."""
    assert DenoiserOptions(steps=1, unet_learning_rate=0.004).text_rate == 0.002
    assert DenoiserOptions(steps=1, text_encoder_learning_rate=0.5).text_rate == 0.5


def test_crops_grow_with_the_steps_and_their_batches_shrink() -> None:
    """64, 128, whole."""
    options = VaeOptions(steps=100, batch_size=4, crop_schedule=((0.6, 64), (0.87, 128), (1.0, 0)))
    sides = [options.crop_at(step) for step in range(100)]
    assert sides == [64] * 60 + [128] * 27 + [0] * 13
    assert [options.crop_batch(side) for side in (64, 128, 0)] == [16, 8, 4]


@pytest.mark.parametrize("options", [VaeOptions(steps=10), DenoiserOptions(steps=10)])
def test_only_what_keeps_the_run_the_same_may_change_when_it_goes_on(
    options: VaeOptions | DenoiserOptions,
) -> None:
    """Steps, device, threads, and no other."""
    kept = identity(options)
    assert json.loads(kept)["training"] == type(options).__name__
    assert identity(dataclasses.replace(options, steps=20, device="cuda", threads=9)) == kept
    for other in ({"seed": 1}, {"batch_size": 64}, {"ema_decay": 0.5}, {"pictures": 7}, {"precision": "fp32"}):
        assert identity(dataclasses.replace(options, **other)) != kept
