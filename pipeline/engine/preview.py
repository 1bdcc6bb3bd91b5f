"""Previews: a rough picture from latents in microseconds, without the VAE."""

from __future__ import annotations

import logging
from typing import Final

import torch

from pipeline.engine.latent_rgb import LatentRgb, latent_rgb, published
from pipeline.engine.model import LoadedModel
from pipeline.engine.running import Running
from pipeline.work import Preview

_log: Final = logging.getLogger(__name__)


@torch.inference_mode()
def preview_pixels(latents: torch.Tensor, colours: LatentRgb) -> tuple[int, int, bytes]:
    """A small RGB picture of latents.

    Args:
        latents: predicted x0, [1, 4, height, width], in the UNet's scale.
        colours: what the latents look like.

    Returns:
        Width, height and the pixels, 3 bytes each, row by row.
    """
    # A preview of a picture that has gone wrong is grey rather than an error.
    unit = torch.nan_to_num((colours(latents.detach()) + 1) / 2, nan=0.5).clamp(0, 1)
    levels = (unit * 255).round().to(torch.uint8)
    height, width = levels.shape[-2:]
    # Turned into bytes before they leave the device: a quarter of what colours as numbers would take.
    return width, height, levels[0].permute(1, 2, 0).contiguous().cpu().numpy().tobytes()


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
            colours = image.model.latent_rgb or self._learn(image.model)
            return (Preview(work.id, image.index, *preview_pixels(image.original, colours)),)
        except Exception:  # noqa: BLE001 - whatever it is, the picture is good
            self._log_once("A preview could not be made")
            return ()

    def _learn(self, model: LoadedModel) -> LatentRgb:
        """What the model's latents look like, found out once for as long as it is loaded."""
        try:
            model.latent_rgb = latent_rgb(model)
        except Exception:  # noqa: BLE001 - wrong colours are better than a second attempt at every step
            self._log_once("The colours of a model's latents could not be found out; SDXL's are used")
            model.latent_rgb = published(model.device)
        return model.latent_rgb

    def _log_once(self, what: str) -> None:
        if not self._fault_logged:
            _log.exception("%s. Further faults of previews are not logged", what)
        self._fault_logged = True
