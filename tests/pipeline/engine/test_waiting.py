"""Downloads beside the painting: who passes, who joins, and what stops them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from pipeline.engine.engine import Engine
from pipeline.engine.model import LoadedModel
from pipeline.engine.waiting import Fetcher
from pipeline.errors import Cancelled, WeightsError
from pipeline.executor import Executor
from pipeline.work import Dropped, Event, Failed, Loading, Painted, Started
from tests.support.painting import Shelf, drain, make_profile, make_work, of_kind

PATIENCE = 10.0
"""Seconds until a test gives up; none waits that long when all is well."""


class Download:
    """A download that goes on until it is told to end, or notices that nobody wants it."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go = threading.Event()
        self.stopped = threading.Event()
        self.error: Exception | None = None
        self.count = 0

    def __call__(
        self, profile: str, progress: Callable[[str, float | None], None], cancelled: Callable[[], bool]
    ) -> None:
        """Run on the thread that downloads."""
        self.count += 1
        progress(f"Downloading {profile}", 0.25)
        self.begun.set()
        while not self.go.wait(0.005):
            if cancelled():
                self.stopped.set()
                raise Cancelled("stopped")
        if self.error:
            raise self.error


@pytest.fixture
def download() -> Iterator[Download]:
    """Ends with the test, whatever happens."""
    made = Download()
    yield made
    made.go.set()


@pytest.fixture
def shelf(model: LoadedModel, download: Download) -> Shelf:
    """`stock` is here, `other` is far."""
    shelf = Shelf(stock=model, other=replace(model, profile=make_profile("other")))
    shelf.far = {"other"}
    shelf.download = download
    return shelf


@pytest.fixture
def woken() -> threading.Event:
    """Set when the engine woke its thread."""
    return threading.Event()


@pytest.fixture
def engine(shelf: Shelf, woken: threading.Event) -> Engine:
    """An engine that sets `woken`; what it says about loading goes nowhere."""
    engine = Engine(shelf, emit=lambda _: None)
    engine.call_when_ready(woken.set)
    return engine


def test_others_paint_while_weights_are_fetched(
    engine: Engine, download: Download, woken: threading.Event
) -> None:
    """They pass; with nothing else to do the engine is not busy; when the weights are here the work is painted."""
    engine.add(make_work(1, profile="other"))
    engine.add(make_work(2))
    assert download.begun.wait(PATIENCE)
    events = drain(engine)
    assert [painted.id for painted in of_kind(events, Painted)] == [2]
    assert (engine.busy, engine.waiting) == (False, 1)
    download.go.set()
    assert woken.wait(PATIENCE)
    assert engine.busy
    assert [painted.id for painted in of_kind(drain(engine), Painted)] == [1]


def test_one_download_for_all_who_wait(engine: Engine, download: Download, woken: threading.Event) -> None:
    """They join in their order, before works that came later."""
    engine.add(make_work(1, profile="other"))
    assert download.begun.wait(PATIENCE)
    engine.add(make_work(2, profile="other"))
    download.go.set()
    assert woken.wait(PATIENCE)
    engine.add(make_work(3))
    assert [started.id for started in of_kind(drain(engine), Started)] == [1, 2, 3]
    assert download.count == 1


def test_loading_is_told_from_its_own_thread(shelf: Shelf, download: Download) -> None:
    """At once, with those who wait, though nothing ticks."""
    heard: list[tuple[str, Event]] = []
    engine = Engine(shelf, emit=lambda event: heard.append((threading.current_thread().name, event)))
    engine.add(make_work(1, profile="other"))
    assert download.begun.wait(PATIENCE)
    assert heard == [("tagbrush-fetch", Loading("other", "Downloading other", 0.25, (1,)))]


def test_a_cancelled_work_is_dropped_at_once(engine: Engine, download: Download) -> None:
    """The engine is busy to say so; the download goes on for the other one and stops with the last."""
    engine.add(make_work(1, profile="other"))
    engine.add(make_work(2, profile="other"))
    assert download.begun.wait(PATIENCE)
    engine.cancel(1)
    assert engine.busy
    assert engine.tick() == [Dropped(1)]
    assert not download.stopped.is_set()
    engine.cancel(2)
    assert engine.tick() == [Dropped(2)]
    assert download.stopped.wait(PATIENCE)
    assert engine.waiting == 0


def test_a_stopped_download_begins_again_for_a_new_work(
    engine: Engine, download: Download, woken: threading.Event
) -> None:
    """Asked for while it was stopping, the weights are fetched all the same."""
    engine.add(make_work(1, profile="other"))
    assert download.begun.wait(PATIENCE)
    engine.cancel(1)
    engine.tick()
    assert woken.wait(PATIENCE)
    woken.clear()
    engine.add(make_work(2, profile="other"))
    download.go.set()
    engine.tick()
    assert woken.wait(PATIENCE)
    assert [painted.id for painted in of_kind(drain(engine), Painted)] == [2]


def test_the_end_of_the_program_keeps_the_work(
    engine: Engine, download: Download, woken: threading.Event
) -> None:
    """The download stops; the work neither fails nor is dropped, so that the next start paints it."""
    engine.add(make_work(1, profile="other"))
    assert download.begun.wait(PATIENCE)
    engine.interrupt()
    assert download.stopped.wait(PATIENCE)
    assert woken.wait(PATIENCE)
    assert engine.tick() == []
    assert (engine.busy, engine.waiting) == (False, 1)


def test_weights_that_cannot_be_had(engine: Engine, download: Download, woken: threading.Event) -> None:
    """All who wait for them fail with the reason; the next work tries again."""
    download.error = WeightsError("There is no such repository.")
    download.go.set()
    engine.add(make_work(1, profile="other"))
    assert woken.wait(PATIENCE)
    engine.add(make_work(2, profile="other"))
    assert engine.tick() == [Failed(1, download.error), Failed(2, download.error)]
    woken.clear()
    download.error = None
    engine.add(make_work(3, profile="other"))
    assert woken.wait(PATIENCE)
    assert of_kind(drain(engine), Painted, 3)


def test_a_closed_engine_stops_its_download(engine: Engine, download: Download) -> None:
    """The engine after it starts its own."""
    engine.add(make_work(1, profile="other"))
    assert download.begun.wait(PATIENCE)
    engine.close()
    assert download.stopped.wait(PATIENCE)
    assert engine.waiting == 0


def test_the_executor_is_woken(shelf: Shelf, download: Download) -> None:
    """Its thread waits for messages, and paints when the download has ended without any."""
    ends: dict[int, threading.Event] = {1: threading.Event(), 2: threading.Event()}

    def emit(event: Any) -> None:
        if isinstance(event, Painted | Failed | Dropped):
            ends[event.id].set()

    executor = Executor(lambda: Engine(shelf, emit=emit), emit)
    executor.start()
    executor.submit(make_work(1, profile="other"))
    executor.submit(make_work(2))
    assert ends[2].wait(PATIENCE)
    assert not ends[1].is_set()
    download.go.set()
    assert ends[1].wait(PATIENCE)
    assert executor.stop(PATIENCE)


def test_the_executor_drops_what_waits_for_a_download(shelf: Shelf, download: Download) -> None:
    """Cancelling does not wait for the download, though nothing is being painted."""
    dropped = threading.Event()
    executor = Executor(
        lambda: Engine(shelf), lambda event: dropped.set() if isinstance(event, Dropped) else None
    )
    executor.start()
    executor.submit(make_work(1, profile="other"))
    assert download.begun.wait(PATIENCE)
    executor.cancel(1)
    assert dropped.wait(PATIENCE)
    assert download.stopped.wait(PATIENCE)
    assert executor.stop(PATIENCE)


def test_the_thread_ends_when_nothing_is_left() -> None:
    """And a later request has a new one."""
    threads: list[threading.Thread] = []
    ended = threading.Event()
    fetcher = Fetcher(lambda _: threads.append(threading.current_thread()), ended.set)
    for name in "ab":
        ended.clear()
        fetcher.request(name)
        assert ended.wait(PATIENCE)
        threads[-1].join(PATIENCE)
        assert not threads[-1].is_alive()
        assert fetcher.take() == [(name, None)]
    assert threads[0] is not threads[1]
