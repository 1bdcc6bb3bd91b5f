"""Builds the engine from settings. Called on the executor thread: importing this module imports torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.engine.device import choose_device
from pipeline.engine.engine import Engine
from pipeline.engine.hub import Hub
from pipeline.engine.store import ModelStore
from pipeline.engine.upscale import Upscalers
from pipeline.profiles.types import Profile
from pipeline.work import Event


def build_engine(
    profiles: Mapping[str, Profile],
    *,
    weights: Mapping[str, Path],
    cache: Path,
    device: str,
    precision: str,
    max_running: int,
    max_models: int,
    hub_endpoint: str | None,
    hub_token: str | None,
    emit: Callable[[Event], None],
) -> Engine:
    """An engine with an empty model store; models load at their first picture.

    Args:
        profiles: by id.
        weights: the owner's local weights by profile id.
        cache: folder for downloads.
        device: `auto`, `cuda`, `mps` or `cpu`.
        precision: `auto`, `float16`, `bfloat16` or `float32`.
        max_running: pictures at the same time.
        max_models: models kept loaded.
        hub_endpoint: another hub, or None for the usual one.
        hub_token: for gated repositories, or None.
        emit: hears what happens while a tick takes long, such as a download's progress.
    """
    store = ModelStore(
        profiles,
        cache_dir=cache,
        weights=weights,
        device=device,
        dtype=precision,
        max_loaded=max_models,
        hub=Hub(cache, endpoint=hub_endpoint, token=hub_token),
    )
    upscalers = Upscalers(lambda: choose_device(device))
    return Engine(store, max_running=max_running, max_models=max_models, emit=emit, upscalers=upscalers)
