"""Checkpoints of a training that was interrupted: written whole or not at all, and only read by the same run."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Final, cast

import torch

_FORMAT: Final = 1


class TrainingError(Exception):
    """A training cannot go on; the text is a full sentence that says why and what would help."""


def save(path: Path, state: dict[str, Any], identity: str) -> None:
    """Write a checkpoint; whoever looks at `path` sees the old one or the new one, never half of one.

    Args:
        path: the file; its folder is made when missing.
        state: tensors, numbers, texts, and lists, tuples and dicts of these.
        identity: from `options.identity`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.part")
    with half.open("wb") as file:
        torch.save({"format": _FORMAT, "identity": identity, "state": state}, file)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)


def load(path: Path, identity: str) -> dict[str, Any]:
    """Read the state of a checkpoint, onto the CPU.

    Raises:
        TrainingError: the file is missing or damaged, or another configuration wrote it; the text names every
            option that differs, with both values.
    """
    if not path.is_file():
        raise TrainingError(f"There is no checkpoint {path} to go on from; start without resuming.")
    try:
        # Nothing but data is read: a checkpoint cannot run code.
        read = torch.load(path, map_location="cpu", weights_only=True)
        written, form, state = read["identity"], read["format"], read["state"]
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, TypeError, UnpicklingError) as error:
        raise TrainingError(f"The checkpoint {path} is damaged; delete it and start again.") from error
    if form != _FORMAT:
        raise TrainingError(f"The checkpoint {path} has format {form}, and this version reads {_FORMAT}.")
    if written != identity:
        raise TrainingError(
            f"The checkpoint {path} belongs to another configuration: {_differences(written, identity)}. "
            "Give the same options, or start without resuming."
        )
    return cast("dict[str, Any]", state)


def _differences(written: str, wanted: str) -> str:
    try:
        old, new = json.loads(written), json.loads(wanted)
    except ValueError:
        return f"{written} there, {wanted} here"
    if not isinstance(old, dict) or not isinstance(new, dict):
        return f"{written} there, {wanted} here"
    return "; ".join(
        f"{name} is {_said(old, name)} there and {_said(new, name)} here"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )


def _said(options: dict[str, Any], name: str) -> str:
    return json.dumps(options[name]) if name in options else "missing"


def rng_state() -> dict[str, Any]:
    """The state of torch's (all devices) and Python's global generators, in a form that `save` takes."""
    state: dict[str, Any] = {"torch": torch.get_rng_state(), "python": random.getstate()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def set_rng_state(state: dict[str, Any]) -> None:
    """Put the generators back to a state from `rng_state`."""
    torch.set_rng_state(state["torch"])
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
