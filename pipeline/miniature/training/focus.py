"""Where the loss looks: people who are small in their picture count for more than the area they cover.

A face in a full-body picture 160 pixels high is a twentieth of it, and half of the prompt speaks of that face.
Weighing places within a picture leaves the best prediction at every place what it was; it only decides which
places a small network gets right first.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from pipeline.miniature.artist.draw import placement
from pipeline.miniature.artist.scene import Scene

MOST: Final = 6.0
"""How many times as much as the background a place may count."""
_HEAD: Final = (0.5, 0.62)
"""Middle (below the crown) and radius of the circle around a head with its hair, in heads."""
_BODY: Final = (1.0, 0.75)
"""Top (below the crown) and half the width of the box around a body, in heads; it reaches down to the edge."""


def focus(scene: Scene, size: tuple[int, int], rows: int, columns: int, share: float) -> Tensor:
    """What each place of a picture counts for in the loss.

    Args:
        scene: what the picture shows.
        size: width and height the picture was composed for, in pixels.
        rows: of the latents.
        columns: of the latents.
        share: of the loss that the head and the body take at least, each; 0 to below 0.5, and 0 weighs all alike.

    Returns:
        float32, (1, rows, columns), of mean 1; no place counts more than `MOST` times another.
    """
    weights = torch.ones(rows, columns)
    place = placement(scene, *size) if share else None
    if place is None:
        return weights[None]
    width, height = size
    across = ((torch.arange(columns) + 0.5) * (width / columns) - place.x) / place.unit
    down = ((torch.arange(rows) + 0.5) * (height / rows) - place.y) / place.unit
    head = across.square()[None, :] + (down - _HEAD[0]).square()[:, None] < _HEAD[1] ** 2
    body = (across.abs() < _BODY[1])[None, :] & (down > _BODY[0])[:, None] & ~head
    background = float((~head & ~body).float().mean())
    for part in (head, body):
        covered = float(part.float().mean())
        if covered:
            wanted = share / covered * background / (1 - 2 * share)
            weights[part] = min(MOST, max(1.0, wanted))
    return (weights / weights.mean())[None]
