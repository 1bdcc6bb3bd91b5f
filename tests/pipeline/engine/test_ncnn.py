"""Networks in ncnn's format: each layer against torch's own, and damaged files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from pipeline.engine.ncnn import Network
from pipeline.errors import WeightsError

CPU = torch.device("cpu")
HALF = (0x01306B47).to_bytes(4, "little")
FULL = bytes(4)


def network(folder: Path, layers: list[str], data: bytes) -> Network:
    """A network of these layers after the input `data`."""
    lines = ["7767517", f"{len(layers) + 1} 9", "Input in 0 1 data", *layers]
    (folder / "n.param").write_text("\n".join(lines))
    (folder / "n.bin").write_bytes(data)
    return Network(folder / "n.param", folder / "n.bin", CPU, torch.float32)


@pytest.mark.parametrize("half", [True, False])
def test_a_convolution(tmp_path: Path, *, half: bool) -> None:
    """Weights in either precision, padding, bias and a leaky slope."""
    weight = torch.randn(5, 3, 3, 3, generator=torch.Generator().manual_seed(1)).half().float()
    bias = torch.arange(5.0)
    data = HALF + weight.numpy().astype("<f2").tobytes() + bytes(2) if half else FULL + weight.numpy().tobytes()
    layer = "Convolution c 1 1 data out 0=5 1=3 4=1 5=1 6=135 9=2 -23310=1,2.000000e-01"
    picture = torch.randn(1, 3, 6, 7)
    found = network(tmp_path, [layer], data + bias.numpy().tobytes())(picture)
    torch.testing.assert_close(
        found, functional.leaky_relu(functional.conv2d(picture, weight, bias, padding=1), 0.2)
    )


def test_branches_meet_again(tmp_path: Path) -> None:
    """Split, PReLU, Concat, Eltwise with factors, and a sum."""
    slopes = torch.tensor([0.5, 0.1, 0.0])
    layers = [
        "Split s 1 3 data a b c",
        "PReLU p 1 1 a d 0=3",
        "Eltwise e 2 1 d b f 0=1 -23301=2,2.000000e-01,1.000000e+00",
        "BinaryOp add 2 1 f c g",
        "Split t 1 2 g h i",
        "Concat j 2 1 h i out",
    ]
    picture = torch.randn(1, 3, 4, 4)
    expected = functional.prelu(picture, slopes) * 0.2 + picture + picture
    found = network(tmp_path, layers, slopes.numpy().tobytes())(picture)
    torch.testing.assert_close(found, torch.cat([expected, expected], 1))


@pytest.mark.parametrize(("kind", "mode"), [(1, "nearest"), (2, "bilinear"), (3, "bicubic")])
def test_resizing(tmp_path: Path, kind: int, mode: str) -> None:
    """By a factor, with each of the three filters."""
    picture = torch.randn(1, 3, 4, 6)
    found = network(tmp_path, [f"Interp r 1 1 data out 0={kind} 1=2.0 2=2.0"], b"")(picture)
    torch.testing.assert_close(found, functional.interpolate(picture, scale_factor=2.0, mode=mode))


def test_pixel_shuffle(tmp_path: Path) -> None:
    """Channels become pixels."""
    picture = torch.randn(1, 12, 2, 3)
    found = network(tmp_path, ["PixelShuffle p 1 1 data out 0=2"], b"")(picture)
    assert torch.equal(found, functional.pixel_shuffle(picture, 2))


@pytest.mark.parametrize(
    ("layer", "data", "told"),
    [
        ("Convolution c 1 1 data out 0=5 1=3 4=1 5=1 6=135", FULL, "too short"),
        ("PixelShuffle p 1 1 data out 0=2", b"more", "too long"),
        ("Convolution c 1 1 data out 0=1 1=1 6=3", b"abcd" * 4, "not known here"),
        ("LSTM l 1 1 data out 0=2", b"", "not known here"),
        ("BinaryOp m 2 1 data data out 0=2", b"", "not known here"),
        ("Convolution", b"", "cannot be read"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, layer: str, data: bytes, told: str) -> None:
    """With its name, what is wrong, and how to mend it."""
    with pytest.raises(WeightsError, match=told) as caught:
        network(tmp_path, [layer], data)
    assert "Reinstalling the requirements" in str(caught.value)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    """An ONNX file, say."""
    (tmp_path / "n.param").write_bytes(np.arange(9, dtype=np.uint8).tobytes())
    (tmp_path / "n.bin").write_bytes(b"")
    with pytest.raises(WeightsError, match="not an ncnn network"):
        Network(tmp_path / "n.param", tmp_path / "n.bin", CPU, torch.float32)
