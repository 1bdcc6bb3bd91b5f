"""What each step of the denoiser's training looks at: latents, captions drawn anew, and the sizes they speak of."""

from __future__ import annotations

from random import Random
from typing import Final

import torch
from torch import Tensor

from pipeline.miniature.training import conditioning
from pipeline.miniature.training.captions import CaptionOptions, caption
from pipeline.miniature.training.focus import focus
from pipeline.miniature.training.latents import LatentCache, Size
from pipeline.miniature.training.options import DenoiserOptions
from pipeline.miniature.training.pictures import BUCKETS, scene_of

_CROP_SHARE: Final = 0.1
"""Share of the full-size batches that show a part of the pictures, with its place in the conditions."""
_CROP_LEAST: Final = 0.7
"""Smallest side of such a part, of the picture's."""


class Batches:
    """The latents and captions of each step, which depend on the seed and the step alone."""

    def __init__(self, options: DenoiserOptions, latents: LatentCache) -> None:
        self._options, self._latents = options, latents
        self._filled = [bucket for bucket in range(len(BUCKETS)) if latents.indices(bucket)]
        self._captions = CaptionOptions(
            tag_dropout=options.tag_dropout,
            caption_dropout=options.caption_dropout,
            quality_dropout=options.quality_dropout,
            keep_tags=options.keep_tags,
        )
        self.half_steps = round(options.low_resolution_fraction * options.steps)

    def size_at(self, step: int) -> Size:
        """Whether a step trains at half size."""
        return "half" if step < self.half_steps else "full"

    def batch(self, step: int) -> tuple[Tensor, list[str], Tensor, Tensor]:
        """What a step is trained on.

        Returns:
            Latents (batch, 4, height, width), a caption for each, time ids (batch, 6), and what each place counts
            for in the loss (batch, 1, height, width).
        """
        options = self._options
        rng = Random(f"denoiser/{options.seed}/{step}")  # noqa: S311
        size, bucket = self.size_at(step), rng.choice(self._filled)
        held = self._latents.indices(bucket)
        places = (
            rng.sample(range(len(held)), options.batch_size)
            if len(held) >= options.batch_size
            else rng.choices(range(len(held)), k=options.batch_size)
        )
        latents = self._latents.read(size, bucket, places)
        scenes = [scene_of(options.seed, held[place]) for place in places]
        captions = [caption(scene, rng, self._captions) for scene in scenes]
        height, width = latents.shape[-2:]
        looks = [focus(scene, BUCKETS[bucket], height, width, options.person_focus) for scene in scenes]
        counts = torch.stack(looks)
        top = left = 0
        shown_height, shown_width = height, width
        if size == "full" and rng.random() < _CROP_SHARE:
            shown_height = rng.randint(round(height * _CROP_LEAST), height)
            shown_width = rng.randint(round(width * _CROP_LEAST), width)
            top, left = rng.randint(0, height - shown_height), rng.randint(0, width - shown_width)
            latents = latents[:, :, top : top + shown_height, left : left + shown_width]
            counts = counts[:, :, top : top + shown_height, left : left + shown_width]
        # Half-size pictures say that they are small: who asks for the full size is not painted blurred ones.
        ids = conditioning.time_ids(
            (height * 8, width * 8), (top * 8, left * 8), (shown_height * 8, shown_width * 8), len(places)
        )
        return latents, captions, ids, counts
