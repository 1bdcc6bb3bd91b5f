"""Previews: a rough picture from latents in microseconds, without the VAE."""

from __future__ import annotations

import logging
from typing import Final

import torch

from pipeline.engine.running import Running
from pipeline.work import Preview

_log: Final = logging.getLogger(__name__)

# A linear fit of the VAE: what each of SDXL's four latent channels adds to red, green and blue in [-1, 1].
# The field's known factors, see `SDXL.latent_rgb_factors` in ComfyUI (comfy/latent_formats.py).
_FACTORS: Final = (
    (0.3651, 0.4232, 0.4341),
    (-0.2533, -0.0042, 0.1068),
    (0.1076, 0.1111, -0.0362),
    (-0.3165, -0.2492, -0.2188),
)
_BIAS: Final = (0.1084, -0.0175, -0.0011)
_SIDE: Final = 256
"""Small latents are enlarged until their longer side comes near this many pixels, so that one can see them."""


@torch.inference_mode()
def preview_pixels(latents: torch.Tensor) -> tuple[int, int, bytes]:
    """A small RGB picture of latents.

    Args:
        latents: predicted x0, [1, 4, height, width], in the UNet's scale.

    Returns:
        Width, height and the pixels, 3 bytes each, row by row.
    """
    small = latents.detach().to("cpu", torch.float32)
    colours = (
        torch.einsum("bchw,cr->brhw", small, torch.tensor(_FACTORS)) + torch.tensor(_BIAS)[None, :, None, None]
    )
    scale = max(1, _SIDE // max(colours.shape[-2:]))
    if scale > 1:
        colours = torch.nn.functional.interpolate(colours, scale_factor=scale, mode="bilinear")
    height, width = colours.shape[-2:]
    # A preview of a picture that has gone wrong is grey rather than an error.
    unit = torch.nan_to_num((colours + 1) / 2, nan=0.5).clamp(0, 1)
    levels = (unit * 255).round().to(torch.uint8)
    return width, height, levels[0].permute(1, 2, 0).contiguous().numpy().tobytes()


class Previews:
    """Makes the previews that works ask for. None is worth a picture: a fault is logged, once, and no more."""

    def __init__(self) -> None:
        self._fault_logged = False

    def of(self, image: Running) -> tuple[Preview, ...]:
        """The preview of the step that was just taken, if one is due."""
        work = image.work
        if not work.preview_every or image.index % work.preview_every or image.original is None:
            return ()
        try:
            return (Preview(work.id, image.index, *preview_pixels(image.original)),)
        except Exception:  # noqa: BLE001 - whatever it is, the picture is good
            if not self._fault_logged:
                _log.exception("A preview could not be made; further such faults are not logged")
            self._fault_logged = True
            return ()
