"""The judge and the painter of the adherence benchmark, on an untrained network and the untrained miniature."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.adherence import accuracy, pictures, training
from benchmarks.adherence.accuracy import Accuracy, known_accuracy
from benchmarks.adherence.attributes import HEADS, UNASKED
from benchmarks.adherence.checks import verdicts
from benchmarks.adherence.judge import Judge, JudgeNetwork, judge_metadata, load_judge, save_judge
from benchmarks.adherence.painter import Canvas, Painter, weights_digest
from benchmarks.adherence.pictures import Maker, draw_batch
from benchmarks.adherence.prompts import (
    AVOIDED,
    Asked,
    adherence_prompts,
    between_prompts,
    negative_prompts,
    request,
)
from benchmarks.adherence.training import (
    JudgeOptions,
    changed,
    loss_of,
    train_and_save,
    train_judge,
)
from pipeline.miniature.training.checkpoint import TrainingError
from pipeline.miniature.training.progress import Stopped
from pipeline.recipe import Recipe

RECIPE = Recipe("miniature", "1girl", "", 256, 256, "euler_a", 25, 6.0, 0)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four pictures of 64 x 48 instead of 32 of the documented sizes, and the same weights every time."""
    torch.manual_seed(0)
    monkeypatch.setattr(pictures, "bucket_of", lambda *_: (64, 48))
    monkeypatch.setattr(pictures.draw_batch, "__kwdefaults__", {"size": 4, "good": False})


def test_judge_reads_any_size_and_keeps_the_order() -> None:
    """Pictures of mixed sizes are answered as each would be alone."""
    judge = Judge(JudgeNetwork())
    rng = np.random.default_rng(0)
    shown = [
        rng.integers(0, 256, (h, w, 3), dtype=np.uint8) for h, w in ((64, 64), (48, 80), (64, 64), (50, 34))
    ]
    together = judge.logits(shown)
    for number, picture in enumerate(shown):
        for head, alone in zip(together, judge.logits([picture]), strict=True):
            np.testing.assert_allclose(head[number], alone[0], atol=1e-4)
    probability, odds = judge.scores(shown, "head wear", "beanie")
    np.testing.assert_allclose(probability, 1 / (1 + np.exp(-odds)))
    assert set(judge.answers(shown[:1])[0]) == {head.name for head in HEADS}


def test_judge_is_saved_small_and_read_back(tmp_path: Path) -> None:
    """Under 4 MB, with the same answers; a file of something else is refused."""
    network = JudgeNetwork()
    save_judge(network, tmp_path / "judge.safetensors", {"minutes": "1"})
    assert (tmp_path / "judge.safetensors").stat().st_size < 4_000_000
    picture = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    before, after = (
        Judge(network).logits([picture]),
        load_judge(tmp_path / "judge.safetensors").logits([picture]),
    )
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-2)
    with pytest.raises(FileNotFoundError, match="train-judge"):
        load_judge(tmp_path / "none.safetensors")
    (tmp_path / "judge.safetensors").write_bytes(b"damaged")
    with pytest.raises(ValueError, match="train it again"):
        load_judge(tmp_path / "judge.safetensors")
    with pytest.raises(ValueError, match="train the judge again"):
        judge_metadata(tmp_path / "judge.safetensors")


def test_batches_repeat_and_differ() -> None:
    """A batch is a function of its split and number; wear does not change labels."""
    one, again, other = draw_batch("train", 0), draw_batch("train", 0), draw_batch("test", 0)
    assert one.pictures.shape == (4, 48, 64, 3)
    assert np.array_equal(one.pictures, again.pictures)
    assert not np.array_equal(one.pictures, other.pictures)
    assert np.array_equal(Maker(None)(0).labels, one.labels)


def test_changes_are_small_and_different() -> None:
    """A picture stays itself or its mirror image, and no two are changed alike."""
    ramp = torch.linspace(-1, 1, 48).expand(8, 3, 32, 48)
    worn = changed(ramp)
    assert worn.shape == ramp.shape
    rows = worn.mean((1, 2))
    likeness = [float(torch.corrcoef(torch.stack([row, ramp[0, 0, 0]]))[0, 1]) for row in rows]
    assert min(abs(one) for one in likeness) > 0.95
    assert {one > 0 for one in likeness} == {True, False}
    assert all(not torch.equal(worn[0], other) for other in worn[1:])


def test_loss_ignores_what_is_not_asked() -> None:
    """A head nobody can be asked about gives no loss; the others are averaged."""
    outputs = [torch.zeros(2, len(head.answers)) for head in HEADS]
    labels = torch.full((2, len(HEADS)), UNASKED)
    labels[0, 0] = 1
    assert loss_of(outputs, labels).item() == pytest.approx(np.log(len(HEADS[0].answers)), abs=1e-5)


@pytest.fixture
def one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The artist draws once, and a step takes a second of a clock that nobody waits for."""
    batch = draw_batch("train", 0)
    monkeypatch.setattr(pictures, "Maker", lambda _: lambda _number: batch)
    seconds = iter(range(10_000))
    monkeypatch.setattr("time.monotonic", lambda: float(next(seconds)))


@pytest.mark.usefixtures("one_batch")
def test_training_is_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second run with more minutes goes on with the weights and the steps of the first one; a new one does not."""
    options = JudgeOptions(minutes=0.05, checkpoint=tmp_path / "state" / "judge.pt", workers=0)
    first = train_judge(options).state_dict()
    at_once = train_judge(replace(options, resume=True)).state_dict()
    assert "going on from step 3, 3 s" in capsys.readouterr().out
    assert all(torch.equal(first[name], at_once[name]) for name in first)
    longer = train_judge(replace(options, minutes=0.1, resume=True)).state_dict()
    assert int(longer["fine.0.1.num_batches_tracked"]) == 6
    fresh = train_judge(options).state_dict()
    assert int(fresh["fine.0.1.num_batches_tracked"]) == 3
    with pytest.raises(TrainingError, match="seed is 0 there and 1 here"):
        train_judge(replace(options, resume=True, seed=1))
    with pytest.raises(ValueError, match="minutes must be above 0"):
        replace(options, minutes=0)


@pytest.mark.usefixtures("one_batch")
def test_a_stopped_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl+C ends the step, writes the checkpoint and stops the artist."""
    options = JudgeOptions(minutes=0.1, checkpoint=tmp_path / "judge.pt", workers=0)
    change = training.changed
    closed = []
    monkeypatch.setattr(pictures.Source, "close", lambda _: closed.append(True))

    def interrupted(shown: torch.Tensor) -> torch.Tensor:
        os.kill(os.getpid(), signal.SIGINT)
        return change(shown)

    monkeypatch.setattr(training, "changed", interrupted)
    with pytest.raises(Stopped, match="--resume"):
        train_judge(options)
    monkeypatch.setattr(training, "changed", change)
    assert closed == [True]
    assert int(train_judge(replace(options, resume=True)).state_dict()["fine.0.1.num_batches_tracked"]) == 6


@pytest.mark.usefixtures("one_batch")
def test_a_judge_knows_which_vae_it_was_tested_with(
    miniature_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With another one it is tested again; a file without a test is refused."""
    tested: list[Path | None] = []

    def measured(_judge: Judge, model: Path | None) -> Accuracy:
        tested.append(model)
        return Accuracy({"subject": 0.5 + len(tested) / 10}, {})

    monkeypatch.setattr(training, "measure_judge", measured)
    monkeypatch.setattr(accuracy, "measure_judge", measured)
    path = tmp_path / "judge.safetensors"
    train_and_save(JudgeOptions(minutes=0.02, model=miniature_folder, workers=0), path)
    assert known_accuracy(path, miniature_folder).drawn == {"subject": 0.6}
    assert tested == [miniature_folder]
    other = tmp_path / "other" / "vae"
    other.mkdir(parents=True)
    (other / "other.safetensors").write_bytes(b"another VAE")
    assert known_accuracy(path, other.parent).drawn == {"subject": 0.7}
    with pytest.raises(FileNotFoundError, match="--model names a model folder"):
        known_accuracy(path, tmp_path)
    save_judge(JudgeNetwork(), path, {})
    with pytest.raises(ValueError, match="does not say how good it is"):
        known_accuracy(path, miniature_folder)


def test_verdicts_join_expressions(monkeypatch: pytest.MonkeyPatch) -> None:
    """An expression is right when all of it is that is asked: mouth, closed eyes, blush."""
    judge = Judge(JudgeNetwork())
    said = {"mouth": "smile", "closed eyes": "", "blush": "", "subject": "1girl"}
    monkeypatch.setattr(judge, "answers", lambda shown: [said for _ in shown])
    canvas = Canvas(np.zeros((8, 8, 3), np.uint8), RECIPE)
    asked = [
        Asked(request("x"), {"mouth": "smile", "closed eyes": ""}),
        Asked(request("x"), {"mouth": "smile", "closed eyes": "closed eyes"}),
        Asked(request("x"), {"subject": "1boy"}),
        Asked(request("x"), {"blush": "blush"}),
    ]
    found = verdicts(judge, asked, [canvas] * 4)
    assert [one.get("expression") for one in found] == [True, False, None, False]
    assert found[2] == {"subject": False}


def test_painter_paints_once(miniature_folder: Path, tmp_path: Path) -> None:
    """Through the bot's own path: card's tags are added, and a second time the pictures come from the cache."""
    painter = Painter(miniature_folder, cache=tmp_path, together=2)
    what = [
        replace(one, request=replace(one.request, steps=1))
        for one in (*adherence_prompts(1), *between_prompts(1))
    ]
    first = painter.paint(what, "test")
    assert painter.painted == 2
    assert "masterpiece" in first[0].recipe.prompt
    assert "lowres" in first[0].recipe.negative_prompt
    assert [one.pixels.shape for one in first] == [(256, 256, 3), (240, 272, 3)]
    again = Painter(miniature_folder, cache=tmp_path)
    second = again.paint(what, "test")
    assert again.painted == 0
    assert all(np.array_equal(one.pixels, other.pixels) for one, other in zip(first, second, strict=True))
    _, avoided = negative_prompts(AVOIDED[0], 1)
    assert painter.recipe(avoided[0]).negative_prompt.endswith("night")


def test_digest_follows_the_weights(tmp_path: Path) -> None:
    """Another weight, another folder of pictures."""
    (tmp_path / "unet").mkdir()
    weights = tmp_path / "unet" / "x.safetensors"
    weights.write_bytes(b"1")
    before = weights_digest(tmp_path)
    weights.write_bytes(b"2")
    assert weights_digest(tmp_path) != before
    (tmp_path / "README.md").write_text("not read")
    after = weights_digest(tmp_path)
    (tmp_path / "README.md").write_text("changed")
    assert weights_digest(tmp_path) == after
