"""The judge: a small convolutional network that answers all questions about a picture at once.

A face is 150 pixels wide in a portrait and 30 in a full-body picture, so pictures are read at their own size
and each head looks for its own places: features of four scales are merged at an eighth of the picture's side,
and a head's answer is read from their averages under a few masks of its own (attention pooling), next to the
average and the largest value over the whole picture. How one thing lies to another (one tail of hair or two, hands
above the head or beside it) is read from where the masks are, and from features that were told their place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from benchmarks.adherence.attributes import HEADS, INDEX, SIZES

Pictures = NDArray[np.uint8]
"""[height, width, 3] for one picture or [n, height, width, 3] for several, RGB, 0 to 255."""
WEIGHTS: Final = Path(__file__).with_name("judge.safetensors")
WIDTHS: Final = (40, 72, 112, 128)
"""Channels at a quarter, an eighth, a 16th and a 32nd of the side."""
MERGED: Final = 96
MASKS: Final = 3
"""Places that each head may look at."""
HIDDEN: Final = 64
"""Width of the layer between what a head has seen and its answer."""
AT_ONCE: Final = 16


def block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A 3 x 3 convolution, batch norm and rectifier."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Residual(nn.Module):
    """Adds what one block finds to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = block(width, width)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """[n, c, h, w] to the same shape."""
        found: torch.Tensor = features + self.body(features)
        return found


class JudgeNetwork(nn.Module):
    """About 1.7 million parameters; half a billion multiplications for a picture of 256 x 256."""

    def __init__(self) -> None:
        super().__init__()
        fine, middle, coarse, coarsest = WIDTHS
        # Four pixels of each square become channels, so that nothing is lost before the first stride.
        self.unshuffle = nn.PixelUnshuffle(2)
        self.fine = nn.Sequential(block(12, fine, 2), Residual(fine))
        self.middle = nn.Sequential(block(fine, middle, 2), Residual(middle), Residual(middle))
        self.coarse = nn.Sequential(block(middle, coarse, 2), Residual(coarse), Residual(coarse))
        self.coarsest = nn.Sequential(block(coarse, coarsest, 2), Residual(coarsest))
        self.laterals = nn.ModuleList(nn.Conv2d(width, MERGED, 1) for width in WIDTHS[1:])
        self.merge = nn.Sequential(block(MERGED + 2, MERGED), Residual(MERGED), Residual(MERGED))
        self.look = nn.Conv2d(MERGED, MASKS * len(HEADS), 1)
        nn.init.normal_(self.look.weight, std=0.1)
        self.answers = nn.ModuleList(
            nn.Sequential(
                nn.Linear(MASKS * (MERGED + 4) + 2 * MERGED, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, size)
            )
            for size in SIZES
        )

    def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """Logits of each head.

        Args:
            pictures: [n, 3, height, width] from -1 to 1, sides multiples of 2.

        Returns:
            For each head in order, [n, answers].
        """
        middle = self.middle(self.fine(self.unshuffle(pictures)))
        coarse = self.coarse(middle)
        coarsest = self.coarsest(coarse)
        merged = self.laterals[0](middle)
        for lateral, level in zip(self.laterals[1:], (coarse, coarsest), strict=True):
            merged = merged + functional.interpolate(lateral(level), size=merged.shape[-2:], mode="nearest")
        where = places(merged)
        features = self.merge(torch.cat([merged, where.expand(len(merged), -1, -1, -1)], 1))
        masks = self.look(features).flatten(2).float().softmax(-1)
        flat, where = features.flatten(2).float(), where[0].flatten(1).float()
        # Each mask's middle, and how far it spreads.
        spots = torch.cat([where, where.square()])
        seen = torch.cat([masks @ flat.transpose(1, 2), masks @ spots.T], 2)
        seen = seen.reshape(len(seen), len(HEADS), -1)
        overall = torch.cat([flat.mean(-1), flat.amax(-1)], 1)
        return [answer(torch.cat([seen[:, index], overall], 1)) for index, answer in enumerate(self.answers)]


def places(features: torch.Tensor) -> torch.Tensor:
    """Where each feature is: [1, 2, height, width], across and down from the middle, the shorter side 2 long."""
    height, width = features.shape[-2:]
    half = min(height, width) / 2
    across = (torch.arange(width, device=features.device) - (width - 1) / 2) / half
    down = (torch.arange(height, device=features.device) - (height - 1) / 2) / half
    grid = torch.stack([across[None, :].expand(height, width), down[:, None].expand(height, width)])
    return grid[None].to(features.dtype)


def as_input(pictures: Pictures) -> torch.Tensor:
    """[n, height, width, 3] bytes to [n, 3, height, width] from -1 to 1, cut to even sides."""
    height, width = (side - side % 2 for side in pictures.shape[1:3])
    tensor = torch.from_numpy(np.ascontiguousarray(pictures[:, :height, :width]))
    return tensor.permute(0, 3, 1, 2).float() / 127.5 - 1


class Judge:
    """Answers about pictures of any sizes.

    Args:
        network: trained; set to evaluation here.
        device: where it computes.
    """

    def __init__(self, network: JudgeNetwork, device: torch.device | None = None) -> None:
        self._device = device or torch.device("cpu")
        self._network = network.to(self._device).eval()

    @torch.inference_mode()
    def logits(self, pictures: Sequence[Pictures]) -> list[NDArray[np.float32]]:
        """Unnormalised scores of each head, [pictures, answers], in the order given."""
        found = [np.zeros((len(pictures), size), np.float32) for size in SIZES]
        for shape in sorted({picture.shape for picture in pictures}):
            places = [index for index, picture in enumerate(pictures) if picture.shape == shape]
            for start in range(0, len(places), AT_ONCE):
                some = places[start : start + AT_ONCE]
                batch = as_input(np.stack([pictures[index] for index in some])).to(self._device)
                for head, output in zip(found, self._network(batch), strict=True):
                    head[some] = output.float().cpu().numpy()
        return found

    def answers(self, pictures: Sequence[Pictures]) -> list[dict[str, str]]:
        """The likeliest answer of every head, one dict for each picture."""
        best = [head.argmax(1) for head in self.logits(pictures)]
        return [
            {head.name: head.answers[best[place][row]] for place, head in enumerate(HEADS)}
            for row in range(len(pictures))
        ]

    def scores(
        self, pictures: Sequence[Pictures], head: str, answer: str
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """How sure the judge is of one answer.

        Returns:
            Its probability (0 to 1) and its log-odds against all others, which does not saturate.
        """
        logits = self.logits(pictures)[INDEX[head]].astype(np.float64)
        place = HEADS[INDEX[head]].answers.index(answer)
        others = np.delete(logits, place, axis=1)
        high = others.max(1)
        odds = logits[:, place] - high - np.log(np.exp(others - high[:, None]).sum(1))
        return 1 / (1 + np.exp(-odds)), odds


def save_judge(network: JudgeNetwork, path: Path, metadata: dict[str, str]) -> None:
    """Write the weights as float16 safetensors."""
    tensors = {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    save_file(tensors, path, metadata=metadata)


def load_judge(path: Path = WEIGHTS, device: torch.device | None = None) -> Judge:
    """Read a judge.

    Raises:
        FileNotFoundError: it has not been trained.
        ValueError: the file is damaged or holds something else.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: run `python -m benchmarks.adherence train-judge` first.")
    network = JudgeNetwork()
    try:
        tensors = {name: value.float() for name, value in load_file(path).items()}
        missing, unexpected = network.load_state_dict(tensors, strict=False)
    except (SafetensorError, RuntimeError) as error:
        raise ValueError(f"{path} is damaged, or no judge of this version: train it again.") from error
    left = [name for name in missing if not name.endswith("num_batches_tracked")]
    if left or unexpected:
        raise ValueError(f"{path} is no judge of this version: {(left + unexpected)[:3]}; train it again.")
    return Judge(network, device)


def judge_metadata(path: Path = WEIGHTS) -> dict[str, str]:
    """What was noted when the judge was saved.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged: train the judge again.") from error


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 over files in the order given, hexadecimal."""
    total = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()
