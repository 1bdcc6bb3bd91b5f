"""MobileNetV2 as the npm package `nsfwjs` 4.4.0 runs it, in torch.

Layer for layer the topology of the package's `mobilenet_v2` model (Keras 2.2.4): 3 x 3 convolution of stride 2, 17
blocks of expanding, depthwise and projecting convolutions, three dense layers, softmax. Its weights are kept as the
package has them, 8-bit numbers with a minimum and a step for each tensor, and are worked out when they are loaded. Each
batch normalisation becomes part of the convolution before it. `tests/pipeline/engine/test_nsfw.py` compares the result
with what the package itself said about the same pictures.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch.nn import functional

from pipeline.classify import ClassifierError
from pipeline.engine.single_thread import single_threaded

CLASSES: Final = ("Drawing", "Hentai", "Neutral", "Porn", "Sexy")
"""What the five outputs mean, in the network's order."""
SIDE: Final = 224
"""Pixels of either side of what the network is shown."""
METADATA: Final = "about"
"""Key in the weights' file of what they are and how they are stored."""
_EPSILON: Final = 0.001
"""Of every batch normalisation."""
_DENSE: Final = (("dense_1", 1280, 256), ("dense_2", 256, 128), ("dense_3", 128, len(CLASSES)))


@dataclass(frozen=True, slots=True)
class Block:
    """One inverted residual: expand, look around, project; added to its input where the shapes agree."""

    name: str
    inputs: int
    expanded: int
    outputs: int
    stride: int


def _blocks() -> tuple[Block, ...]:
    """Width, repetitions and first stride as in the MobileNetV2 paper's table 2; 6 times as wide inside."""
    found = [Block("expanded_conv", 32, 32, 16, 1)]
    for width, times, first in ((24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1)):
        for index in range(times):
            inputs = found[-1].outputs
            stride = 1 if index else first
            found.append(Block(f"block_{len(found)}", inputs, 6 * inputs, width, stride))
    return tuple(found)


BLOCKS: Final = _blocks()


def shapes() -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor, as the package has them: height, width, inputs, outputs."""
    found: dict[str, tuple[int, ...]] = {"Conv1/kernel": (3, 3, 3, 32), **_normalised("bn_Conv1", 32)}
    for block in BLOCKS:
        name, inside = block.name, block.expanded
        if inside != block.inputs:
            found[f"{name}_expand/kernel"] = (1, 1, block.inputs, inside)
            found |= _normalised(f"{name}_expand_BN", inside)
        found[f"{name}_depthwise/depthwise_kernel"] = (3, 3, inside, 1)
        found |= _normalised(f"{name}_depthwise_BN", inside)
        found[f"{name}_project/kernel"] = (1, 1, inside, block.outputs)
        found |= _normalised(f"{name}_project_BN", block.outputs)
    found |= {"Conv_1/kernel": (1, 1, 320, 1280), **_normalised("Conv_1_bn", 1280)}
    for name, inputs, outputs in _DENSE:
        found |= {f"{name}/kernel": (inputs, outputs), f"{name}/bias": (outputs,)}
    return found


def _normalised(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}/{part}": (width,) for part in ("gamma", "beta", "moving_mean", "moving_variance")}


Layer = tuple[torch.Tensor, torch.Tensor]
"""Weight and bias."""


class Network:
    """The network with its weights in memory: 10 MB, always on the CPU, in single precision."""

    def __init__(self, weights: Mapping[str, NDArray[np.float64]]) -> None:
        """Args: weights: by name, with `shapes`."""
        self._first = _convolution(weights, "Conv1/kernel", "bn_Conv1")
        self._blocks = [(block, *_block(weights, block.name)) for block in BLOCKS]
        self._last = _convolution(weights, "Conv_1/kernel", "Conv_1_bn")
        self._dense: list[Layer] = [
            (_tensor(weights[f"{name}/kernel"].T), _tensor(weights[f"{name}/bias"])) for name, _, _ in _DENSE
        ]

    @torch.inference_mode()
    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities of `CLASSES`, 1 together.

        Args:
            pixels: [height, width, 3], RGB, of any size.
        """
        values = torch.from_numpy(resized(pixels)).permute(2, 0, 1).unsqueeze(0)
        with single_threaded():
            found: NDArray[np.float32] = self.logits(values).softmax(1)[0].numpy()
        return found

    def logits(self, values: torch.Tensor) -> torch.Tensor:
        """What the softmax is taken of, for pictures [n, 3, `SIDE`, `SIDE`] from 0 to 1."""
        values = values.contiguous(memory_format=torch.channels_last)
        values = functional.relu6(
            functional.conv2d(functional.pad(values, (0, 1, 0, 1)), *self._first, stride=2)
        )
        for block, expand, depthwise, project in self._blocks:
            inside = functional.relu6(functional.conv2d(values, *expand)) if expand else values
            # TensorFlow's padding: one pixel all around, but with a stride of 2 only to the right and below.
            inside = functional.pad(inside, (1, 1, 1, 1) if block.stride == 1 else (0, 1, 0, 1))
            inside = functional.conv2d(inside, *depthwise, stride=block.stride, groups=block.expanded)
            inside = functional.conv2d(functional.relu6(inside), *project)
            same = block.stride == 1 and block.inputs == block.outputs
            values = values + inside if same else inside
        values = functional.relu6(functional.conv2d(values, *self._last)).mean((2, 3))
        for weight, bias in self._dense[:-1]:
            values = functional.relu(functional.linear(values, weight, bias))
        return functional.linear(values, *self._dense[-1])


def resized(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A picture at the network's size, 0 to 1, as tfjs's `resizeBilinear` with aligned corners makes it.

    Like that one it looks at no more than four pixels for each of its own, however large the picture is.

    Raises:
        ValueError: it is no RGB picture.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size or pixels.dtype != np.uint8:
        raise ValueError(f"not an RGB picture: {pixels.dtype} {pixels.shape}")
    height, width, _ = pixels.shape
    if (height, width) == (SIDE, SIDE):
        return pixels.astype(np.float32) / np.float32(255)
    above, below, down = _places(height)
    left, right, across = _places(width)
    rows = [pixels[each].astype(np.float32) / np.float32(255) for each in (above, below)]
    top, bottom = (row[:, left] + (row[:, right] - row[:, left]) * across[None, :, None] for row in rows)
    return (top + (bottom - top) * down[:, None, None]).astype(np.float32)


def _places(side: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """For each of the network's pixels along one side: the one before, the one after, and how far between them."""
    exact = np.arange(SIDE) * ((side - 1) / (SIDE - 1))
    before = np.floor(exact).astype(np.intp)
    after = np.minimum(np.ceil(exact).astype(np.intp), side - 1)
    return before, after, (exact - before).astype(np.float32)


def load(path: Path) -> tuple[Network, str]:
    """The network, and the SHA-256 of its file.

    Raises:
        ClassifierError: the file is missing or is not one that `convert` wrote.
    """
    try:
        content = path.read_bytes()
        with safe_open(path, framework="numpy") as file:
            steps = json.loads((file.metadata() or {})[METADATA])["quantisation"]
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        weights = {
            name: whole * float(steps[name][1]) + float(steps[name][0]) for name, whole in stored.items()
        }
    except OSError as error:
        reason = error.strerror or "no such file"
        raise ClassifierError(
            "The weights of the picture classifier `{path}` cannot be read: {reason}.", path=path, reason=reason
        ) from error
    except (SafetensorError, ValueError, KeyError, TypeError, IndexError) as error:
        raise ClassifierError(
            "The weights of the picture classifier `{path}` are damaged.", path=path
        ) from error
    if {name: value.shape for name, value in weights.items()} != shapes():
        raise ClassifierError(
            "`{path}` holds the weights of something else than nsfwjs's MobileNetV2: it should be made by "
            "`python -m pipeline.engine.nsfw.convert`.",
            path=path,
        )
    return Network(weights), hashlib.sha256(content).hexdigest()


def _block(weights: Mapping[str, NDArray[np.float64]], name: str) -> tuple[Layer | None, Layer, Layer]:
    expand = f"{name}_expand/kernel"
    return (
        _convolution(weights, expand, f"{name}_expand_BN") if expand in weights else None,
        _convolution(weights, f"{name}_depthwise/depthwise_kernel", f"{name}_depthwise_BN"),
        _convolution(weights, f"{name}_project/kernel", f"{name}_project_BN"),
    )


def _convolution(weights: Mapping[str, NDArray[np.float64]], kernel: str, normalisation: str) -> Layer:
    """A convolution with the batch normalisation after it in its weights."""
    gamma, beta, mean, variance = (
        weights[f"{normalisation}/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    factor = gamma / np.sqrt(variance + _EPSILON)
    # Height, width, inputs, outputs becomes outputs, inputs, height, width; a depthwise one has its outputs third.
    order = (2, 3, 0, 1) if "depthwise" in kernel else (3, 2, 0, 1)
    weight = _tensor(weights[kernel].transpose(order) * factor[:, None, None, None])
    return weight.contiguous(memory_format=torch.channels_last), _tensor(beta - mean * factor)


def _tensor(values: NDArray[np.float64]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
