"""The samplers a member can choose, by id. Pure data: `pipeline.engine.schedulers` builds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Sampler:
    """One sampler: its id, the name the field knows it by (A1111's), and what it is good for."""

    id: str
    name: str
    hint: str


SAMPLERS: Final[dict[str, Sampler]] = {
    sampler.id: sampler
    for sampler in (
        Sampler("euler_a", "Euler a", "the cards' favourite; adds fresh noise at each step"),
        Sampler("dpmpp_2m_karras", "DPM++ 2M Karras", "sharp and repeatable; likes about 35 steps"),
        Sampler("euler", "Euler", "plain and steady"),
        Sampler("dpmpp_sde_karras", "DPM++ SDE Karras", "detailed; adds noise"),
        Sampler("unipc", "UniPC", "good with few steps"),
        Sampler("ddim", "DDIM", "the classic, smooth"),
        Sampler("lcm", "LCM", "4 to 8 steps, for distilled checkpoints, guidance near 1"),
    )
}
