"""Reads networks in ncnn's format and runs them with torch.

Real-ESRGAN's weights are to be had as a package only in this format (a `.param` file that lists the layers, a `.bin`
file with their weights one after another; https://github.com/Tencent/ncnn/wiki/param-and-model-file-structure).
Only the layers that those networks use are known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from pipeline.errors import WeightsError

_MAGIC: Final = "7767517"
_HALF: Final = 0x01306B47
"""Tag of weights in half precision; 0 stands for single precision."""
_ARRAY: Final = -23300
"""Array parameter k is written under the key -23300 - k."""

Tensors = Sequence[torch.Tensor]
Operation = Callable[[Tensors], torch.Tensor]


@dataclass(frozen=True, slots=True)
class Layer:
    """One line of a `.param` file: which operation, from which blobs to which."""

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    numbers: dict[int, float]
    arrays: dict[int, tuple[float, ...]]

    def whole(self, key: int, default: int = 0) -> int:
        """A parameter as an integer."""
        return int(self.numbers.get(key, default))


class Network:
    """A network that maps [n, 3, h, w] to [n, 3, scale * h, scale * w], both 0 to 1.

    Args:
        param: the `.param` file.
        weights: the `.bin` file.
        device: where to run.
        dtype: float16 halves time and memory on a GPU.

    Raises:
        WeightsError: a file is missing, damaged, or has a layer that is not known here.
    """

    def __init__(self, param: Path, weights: Path, device: torch.device, dtype: torch.dtype) -> None:
        try:
            layers = _parse(param.read_text())
            blob = _Blob(weights.read_bytes())
            self._steps = [(layer, _operation(layer, blob, device, dtype)) for layer in layers]
            blob.check_end()
        except (OSError, ValueError, IndexError, KeyError, RuntimeError) as error:
            raise WeightsError(
                "The upscaler's weights `{name}` cannot be read: {reason}. Reinstalling the requirements brings them "
                "back.",
                name=param.stem,
                reason=str(error)[:200],
            ) from error
        self._device, self._dtype = device, dtype
        self._last = {name: at for at, (layer, _) in enumerate(self._steps) for name in layer.inputs}

    @torch.inference_mode()
    def __call__(self, picture: torch.Tensor) -> torch.Tensor:
        """Run it. The result is in float32, on the network's device."""
        blobs: dict[str, torch.Tensor] = {}
        result = picture.to(self._device, self._dtype)
        for at, (layer, run) in enumerate(self._steps):
            result = run([blobs[name] for name in layer.inputs] or [result])
            blobs.update(dict.fromkeys(layer.outputs, result))
            # What no later layer reads is let go of at once.
            for name in layer.inputs:
                if self._last[name] == at:
                    blobs.pop(name, None)
        return result.float()


def _parse(text: str) -> list[Layer]:
    lines = text.splitlines()
    if not lines or lines[0].strip() != _MAGIC:
        raise ValueError("it is not an ncnn network")
    layers = []
    for line in lines[2:]:
        words = line.split()
        if not words:
            continue
        kind, name, fed, made = words[0], words[1], int(words[2]), int(words[3])
        numbers: dict[int, float] = {}
        arrays: dict[int, tuple[float, ...]] = {}
        for word in words[4 + fed + made :]:
            key, _, value = word.partition("=")
            if int(key) <= _ARRAY:
                arrays[_ARRAY - int(key)] = tuple(float(each) for each in value.split(",")[1:])
            else:
                numbers[int(key)] = float(value)
        layers.append(
            Layer(
                kind, name, tuple(words[4 : 4 + fed]), tuple(words[4 + fed : 4 + fed + made]), numbers, arrays
            )
        )
    if len(layers) != int(lines[1].split()[0]):
        raise ValueError("layers are missing")
    return layers


class _Blob:
    """The `.bin` file, read from front to end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def _take(self, count: int) -> bytes:
        data = self._data[self._at : self._at + count]
        if len(data) < count:
            raise ValueError("the file of weights is too short")
        self._at += count
        return data

    def plain(self, count: int) -> torch.Tensor:
        """Single precision numbers without a tag, as biases and slopes are written."""
        return torch.from_numpy(np.frombuffer(self._take(4 * count), "<f4").copy())

    def tagged(self, count: int) -> torch.Tensor:
        """Numbers behind a tag that tells their precision, as weights are written."""
        tag = int.from_bytes(self._take(4), "little")
        if tag == _HALF:
            data = np.frombuffer(self._take(2 * count), "<f2").astype(np.float32)
            self._take(-2 * count % 4)
            return torch.from_numpy(data)
        if tag == 0:
            return self.plain(count)
        raise ValueError(f"weights of the kind {tag:#x} are not known here")

    def check_end(self) -> None:
        if self._at != len(self._data):
            raise ValueError("the file of weights is too long")


def _operation(layer: Layer, blob: _Blob, device: torch.device, dtype: torch.dtype) -> Operation:
    match layer.kind:
        case "Input" | "Split":
            return lambda x: x[0]
        case "Convolution":
            return _convolution(layer, blob, device, dtype)
        case "PReLU":
            slope = blob.plain(layer.whole(0)).to(device, dtype)
            return lambda x: functional.prelu(x[0], slope)
        case "Concat":
            return lambda x: torch.cat(tuple(x), dim=1)
        case "PixelShuffle":
            factor = layer.whole(0)
            return lambda x: functional.pixel_shuffle(x[0], factor)
        case "BinaryOp" if layer.whole(0) == 0:
            return lambda x: x[0] + x[1]
        case "Eltwise" if layer.whole(0) == 1:
            first, second = layer.arrays.get(1, (1.0, 1.0))
            return lambda x: x[0] * first + x[1] * second
        case "Interp":
            return _resize(layer)
    raise ValueError(f"the layer {layer.name} of the kind {layer.kind} is not known here")


def _convolution(layer: Layer, blob: _Blob, device: torch.device, dtype: torch.dtype) -> Operation:
    out, kernel, padding = layer.whole(0), layer.whole(1), layer.whole(4)
    stride, dilation = layer.whole(3, 1), layer.whole(2, 1)
    count = layer.whole(6)
    weight = blob.tagged(count).view(out, count // (out * kernel * kernel), kernel, kernel)
    weight = weight.to(device, dtype)
    bias = blob.plain(out).to(device, dtype) if layer.whole(5) else None
    activation = layer.whole(9)
    if activation not in {0, 2}:
        raise ValueError(f"the activation {activation} of {layer.name} is not known here")
    slope = layer.arrays.get(10, (0.0,))[0]

    def run(x: Tensors) -> torch.Tensor:
        found = functional.conv2d(x[0], weight, bias, stride, padding, dilation)
        return functional.leaky_relu(found, slope, inplace=True) if activation else found

    return run


def _resize(layer: Layer) -> Operation:
    mode = {1: "nearest", 2: "bilinear", 3: "bicubic"}[layer.whole(0)]
    scale = (layer.numbers[1], layer.numbers[2])
    align = None if mode == "nearest" else False

    def run(x: Tensors) -> torch.Tensor:
        # Half precision of the CPU has no bicubic; it is used there for nothing else either.
        return functional.interpolate(x[0], scale_factor=scale, mode=mode, align_corners=align)

    return run
