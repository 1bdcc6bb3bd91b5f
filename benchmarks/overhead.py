"""`python -m benchmarks.overhead`: pictures through queue, database and engine against plain diffusers calls.

Both paint the same recipes on the same weights in the same process, one after the other in alternating rounds,
so that a busy machine hurts both alike. The plain side is what a script would do: one
`StableDiffusionXLPipeline` call for each picture, saved as a PNG file.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.loop import finished
from benchmarks.report import Row, show
from bot.app import App, open_app
from bot.orders import Origin
from bot.settings import Settings
from pipeline import built_in
from pipeline.request import ImagineRequest

PICTURES = 4
ROUNDS = 5
ALONE_TARGET = 1.10
MEMBER = Origin(kind="discord", guild_id=1, guild_name="g", channel_id=1, user_id=1, user_name="m")
PROMPTS = tuple(
    f"1girl, {hair} hair, beanie, sweater, outdoors, night" for hair in ("green", "red", "blue", "pink")
)


def request(number: int) -> ImagineRequest:
    """One of four different prompts, 256 x 256, the profile's own steps and guidance."""
    return ImagineRequest(prompt=PROMPTS[number], profile="miniature", aspect="1:1", seed=number)


async def ours(app: App, *, together: bool) -> float:
    """Seconds for the four pictures through the whole house, one after the other or overlapping."""
    began = time.perf_counter()
    if together:
        jobs = [await app.studio.submit(MEMBER, request(n)) for n in range(PICTURES)]
        for accepted in jobs:
            await finished(app, accepted.job.id)
    else:
        for number in range(PICTURES):
            accepted = await app.studio.submit(MEMBER, request(number))
            await finished(app, accepted.job.id)
    return time.perf_counter() - began


def plain(pipe: Any, app: App, folder: Path) -> float:
    """Seconds for the same four pictures by plain pipeline calls."""
    import torch

    began = time.perf_counter()
    for number in range(PICTURES):
        recipe = app.studio.plan(MEMBER, request(number)).recipes[0]
        image = pipe(
            recipe.prompt,
            negative_prompt=recipe.negative_prompt,
            width=recipe.width,
            height=recipe.height,
            num_inference_steps=recipe.steps,
            guidance_scale=recipe.guidance_scale,
            generator=torch.Generator("cpu").manual_seed(recipe.seed),
        ).images[0]
        image.save(folder / f"plain-{number}.png", compress_level=1)
    return time.perf_counter() - began


async def measure() -> list[tuple[float, float, float]]:
    """(plain, ours one by one, ours overlapping) for each round."""
    from diffusers import EulerAncestralDiscreteScheduler, StableDiffusionXLPipeline

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with open_app(Settings(data_dir=folder)) as app:
            await ours(app, together=True)  # loads the model, fills the caches
            pipe = StableDiffusionXLPipeline.from_pretrained(built_in.FOLDER)  # type: ignore[no-untyped-call]
            pipe.scheduler = EulerAncestralDiscreteScheduler.from_config(  # type: ignore[no-untyped-call]
                pipe.scheduler.config
            )
            pipe.set_progress_bar_config(disable=True)
            plain(pipe, app, folder)
            return [
                (plain(pipe, app, folder), await ours(app, together=False), await ours(app, together=True))
                for _ in range(ROUNDS)
            ]


def main() -> int:
    """Measure and print."""
    rounds = asyncio.run(measure())
    base, alone, together = (statistics.median(column) for column in zip(*rounds, strict=True))
    return show(
        f"Overhead: {PICTURES} pictures of the miniature, 256 x 256, median of {ROUNDS} rounds",
        [
            Row("plain pipeline calls", f"{base:.2f} s"),
            Row(
                "ours, one job after the other",
                f"{alone:.2f} s ({alone / base:.2f}x)",
                "at most 1.10x",
                alone <= ALONE_TARGET * base,
            ),
            Row(
                "ours, 4 jobs overlapping",
                f"{together:.2f} s ({together / base:.2f}x)",
                "under 1x",
                together < base,
            ),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
