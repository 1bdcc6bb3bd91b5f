"""The samplers a member can choose, by id. Pure data: `pipeline.engine.schedulers` builds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Sampler:
    """One sampler: its id, the name the field knows it by (A1111's), and what it is good for.

    `max_steps` is a limit of its own, where it has one. `steps` and `guidance_scale` are what it wants instead of
    the profile's defaults, where those make no sense with it.
    """

    id: str
    name: str
    hint: str
    max_steps: int | None = None
    steps: int | None = None
    guidance_scale: float | None = None


SAMPLERS: Final[dict[str, Sampler]] = {
    sampler.id: sampler
    for sampler in (
        Sampler("euler_a", "Euler a", "the cards' favourite; adds fresh noise at each step"),
        Sampler("dpmpp_2m_karras", "DPM++ 2M Karras", "sharp and repeatable; likes about 35 steps"),
        Sampler("euler", "Euler", "plain and steady"),
        Sampler("dpmpp_sde_karras", "DPM++ SDE Karras", "detailed; adds noise"),
        Sampler("unipc", "UniPC", "good with few steps"),
        Sampler("ddim", "DDIM", "the classic, smooth"),
        # LCM was distilled over 50 steps (original_inference_steps of its scheduler) and cannot take more.
        Sampler(
            "lcm",
            "LCM",
            "4 to 8 steps, for distilled checkpoints, guidance near 1",
            max_steps=50,
            steps=8,
            guidance_scale=1.5,
        ),
    )
}
