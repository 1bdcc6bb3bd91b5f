"""Samplers: each id builds its diffusers scheduler from the checkpoint's config."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.engine.model import LoadedModel
from pipeline.engine.schedulers import build_scheduler
from pipeline.errors import InvalidRequest
from pipeline.samplers import SAMPLERS


@pytest.mark.parametrize(
    ("sampler", "name", "settings"),
    [
        ("euler_a", "EulerAncestralDiscreteScheduler", {}),
        ("dpmpp_2m_karras", "DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
        ("euler", "EulerDiscreteScheduler", {}),
        (
            "dpmpp_sde_karras",
            "DPMSolverSinglestepScheduler",
            {"use_karras_sigmas": True, "algorithm_type": "sde-dpmsolver++"},
        ),
        ("unipc", "UniPCMultistepScheduler", {}),
        ("ddim", "DDIMScheduler", {"clip_sample": False}),
        ("lcm", "LCMScheduler", {}),
    ],
)
def test_each_sampler_is_its_scheduler(
    model: LoadedModel, sampler: str, name: str, settings: dict[str, Any]
) -> None:
    """Class and settings as in diffusers' table of samplers, and the checkpoint's own noise schedule."""
    scheduler = build_scheduler(sampler, model.scheduler_config, 8)
    assert type(scheduler).__name__ == name
    assert {key: scheduler.config[key] for key in settings} == settings
    assert scheduler.config.beta_schedule == model.scheduler_config["beta_schedule"]
    assert len(scheduler.timesteps) == 8


def test_every_sampler_a_member_can_choose_is_built(model: LoadedModel) -> None:
    """No id of the list lacks a scheduler."""
    for sampler in SAMPLERS:
        build_scheduler(sampler, model.scheduler_config, 4)


def test_unknown_samplers_are_refused(model: LoadedModel) -> None:
    """The sentence names those there are."""
    with pytest.raises(InvalidRequest, match=r"no sampler `heun`.*euler_a"):
        build_scheduler("heun", model.scheduler_config, 4)


@pytest.mark.parametrize(("sampler", "steps"), [("lcm", 51), ("euler_a", 0), ("ddim", 1001)])
def test_impossible_steps_are_refused(model: LoadedModel, sampler: str, steps: int) -> None:
    """The sentence says how many can be taken."""
    with pytest.raises(InvalidRequest, match=f"takes 1 to .* and {steps} were asked for"):
        build_scheduler(sampler, model.scheduler_config, steps)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("steps", [1, 2, 5, 28])
def test_timesteps_fall(model: LoadedModel, sampler: str, steps: int) -> None:
    """Any number of steps gives a schedule from noise to picture."""
    timesteps = [float(t) for t in build_scheduler(sampler, model.scheduler_config, steps).timesteps]
    assert len(timesteps) == steps
    assert timesteps == sorted(timesteps, reverse=True)
