"""The configuration files of the SDXL architecture, as its base checkpoint ships them, and CLIP's tokenizers.

They are what a single-file checkpoint does not carry, and what the miniature is a small version of. The
tokenizers' vocabulary is the one the prompt meter counts with where a profile has none of its own, so it is
stored once.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pipeline.errors import WeightsError

SDXL: Final = Path(__file__).parent / "sdxl"
CONFIG_FILES: Final = (
    "unet/config.json",
    "vae/config.json",
    "text_encoder/config.json",
    "text_encoder_2/config.json",
    "scheduler/scheduler_config.json",
    "model_index.json",
)
_VERSION: Final = 1
"""Raised when anything `write_configs` writes changes, so that older copies in caches are left alone."""


def sdxl_config(name: str) -> dict[str, Any]:
    """One of `CONFIG_FILES`, freshly read."""
    data: dict[str, Any] = json.loads((SDXL / name).read_text(encoding="utf-8"))
    return data


def write_configs(folder: Path, changes: dict[str, dict[str, Any]] | None = None) -> None:
    """Write a diffusers folder without weights: every config, and both tokenizers.

    Args:
        folder: where; made if missing.
        changes: per file of `CONFIG_FILES`, keys to set instead of SDXL's own.
    """
    for name in CONFIG_FILES:
        _write_json(folder / name, sdxl_config(name) | (changes or {}).get(name, {}))
    write_tokenizer(folder / "tokenizer", SDXL / "tokenizer")
    write_tokenizer(folder / "tokenizer_2", SDXL / "tokenizer_2")


def write_tokenizer(folder: Path, source: Path) -> None:
    """Write one CLIP tokenizer: `vocab.json` and `merges.txt` from the shipped vocabulary, and its settings."""
    from pipeline.prompt.tokens import clip_vocabulary

    vocabulary, merges = clip_vocabulary()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(dict(vocabulary), ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges), ""]
    (folder / "merges.txt").write_text("\n".join(lines), encoding="utf-8")
    for settings in sorted(source.glob("*.json")):
        (folder / settings.name).write_bytes(settings.read_bytes())


def config_folder(cache: Path) -> Path:
    """A diffusers folder of SDXL's configs and tokenizers in the cache, written at the first call."""
    target = cache / f"sdxl-config-{_VERSION}"
    if not target.is_dir():
        publish(target, write_configs)
    return target


def publish(target: Path, write: Callable[[Path], None]) -> None:
    """Make a folder as a whole or not at all: `write(temporary)` fills it, then it is renamed to `target`.

    Whoever comes second finds it finished; a process killed in between leaves only a hidden leftover.

    Raises:
        WeightsError: the folder cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as made:
            fresh = Path(made) / target.name
            fresh.mkdir()
            write(fresh)
            fresh.rename(target)
    except OSError as error:
        if target.is_dir():
            return  # somebody else was faster; renaming onto a full folder fails
        raise WeightsError(
            "The cache folder `{folder}` cannot be written ({reason}): check its permissions and the disk.",
            folder=target.parent,
            reason=error.strerror or error,
        ) from error


def _write_json(path: Path, data: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
