"""Fixtures that more than one package's tests use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Two cores are shared by two test processes: more threads only get into each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A test that needs the hub runs a server of its own; nothing may reach for the real one.
os.environ["HF_ENDPOINT"] = "http://127.0.0.1:9"
os.environ.pop("HF_TOKEN", None)


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder for made models, shared by all tests of a run and by its worker processes."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # each worker has a folder of its own below the run's
    folder = base / "model-cache"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def miniature_folder(model_cache: Path) -> Path:
    """The untrained miniature in diffusers layout; read only. Made once per run, in about a second.

    Its pictures are noise, and it loads and paints several times faster than the one the program ships.
    """
    from filelock import FileLock

    from tests.support.random_miniature import ensure_miniature

    with FileLock(model_cache / "miniature.lock"):  # the second worker waits instead of making its own
        return ensure_miniature(model_cache)
