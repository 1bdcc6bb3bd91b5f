"""The executor thread: it starts, stops, and outlives whatever the engine does."""

from __future__ import annotations

import logging
import queue
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pipeline.executor import Executor
from pipeline.work import Dropped, Event, Failed, Painted, Started, Stepped, Work
from tests.support.painting import make_work, of_kind

PATIENCE = 10.0
"""Seconds until a test gives up; none waits that long when all is well."""


class FakeEngine:
    """Starts and steps every work once a tick, paints it after `steps` ticks, and can be told to misbehave."""

    def __init__(self, steps: int = 2, on_tick: Callable[[FakeEngine], None] | None = None) -> None:
        self.steps = steps
        self.on_tick = on_tick
        self.works: dict[int, int] = {}
        self.cancelled: set[int] = set()
        self.interrupted = threading.Event()
        self.ticks = 0

    @property
    def busy(self) -> bool:
        """Whether works are open."""
        return bool(self.works)

    def add(self, work: Work) -> None:
        """Take it."""
        self.works[work.id] = 0

    def cancel(self, work_id: int) -> None:
        """Note it."""
        self.cancelled.add(work_id)

    def interrupt(self) -> None:
        """Note it."""
        self.interrupted.set()

    def tick(self) -> list[Event]:
        """One step for each."""
        self.ticks += 1
        if self.on_tick is not None:
            self.on_tick(self)
        events: list[Event] = []
        for work_id, step in list(self.works.items()):
            if work_id in self.cancelled:
                events.append(Dropped(work_id))
                del self.works[work_id]
                continue
            if step == 0:
                events.append(Started(work_id))
            self.works[work_id] = step + 1
            events.append(Stepped(work_id, step + 1, self.steps))
            if step + 1 >= self.steps:
                events.append(Painted(work_id, 1, 1, b"rgb", 0.0, "fake"))
                del self.works[work_id]
        return events


class Listener:
    """Collects events and lets a test wait for the end of a work."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._queue: queue.Queue[Event] = queue.Queue()

    def __call__(self, event: Event) -> None:
        """Hear one event."""
        self.events.append(event)
        self._queue.put(event)

    def until(self, kind: type[Any], work_id: int) -> Any:
        """The next event of this kind for this work."""
        while True:
            event: Any = self._queue.get(timeout=PATIENCE)
            if isinstance(event, kind) and event.id == work_id:
                return event


@pytest.fixture
def run() -> Iterator[Callable[..., tuple[Executor, Listener]]]:
    """Starts executors and stops them after the test."""
    started: list[Executor] = []

    def make(factory: Callable[[], Any], listener: Any = None) -> tuple[Executor, Any]:
        heard = listener or Listener()
        executor = Executor(factory, heard)
        executor.start()
        started.append(executor)
        return executor, heard

    yield make
    for executor in started:
        assert executor.stop(PATIENCE)


def test_work_is_painted_on_a_named_thread(run: Any) -> None:
    """The engine is made and ticked there, and nowhere else."""
    names: set[str] = set()

    def factory() -> FakeEngine:
        names.add(threading.current_thread().name)
        return FakeEngine(on_tick=lambda _: names.add(threading.current_thread().name))

    executor, heard = run(factory)
    executor.submit(make_work(1))
    heard.until(Painted, 1)
    assert names == {"tagbrush-engine"}
    assert [type(event) for event in heard.events] == [Started, Stepped, Stepped, Painted]


def test_nothing_is_made_before_there_is_work(run: Any) -> None:
    """Importing torch takes seconds: an idle bot does not pay for it."""
    made: list[int] = []
    executor, _ = run(lambda: made.append(1))
    assert executor.stop(PATIENCE)
    assert made == []


def test_idle_it_does_not_tick(run: Any) -> None:
    """Between works the thread waits; the second work is painted as the first."""
    engine = FakeEngine(steps=2)
    executor, heard = run(lambda: engine)
    for work_id in (1, 2):
        executor.submit(make_work(work_id))
        heard.until(Painted, work_id)
    assert engine.ticks == 4


def test_cancelled_between_steps(run: Any) -> None:
    """While other steps are being taken."""
    executor, heard = run(lambda: FakeEngine(steps=10**9))
    executor.submit(make_work(1))
    heard.until(Stepped, 1)
    executor.cancel(1)
    heard.until(Dropped, 1)


def test_cancelled_before_it_was_taken(run: Any) -> None:
    """A work still in the inbox is dropped, not painted."""
    inside, go = threading.Event(), threading.Event()

    def hold(_: FakeEngine) -> None:
        inside.set()
        assert go.wait(PATIENCE)

    executor, heard = run(lambda: FakeEngine(steps=1, on_tick=hold))
    executor.submit(make_work(1))
    assert inside.wait(PATIENCE)
    executor.submit(make_work(2))
    executor.cancel(2)
    executor.cancel(77)
    go.set()
    heard.until(Dropped, 2)
    assert of_kind(heard.events, Started, 2) == []


def test_a_broken_engine_fails_its_works_and_is_made_anew(run: Any) -> None:
    """What it was painting has failed; the next work gets a new engine."""
    engines: list[FakeEngine] = []

    def explode(engine: FakeEngine) -> None:
        if engine is engines[0] and engine.ticks == 2:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")

    def factory() -> FakeEngine:
        engines.append(FakeEngine(steps=3, on_tick=explode))
        return engines[-1]

    executor, heard = run(factory)
    executor.submit(make_work(1))
    error = heard.until(Failed, 1).error
    assert isinstance(error, RuntimeError)
    executor.submit(make_work(2))
    heard.until(Painted, 2)
    assert len(engines) == 2


def test_works_that_had_not_started_go_over_to_the_new_engine(run: Any) -> None:
    """They are not to blame."""
    engines: list[FakeEngine] = []
    arrived = threading.Event()

    def explode(engine: FakeEngine) -> None:
        if engine is engines[0] and engine.ticks == 2:
            assert arrived.wait(PATIENCE)
        if engine is engines[0] and len(engine.works) == 2:
            raise RuntimeError

    def factory() -> FakeEngine:
        engines.append(FakeEngine(steps=10**9 if not engines else 2, on_tick=explode))
        return engines[-1]

    executor, heard = run(factory)
    executor.submit(make_work(1))
    heard.until(Stepped, 1)
    executor.submit(make_work(2))
    arrived.set()
    heard.until(Failed, 1)
    heard.until(Painted, 2)
    assert of_kind(heard.events, Failed, 2) == []


def test_a_work_that_breaks_the_engine_before_it_starts_fails(run: Any) -> None:
    """It is not tried for ever."""

    def explode(engine: FakeEngine) -> None:
        if 13 in engine.works:
            raise ValueError

    executor, heard = run(lambda: FakeEngine(on_tick=explode))
    executor.submit(make_work(13))
    heard.until(Failed, 13)
    executor.submit(make_work(1))
    heard.until(Painted, 1)


def test_a_broken_engine_is_gone_before_the_next_is_made(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two engines with a model each may not fit: neither the error nor what led to it holds the old one."""
    # pytest keeps every log record, and with it the traceback.
    monkeypatch.setattr(logging.getLogger("pipeline.executor"), "disabled", True)
    old: list[weakref.ref[FakeEngine]] = []
    alive_then: list[bool] = []

    def explode(engine: FakeEngine) -> None:
        if engine is not old[0]():
            return
        try:
            engine.works[99]
        except KeyError as error:
            raise RuntimeError("the device is lost") from error

    def factory() -> FakeEngine:
        alive_then.extend(ref() is not None for ref in old)
        engine = FakeEngine(on_tick=explode)
        old.append(weakref.ref(engine))
        return engine

    executor, heard = run(factory)
    executor.submit(make_work(1))
    assert heard.until(Failed, 1).error.__cause__ is not None
    executor.submit(make_work(2))
    heard.until(Painted, 2)
    assert alive_then == [False]


@pytest.mark.parametrize("close_fails", [False, True])
def test_what_a_failed_tick_had_finished_counts(run: Any, close_fails: bool) -> None:
    """A picture painted in that very tick is delivered; the others fail, even if closing fails as well."""

    class Closing(FakeEngine):
        def close(self) -> Iterator[Event]:
            yield Painted(1, 1, 1, b"rgb", 0.0, "fake")
            yield Dropped(2)
            if close_fails:
                raise ValueError

    def explode(engine: FakeEngine) -> None:
        if len(engine.works) == 3:
            raise RuntimeError

    inside, go = threading.Event(), threading.Event()

    def hold_then_explode(engine: FakeEngine) -> None:
        inside.set()
        assert go.wait(PATIENCE)
        explode(engine)

    executor, heard = run(lambda: Closing(steps=10**9, on_tick=hold_then_explode))
    executor.submit(make_work(1))
    assert inside.wait(PATIENCE)
    executor.submit(make_work(2))
    executor.submit(make_work(3))
    go.set()
    heard.until(Failed, 3)
    ends = [(type(event), event.id) for event in heard.events if isinstance(event, Painted | Dropped | Failed)]
    assert ends == [(Painted, 1), (Dropped, 2), (Failed, 3)]


def test_an_engine_that_cannot_be_made(run: Any) -> None:
    """Each work fails with the reason, and a later one may succeed."""
    answers: list[Any] = [ImportError("no torch"), ImportError("no torch"), FakeEngine()]

    def factory() -> FakeEngine:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        engine: FakeEngine = answer
        return engine

    executor, heard = run(factory)
    for work_id in (1, 2):
        executor.submit(make_work(work_id))
        assert isinstance(heard.until(Failed, work_id).error, ImportError)
    executor.submit(make_work(3))
    heard.until(Painted, 3)


def test_a_listener_that_raises_stops_nothing(run: Any) -> None:
    """Every event is still offered."""
    heard = Listener()

    def raising(event: Event) -> None:
        heard(event)
        raise RuntimeError("loop is closed")

    executor, _ = run(FakeEngine, raising)
    for work_id in (1, 2):
        executor.submit(make_work(work_id))
        heard.until(Painted, work_id)


def test_a_work_submitted_twice_is_painted_once(run: Any) -> None:
    """The second while the first is open."""
    inside, go = threading.Event(), threading.Event()

    def hold(_: FakeEngine) -> None:
        inside.set()
        assert go.wait(PATIENCE)

    executor, heard = run(lambda: FakeEngine(on_tick=hold))
    executor.submit(make_work(1))
    assert inside.wait(PATIENCE)
    executor.submit(make_work(1))
    executor.submit(make_work(2))
    go.set()
    heard.until(Painted, 2)
    assert len(of_kind(heard.events, Painted, 1)) == 1


def test_stop_leaves_unfinished_works_alone(run: Any) -> None:
    """It ends after the step under way; what was not finished is neither failed nor dropped."""
    executor, heard = run(lambda: FakeEngine(steps=10**9))
    executor.submit(make_work(1))
    heard.until(Stepped, 1)
    assert executor.stop(PATIENCE)
    assert not executor.alive
    assert of_kind(heard.events, Failed) == of_kind(heard.events, Dropped) == []


def test_stop_interrupts_a_long_tick(run: Any) -> None:
    """A download inside a tick is told, so that stopping is prompt."""
    inside = threading.Event()

    def download(engine: FakeEngine) -> None:
        inside.set()
        assert engine.interrupted.wait(PATIENCE)

    executor, _ = run(lambda: FakeEngine(on_tick=download))
    executor.submit(make_work(1))
    assert inside.wait(PATIENCE)
    assert executor.stop(PATIENCE)


def test_stop_says_when_it_took_too_long(run: Any) -> None:
    """The thread is still busy after the timeout, and stops later."""
    inside, go = threading.Event(), threading.Event()

    def hold(_: FakeEngine) -> None:
        inside.set()
        assert go.wait(PATIENCE)

    executor, _ = run(lambda: FakeEngine(on_tick=hold))
    executor.submit(make_work(1))
    assert inside.wait(PATIENCE)
    assert not executor.stop(0)
    go.set()
    assert executor.stop(PATIENCE)


def test_stop_without_start() -> None:
    """Nothing to wait for."""
    assert Executor(FakeEngine, print).stop()


def test_the_real_engine_on_the_thread(run: Any, miniature_folder: Any) -> None:
    """One picture of the miniature through thread and engine, as the bot does it."""

    def factory() -> Any:
        import torch

        from pipeline.engine.engine import Engine
        from pipeline.engine.loader import load_folder
        from tests.support.painting import Shelf, make_profile

        cpu = torch.device("cpu")
        model = load_folder(
            make_profile("stock"), miniature_folder, weights="test", device=cpu, dtype=torch.float32
        )
        return Engine(Shelf(stock=model))

    executor, heard = run(factory)
    executor.submit(make_work(1))
    executor.submit(make_work(2, sampler="nope"))
    assert len(heard.until(Painted, 1).pixels) == 64 * 64 * 3
    assert of_kind(heard.events, Failed, 2)


def test_importing_it_needs_no_torch() -> None:
    """The bot starts without waiting for torch."""
    code = "import sys, pipeline.executor; sys.exit('torch' in sys.modules or 'diffusers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
