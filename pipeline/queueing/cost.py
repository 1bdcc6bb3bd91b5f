"""What a picture costs the GPU, before it is painted."""

from __future__ import annotations

import math
from typing import Final

UNIT: Final = 1e6
"""Pixel-passes in one unit of cost: 1024 x 1024 at 28 steps with guidance costs about 59."""


def cost(width: int, height: int, steps: int, guidance_scale: float, count: int = 1) -> float:
    """Pixels x steps x guidance passes, in millions of pixel-passes.

    Args:
        width: pixels, positive.
        height: pixels, positive.
        steps: denoising steps, positive.
        guidance_scale: above 1 the UNet runs twice a step, with the prompt and with the negative prompt.
        count: pictures, positive.

    Raises:
        ValueError: something is not positive, or the guidance is not finite.
    """
    if min(width, height, steps, count) < 1 or not math.isfinite(guidance_scale):
        raise ValueError("width, height, steps and count must be positive, and the guidance a finite number")
    passes = 2 if guidance_scale > 1 else 1
    return width * height * steps * passes * count / UNIT
