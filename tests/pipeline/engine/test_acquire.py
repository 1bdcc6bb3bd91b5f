"""Memory that runs out while a model is being loaded, and which models have to make room."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch

from pipeline.engine import loader
from pipeline.engine.engine import Engine
from pipeline.engine.memory import OFFLOADED, SMALLER_BATCH
from pipeline.engine.model import LoadedModel
from pipeline.engine.store import ModelStore
from pipeline.errors import OutOfMemory, WeightsError
from pipeline.work import Failed, Notice, Painted
from tests.support.painting import Shelf, drain, make_work, of_kind
from tests.support.plain_profile import plain_profile

REFUSALS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
    MemoryError(),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: type(refusal).__name__)
def test_idle_models_make_room_for_the_one_to_load(model: LoadedModel, refusal: Exception) -> None:
    """They are released and it is loaded as ever; nobody hears of it."""
    shelf = Shelf(stock=model)
    shelf.refusals = [refusal]
    engine = Engine(shelf)
    engine.add(make_work(1))
    events = drain(engine)
    assert shelf.calls == [
        ("get", "stock", (), False),
        ("release_idle", ()),
        ("get", "stock", (), False),
    ]
    assert of_kind(events, Painted, 1)
    assert of_kind(events, Notice) == []


def test_a_model_that_only_fits_in_parts(model: LoadedModel) -> None:
    """It stays in main memory, and every picture painted with it is told."""
    shelf = Shelf(stock=model)
    shelf.refusals = [torch.OutOfMemoryError("CUDA out of memory.")] * 2
    engine = Engine(shelf)
    engine.add(make_work(1))
    engine.add(make_work(2))
    events = drain(engine)
    assert shelf.calls[-1] == ("get", "stock", (), True)
    assert [(notice.id, notice.text) for notice in of_kind(events, Notice)] == [(1, OFFLOADED), (2, OFFLOADED)]
    assert len(of_kind(events, Painted)) == 2


def test_a_model_that_does_not_fit_at_all(model: LoadedModel) -> None:
    """Its pictures fail with a sentence, and those that are running go on."""
    shelf = Shelf(stock=model)
    engine = Engine(shelf)
    engine.add(make_work(1))
    engine.tick()
    shelf.refusals = [torch.OutOfMemoryError("CUDA out of memory.")] * 3
    engine.add(make_work(2, profile="other"))
    events = drain(engine)
    (failed,) = of_kind(events, Failed)
    assert isinstance(failed.error, OutOfMemory)
    assert "`other` does not fit" in failed.error.text
    assert ("release_idle", ("stock",)) in shelf.calls
    assert of_kind(events, Painted, 1)


def test_other_failures_of_loading_are_not_tried_again(model: LoadedModel) -> None:
    """A missing file is no reason to drop models."""
    shelf = Shelf(stock=model)
    shelf.refusals = [OSError(errno.ENOENT, "gone")]
    engine = Engine(shelf)
    engine.add(make_work(1))
    assert isinstance(of_kind(drain(engine), Failed, 1)[0].error, OSError)
    assert len(shelf.calls) == 1


def test_later_pictures_hear_what_was_given_up_before(model: LoadedModel) -> None:
    """A smaller batch is remembered, so a picture that joins under it is told, once."""
    engine = Engine(Shelf(stock=model))
    engine._ladder.step_down(model, (8, 8), batch=4, vae=False)
    engine.add(make_work(1))
    engine.add(make_work(2, width=96))
    assert [(notice.id, notice.text) for notice in of_kind(drain(engine), Notice)] == [(1, SMALLER_BATCH)]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: type(refusal).__name__)
def test_the_loader_does_not_blame_the_checkpoint(refusal: Exception) -> None:
    """Memory that ran out while reading stays what it is; anything else names the checkpoint."""
    with pytest.raises(type(refusal)) as caught, loader._explained(Path("tiny")):
        raise refusal
    assert caught.value is refusal
    with pytest.raises(WeightsError), loader._explained(Path("tiny")):
        raise RuntimeError("shapes do not match")


def test_loading_into_main_memory(miniature_folder: Path) -> None:
    """For a device that is not the CPU, `offloaded` leaves all parts in main memory and notes it."""
    device = torch.device("meta")  # the one other device that every torch has
    options: dict[str, Any] = {"weights": "test", "device": device, "dtype": torch.float32}
    model = loader.load_folder(plain_profile(), miniature_folder, offloaded=True, **options)
    assert model.offloaded
    assert model.device == device
    parts: Any = (model.unet, model.vae, model.text_encoder, model.text_encoder_2)
    assert {weight.device.type for part in parts for weight in part.parameters()} == {"cpu"}


@pytest.fixture
def store(miniature_folder: Path, tmp_path: Path) -> ModelStore:
    """A store with room for two models and three profiles, all with the miniature's weights."""
    profiles = {name: plain_profile(name) for name in "abc"}
    return ModelStore(
        profiles, cache_dir=tmp_path, built_in_folder=miniature_folder, device="cpu", max_loaded=2
    )


def test_a_model_at_work_is_not_dropped(store: ModelStore) -> None:
    """A runs, B comes and goes, A is joined again, C comes: B makes room, not A."""
    engine = Engine(store, max_models=2)
    engine.add(make_work(1, profile="a", steps=30))
    engine.tick()
    running = store.get("a")
    engine.add(make_work(2, profile="b", steps=1))
    engine.tick()
    engine.add(make_work(3, profile="a", steps=30))
    engine.tick()
    assert store.loaded == ("b", "a")
    engine.add(make_work(4, profile="c", steps=1))
    engine.tick()
    assert store.loaded == ("a", "c")
    assert store.get("a") is running


def test_a_model_at_work_is_not_dropped_even_if_it_is_the_oldest(store: ModelStore) -> None:
    """Without a second picture of A nothing touched it, and it stays all the same."""
    engine = Engine(store, max_models=2)
    engine.add(make_work(1, profile="a", steps=30))
    engine.tick()
    for number, profile in enumerate("bc", start=2):
        engine.add(make_work(number, profile=profile, steps=1))
        engine.tick()
    assert store.loaded == ("a", "c")


def test_only_idle_models_are_released(store: ModelStore) -> None:
    """And the answer says whether there were any."""
    store.get("a")
    store.get("b")
    assert store.release_idle({"a"})
    assert store.loaded == ("a",)
    assert not store.release_idle({"a"})


def test_when_all_are_in_use_there_is_one_more(store: ModelStore) -> None:
    """To drop one would free nothing."""
    store.get("a")
    store.get("b")
    store.get("c", in_use={"a", "b"})
    assert store.loaded == ("a", "b", "c")


def test_releasing_idle_models_is_the_first_rung(model: LoadedModel, once: Callable[[Any, str], None]) -> None:
    """Before a batch is divided: the pictures are painted as ever and nobody hears of it."""
    shelf = Shelf(stock=model)
    shelf.idle = ["other"]
    engine = Engine(shelf)
    engine.add(make_work(1))
    engine.add(make_work(2))
    once(model.unet, "forward")
    events = drain(engine)
    assert ("release_idle", ("stock",)) in shelf.calls
    assert of_kind(events, Notice) == []
    assert len(of_kind(events, Painted)) == 2


def test_memory_that_runs_out_beside_the_ladder(model: LoadedModel) -> None:
    """Not even the noise fits: a sentence with the size, not a fault of ours."""
    engine = Engine(Shelf(stock=model))
    engine.add(make_work(1))
    with patch("pipeline.engine.engine.begin", side_effect=REFUSALS[0]):
        (failed,) = of_kind(drain(engine), Failed)
    assert isinstance(failed.error, OutOfMemory)
    assert "64 x 64" in failed.error.text


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], None]:
    """Lets a method run out of memory at its first call."""

    def install(part: Any, method: str) -> None:
        real = getattr(part, method)
        failures = iter([True])

        def limited(*args: Any, **kwargs: Any) -> Any:
            if next(failures, False):
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return real(*args, **kwargs)

        monkeypatch.setattr(part, method, limited)

    return install
