"""The running images: joining, stepping, leaving, cancelling, failing alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
import torch

from pipeline.engine.conditioning import Conditioner
from pipeline.engine.decode import decode
from pipeline.engine.denoise import predict
from pipeline.engine.engine import Engine
from pipeline.engine.model import LoadedModel
from pipeline.engine.running import Running, begin
from pipeline.engine.sharing import ExactSharing
from pipeline.errors import InvalidRequest
from pipeline.work import Dropped, Event, Failed, Loading, Painted, Preview, Started, Stepped
from tests.support.painting import Shelf, drain, make_profile, make_work, of_kind


def _paint(model: Any, *works: Any, **settings: Any) -> list[Event]:
    engine = Engine(Shelf(stock=model), **settings)
    for work in works:
        engine.add(work)
    return drain(engine)


def _pixels(events: list[Event], work_id: int = 1) -> bytes:
    found: bytes = of_kind(events, Painted, work_id)[0].pixels
    return found


def test_the_events_of_one_picture(model: Any) -> None:
    """Loading, started, each step, painted; with the weights' name and the size."""
    events = _paint(model, make_work(width=64, height=80))
    assert [type(event) for event in events] == [Loading, Started, Stepped, Stepped, Stepped, Painted]
    assert [(e.step, e.steps) for e in of_kind(events, Stepped)] == [(1, 3), (2, 3), (3, 3)]
    painted = of_kind(events, Painted)[0]
    assert (painted.width, painted.height, len(painted.pixels)) == (64, 80, 64 * 80 * 3)
    assert painted.weights == "test:1"
    assert painted.seconds > 0


def test_one_step_for_everyone_at_each_tick(model: Any) -> None:
    """Different sizes and samplers all advance by one."""
    engine = Engine(Shelf(stock=model))
    for work in (make_work(1), make_work(2, width=96), make_work(3, sampler="ddim")):
        engine.add(work)
    engine.tick()
    assert [(e.id, e.step) for e in of_kind(engine.tick(), Stepped)] == [(1, 2), (3, 2), (2, 2)]


def test_a_short_one_leaves_before_a_long_one(model: Any) -> None:
    """Joining later with fewer steps, it is painted first."""
    engine = Engine(Shelf(stock=model))
    engine.add(make_work(1, steps=8))
    events = engine.tick()
    engine.add(make_work(2, steps=2))
    events += drain(engine)
    assert [e.id for e in of_kind(events, Painted)] == [2, 1]


def test_room_is_limited(model: Any) -> None:
    """The third of three waits until one of two has left."""
    engine = Engine(Shelf(stock=model), max_running=2)
    for number in (1, 2, 3):
        engine.add(make_work(number, steps=2))
    engine.tick()
    assert (engine.running, engine.waiting) == (2, 1)
    engine.tick()
    assert [e.id for e in of_kind(engine.tick(), Started)] == [3]


def test_models_beside_each_other_are_limited(model: Any) -> None:
    """With one model at a time another waits its turn, is not overtaken, and is painted in the end."""
    other = replace(model, profile=make_profile("other"))
    engine = Engine(Shelf(stock=model, other=other), max_models=1)
    engine.add(make_work(1, steps=2))
    engine.add(make_work(2, steps=2, profile="other"))
    engine.add(make_work(3, steps=2))
    assert [e.id for e in of_kind(drain(engine), Started)] == [1, 2, 3]
    assert not engine.busy


def test_a_running_model_is_not_asked_for_again(model: Any) -> None:
    """While its images run, the store may have dropped it; it must not be in memory twice."""
    shelf = Shelf(stock=model)
    engine = Engine(shelf)
    engine.add(make_work(1))
    engine.add(make_work(2))
    drain(engine)
    assert shelf.asked == ["stock"]


@pytest.mark.parametrize("ticks", [0, 1, 2])
def test_cancelled_between_steps(model: Any, ticks: int) -> None:
    """Waiting or running, it is dropped at the next tick, and the neighbour's picture is the same."""
    engine = Engine(Shelf(stock=model))
    engine.add(make_work(1))
    engine.add(make_work(2, seed=8))
    events: list[Event] = []
    for _ in range(ticks):
        events += engine.tick()
    engine.cancel(2)
    engine.cancel(99)
    events += drain(engine)
    assert [e.id for e in of_kind(events, Dropped)] == [2]
    assert len(of_kind(events, Stepped, 2)) == ticks
    assert _pixels(events) == _pixels(_paint(model, make_work(1)))


def test_company_does_not_change_a_bit(model: Any) -> None:
    """Alone, and among images of the same size, other guidance, other samplers, other prompt lengths."""
    alone = _pixels(_paint(model, make_work(1, steps=4)))
    long = ", ".join(["a tag of a long prompt"] * 20)
    company = [
        make_work(2, seed=1, steps=6),
        make_work(1, steps=4),
        make_work(3, seed=2, guidance_scale=1.0),
        make_work(4, seed=3, sampler="dpmpp_2m_karras"),
        make_work(5, seed=4, prompt=long),
        make_work(6, seed=5, width=96),
    ]
    assert _pixels(_paint(model, *company, max_running=9)) == alone


def test_images_of_equal_shape_share_a_call(model: Any) -> None:
    """After the first tick, which tries both ways, four images take one UNet call."""
    engine = Engine(Shelf(stock=model))
    for number in range(4):
        engine.add(make_work(number, seed=number, steps=3))
    engine.tick()
    with patch.object(model.unet, "forward", wraps=model.unet.forward) as run:
        engine.tick()
    assert [len(call.args[0]) for call in run.call_args_list] == [8]


def test_sharing_that_changes_bits_is_given_up(model: Any) -> None:
    """When a shared call differs from the single ones, the single ones count, now and later."""
    encoded = Conditioner().encode(model, "a cat", "bad")
    images = [begin(make_work(seed=seed), model, encoded, 0.0) for seed in (1, 2)]
    truth = [predict([image])[0] for image in images]
    sharing = ExactSharing()
    forward = model.unet.forward

    def inexact(sample: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        (output,) = forward(sample, *args, **kwargs)
        return (output + 1e-6 * (len(sample) > 2),)

    with patch.object(model.unet, "forward", inexact):
        for _ in range(2):
            found = sharing.predict(images)
            assert all(torch.equal(a, b) for a, b in zip(found, truth, strict=True))
    assert list(sharing._verdicts[model.unet].values()) == [False]


def test_batched_calls_are_close(model: Any, lpw_model: Any) -> None:
    """What a GPU does: one call for images of mixed prompt lengths (padding and mask) and mixed guidance."""
    images = [
        begin(make_work(seed=seed, guidance_scale=guidance), model, encoded, 0.0)
        for seed, guidance, encoded in (
            (1, 5.0, Conditioner().encode(lpw_model, "a cat", "bad hands")),
            (2, 7.0, Conditioner().encode(model, "a cat, " * 40, "bad hands")),
            (3, 1.0, Conditioner().encode(model, "a dog", None, guided=False)),
        )
    ]
    assert len({image.tokens.shape[1] for image in images}) == 3
    together = predict(images)
    for image, output in zip(images, together, strict=True):
        assert output.shape[0] == image.passes
        assert torch.allclose(output, predict([image])[0], atol=1e-4)


def test_batched_pictures_are_visually_the_same(model: Any) -> None:
    """With sharing for speed instead of bits, no pixel moves by more than a rounding step or two."""
    works = [make_work(number, seed=number, prompt="a cat" * (1 + 40 * (number % 2))) for number in (1, 2, 3)]
    exact = _paint(model, *works)
    with patch.object(model.unet, "forward", wraps=model.unet.forward) as run:
        fast = _paint(model, *works, batch_invariant=False)
    assert len(run.call_args_list) == 3
    for number in (1, 2, 3):
        pair = [torch.frombuffer(bytearray(_pixels(e, number)), dtype=torch.uint8).int() for e in (exact, fast)]
        assert (pair[0] - pair[1]).abs().max() <= 2


def test_a_missing_model_fails_its_own_works(model: Any) -> None:
    """Whatever the source of models raises; the others are painted."""
    events = _paint(model, make_work(1, profile="unknown"), make_work(2))
    assert isinstance(of_kind(events, Failed, 1)[0].error, KeyError)
    assert of_kind(events, Painted, 2)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"sampler": "nope"}, "no sampler `nope`"),
        ({"steps": 0}, "takes 1 to"),
        ({"width": 60}, "multiples of 8"),
        ({"width": 0}, "multiples of 8"),
        ({"prompt": "((" * 100}, "nested too deep"),
    ],
)
def test_impossible_recipes_fail_with_a_sentence(model: Any, change: dict[str, Any], sentence: str) -> None:
    """A recipe that cannot be painted fails before it joins."""
    events = _paint(model, make_work(1, **change))
    error = of_kind(events, Failed)[0].error
    assert isinstance(error, InvalidRequest)
    assert sentence in error.text


@pytest.mark.parametrize("broken", ["advance", "decode", "unet"])
def test_a_fault_in_one_image_is_its_own(model: Any, broken: str) -> None:
    """An exception in its scheduler, in its decoding or in the shared UNet call leaves the others' pictures."""
    advance, forward = Running.advance, model.unet.forward
    poison = 3

    def bad_advance(image: Running, output: torch.Tensor) -> None:
        if image.work.id == poison and image.index == 1:
            raise ZeroDivisionError
        advance(image, output)

    def bad_decode(of: LoadedModel, latents: torch.Tensor, **kwargs: Any) -> Any:
        decode_calls.append(1)
        if len(decode_calls) == poison:
            raise ZeroDivisionError
        return decode(of, latents, **kwargs)

    def bad_unet(sample: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        if any(torch.equal(row, marked) for row in sample):
            raise ZeroDivisionError
        return forward(sample, *args, **kwargs)

    decode_calls: list[int] = []
    encoded = Conditioner().encode(model, "1girl, green hair", "lowres")
    marked = begin(make_work(seed=poison), model, encoded, 0.0).sample()[0]
    works = [make_work(number, seed=number) for number in (1, 2, 3, 4)]
    patches: dict[str, Any] = {
        "advance": lambda: patch.object(Running, "advance", bad_advance),
        "decode": lambda: patch("pipeline.engine.engine.decode", bad_decode),
        "unet": lambda: patch.object(model.unet, "forward", bad_unet),
    }
    with patches[broken]():
        events = _paint(model, *works)
    assert [(e.id, type(e.error)) for e in of_kind(events, Failed)] == [(poison, ZeroDivisionError)]
    healthy = _paint(model, *works)
    for number in (1, 2, 4):
        assert _pixels(events, number) == _pixels(healthy, number)


def test_loading_is_told_at_once_with_all_who_wait(model: Any) -> None:
    """Through `emit`, in the middle of the tick; and a listener that fails does not matter."""
    heard: list[Event] = []

    def emit(event: Event) -> None:
        heard.append(event)
        raise RuntimeError

    engine = Engine(Shelf(stock=model), emit=emit)
    engine.add(make_work(1))
    engine.add(make_work(2))
    events = drain(engine)
    assert heard == [Loading("stock", "Loading stock", 0.5, (1, 2))]
    assert len(of_kind(events, Painted)) == 2


def test_a_cancelled_work_stops_its_download(model: Any) -> None:
    """The progress callback raises inside the source of models; the works that run are not lost."""
    engine: Engine
    shelf = Shelf(stock=model, other=model)
    engine = Engine(shelf, emit=lambda event: engine.cancel(2) if isinstance(event, Loading) else None)
    engine.add(make_work(1))
    engine.tick()

    def get(profile_id: str, progress: Any, **_: Any) -> LoadedModel:
        progress("Downloading", 0.1)
        progress("Downloading", 0.2)
        raise AssertionError("the download went on")

    with patch.object(shelf, "get", get):
        engine.add(make_work(2, profile="other"))
        events = engine.tick()
    assert of_kind(events, Dropped, 2)
    assert of_kind(drain(engine), Painted, 1)


def test_an_interrupted_download_keeps_its_work(model: Any) -> None:
    """When the program ends nobody cancelled anything: the work stays for the next start."""
    engine = Engine(Shelf(stock=model))
    engine.add(make_work(1))
    engine.interrupt()
    assert engine.tick() == []
    assert engine.waiting == 1


def test_previews_come_as_asked_and_change_nothing(model: Any) -> None:
    """Every second step, RGB of the stated size; the picture is that without previews."""
    for sampler in ("euler_a", "dpmpp_2m_karras", "dpmpp_sde_karras", "unipc", "lcm", "ddim"):
        plain = _paint(model, make_work(1, steps=4, sampler=sampler))
        events = _paint(model, make_work(1, steps=4, sampler=sampler, preview_every=2))
        previews = of_kind(events, Preview)
        assert [preview.step for preview in previews] == [2, 4]
        for preview in previews:
            assert len(preview.pixels) == preview.width * preview.height * 3
            stepped = next(e for e in of_kind(events, Stepped) if e.step == preview.step)
            assert events.index(preview) < events.index(stepped)
        assert _pixels(events) == _pixels(plain)


def test_a_preview_that_fails_costs_nothing(model: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The picture is painted as without previews, and the fault is logged once."""
    with patch("pipeline.engine.preview.preview_pixels", side_effect=ZeroDivisionError):
        events = _paint(model, make_work(1, preview_every=1))
    assert of_kind(events, Preview) == []
    assert _pixels(events) == _pixels(_paint(model, make_work(1)))
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_closing_hands_out_what_the_failed_tick_had_gathered(model: Any) -> None:
    """And lets go of everything; the source of models is told to, too."""
    shelf = Shelf(stock=model)
    engine = Engine(shelf)
    engine.add(make_work(1))
    with (
        patch("pipeline.engine.engine.groups", side_effect=ZeroDivisionError),
        pytest.raises(ZeroDivisionError),
    ):
        engine.tick()
    assert [type(event) for event in engine.close()] == [Loading, Started]
    assert shelf.calls[-1] == ("release_idle", ())
    assert not engine.busy
    assert engine.close() == []
