"""`python -m benchmarks.check`: what the check of finished pictures adds, with the classifier that comes with the bot.

End to end: from the engine's last event to what is written down, through the real recorder, once with the check and
once without, on the same pictures; and the check alone, as whoever waits for a picture feels it, on the size that a
checkpoint paints. Lag is how late a 5 ms timer wakes meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.loop import LAG_TARGET, finished, measure_lag, origin
from benchmarks.report import Row, percentile, show
from bot.app import App, open_app
from bot.moderation.looking import Looker, Picture
from bot.settings import Settings
from pipeline.engine.classifiers import build_classifier
from pipeline.request import ImagineRequest

TARGET = 0.150
PICTURES = 24
SIDE = 1024
"""Pixels of what an SDXL checkpoint paints."""
LARGEST = 4096
"""Of an upscaled one."""


async def painted(app: App) -> list[float]:
    """Seconds of each picture from being asked for to being written down, one after the other."""
    took = []
    for number in range(PICTURES):
        began = time.perf_counter()
        accepted = await app.studio.submit(origin(0), ImagineRequest(prompt="1girl", steps=4, seed=number))
        await finished(app, accepted.job.id)
        took.append(time.perf_counter() - began)
    return took


async def end_to_end() -> tuple[float, float]:
    """Median seconds of a picture without and with the check; in an order that favours neither."""
    took: dict[str, list[float]] = {"off": [], "nsfwjs": []}
    for check in ("off", "nsfwjs", "nsfwjs", "off"):
        with tempfile.TemporaryDirectory() as folder:
            async with open_app(Settings(data_dir=Path(folder), output_check=check)) as app:
                warm = await app.studio.submit(origin(0), ImagineRequest(prompt="1girl", steps=2))
                await finished(app, warm.job.id)
                took[check] += await painted(app)
    return percentile(took["off"], 0.5), percentile(took["nsfwjs"], 0.5)


async def alone(side: int) -> tuple[list[float], list[float]]:
    """Seconds of each look at pictures of a size, and the lags of the event loop during that."""
    with tempfile.TemporaryDirectory() as folder:
        looker = Looker(lambda: build_classifier("nsfwjs", cache=Path(folder)))
        noise = np.random.default_rng(7).integers(0, 256, (side, side, 3), dtype=np.uint8).tobytes()
        picture = Picture(side, side, noise)
        await looker.look(picture)
        lags: list[float] = []
        ticker = asyncio.create_task(measure_lag(lags))
        took = []
        for _ in range(PICTURES):
            began = time.perf_counter()
            await looker.look(picture)
            took.append(time.perf_counter() - began)
        ticker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticker
        looker.close()
        return took, lags


async def measure() -> list[Row]:
    """Everything."""
    took, lags = await alone(SIDE)
    large, _ = await alone(LARGEST)
    without, with_check = await end_to_end()
    added = with_check - without
    return [
        Row(f"a look at {SIDE} x {SIDE}, 95 %", f"{percentile(took, 0.95) * 1000:.0f} ms", "", None),
        Row(f"a look at {LARGEST} x {LARGEST}, 95 %", f"{percentile(large, 0.95) * 1000:.0f} ms", "", None),
        Row("added to a picture, end to end", f"{added * 1000:.0f} ms", "at most 150 ms", added <= TARGET),
        Row(
            "longest lag of the event loop", f"{max(lags) * 1000:.0f} ms", "below 50 ms", max(lags) < LAG_TARGET
        ),
    ]


if __name__ == "__main__":
    sys.exit(show("The check of finished pictures", asyncio.run(measure())))
