"""Plain diffusers and Tagbrush's engine side by side on the same weights, in one process and one run.

    python -m benchmarks.engine                        # the miniature, on this machine's CPU
    python -m benchmarks.engine --sizes 256x256 --steps 25 --overlap 4
    python -m benchmarks.engine --full-size --device cuda --dtype float16 --sizes 832x1216 --steps 28

`--full-size` builds the true SDXL architecture with random weights on the device, so that speed can be measured
where no checkpoint is. Prints a Markdown table: for each number of pictures, seconds of the plain calls one
after another, seconds of the engine with all of them submitted at once, their ratio, engine ticks a second and
whether the pictures are equal. Each figure is the best of `--repeats`.
"""

from __future__ import annotations

import argparse
import logging
import platform
import tempfile
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from pipeline import built_in
from pipeline.engine.acquire import Progress
from pipeline.engine.configs import config_folder
from pipeline.engine.device import choose_device, choose_dtype
from pipeline.engine.engine import Engine
from pipeline.engine.loader import load_folder
from pipeline.engine.model import LoadedModel
from pipeline.engine.schedulers import build_scheduler
from pipeline.profiles import load_profiles
from pipeline.recipe import Recipe
from pipeline.work import Failed, Painted, Work

# diffusers leaves these untyped.
Unet: Any = UNet2DConditionModel
Vae: Any = AutoencoderKL
Pipeline: Any = StableDiffusionXLPipeline
PROMPT = "1girl, green hair, sweater, looking at viewer, upper body, beanie, outdoors, night, turtleneck"
NEGATIVE = "lowres, bad anatomy, bad hands, text, error, missing fingers, worst quality, low quality, blurry"


class OneModel:
    """A source with one model for every profile."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model

    def get(
        self,
        profile_id: str,  # noqa: ARG002
        progress: Progress,  # noqa: ARG002
        *,
        in_use: Collection[str] = (),  # noqa: ARG002
        offloaded: bool = False,  # noqa: ARG002
    ) -> LoadedModel:
        """The model."""
        return self._model

    def is_here(self, profile_id: str) -> bool:  # noqa: ARG002
        """Nothing has to be downloaded."""
        return True

    def fetch(self, profile_id: str, progress: Progress, cancelled: Callable[[], bool]) -> None:
        """Nothing has to be downloaded."""

    def touch(self, profile_id: str) -> None:
        """The model is never dropped."""

    def release_idle(self, in_use: Collection[str]) -> bool:  # noqa: ARG002
        """There is no other model."""
        return False


@dataclass(frozen=True)
class Result:
    """One line of the table."""

    size: str
    pictures: int
    plain: float
    engine: float
    ticks: float
    equal: bool


def load(arguments: argparse.Namespace, cache: Path) -> LoadedModel:
    """The miniature, a checkpoint folder, or the full architecture with random weights."""
    device, dtype = (
        choose_device(arguments.device),
        choose_dtype(choose_device(arguments.device), arguments.dtype),
    )
    profile = load_profiles()[arguments.profile]
    if not arguments.full_size:
        folder = arguments.weights or built_in.FOLDER
        name = folder.name if arguments.weights else f"miniature {built_in.version(folder)}"
        return load_folder(profile, folder, weights=name, device=device, dtype=dtype)
    configs = config_folder(cache)
    torch.manual_seed(0)
    with torch.device(device):
        before = torch.get_default_dtype()
        torch.set_default_dtype(dtype)
        try:
            unet = Unet.from_config(Unet.load_config(configs / "unet"))
            vae = Vae.from_config(Vae.load_config(configs / "vae"))
            encoder: Any = CLIPTextModel(CLIPTextConfig.from_pretrained(configs / "text_encoder"))
            encoder_2: Any = CLIPTextModelWithProjection(
                CLIPTextConfig.from_pretrained(configs / "text_encoder_2")
            )
        finally:
            torch.set_default_dtype(before)
    return LoadedModel(
        profile=profile,
        weights="random",
        unet=unet.eval(),
        vae=vae.eval(),
        text_encoder=encoder.eval(),
        text_encoder_2=encoder_2.eval(),
        tokenizer=CLIPTokenizer.from_pretrained(configs / "tokenizer"),
        tokenizer_2=CLIPTokenizer.from_pretrained(configs / "tokenizer_2"),
        scheduler_config=scheduler_config(configs),
        device=device,
        dtype=dtype,
    )


def scheduler_config(configs: Path) -> dict[str, Any]:
    """The scheduler config in a diffusers folder."""
    from diffusers import EulerDiscreteScheduler

    config: dict[str, Any] = EulerDiscreteScheduler.load_config(configs / "scheduler")
    return config


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def paint_plain(model: LoadedModel, recipes: list[Recipe]) -> tuple[float, list[bytes]]:
    """One plain pipeline call after another, as the card's snippet makes them."""
    pipe = Pipeline(
        vae=model.vae,
        text_encoder=model.text_encoder,
        text_encoder_2=model.text_encoder_2,
        tokenizer=model.tokenizer,
        tokenizer_2=model.tokenizer_2,
        unet=model.unet,
        scheduler=build_scheduler(recipes[0].sampler, model.scheduler_config, 1),
        add_watermarker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    synchronise(model.device)
    start = time.perf_counter()
    pictures = [
        pipe(
            recipe.prompt,
            negative_prompt=recipe.negative_prompt,
            width=recipe.width,
            height=recipe.height,
            num_inference_steps=recipe.steps,
            guidance_scale=recipe.guidance_scale,
            generator=torch.Generator("cpu").manual_seed(recipe.seed),
        )
        .images[0]
        .tobytes()
        for recipe in recipes
    ]
    synchronise(model.device)
    return time.perf_counter() - start, pictures


def paint_engine(engine: Engine, recipes: list[Recipe]) -> tuple[float, list[bytes], int]:
    """All at once through the engine; also how many ticks it took."""
    pictures: dict[int, bytes] = {}
    ticks = 0
    start = time.perf_counter()
    for number, recipe in enumerate(recipes):
        engine.add(Work(number, recipe))
    while engine.busy:
        for event in engine.tick():
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Painted):
                pictures[event.id] = event.pixels
        ticks += 1
    return time.perf_counter() - start, [pictures[number] for number in range(len(recipes))], ticks


def measure(model: LoadedModel, size: str, pictures: int, arguments: argparse.Namespace) -> Result:
    """Plain and engine in turn, so that both see the same weather on the machine; the best of each."""
    width, height = (int(side) for side in size.split("x"))
    recipe = Recipe(
        profile=model.profile.id,
        prompt=PROMPT,
        negative_prompt=NEGATIVE,
        width=width,
        height=height,
        sampler=arguments.sampler,
        steps=arguments.steps,
        guidance_scale=6.0,
        seed=0,
    )
    recipes = [replace(recipe, seed=seed) for seed in range(pictures)]
    # Caches of kernels warm, and the engine knows which calls can be shared, as in a bot that has run a while.
    warm = [replace(one, steps=2) for one in recipes]
    best_plain = best_engine = float("inf")
    ticks, equal = 0.0, True
    engine = Engine(OneModel(model), max_running=pictures)
    paint_plain(model, warm[:1])
    paint_engine(engine, warm)
    for _ in range(arguments.repeats):
        plain, plain_pictures = paint_plain(model, recipes)
        seconds, engine_pictures, count = paint_engine(engine, recipes)
        equal = equal and plain_pictures == engine_pictures
        best_plain = min(best_plain, plain)
        if seconds < best_engine:
            best_engine, ticks = seconds, count / seconds
    return Result(size, pictures, best_plain, best_engine, ticks, equal)


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--profile", default="miniature", help="profile whose rules condition the prompt")
    parser.add_argument(
        "--weights", type=Path, help="checkpoint folder in diffusers layout; default: the miniature"
    )
    parser.add_argument("--full-size", action="store_true", help="the true SDXL architecture, random weights")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, mps or auto")
    parser.add_argument("--dtype", default="auto", help="auto, float32, float16 or bfloat16")
    parser.add_argument("--sizes", nargs="+", default=["208x304", "256x256"], help="width x height in pixels")
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--sampler", default="euler_a")
    parser.add_argument("--overlap", nargs="+", type=int, default=[1, 4], help="numbers of pictures")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    logging.getLogger("diffusers").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as cache:
        model = load(arguments, Path(cache))
        where = (
            torch.cuda.get_device_name(model.device) if model.device.type == "cuda" else platform.processor()
        )
        print(
            f"{model.weights}, {arguments.steps} steps, {arguments.sampler}, guidance, {model.dtype} on "
            f"{model.device} ({where or platform.machine()}, {torch.get_num_threads()} threads), "
            f"torch {torch.__version__}\n"
        )
        print("| size | pictures | plain, s | engine, s | engine / plain | ticks/s | equal pictures |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for size in arguments.sizes:
            for pictures in arguments.overlap:
                found = measure(model, size, pictures, arguments)
                ratio, equal = found.engine / found.plain, "yes" if found.equal else "no"
                print(
                    f"| {size} | {pictures} | {found.plain:.3f} | {found.engine:.3f} | {ratio:.3f} | "
                    f"{found.ticks:.1f} | {equal} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
