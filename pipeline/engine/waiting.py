"""The works that have not joined yet: those that could, and those whose weights are still being fetched."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection
from typing import Final

from pipeline.engine.acquire import ModelSource
from pipeline.errors import Cancelled, MemberError
from pipeline.work import Event, Failed, Loading, Work

STOPPED: Final = "This picture was cancelled while its model was being loaded."


class WaitingRoom:
    """Keeps works in order, and lets those whose weights are here pass those that wait for a download.

    Everything belongs to the engine's thread but `interrupted`, which any thread may set.

    Args:
        models: where models come from.
        tell: hears `Loading`, also from the thread that downloads.

    Attributes:
        ready: works whose weights are on this machine, in the order in which they are to join.
        interrupted: whether the program ends, so that downloads stop.
        wake: called from another thread when a download has ended and `busy` has become true.
    """

    def __init__(self, models: ModelSource, tell: Callable[[Event], None]) -> None:
        self.ready: deque[Work] = deque()
        self.interrupted = False
        self.wake: Callable[[], None] = lambda: None
        self._models = models
        self._tell = tell
        # Replaced, never changed in place: the thread that downloads reads it.
        self._fetching: tuple[Work, ...] = ()
        self._fetcher = Fetcher(self._fetch, lambda: self.wake())

    def __len__(self) -> int:
        return len(self.ready) + len(self._fetching)

    @property
    def busy(self) -> bool:
        """Whether a work could join, or a download has ended. False while one goes on and nothing else waits."""
        return bool(self.ready) or self._fetcher.has_news

    def add(self, work: Work) -> None:
        """Put a work last, and begin to fetch its weights if they are not here."""
        profile = work.recipe.profile
        try:
            # Enlarging needs no checkpoint.
            here = bool(work.recipe.upscaler) or self._models.is_here(profile)
        except MemberError:
            here = True  # something is wrong with it: loading it says what, to this work
        if here:
            self.ready.append(work)
        else:
            self._fetching = (*self._fetching, work)
            self._fetcher.request(profile)

    def take(self, in_use: Collection[str], max_models: int | None) -> Work | None:
        """The next work, if it may join now; None if there is none.

        Args:
            in_use: profiles of the images being painted.
            max_models: most different ones among them; None for no limit. Enlarging needs none.
        """
        if not self.ready:
            return None
        recipe = self.ready[0].recipe
        another = not recipe.upscaler and recipe.profile not in in_use
        if another and max_models and len(in_use) >= max_models:
            return None
        return self.ready.popleft()

    def drop(self, work_id: int) -> bool:
        """Take a work out; whether it was here. A download that nobody waits for any more stops."""
        before = len(self)
        self.ready = deque(work for work in self.ready if work.id != work_id)
        self._fetching = tuple(work for work in self._fetching if work.id != work_id)
        return len(self) < before

    def collect(self) -> list[Failed]:
        """Let works join whose downloads have ended, before those that came later.

        Returns:
            The failures of those whose weights are not to be had.
        """
        failed = []
        for profile, error in self._fetcher.take():
            works = self._of(profile)
            if isinstance(error, Cancelled):
                # Its works have gone, or the program ends. A work that came in between wants it again.
                if works and not self.interrupted:
                    self._fetcher.request(profile)
                continue
            self._fetching = tuple(work for work in self._fetching if work not in works)
            if error is None:
                self.ready.extendleft(reversed(works))
            else:
                failed += [Failed(work.id, error) for work in works]
        return failed

    def clear(self) -> None:
        """Forget all works and stop what is being downloaded."""
        self.interrupted = True
        self.ready.clear()
        self._fetching = ()

    def _of(self, profile: str) -> list[Work]:
        return [work for work in self._fetching if work.recipe.profile == profile]

    def _fetch(self, profile: str) -> None:
        """Runs on the thread that downloads."""

        def cancelled() -> bool:
            return self.interrupted or not self._of(profile)

        def progress(text: str, fraction: float | None) -> None:
            if cancelled():
                raise Cancelled(STOPPED)
            self._tell(Loading(profile, text, fraction, tuple(work.id for work in self._of(profile))))

        if cancelled():
            raise Cancelled(STOPPED)
        self._models.fetch(profile, progress, cancelled)


class Fetcher:
    """Does one thing after another on a daemon thread of its own, which ends when there is nothing left to do.

    Args:
        fetch: what to do with each name; may raise.
        ended: called on the thread after each.
    """

    def __init__(self, fetch: Callable[[str], None], ended: Callable[[], None]) -> None:
        self._fetch, self._ended = fetch, ended
        self._lock = threading.Lock()
        self._open: set[str] = set()
        self._todo: deque[str] = deque()
        self._news: list[tuple[str, Exception | None]] = []
        self._running = False

    @property
    def has_news(self) -> bool:
        """Whether `take` would give anything."""
        return bool(self._news)

    def request(self, name: str) -> None:
        """Have something fetched, unless it is being fetched already."""
        with self._lock:
            if name in self._open:
                return
            self._open.add(name)
            self._todo.append(name)
            if self._running:
                return
            self._running = True
        threading.Thread(target=self._run, name="tagbrush-fetch", daemon=True).start()

    def take(self) -> list[tuple[str, Exception | None]]:
        """What has ended since the last call, with the reason for what failed."""
        with self._lock:
            news, self._news = self._news, []
            self._open.difference_update(name for name, _ in news)
            return news

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._todo:
                    self._running = False
                    return
                name = self._todo.popleft()
            error: Exception | None = None
            try:
                self._fetch(name)
            except Exception as caught:  # noqa: BLE001 - handed on to whoever waits for it
                error = caught
            with self._lock:
                self._news.append((name, error))
            self._ended()
