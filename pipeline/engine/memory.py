"""What happens when memory runs out: step down a ladder, say so, and only then give a picture up.

The rungs, for one model and one latent shape: no models in memory but those at work, fewer pictures in one UNet
call, encoding and decoding in tiles, and keeping only the part of the model on the device that is at work.
"""

from __future__ import annotations

import errno
import logging
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import torch

from pipeline.engine.device import free_cached_memory
from pipeline.engine.model import LoadedModel
from pipeline.errors import OutOfMemory
from pipeline.sentence import Sentence

T = TypeVar("T")
_log: Final = logging.getLogger(__name__)

_PHRASES: Final = (
    "out of memory",
    "can't allocate memory",  # torch's allocator on the CPU
    "not enough memory",  # the same on Windows
    "alloc_failed",  # CUDNN_STATUS_ALLOC_FAILED, CUBLAS_STATUS_ALLOC_FAILED
)

SMALLER_BATCH: Final = Sentence(
    "Memory ran out, so fewer pictures are painted at the same time: this takes longer."
)
TILED: Final = Sentence("Memory ran out, so this picture is decoded in tiles: fine shades may differ a little.")
OFFLOADED: Final = Sentence(
    "Memory ran out, so only the part of the model at work stays on the GPU: this takes longer."
)
FORGOTTEN: Final = Sentence("Memory ran out, so caches were emptied before another try.")
GIVEN_UP: Final = (
    "This picture of {width} x {height} does not fit into memory, even in small parts: ask for a smaller size."
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the device, the driver or the operating system refused memory."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and any(phrase in str(error).lower() for phrase in _PHRASES)


def given_up(height: int, width: int) -> OutOfMemory:
    """The failure of a picture of this size in pixels."""
    return OutOfMemory(GIVEN_UP, width=width, height=height)


def plain(error: Exception, width: int, height: int) -> Exception:
    """The error, or the sentence for a member where memory ran out beside the ladder."""
    return given_up(height, width) if is_out_of_memory(error) else error


class TooMany(Exception):
    """Fewer pictures are to be tried in one call."""


def vae_scale(model: LoadedModel) -> int:
    """Pixels for each latent, along a side: 8 for SDXL."""
    vae: Any = model.vae
    return int(2 ** (len(vae.config.block_out_channels) - 1))


def latent_shape(model: LoadedModel, width: int, height: int) -> tuple[int, int]:
    """Latent height and width of a picture of this size in pixels."""
    scale = vae_scale(model)
    return height // scale, width // scale


def keep_only(model: LoadedModel, *parts: Any) -> None:
    """Make sure that `parts` are on the device; of an offloaded model, move the others to main memory first."""
    if not model.offloaded:
        return
    everything: tuple[Any, ...] = (model.unet, model.vae, model.text_encoder, model.text_encoder_2)
    for part in everything:
        if not any(part is kept for kept in parts):
            part.to("cpu")
    for part in parts:
        part.to(model.device)


@dataclass(slots=True)
class _Rungs:
    """How far down one model with one latent shape is."""

    batch: int | None = None
    tiled: bool = False


@dataclass(slots=True)
class _Given:
    """What was given up for one model."""

    shapes: dict[tuple[int, int], _Rungs] = field(default_factory=dict)
    set_aside: bool = False


class MemoryLadder:
    """Remembers what had to be given up, for as long as the model is loaded.

    Rungs are kept apart by latent shape, so that a picture too large for the card does not change the others.
    """

    def __init__(self) -> None:
        self._models: weakref.WeakKeyDictionary[torch.nn.Module, _Given] = weakref.WeakKeyDictionary()

    def batch_limit(self, model: LoadedModel, shape: tuple[int, int]) -> int | None:
        """Most pictures of this latent shape (height, width) in one UNet call; None while there is no limit."""
        return self._rungs(model, shape).batch

    def tiled(self, model: LoadedModel, shape: tuple[int, int]) -> bool:
        """Whether pictures of this latent shape are encoded and decoded in tiles."""
        return self._rungs(model, shape).tiled

    def remembered(self, model: LoadedModel, shape: tuple[int, int]) -> tuple[str, ...]:
        """Sentences for a picture that joins, about what was given up before it came and holds for it too.

        Tiles are not among them: they are told when the picture is decoded, which may be much later.
        """
        smaller = (SMALLER_BATCH,) if self.batch_limit(model, shape) is not None else ()
        return (*smaller, OFFLOADED) if model.offloaded else smaller

    def run(
        self,
        attempt: Callable[[], T],
        model: LoadedModel,
        shape: tuple[int, int],
        *,
        batch: int,
        vae: bool,
        changed: Callable[[str], None],
        release_idle: Callable[[], bool] = lambda: False,
    ) -> T:
        """Run something that may need more memory than there is, and again after each step down.

        Args:
            attempt: what to run. It must change nothing before it succeeds.
            model: the model at work.
            shape: latent height and width of the pictures.
            batch: how many pictures it is for.
            vae: whether the VAE is at work.
            changed: hears the sentence of each rung taken; it may free more.
            release_idle: drops the models that are not at work, and says whether there were any. This rung is
                free for the pictures, so nobody hears of it.

        Raises:
            TooMany: it was for several pictures, and `batch_limit` of them are to be tried.
            OutOfMemory: nothing is left to give up.
        """
        while True:
            try:
                return attempt()
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                _log.warning("Out of memory with %d pictures of latent shape %s: %s", batch, shape, error)
            # Outside of `except`: the traceback has let go of the tensors by now.
            if release_idle():
                continue
            sentence = self.step_down(model, shape, batch=batch, vae=vae)
            if sentence is not None:
                changed(sentence)
            free_cached_memory(model.device)
            if sentence is None:
                scale = vae_scale(model)
                raise given_up(shape[0] * scale, shape[1] * scale)
            if batch > 1:
                raise TooMany

    def step_down(self, model: LoadedModel, shape: tuple[int, int], *, batch: int, vae: bool) -> str | None:
        """Take the next rung after a failure.

        Args:
            model: the model that was at work.
            shape: latent height and width of the pictures.
            batch: pictures that were in the failed call.
            vae: whether the VAE failed; tiles help it alone.

        Returns:
            A sentence for the member that says what changed, or None when nothing is left to give up.
        """
        rungs = self._rungs(model, shape)
        if batch > 1:
            rungs.batch = batch // 2
            return SMALLER_BATCH
        if vae and not rungs.tiled:
            rungs.tiled = True
            return TILED
        given = self._given(model)
        if given.set_aside or model.offloaded:
            return None
        given.set_aside = True
        model.offloaded = model.device.type != "cpu"
        return OFFLOADED if model.offloaded else FORGOTTEN

    def _given(self, model: LoadedModel) -> _Given:
        unet: Any = model.unet
        return self._models.setdefault(unet, _Given())

    def _rungs(self, model: LoadedModel, shape: tuple[int, int]) -> _Rungs:
        return self._given(model).shapes.setdefault(shape, _Rungs())
