"""Getting a model into memory, also when there is too little of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Final, Protocol

from pipeline.engine.memory import is_out_of_memory
from pipeline.engine.model import LoadedModel
from pipeline.errors import OutOfMemory

Progress = Callable[[str, float | None], None]

_log: Final = logging.getLogger(__name__)

NO_ROOM: Final = (
    "The model `{profile}` does not fit into this machine's memory, even in parts: choose another model, or ask "
    "the owner of this bot to free memory."
)


class ModelSource(Protocol):
    """Where models come from; `pipeline.engine.store.ModelStore` is one."""

    def get(
        self, profile_id: str, progress: Progress, *, in_use: Collection[str] = (), offloaded: bool = False
    ) -> LoadedModel:
        """The model of a profile, loaded if need be.

        Args:
            profile_id: whose.
            progress: hears what is done and how far it is, 0 to 1 or None; what it raises stops the loading.
            in_use: profiles that are being painted with, which must not be dropped to make room.
            offloaded: load it into main memory instead of the device's.
        """

    def is_here(self, profile_id: str) -> bool:
        """Whether `get` would do without a download, so that it may be called between two steps of others."""

    def fetch(self, profile_id: str, progress: Progress, cancelled: Callable[[], bool]) -> None:
        """Download what `get` needs. Called on a thread of its own.

        Args:
            profile_id: whose.
            progress: see `get`.
            cancelled: asked often; true stops it with `Cancelled`.
        """

    def touch(self, profile_id: str) -> None:
        """Note that a model that is in memory is used again."""

    def release_idle(self, in_use: Collection[str]) -> bool:
        """Drop every model that is not in use and give cached memory back; whether there were any."""


def acquire(
    models: ModelSource,
    profile_id: str,
    progress: Progress,
    in_use: Collection[str],
    forget: Callable[[], None],
) -> LoadedModel:
    """A model, loaded with whatever has to be given up for it: idle models first, then its place on the device.

    Args:
        models: where it comes from.
        profile_id: whose model.
        progress: see `ModelSource.get`.
        in_use: see `ModelSource.get`.
        forget: frees the caller's own caches.

    Raises:
        OutOfMemory: it does not fit in any way.
        Exception: whatever else the source raises.
    """
    # The second attempt is the same with more room; the last one needs memory of the device for single parts.
    for offloaded in (False, False, True):
        try:
            return models.get(profile_id, progress, in_use=in_use, offloaded=offloaded)
        except (RuntimeError, MemoryError, OSError) as error:
            if not is_out_of_memory(error):
                raise
            _log.warning("Out of memory while loading %s (offloaded: %s): %s", profile_id, offloaded, error)
        # Outside of `except`: the traceback has let go of what was loaded so far.
        forget()
        models.release_idle(in_use)
    raise OutOfMemory(NO_ROOM, profile=profile_id)
