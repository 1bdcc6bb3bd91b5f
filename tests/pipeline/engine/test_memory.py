"""Out of memory: the ladder, what is said, and that nobody else notices."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
import torch

from pipeline.engine.engine import Engine
from pipeline.engine.memory import (
    FORGOTTEN,
    OFFLOADED,
    SMALLER_BATCH,
    TILED,
    MemoryLadder,
    is_out_of_memory,
    keep_only,
)
from pipeline.errors import OutOfMemory
from pipeline.work import Event, Failed, Notice, Painted, Stepped, Work
from tests.support.painting import Shelf, drain, make_recipe, make_work, of_kind


@contextmanager
def _too_large(part: Any, method: str, is_too_large: Callable[[torch.Tensor], bool]) -> Iterator[list[int]]:
    """Let a method of a model run out of memory; the list holds the batch sizes that were tried."""
    real = getattr(part, method)
    tried: list[int] = []

    def limited(sample: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        tried.append(len(sample))
        if is_too_large(sample):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return real(sample, *args, **kwargs)

    with patch.object(part, method, limited):
        yield tried


def _paint(model: Any, *works: Any, **settings: Any) -> list[Event]:
    engine = Engine(Shelf(stock=model), **settings)
    for work in works:
        engine.add(work)
    return drain(engine)


def _works(count: int) -> list[Any]:
    return [make_work(number, seed=number) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (MemoryError(), True),
        (RuntimeError("shapes do not match"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_counts_as_out_of_memory(error: Exception, expected: bool) -> None:
    """The device's, the libraries' and Python's own ways to say it, and nothing else."""
    assert is_out_of_memory(error) is expected


@pytest.mark.parametrize("invariant", [True, False])
def test_a_smaller_batch_first(model: Any, invariant: bool) -> None:
    """Four images where two fit: halved once, told to all four, remembered, and the pictures are the same."""
    with _too_large(model.unet, "forward", lambda sample: len(sample) > 4) as tried:
        events = _paint(model, *_works(4), batch_invariant=invariant)
    assert [(e.id, e.text) for e in of_kind(events, Notice)] == [(n, SMALLER_BATCH) for n in (1, 2, 3, 4)]
    assert tried.count(8) == 1
    # No image took a step twice or lost one.
    assert [e.step for e in of_kind(events, Stepped, 3)] == [1, 2, 3]
    for number in range(1, 5):
        alone = _paint(model, make_work(number, seed=number), batch_invariant=True)
        pair = [of_kind(e, Painted, number)[0].pixels for e in (alone, events)]
        if invariant:
            assert pair[0] == pair[1]
        else:
            assert max(abs(a - b) for a, b in zip(*pair, strict=True)) <= 2


def test_halving_goes_on_to_single_images(model: Any) -> None:
    """Five, then two, then one at a time."""
    with _too_large(model.unet, "forward", lambda sample: len(sample) > 2) as tried:
        events = _paint(model, *_works(5), max_running=5, batch_invariant=False)
    assert tried[:2] == [10, 4]
    assert len(of_kind(events, Painted)) == 5


def test_only_the_image_that_cannot_fit_fails(model: Any) -> None:
    """A large one after every rung fails with a sentence; the small ones are painted as ever."""
    large = make_work(9, width=128, height=128)
    with _too_large(model.unet, "forward", lambda sample: sample.shape[-1] > 8):
        events = _paint(model, large, *_works(2))
    error = of_kind(events, Failed, 9)[0].error
    assert isinstance(error, OutOfMemory)
    assert "128 x 128" in error.text
    assert [e.text for e in of_kind(events, Notice)] == [FORGOTTEN]
    for number in (1, 2):
        alone = _paint(model, make_work(number, seed=number))
        assert of_kind(events, Painted, number)[0].pixels == of_kind(alone, Painted)[0].pixels


def test_decoding_in_tiles(model: Any) -> None:
    """A VAE that holds half the picture only: tiles, told to those it concerns, others decoded whole."""
    large = [make_work(number, width=128, height=96) for number in (7, 8)]
    with _too_large(model.vae.decoder, "forward", lambda sample: sample.shape[-1] > 8):
        events = _paint(model, *large, *_works(1))
    assert [(e.id, e.text) for e in of_kind(events, Notice)] == [(7, TILED), (8, TILED)]
    assert [e.id for e in of_kind(events, Painted)] == [7, 8, 1]
    assert len(of_kind(events, Painted, 7)[0].pixels) == 128 * 96 * 3
    assert of_kind(events, Painted, 1)[0].pixels == of_kind(_paint(model, *_works(1)), Painted)[0].pixels
    assert model.vae.use_tiling is False


def test_a_decode_that_never_fits_fails_alone(model: Any) -> None:
    """Tiles, then everything else, then a sentence; the neighbour is painted."""
    with _too_large(model.vae.decoder, "forward", lambda sample: sample.shape[-2] > 3):
        events = _paint(model, make_work(1), make_work(2, width=24, height=24))
    assert isinstance(of_kind(events, Failed, 1)[0].error, OutOfMemory)
    assert [e.text for e in of_kind(events, Notice, 1)] == [TILED, FORGOTTEN]
    assert of_kind(events, Painted, 2)


def _from_picture(number: int, **values: Any) -> Work:
    """A work that starts from a picture of soft colours."""
    recipe = make_recipe(steps=4, strength=0.5, init_image="ab" * 32, **values)
    rows, columns = range(recipe.height), range(recipe.width)
    source = bytes(part for y in rows for x in columns for part in (x, y, 255 - x))
    return Work(number, recipe, source=source)


def test_a_given_picture_is_encoded_in_tiles(model: Any) -> None:
    """A VAE that takes half of it only: tiles, told to the one it concerns; others and noise are as ever."""
    large, small = _from_picture(7, width=128, height=96), _from_picture(8, width=64, height=48)
    with _too_large(model.vae.encoder, "forward", lambda sample: sample.shape[-1] > 64):
        events = _paint(model, large, small, *_works(1))
    assert of_kind(events, Failed) == []
    assert {(e.id, e.text) for e in of_kind(events, Notice)} == {(7, TILED)}
    for work in (small, *_works(1)):
        alone = _paint(model, work)
        assert of_kind(events, Painted, work.id)[0].pixels == of_kind(alone, Painted)[0].pixels
    assert model.vae.use_tiling is False
    # Tiles change shades, and nothing else of the picture.
    [whole], [tiled] = of_kind(_paint(model, large), Painted), of_kind(events, Painted, 7)
    changes = [abs(a - b) for a, b in zip(whole.pixels, tiled.pixels, strict=True)]
    assert 0 < sum(changes) / len(changes) < 16


def test_an_encode_that_never_fits_fails_alone(model: Any) -> None:
    """Tiles, then everything else, then a sentence; the neighbour is painted."""
    with _too_large(model.vae.encoder, "forward", lambda _: True):
        events = _paint(model, _from_picture(1, width=64, height=64), make_work(2))
    assert isinstance(of_kind(events, Failed, 1)[0].error, OutOfMemory)
    assert [e.text for e in of_kind(events, Notice, 1)] == [TILED, FORGOTTEN]
    assert of_kind(events, Painted, 2)


def test_text_encoders_are_on_the_ladder_too(model: Any) -> None:
    """Running out of memory once while encoding is retried."""
    failures = iter([True])
    real = model.text_encoder.forward

    def once(*args: Any, **kwargs: Any) -> Any:
        if next(failures, False):
            raise MemoryError
        return real(*args, **kwargs)

    with patch.object(model.text_encoder, "forward", once):
        events = _paint(model, make_work(1))
    assert of_kind(events, Painted, 1)


def test_the_last_rung_sets_parts_aside(model: Any) -> None:
    """On a GPU the ladder ends with one part of the model on the device at a time, and then with nothing."""
    model.device = torch.device("meta")
    ladder = MemoryLadder()
    assert ladder.step_down(model, (8, 8), batch=1, vae=False) == OFFLOADED
    assert model.offloaded
    assert ladder.step_down(model, (8, 8), batch=1, vae=False) is None


def test_offloaded_parts_come_and_go() -> None:
    """The parts at work move to the device, the others to main memory."""

    class Part:
        place = "gpu"

        def to(self, place: Any) -> None:
            self.place = str(place)

    unet, vae, encoder, encoder_2 = (Part() for _ in range(4))
    bare: Any = type("Bare", (), {})()
    bare.unet, bare.vae, bare.text_encoder, bare.text_encoder_2 = unet, vae, encoder, encoder_2
    bare.device, bare.offloaded = "gpu", True
    keep_only(bare, encoder, encoder_2)
    assert [part.place for part in (unet, vae, encoder, encoder_2)] == ["cpu", "cpu", "gpu", "gpu"]
    keep_only(bare, unet)
    assert [part.place for part in (unet, vae, encoder, encoder_2)] == ["gpu", "cpu", "cpu", "cpu"]
    bare.offloaded = False
    keep_only(bare, vae)
    assert vae.place == "cpu"


def test_what_was_given_up_is_forgotten_with_the_model() -> None:
    """A model that is loaded again starts at the top."""
    part: Any = torch.nn.Linear(1, 1)
    bare: Any = type("Bare", (), {"unet": part, "device": torch.device("cpu"), "offloaded": False})()
    ladder = MemoryLadder()
    ladder.step_down(bare, (8, 8), batch=4, vae=False)
    assert ladder.batch_limit(bare, (8, 8)) == 2
    assert ladder.batch_limit(bare, (16, 8)) is None
    del type(bare).unet, part
    gc.collect()
    assert len(ladder._models) == 0
