"""Checkpoints come back as they were, whole, and only to the run that wrote them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from pipeline.miniature.training import checkpoint
from pipeline.miniature.training.checkpoint import TrainingError
from pipeline.miniature.training.options import DenoiserOptions, VaeOptions, identity

OPTIONS = identity(VaeOptions(steps=10))


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """Tensors, numbers, texts and what holds them; no leftover file."""
    path = tmp_path / "deep" / "run.pt"
    state = {"step": 3, "weights": {"a": torch.arange(4.0)}, "list": [1, (2, 3)], "text": "x"}
    checkpoint.save(path, state, OPTIONS)
    loaded = checkpoint.load(path, OPTIONS)
    assert torch.equal(loaded.pop("weights")["a"], torch.arange(4.0))
    assert loaded == {"step": 3, "list": [1, (2, 3)], "text": "x"}
    assert [file.name for file in path.parent.iterdir()] == ["run.pt"]


def test_an_interrupted_write_leaves_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk costs the new checkpoint only."""
    path = tmp_path / "run.pt"
    checkpoint.save(path, {"step": 1}, OPTIONS)

    def dies(_data: object, file: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError("No space left on device")

    monkeypatch.setattr(torch, "save", dies)
    with pytest.raises(OSError, match="No space"):
        checkpoint.save(path, {"step": 2}, OPTIONS)
    assert checkpoint.load(path, OPTIONS) == {"step": 1}


def test_a_missing_checkpoint_is_said(tmp_path: Path) -> None:
    """With what to do instead."""
    with pytest.raises(TrainingError, match="There is no checkpoint"):
        checkpoint.load(tmp_path / "run.pt", OPTIONS)


@pytest.mark.parametrize("kept", [0, 1, 100, 0.5, -1])
def test_a_damaged_checkpoint_is_said(tmp_path: Path, kept: float) -> None:
    """Wherever the file was cut off."""
    path = tmp_path / "run.pt"
    checkpoint.save(path, {"weights": torch.zeros(1000)}, OPTIONS)
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data)) if isinstance(kept, float) else kept])
    with pytest.raises(TrainingError, match="is damaged"):
        checkpoint.load(path, OPTIONS)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\x80\x02N."])
def test_something_else_is_called_damaged(tmp_path: Path, content: bytes) -> None:
    """Files that never were checkpoints."""
    path = tmp_path / "run.pt"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match="is damaged"):
        checkpoint.load(path, OPTIONS)


def test_another_structure_is_called_damaged(tmp_path: Path) -> None:
    """Something torch reads, but no checkpoint."""
    torch.save([1, 2], tmp_path / "run.pt")
    with pytest.raises(TrainingError, match="is damaged"):
        checkpoint.load(tmp_path / "run.pt", OPTIONS)


def test_another_configuration_is_refused_naming_every_difference(tmp_path: Path) -> None:
    """Both values of what differs, and nothing else."""
    path = tmp_path / "run.pt"
    checkpoint.save(path, {}, OPTIONS)
    with pytest.raises(TrainingError) as caught:
        checkpoint.load(path, identity(VaeOptions(steps=10, seed=5, ema_decay=0.5)))
    assert "ema_decay is 0.998 there and 0.5 here; seed is 0 there and 5 here." in str(caught.value)
    assert "batch_size" not in str(caught.value)
    with pytest.raises(TrainingError, match='training is "VaeOptions" there and "DenoiserOptions" here'):
        checkpoint.load(path, identity(DenoiserOptions(steps=10)))


def test_chance_goes_on_where_it_was(tmp_path: Path) -> None:
    """Of torch and of Python, through a file."""
    before = checkpoint.rng_state()
    try:
        checkpoint.save(tmp_path / "run.pt", {"rng": before}, OPTIONS)
        first = torch.rand(3), random.random()
        checkpoint.set_rng_state(checkpoint.load(tmp_path / "run.pt", OPTIONS)["rng"])
        again = torch.rand(3), random.random()
    finally:
        checkpoint.set_rng_state(before)
    assert torch.equal(first[0], again[0])
    assert first[1] == again[1]
