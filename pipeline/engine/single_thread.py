"""Small networks beside the engine: on one core, so that they never wait for a second one."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def single_threaded() -> Iterator[None]:
    """Let torch work on the calling thread alone until the block ends. Other threads keep what they have.

    A network of many small layers that is shared between cores waits at the end of each layer for the slowest of them.
    Where others use the same cores, that is most of the time: on two busy ones, 95 % of the pictures that nsfwjs's
    MobileNetV2 looked at took up to 2.7 seconds with two threads, and up to 0.12 with one.
    """
    before = torch.get_num_threads()
    if before == 1:
        yield
        return
    torch.set_num_threads(1)
    # The number counts for this thread, but also as the default of threads that torch has not met yet; an engine that
    # starts just now must not get it. A thread that lives only for that puts the default back.
    restorer = threading.Thread(target=torch.set_num_threads, args=(before,), name="torch-threads")
    restorer.start()
    restorer.join()
    try:
        yield
    finally:
        torch.set_num_threads(before)
