"""One core for small networks, and all of them for everybody else."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from pipeline.engine.single_thread import single_threaded


@pytest.fixture
def two() -> Iterator[None]:
    """Two threads for torch."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two")
def test_the_calling_thread_is_alone_inside() -> None:
    """And no longer afterwards, also where the block failed."""
    seen: list[int] = []

    def fail() -> None:
        with single_threaded():
            seen.append(torch.get_num_threads())
            raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        fail()
    assert seen == [1]
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two")
def test_other_threads_keep_theirs() -> None:
    """Those that worked before, and those that begin meanwhile: an engine that starts just then, for example."""
    with ThreadPoolExecutor(1) as old, ThreadPoolExecutor(1) as new:
        assert old.submit(torch.get_num_threads).result() == 2
        with single_threaded():
            assert old.submit(torch.get_num_threads).result() == 2
            assert new.submit(torch.get_num_threads).result() == 2
