"""Writes small ONNX models and tables as the WD taggers' repositories hold them.

The few fields of ONNX's protobuf that are needed are written by hand (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto);
the tests then need no package for it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

TAGS = ("general", "sensitive", "questionable", "explicit", "1girl", "hat", "hakurei_reimu")
"""Outputs of the tagger that `write_tagger` writes."""
BIAS = -6.0
"""Of every output, before the sigmoid: black pictures are of no rating more than of another."""


def _number(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _whole(field: int, value: int) -> bytes:
    return _number(field << 3) + _number(value)


def _part(field: int, content: bytes | str) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return _number(field << 3 | 2) + _number(len(raw)) + raw


def _tensor(name: str, shape: Sequence[int], values: Sequence[float]) -> bytes:
    raw = struct.pack(f"<{len(values)}f", *values)
    return b"".join(_whole(1, side) for side in shape) + _whole(2, 1) + _part(8, name) + _part(9, raw)


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    sides = b"".join(_part(1, _whole(1, s) if isinstance(s, int) else _part(2, s)) for s in shape)
    return _part(1, name) + _part(2, _part(1, _whole(1, 1) + _part(2, sides)))


def _node(kind: str, inputs: Sequence[str], output: str, attributes: bytes = b"") -> bytes:
    return b"".join(_part(1, each) for each in inputs) + _part(2, output) + _part(4, kind) + attributes


def model(
    weights: Sequence[Sequence[float]],
    bias: Sequence[float],
    shape: Sequence[int | str] = ("batch", 448, 448, 3),
    *,
    flat: bool = True,
) -> bytes:
    """The bytes of a model: the picture's mean of each channel, times `weights`, plus `bias`, through a sigmoid.

    Args:
        weights: for each of the three channels, one number for each output.
        bias: one number for each output.
        shape: of the input, channels last.
        flat: whether the outputs come as [n, outputs]; otherwise as [n, 1, 1, outputs].
    """
    count = len(bias)
    axes = _part(5, _part(1, "axes") + _whole(8, 1) + _whole(8, 2) + _whole(20, 7))
    keep = _part(5, _part(1, "keepdims") + _whole(3, int(not flat)) + _whole(20, 2))
    graph = b"".join(
        [
            _part(1, _node("ReduceMean", ["input"], "mean", axes + keep)),
            _part(1, _node("MatMul", ["mean", "weights"], "product")),
            _part(1, _node("Add", ["product", "bias"], "sum")),
            _part(1, _node("Sigmoid", ["sum"], "output")),
            _part(2, "tagger"),
            _part(5, _tensor("weights", (3, count), [each for row in weights for each in row])),
            _part(5, _tensor("bias", (count,), bias)),
            _part(11, _value("input", shape)),
            _part(12, _value("output", ("batch", count) if flat else ("batch", 1, 1, count))),
        ]
    )
    return _whole(1, 8) + _part(7, graph) + _part(8, _part(1, "") + _whole(2, 17))


def table(tags: Sequence[str] = TAGS, ratings: Sequence[str] = TAGS[:4]) -> str:
    """The text of `selected_tags.csv`."""
    rows = [f"{10_000 + i},{tag},{9 if tag in ratings else 0},{1000 - i}" for i, tag in enumerate(tags)]
    return "\n".join(["tag_id,name,category,count", *rows]) + "\n"


def write_tagger(folder: Path) -> Path:
    """A tagger of seven tags that finds blue pictures general, green ones questionable and red ones explicit."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = [[0.0] * len(TAGS) for _ in range(3)]
    for channel, tag in enumerate(("general", "questionable", "explicit")):  # of BGR
        weights[channel][TAGS.index(tag)] = 0.04
    (folder / "model.onnx").write_bytes(model(weights, [BIAS] * len(TAGS)))
    (folder / "selected_tags.csv").write_text(table(), encoding="utf-8")
    return folder
