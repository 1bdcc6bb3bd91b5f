"""Paints requests as the bot would, through `plan` and the engine, and keeps the pictures."""

from __future__ import annotations

import hashlib
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from benchmarks.adherence.judge import Pictures, digest
from benchmarks.adherence.prompts import PROFILE, Asked
from pipeline import engine
from pipeline.engine.build import build_engine
from pipeline.engine.engine import Engine
from pipeline.profiles import load_profiles
from pipeline.profiles.types import Rating
from pipeline.recipe import Recipe
from pipeline.request import plan
from pipeline.work import Failed, Painted, Work

CACHE: Final = Path(".benchmarks/adherence")
TOGETHER: Final = 4
"""Pictures advanced together on the CPU: the bot's default."""
READ_SUFFIXES: Final = frozenset({".json", ".safetensors", ".txt"})


@dataclass(frozen=True, slots=True)
class Canvas:
    """A painted picture: [height, width, 3], RGB, and the recipe it was painted by."""

    pixels: Pictures
    recipe: Recipe


def weights_digest(model: Path) -> str:
    """SHA-256 of everything in a model folder that decides its pictures, hexadecimal."""
    return digest(sorted(file for file in model.rglob("*") if file.suffix in READ_SUFFIXES and file.is_file()))


def code_digest() -> str:
    """SHA-256 of what turns weights and a recipe into pixels: the engine's files, and its libraries' versions."""
    files = digest(sorted(Path(engine.__path__[0]).rglob("*.py")))
    versions = (version("torch"), version("diffusers"), version("transformers"))
    return hashlib.sha256("/".join((files, *versions)).encode()).hexdigest()


class Painter:
    """Paints with one model folder; pictures that were painted before are read from the cache.

    Args:
        model: folder in diffusers layout.
        cache: folder for the pictures; may be deleted at any time.
        device: `auto`, `cpu`, `cuda` or `mps`, as in the bot's settings.
        precision: `auto`, `float32`, `float16` or `bfloat16`.
        together: pictures advanced together.
    """

    def __init__(
        self,
        model: Path,
        *,
        cache: Path = CACHE,
        device: str = "cpu",
        precision: str = "auto",
        together: int = TOGETHER,
    ) -> None:
        self.model = model
        self.weights = weights_digest(model)
        self.painted = 0
        self._settings = (device, precision, together)
        self._cache = cache
        self._pictures = cache / f"{self.weights[:16]}-{code_digest()[:8]}"
        self._profiles = load_profiles()
        self._engine: Engine | None = None

    def recipe(self, asked: Asked) -> Recipe:
        """The recipe that the bot would paint.

        Raises:
            InvalidRequest: the prompt or one of its options is wrong.
        """
        planned = plan(asked.request, self._profiles, PROFILE, ceiling=Rating.GENERAL, draw_seed=lambda: 0)
        return planned.recipes[0]

    def paint(self, what: Sequence[Asked], title: str) -> list[Canvas]:
        """Paint, in the order given; alike sizes are painted together.

        Args:
            what: any number of requests.
            title: for the lines that tell how far it is.

        Raises:
            Exception: whatever the engine says about a picture that failed.
        """
        recipes = [self.recipe(asked) for asked in what]
        missing = sorted(
            {recipe for recipe in recipes if not self._file(recipe).is_file()},
            key=lambda recipe: (recipe.width, recipe.height, recipe.prompt, recipe.seed),
        )
        if missing:
            self._paint(missing, title)
        return [Canvas(self._read(recipe), recipe) for recipe in recipes]

    def seconds_of(self, recipe: Recipe) -> float:
        """Paint anew, keeping nothing; returns seconds from joining the engine to the decoded pixels.

        Raises:
            Exception: whatever the engine says when it failed.
        """
        running = self._engine = self._engine or self._build()
        running.add(Work(0, recipe))
        seconds = 0.0
        while running.busy:
            for event in running.tick():
                if isinstance(event, Failed):
                    raise event.error
                if isinstance(event, Painted):
                    seconds = event.seconds
        return seconds

    def _paint(self, recipes: Sequence[Recipe], title: str) -> None:
        running = self._engine = self._engine or self._build()
        self._pictures.mkdir(parents=True, exist_ok=True)
        for number, recipe in enumerate(recipes):
            running.add(Work(number, recipe))
        done, began = 0, time.monotonic()
        while running.busy:
            for event in running.tick():
                if isinstance(event, Failed):
                    raise event.error
                if isinstance(event, Painted):
                    self._keep(recipes[event.id], event)
                    done += 1
                    if done % 10 == 0 or done == len(recipes):
                        each = (time.monotonic() - began) / done
                        line = f"{title}: {done} of {len(recipes)}, {each:.2f} s each"
                        print(line, file=sys.stderr, flush=True)
        self.painted += done

    def _build(self) -> Engine:
        logging.getLogger("diffusers").setLevel(logging.ERROR)
        device, precision, together = self._settings
        return build_engine(
            self._profiles,
            weights={PROFILE: self.model},
            cache=self._cache / "cache",
            device=device,
            precision=precision,
            max_running=together,
            max_models=1,
            hub_endpoint=None,
            hub_token=None,
            emit=lambda _: None,
        )

    def _file(self, recipe: Recipe) -> Path:
        device, precision, _ = self._settings
        name = hashlib.sha256(f"{recipe.to_json()}{device}{precision}".encode()).hexdigest()[:32]
        return self._pictures / f"{name}.png"

    def _keep(self, recipe: Recipe, event: Painted) -> None:
        """Write beside the target and move there, so that a stop leaves no half picture."""
        picture = Image.frombytes("RGB", (event.width, event.height), event.pixels)
        target = self._file(recipe)
        half_written = target.with_suffix(".part")
        picture.save(half_written, "PNG", compress_level=1)
        half_written.replace(target)

    def _read(self, recipe: Recipe) -> Pictures:
        with Image.open(self._file(recipe)) as picture:
            return np.asarray(picture.convert("RGB"), dtype=np.uint8)
