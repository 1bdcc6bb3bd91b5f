"""Enlarging a finished picture, one tile per tick, so that those being painted beside it hardly wait."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from pipeline.engine.memory import given_up, is_out_of_memory
from pipeline.engine.ncnn import Network
from pipeline.errors import InvalidRequest, WeightsError
from pipeline.upscalers import PACKAGE, UPSCALERS, Upscaler
from pipeline.work import Event, Failed, Painted, Stepped, Work

_TILE: Final = 256
"""Pixels of a tile's side. At x4 one takes about 0.6 GB in half precision."""
_CPU_TILE: Final = 128
"""On a CPU a larger one would keep those beside it waiting for many seconds."""
_LEAST_TILE: Final = 32
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedUpscaler:
    """A network with its weights in memory. `weights` is what recipes are stamped with."""

    upscaler: Upscaler
    network: Network
    weights: str
    on_cpu: bool = False


class Upscalers:
    """Loads each network at its first use and keeps it: a few megabytes.

    Args:
        device: tells where they run, when the first is loaded.
        folder: of the weights; None for the installed package.
    """

    def __init__(self, device: Callable[[], torch.device], folder: Path | None = None) -> None:
        self._device = device
        self._folder = folder
        self._loaded: dict[str, LoadedUpscaler] = {}

    def get(self, upscaler_id: str) -> LoadedUpscaler:
        """The network of an upscaler.

        Raises:
            InvalidRequest: there is none of that id.
            WeightsError: its weights are missing or damaged.
        """
        if upscaler_id not in self._loaded:
            known = UPSCALERS.get(upscaler_id)
            if known is None:
                raise InvalidRequest(
                    "There is no upscaler called `{name}`. Known: {known}.",
                    name=upscaler_id[:60],
                    known=", ".join(f"`{each}`" for each in UPSCALERS),
                )
            self._loaded[upscaler_id] = self._load(known)
        return self._loaded[upscaler_id]

    def _load(self, upscaler: Upscaler) -> LoadedUpscaler:
        folder = self._folder or _installed()
        param, weights = folder / f"{upscaler.file}.param", folder / f"{upscaler.file}.bin"
        device = self._device()
        dtype = torch.float32 if device.type == "cpu" else torch.float16
        network = Network(param, weights, device, dtype)
        digest = hashlib.sha256(param.read_bytes() + weights.read_bytes()).hexdigest()[:16]
        return LoadedUpscaler(upscaler, network, f"upscaler:{upscaler.id}@{digest}", device.type == "cpu")


def _installed() -> Path:
    # Looked for without importing it: the package holds data, and its code is of no use here.
    found = importlib.util.find_spec(PACKAGE)
    places = list(found.submodule_search_locations or ()) if found else []
    if not places:
        raise WeightsError(
            "The weights of the upscalers are not installed. Install the requirements again: they are in the package "
            "`{package}`.",
            package=PACKAGE.replace("_", "-"),
        )
    return Path(places[0]) / "models"


class Enlarging:
    """A picture on its way to a larger one.

    Args:
        work: with the source's pixels; its recipe's size is that of the result.
        loaded: the network.
        started: when it joined, in the engine's clock.

    Raises:
        InvalidRequest: the recipe's size is not the upscaler's multiple of a picture.
    """

    def __init__(self, work: Work, loaded: LoadedUpscaler, started: float) -> None:
        recipe, scale = work.recipe, loaded.upscaler.scale
        self.work, self.loaded, self.started = work, loaded, started
        self.width, self.height = recipe.width // scale, recipe.height // scale
        if recipe.width % scale or recipe.height % scale or not self.width or not self.height:
            raise InvalidRequest(
                "{width} x {height} is no size that {name} makes: both sides must be multiples of {scale}.",
                width=recipe.width,
                height=recipe.height,
                name=loaded.upscaler.name,
                scale=scale,
            )
        flat = np.frombuffer(work.source, np.uint8).reshape(1, self.height, self.width, 3)
        picture = torch.from_numpy(flat.copy()).permute(0, 3, 1, 2).float() / 255
        # As Real-ESRGAN's own tool does: mirrored beyond its edges, so that these are not darker than the rest.
        self._margin = min(loaded.upscaler.context, self.width - 1, self.height - 1)
        self._picture = functional.pad(picture, (self._margin,) * 4, mode="reflect")
        self._result = np.empty((recipe.height, recipe.width, 3), np.uint8)
        self._tile = _CPU_TILE if loaded.on_cpu else _TILE
        self._left = self._tiles()
        self.steps = len(self._left)
        self.index = 0

    def _tiles(self) -> list[tuple[int, int, int, int]]:
        """Left, top, right and bottom of each tile, in pixels of the source."""
        side = self._tile
        return [
            (x, y, min(x + side, self.width), min(y + side, self.height))
            for y in range(0, self.height, side)
            for x in range(0, self.width, side)
        ]

    @property
    def done(self) -> bool:
        """Whether every tile is there."""
        return not self._left

    @property
    def pixels(self) -> bytes:
        """The result: RGB, row by row."""
        return self._result.tobytes()

    def advance(self, make_room: Callable[[], object]) -> None:
        """Enlarge the next tile; with smaller tiles where memory runs out.

        Args:
            make_room: called when it does, to give up what nobody uses.

        Raises:
            OutOfMemory: even the smallest tile does not fit.
        """
        tile = self._left[0]
        try:
            self._enlarge(*tile)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            _log.warning("Out of memory while enlarging a tile of %d pixels", self._tile)
            too_small = self._tile <= _LEAST_TILE
        else:
            self._left.pop(0)
            self.index += 1
            return
        if too_small:
            raise given_up(self.height, self.width)
        make_room()
        # The whole picture again: tiles of both sizes side by side would be harder to follow than it is worth.
        self._tile //= 2
        self._left = self._tiles()
        self.steps, self.index = len(self._left), 0

    @torch.inference_mode()
    def _enlarge(self, left: int, top: int, right: int, bottom: int) -> None:
        margin, scale = self._margin, self.loaded.upscaler.scale
        # The padded picture begins `margin` pixels before the picture itself.
        part = self._picture[:, :, top : bottom + 2 * margin, left : right + 2 * margin]
        found = self.loaded.network(part.contiguous(memory_format=torch.channels_last))
        inner = found[0, :, margin * scale : -margin * scale or None, margin * scale : -margin * scale or None]
        levels = (inner.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
        self._result[top * scale : bottom * scale, left * scale : right * scale] = levels


class Enlargements:
    """The pictures that are being enlarged.

    Args:
        upscalers: where networks come from.
        make_room: called when memory runs out, to give up what nobody uses.
        clock: seconds, for `Painted.seconds`.
    """

    def __init__(
        self, upscalers: Upscalers, make_room: Callable[[], object], clock: Callable[[], float]
    ) -> None:
        self._upscalers, self._make_room, self._clock = upscalers, make_room, clock
        self._all: list[Enlarging] = []

    def __len__(self) -> int:
        return len(self._all)

    def add(self, work: Work) -> None:
        """Take a work.

        Raises:
            InvalidRequest, WeightsError: it cannot be done.
        """
        started = self._clock()
        self._all.append(Enlarging(work, self._upscalers.get(work.recipe.upscaler), started))

    def drop(self, work_id: int) -> bool:
        """Let a work go; whether it was here."""
        before = len(self._all)
        self._all = [each for each in self._all if each.work.id != work_id]
        return len(self._all) < before

    def tick(self) -> list[Event]:
        """Enlarge one tile of the first, so that they end one after another, and say what happened."""
        if not self._all:
            return []
        each = self._all[0]
        try:
            each.advance(self._make_room)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this work's alone
            self._all.remove(each)
            return [Failed(each.work.id, error)]
        told: list[Event] = [Stepped(each.work.id, each.index, each.steps)]
        if each.done:
            self._all.remove(each)
            recipe, seconds = each.work.recipe, self._clock() - each.started
            told.append(
                Painted(each.work.id, recipe.width, recipe.height, each.pixels, seconds, each.loaded.weights)
            )
        return told

    def clear(self) -> None:
        """Let go of all works."""
        self._all = []
