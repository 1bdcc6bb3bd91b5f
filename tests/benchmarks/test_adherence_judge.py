"""The judge and the painter of the adherence benchmark, on an untrained network and the untrained miniature."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.adherence import checks, checks_plain, pictures
from benchmarks.adherence.attributes import HEADS, UNASKED
from benchmarks.adherence.checks import TARGETS, Bench, verdicts
from benchmarks.adherence.document import document
from benchmarks.adherence.judge import Judge, JudgeNetwork, load_judge, save_judge
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
from benchmarks.adherence.training import Accuracy, JudgeOptions, changed, loss_of, train_judge
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
    """Under 2 MB, with the same answers; a file of something else is refused."""
    network = JudgeNetwork()
    save_judge(network, tmp_path / "judge.safetensors", {"minutes": "1"})
    assert (tmp_path / "judge.safetensors").stat().st_size < 2_000_000
    picture = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    before, after = (
        Judge(network).logits([picture]),
        load_judge(tmp_path / "judge.safetensors").logits([picture]),
    )
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-2)
    with pytest.raises(FileNotFoundError, match="train-judge"):
        load_judge(tmp_path / "none.safetensors")


def test_batches_repeat_and_differ() -> None:
    """A batch is a function of its split and number; wear does not change labels."""
    one, again, other = draw_batch("train", 0), draw_batch("train", 0), draw_batch("test", 0)
    assert one.pictures.shape == (4, 48, 64, 3)
    assert np.array_equal(one.pictures, again.pictures)
    assert not np.array_equal(one.pictures, other.pictures)
    assert np.array_equal(Maker(None)(0).labels, one.labels)


def test_changes_keep_the_shape() -> None:
    """Small changes stay small: the mean colour of a picture hardly moves."""
    shown = torch.full((6, 3, 32, 48), 0.25)
    worn = changed(shown)
    assert worn.shape == shown.shape
    assert (worn.mean((1, 2, 3)) - 0.25).abs().max() < 0.1


def test_loss_ignores_what_is_not_asked() -> None:
    """A head nobody can be asked about gives no loss; the others are averaged."""
    outputs = [torch.zeros(2, len(head.answers)) for head in HEADS]
    labels = torch.full((2, len(HEADS)), UNASKED)
    labels[0, 0] = 1
    assert loss_of(outputs, labels).item() == pytest.approx(np.log(len(HEADS[0].answers)), abs=1e-5)


def test_training_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second run with more minutes goes on where the first one stopped."""
    batch = draw_batch("train", 0)
    monkeypatch.setattr(pictures, "Maker", lambda _: lambda _number: batch)
    checkpoint = tmp_path / "state" / "judge.ckpt"
    options = JudgeOptions(minutes=0.005, checkpoint=checkpoint, workers=0)
    train_judge(options)
    network = train_judge(replace(options, minutes=0.01))
    assert "going on from step" in capsys.readouterr().out
    assert not network.training


def test_verdicts_join_expressions(monkeypatch: pytest.MonkeyPatch) -> None:
    """An expression is right when the mouth is and, where it is asked, the eyes."""
    judge = Judge(JudgeNetwork())
    said = {"mouth": "smile", "closed eyes": "", "subject": "1girl"}
    monkeypatch.setattr(judge, "answers", lambda shown: [said for _ in shown])
    canvas = Canvas(np.zeros((8, 8, 3), np.uint8), RECIPE)
    asked = [
        Asked(request("x"), {"mouth": "smile", "closed eyes": ""}),
        Asked(request("x"), {"mouth": "smile", "closed eyes": "closed eyes"}),
        Asked(request("x"), {"subject": "1boy"}),
    ]
    found = verdicts(judge, asked, [canvas] * 3)
    assert [one.get("expression") for one in found] == [True, False, None]
    assert found[2] == {"subject": False}


class Pretender:
    """Paints nothing and answers with small grey pictures; notes what it was asked for."""

    def __init__(self) -> None:
        self.titles: list[str] = []

    def paint(self, what: list[Asked], title: str) -> list[Canvas]:
        """One grey picture each, with the right size in its recipe."""
        self.titles.append(title)
        canvases = []
        for asked in what:
            width, height = asked.size or tuple(int(side) for side in (asked.request.size or "").split("x"))
            canvases.append(
                Canvas(np.full((32, 32, 3), 99, np.uint8), replace(RECIPE, width=width, height=height))
            )
        return canvases


@pytest.mark.parametrize(
    "check",
    [checks.adherence, checks.weights, checks.negatives, checks.quality, checks.years, checks_plain.sizes],
)
def test_every_check_makes_a_table(check: object) -> None:
    """Each runs on a few pictures and says something of each of its parts."""
    shares = {head.name: 0.99 for head in HEADS}
    bench = Bench(Pretender(), Judge(JudgeNetwork()), Accuracy(shares, shares), prompts=9, amount=0.05)  # type: ignore[arg-type]
    section = check(bench)  # type: ignore[operator]
    text = document([section], weights="0" * 64, judge="1" * 64)
    assert section.title in text
    assert "99.0% / 99.0%" in text or check is checks_plain.sizes
    if check is checks.adherence:
        assert all(f"| {name} |" in text for name in TARGETS)


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
