"""`python -m benchmarks.previews`: 20 overlapping jobs of one channel with live previews, and without, in real time.

The real bot with the built-in model in a simulated Discord whose clock follows the wall clock. Between them stands a
limiter with Discord's documented bucket, taken strictly: a sixth edit in a channel within any five seconds of that
clock is refused with 429. Throughput is counted on the engine's thread, from the first step to the last picture.
Rounds with and without previews take turns, as this machine may be busy with other things, too.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import simcord
from simcord import BackendError
from simcord.http import router

from benchmarks.report import Row, percentile, show
from bot.app import open_app
from bot.demo.glue import Park
from bot.discord_bot import TagbrushBot
from bot.factories import EngineFactory, engine_factory
from bot.models import read_profiles
from bot.settings import Settings
from pipeline.executor import EngineLike
from pipeline.work import Event, Painted, Preview, Work

JOBS: Final = 20
EDITS: Final = 5
WINDOW: Final = 5.0
MOST_LOST: Final = 0.03
CLOCK_SECONDS: Final = 0.25
"""How often the simulated clock is set to the real one."""


@dataclass
class Round:
    """What one round of jobs showed."""

    edits: list[float] = field(default_factory=list)
    """When each edit was taken."""
    previews: int = 0
    refused: int = 0
    spans: list[tuple[float, float]] = field(default_factory=list)
    """Begin and end of each tick of the engine."""
    processor: float = 0.0
    """Seconds of processor time, of all threads, while the engine was painting."""
    painted: int = 0
    made: int = 0
    """Previews that the engine made."""
    sketching: float = 0.0
    """Seconds of the engine's thread in which it made them."""
    delivered: int = 0

    @property
    def share(self) -> float:
        """Of the time of all ticks, that in which previews were made."""
        return self.sketching / sum(end - begin for begin, end in self.spans)

    @property
    def speed(self) -> float:
        """Pictures a second, from the first tick to the end of the last."""
        return self.painted / (self.spans[-1][1] - self.spans[0][0])


class Timed:
    """The engine, watched. One for all rounds, so that the model is loaded once."""

    def __init__(self) -> None:
        self._engine: EngineLike | None = None
        self._emit: Callable[[Event], None] = lambda _: None
        self._results = Round()
        self._began: float | None = None

    def use(self, build: EngineFactory, emit: Callable[[Event], None], results: Round) -> Timed:
        """For one round."""
        self._emit, self._results, self._began = emit, results, None
        if self._engine is None:
            self._engine = build(lambda event: self._emit(event))
            self._watch_previews()
        return self

    def _watch_previews(self) -> None:
        previews = self.engine._previews  # type: ignore[attr-defined]
        make = previews.of

        def timed(image: Any) -> Any:
            began = time.perf_counter()
            made = make(image)
            self._results.sketching += time.perf_counter() - began
            return made

        previews.of = timed

    @property
    def engine(self) -> EngineLike:
        """The real one."""
        assert self._engine is not None
        return self._engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    @property
    def busy(self) -> bool:
        """Whether a tick would do anything."""
        return self.engine.busy

    def add(self, work: Work) -> None:
        """Let a work join."""
        self.engine.add(work)

    def cancel(self, work_id: int) -> None:
        """Drop a work."""
        self.engine.cancel(work_id)

    def interrupt(self) -> None:
        """Nothing is downloaded here, and an engine that was interrupted stays so."""

    def tick(self) -> list[Event]:
        """One step, timed."""
        if self._began is None:
            self._began = time.process_time()
        began = time.perf_counter()
        events = self.engine.tick()
        results = self._results
        results.spans.append((began, time.perf_counter()))
        results.painted += sum(isinstance(event, Painted) for event in events)
        results.made += sum(isinstance(event, Preview) for event in events)
        results.processor = time.process_time() - self._began
        return events


@contextlib.contextmanager
def limiter(results: Round) -> Iterator[None]:
    """Refuse the sixth edit within any five seconds: all jobs here are in one channel."""
    dispatch = router.dispatch

    def request(backend: Any, method: str, path: str, **kwargs: Any) -> Any:
        if method == "PATCH" and "/messages/" in path:
            now = time.monotonic()  # as the bot sees it, which is the simulated clock
            if sum(now - at < WINDOW for at in results.edits) >= EDITS:
                results.refused += 1
                raise BackendError(429, 0, "You are being rate limited.")
            results.edits.append(now)
            files = kwargs.get("files") or []
            results.previews += any(file.filename.startswith("preview-") for file in files)
            results.delivered += any(file.filename.startswith("tagbrush-") for file in files)
        return dispatch(backend, method, path, **kwargs)

    router.dispatch = request
    try:
        yield
    finally:
        router.dispatch = dispatch


async def one_round(folder: Path, engine: Timed, *, previews: bool, jobs: int) -> Round:
    """All jobs by as many members, from the first request to the last result."""
    results = Round()
    settings = Settings(data_dir=folder, live_previews=previews, max_pending_per_guild=10 * jobs, min_free_mb=0)
    build: EngineFactory = engine_factory(settings, read_profiles(settings))
    park = Park()
    async with open_app(settings, park=park, make_engine=lambda emit: engine.use(build, emit, results)) as app:
        bot = TagbrushBot(app)
        env = park.env = simcord.Env(bot, check_errors=False, settle_timeout=60.0)
        await env.start()
        try:
            guild = env.create_guild("Painters")
            channel = guild.create_text_channel("painting")
            members = [guild.add_member(env.create_user(f"painter{number}")) for number in range(jobs)]
            await env.settle()
            with limiter(results):
                last = time.perf_counter()
                for number, member in enumerate(members):
                    await member.slash(channel, "imagine", prompt=f"1girl, solo, number {number}", seed=number)
                while app.studio.waiting_jobs() or bot.painting.busy:
                    await asyncio.sleep(CLOCK_SECONDS)
                    now = time.perf_counter()
                    passed, last = now - last, now
                    await env.advance_time(passed)
        finally:
            await bot.painting.close()
            await env.shutdown()
    return results


async def measure(rounds: int, jobs: int) -> tuple[list[Round], list[Round]]:
    """Rounds without and with previews, in turns; the first pair warms up and does not count."""
    off: list[Round] = []
    on: list[Round] = []
    engine = Timed()
    for number in range(rounds + 1):
        # Whichever goes first has the quieter or the busier moment; so they take turns in that, too.
        for previews in (False, True) if number % 2 else (True, False):
            with tempfile.TemporaryDirectory() as folder:
                found = await one_round(Path(folder), engine, previews=previews, jobs=jobs if number else 2)
            if number:
                (on if previews else off).append(found)
                print(
                    f"round {number}, previews {'on ' if previews else 'off'}: {found.speed:.3f} pictures/s, "
                    f"{found.processor / found.painted:.2f} s of processor a picture, {len(found.edits)} edits, "
                    f"{found.previews} with previews, {found.refused} refused",
                    flush=True,
                )
    return off, on


def lost_in_pairs(off: list[Round], on: list[Round]) -> tuple[float, float]:
    """What previews cost: the mean of 1 - on / off over pairs that ran one after the other, and its standard error.

    Two rounds in a row see much the same machine, whatever else it does over the minutes, so their ratio varies less
    than the rounds themselves do.
    """
    found = [1 - b.speed / a.speed for a, b in zip(off, on, strict=True)]
    error = statistics.stdev(found) / len(found) ** 0.5 if len(found) > 1 else float("nan")
    return statistics.mean(found), error


def speeds(rounds: list[Round]) -> str:
    """The best and the middle one."""
    found = [each.speed for each in rounds]
    return f"{max(found):.3f}, {statistics.median(found):.3f}"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.previews", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="with and without previews each")
    parser.add_argument("--jobs", type=int, default=JOBS)
    args = parser.parse_args()
    off, on = asyncio.run(measure(args.rounds, args.jobs))
    lost, error = lost_in_pairs(off, on)
    share = statistics.median(each.share for each in on)
    cpu = [statistics.median(each.processor / each.painted for each in kind) for kind in (off, on)]
    ticks = [
        percentile([end - begin for each in kind for begin, end in each.spans], 0.5) * 1000
        for kind in (off, on)
    ]
    spread = max(each.speed for each in off) / min(each.speed for each in off) - 1
    refused = sum(each.refused for each in (*off, *on))
    delivered = min(each.delivered for each in (*off, *on))
    return show(
        f"Live previews: {args.jobs} overlapping jobs of one channel, {args.rounds} rounds each",
        [
            Row("edits a round, with previews", f"{statistics.median(len(each.edits) for each in on):.0f}"),
            Row("of them with a preview", f"{statistics.median(each.previews for each in on):.0f}"),
            Row("edits refused with 429, all rounds", f"{refused}", "0", refused == 0),
            Row("results posted, worst round", f"{delivered}", f"{args.jobs}", delivered == args.jobs),
            Row("pictures/s without previews, best and median", speeds(off)),
            Row("pictures/s with previews, best and median", speeds(on)),
            Row(
                "throughput lost, mean of the pairs and its standard error",
                f"{lost:.1%} ± {error:.1%}",
                f"at most {MOST_LOST:.0%}",
                lost <= MOST_LOST,
            ),
            Row(
                "of the engine's time, spent on making previews",
                f"{share:.2%}",
                f"at most {MOST_LOST:.0%}",
                share <= MOST_LOST,
            ),
            Row("spread of the rounds without previews", f"{spread:.1%}"),
            Row("processor time a picture, without and with", f"{cpu[0]:.2f} s, {cpu[1]:.2f} s"),
            Row("a tick of the engine, median, without and with", f"{ticks[0]:.1f} ms, {ticks[1]:.1f} ms"),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
