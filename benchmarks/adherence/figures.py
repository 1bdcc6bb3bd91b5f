"""The plain measures: shares with their uncertainty, sharpness, likeness, rising series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.adherence.judge import Pictures

Z = 1.959964
"""Standard deviations of a 95 % interval."""


def wilson(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score (E. B. Wilson, JASA 22, 1927); 0 to 1 without any trial."""
    if total == 0:
        return 0.0, 1.0
    share = right / total
    scale = 1 + Z**2 / total
    middle = (share + Z**2 / (2 * total)) / scale
    half = Z * math.sqrt(share * (1 - share) / total + Z**2 / (4 * total**2)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def luminance(picture: Pictures) -> NDArray[np.float64]:
    """[height, width], 0 to 255, by the weights of ITU-R BT.601."""
    return np.asarray(picture.astype(np.float64) @ np.array((0.299, 0.587, 0.114)))


def sharpness(picture: Pictures) -> float:
    """Variance of the Laplacian of the luminance: high with crisp lines, low when blurred."""
    light = luminance(picture)
    inner = light[1:-1, 1:-1]
    around = light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:]
    return float((around - 4 * inner).var())


def edge_width(picture: Pictures) -> float:
    """How wide the strongest edges are, in pixels: the contrast at distance 4 over the steepest step.

    Unlike `sharpness` it does not grow with the number of lines or with grain in flat places.
    """
    light = luminance(picture)
    widths = []
    for rows in (light, light.T):
        steps = np.abs(np.diff(rows, axis=1))
        span = np.abs(rows[:, 6:] - rows[:, :-6])
        steepest = np.stack([steps[:, k : k + span.shape[1]] for k in range(6)]).max(0)
        strong = span >= max(20.0, float(np.quantile(span, 0.95)))
        widths.append(span[strong] / np.maximum(steepest[strong], 1e-6))
    joined = np.concatenate(widths)
    return float(np.median(joined)) if joined.size else 0.0


def rising(values: Sequence[float], slack: float = 0.0) -> bool:
    """Whether no value is below the one before it by more than `slack`."""
    return all(later >= earlier - slack for earlier, later in pairwise(values))
