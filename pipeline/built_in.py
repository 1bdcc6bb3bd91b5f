"""The checkpoint that comes with the program: where it lies and what recipes call it. Needs no torch.

Profiles whose source names no repository paint with it, and their prompts are counted with its tokenizer.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

from pipeline.errors import WeightsError

FOLDER: Final = Path(__file__).parent / "miniature" / "model"
"""Diffusers layout: safetensors in half precision, and tokenizers of its own."""
VERSION_FILE: Final = "version.txt"
"""One line that differs from one training to the next, written with the weights: their `fingerprint`."""
RESTORE: Final = (
    "It belongs to the model that comes with Tagbrush: `git restore pipeline/miniature/model` in Tagbrush's "
    "folder brings it back, or install Tagbrush again."
)
_VERSION: Final = re.compile(r"[0-9A-Za-z._-]{1,40}")
_DIGITS: Final = 12


def tokenizer_folder() -> Path:
    """The tokenizer of the first text encoder; the second's differs only in how it pads."""
    return FOLDER / "tokenizer"


def version(folder: Path) -> str:
    """What tells one training from another in recipes, read from `VERSION_FILE` instead of 30 MB of weights.

    Raises:
        WeightsError: the file is missing or holds something else.
    """
    path = folder / VERSION_FILE
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WeightsError("`{path}` cannot be read: {reason}.", path=path, reason=reason) from error
    if not _VERSION.fullmatch(text):
        raise WeightsError("`{path}` is damaged: it should hold a version.", path=path)
    return text


def fingerprint(folder: Path) -> str:
    """The first digits of a SHA-256 over all weights of a diffusers folder, names included."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.safetensors")):
        digest.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:_DIGITS]


def restorable(error: WeightsError) -> WeightsError:
    """The same complaint, about a file of the built-in model: it says how to get the file back."""
    return WeightsError(f"{error.template} {RESTORE}", **error.params)
