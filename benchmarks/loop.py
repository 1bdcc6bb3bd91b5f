"""`python -m benchmarks.loop`: does the event loop stay free while the engine paints?

Lag is how late a 5 ms timer wakes. The 200 requests go through the whole use case: composing, resolving, one
SQLite transaction each, the fair queue.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import Row, percentile, show
from bot.app import App, open_app
from bot.orders import Origin
from bot.settings import Settings
from pipeline.request import ImagineRequest

TIMER = 0.005
LAG_TARGET = 0.050
ACK_TARGET = 1.0
REQUESTS = 200


def origin(number: int) -> Origin:
    """One of ten members of one of twenty servers."""
    return Origin(
        kind="discord",
        guild_id=1 + number % 20,
        guild_name=f"guild {number % 20}",
        channel_id=1,
        user_id=1 + number % 200,
        user_name=f"member {number}",
    )


async def measure_lag(lags: list[float]) -> None:
    """Note how late a timer wakes, until cancelled."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(TIMER)
        lags.append(time.perf_counter() - began - TIMER)


async def acknowledge(app: App, number: int) -> float:
    """One request; seconds until it is committed."""
    began = time.perf_counter()
    await app.studio.submit(
        origin(number), ImagineRequest(prompt=f"1girl, green hair, number {number}", steps=25)
    )
    return time.perf_counter() - began


async def finished(app: App, job_id: int) -> None:
    """Wait until a job is final."""
    async for progress in app.studio.changes(job_id):
        if progress.final:
            return


async def measure() -> tuple[list[float], list[float]]:
    """Lags while 12 pictures are painted, and the acknowledgements of 200 requests during that."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), max_pending_per_member=1000, max_pending_per_guild=10_000)
        async with open_app(settings) as app:
            warm = await app.studio.submit(origin(0), ImagineRequest(prompt="1girl", steps=2))
            await finished(app, warm.job.id)
            busy = [
                await app.studio.submit(origin(n), ImagineRequest(prompt="1girl", count=4)) for n in range(3)
            ]
            lags: list[float] = []
            ticker = asyncio.create_task(measure_lag(lags))
            await asyncio.sleep(0.3)
            acks = await asyncio.gather(*(acknowledge(app, n) for n in range(REQUESTS)))
            for accepted in busy:
                await finished(app, accepted.job.id)
            ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticker
            for job_id in app.studio.waiting_jobs():
                await app.studio.cancel(job_id)
            return lags, list(acks)


def main() -> int:
    """Measure and print."""
    lags, acks = asyncio.run(measure())
    p99, slowest = percentile(lags, 0.99), max(acks)
    return show(
        "Event loop while the engine is busy",
        [
            Row("lag, p50", f"{percentile(lags, 0.5) * 1000:.1f} ms"),
            Row("lag, p99", f"{p99 * 1000:.1f} ms", "under 50 ms", p99 < LAG_TARGET),
            Row("lag, worst", f"{max(lags) * 1000:.1f} ms"),
            Row("200 requests at once, p50", f"{percentile(acks, 0.5):.2f} s"),
            Row("200 requests at once, slowest", f"{slowest:.2f} s", "under 1 s", slowest < ACK_TARGET),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
