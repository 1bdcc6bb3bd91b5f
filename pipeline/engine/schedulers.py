"""From a sampler's id to a diffusers scheduler, built from the config the checkpoint ships.

The mapping from the field's names is diffusers' own table
(https://huggingface.co/docs/diffusers/api/schedulers/overview). A scheduler keeps the history of one run, so
each running picture has its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Final

from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    DPMSolverSinglestepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    UniPCMultistepScheduler,
)

from pipeline.errors import InvalidRequest
from pipeline.samplers import SAMPLERS

_SCHEDULERS: Final[Mapping[str, tuple[Any, Mapping[str, Any]]]] = {
    "euler_a": (EulerAncestralDiscreteScheduler, {}),
    "dpmpp_2m_karras": (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
    "euler": (EulerDiscreteScheduler, {}),
    # The stochastic variant keeps what the name promises, fresh noise, without the torchsde package that
    # DPMSolverSDEScheduler needs; its noise comes from the picture's own generator.
    "dpmpp_sde_karras": (
        DPMSolverSinglestepScheduler,
        # It would set the last of these itself, with a warning for each picture.
        {"use_karras_sigmas": True, "algorithm_type": "sde-dpmsolver++", "lower_order_final": True},
    ),
    "unipc": (UniPCMultistepScheduler, {}),
    # The scheduler's own default clips latents to [-1, 1], which is meant for pixels; SDXL's config says no,
    # and some repackaged checkpoints lack the key.
    "ddim": (DDIMScheduler, {"clip_sample": False}),
    "lcm": (LCMScheduler, {}),
}


def build_scheduler(sampler: str, config: Mapping[str, Any], steps: int) -> Any:
    """A fresh scheduler with its timesteps set, on the CPU.

    The timesteps stay on the CPU: schedulers look at them with Python, which would wait for the GPU each time.

    Args:
        sampler: id of `pipeline.samplers.SAMPLERS`.
        config: the checkpoint's scheduler config.
        steps: denoising steps; the scheduler may make one more or less of them.

    Raises:
        InvalidRequest: an unknown sampler, or more steps than it can take.
    """
    if sampler not in _SCHEDULERS:
        raise InvalidRequest(
            "There is no sampler `{sampler}`: choose one of {known}.",
            sampler=sampler,
            known=", ".join(SAMPLERS),
        )
    kind, changes = _SCHEDULERS[sampler]
    # diffusers ignores what a scheduler does not take, and warns of it each time.
    known = inspect.signature(kind.__init__).parameters
    scheduler = kind.from_config(
        {key: value for key, value in config.items() if key in known or key.startswith("_")}, **changes
    )
    most = scheduler.config.get("original_inference_steps") or scheduler.config.num_train_timesteps
    if not 1 <= steps <= most:
        raise InvalidRequest(
            "{name} takes 1 to {most} steps, and {steps} were asked for.",
            name=SAMPLERS[sampler].name,
            most=most,
            steps=steps,
        )
    scheduler.set_timesteps(steps, device="cpu")
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)
    return scheduler


def predicted_original(scheduler: Any, output: Any) -> Any | None:
    """The picture the scheduler expects at this step (x0, [1, 4, h, w]), or None where it does not tell.

    Args:
        scheduler: the scheduler after `step`.
        output: what `step` returned.
    """
    for name in ("pred_original_sample", "denoised"):
        found = getattr(output, name, None)
        if found is not None:
            return found
    # The DPM and UniPC solvers turn each model output into x0 and keep it as their history.
    history = getattr(scheduler, "model_outputs", None)
    return history[-1] if history else None
