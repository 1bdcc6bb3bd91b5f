"""Every check of the adherence benchmark, with a judge that always tells the truth and with one that always lies."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.adherence import __main__ as command
from benchmarks.adherence import checks, checks_plain
from benchmarks.adherence.accuracy import Accuracy
from benchmarks.adherence.attributes import HEADS, INDEX
from benchmarks.adherence.checks import TARGETS, Bench
from benchmarks.adherence.document import Section, document
from benchmarks.adherence.judge import Pictures
from benchmarks.adherence.painter import Canvas
from benchmarks.adherence.pictures import RoundTrip
from benchmarks.adherence.prompts import AVOIDED, BETWEEN, LACKED, Asked
from pipeline.built_in import FOLDER
from pipeline.recipe import Recipe

RECIPE = Recipe("miniature", "1girl", "", 256, 256, "euler_a", 25, 3.0, 0)
SHARES = {head.name: 0.99 for head in HEADS}
TARGETED = [
    checks.adherence,
    checks.weights,
    checks.negatives,
    checks.quality,
    checks.years,
    checks_plain.sizes,
]


class Pretender:
    """Paints noise, faint where the worst is asked for, and hides in its first pixel what it was asked.

    One that disobeys paints the best quality faint.
    """

    weights = "0123456789abcdef" * 4

    def __init__(self, *, disobeys: bool = False) -> None:
        self.disobeys = disobeys
        self.asked: list[Asked] = []

    def paint(self, what: list[Asked], title: str) -> list[Canvas]:
        """One picture each, with the right size in its recipe."""
        assert title
        canvases = []
        for asked in what:
            worst = asked.request.quality == ("worst quality",)
            contrast = 4 if worst != self.disobeys else 200
            rng = np.random.default_rng(len(self.asked))
            pixels = rng.integers(0, contrast, (32, 32, 3)).astype(np.uint8)
            pixels[0, 0] = (*divmod(len(self.asked), 256), 0)
            self.asked.append(asked)
            width, height = asked.size
            canvases.append(Canvas(pixels, replace(RECIPE, width=width, height=height)))
        return canvases


@dataclass
class Oracle:
    """Knows what each picture was asked to be; `lies` turns every answer round."""

    painter: Pretender
    lies: bool = False

    def answers(self, pictures: list[Pictures]) -> list[dict[str, str]]:
        """One dict for each picture."""
        return [self._answer(self._asked(picture)) for picture in pictures]

    def logits(self, pictures: list[Pictures]) -> list[NDArray[np.float32]]:
        """Of the heads with two answers, of quality and year."""
        found = [np.zeros((len(pictures), len(head.answers)), np.float32) for head in HEADS]
        for row, picture in enumerate(pictures):
            request = self._asked(picture).request
            for name, first in (
                ("quality", request.quality == ("masterpiece",)),
                ("year", request.year == "newest"),
            ):
                found[INDEX[name]][row] = (1, 0) if first != self.lies else (0, 1)
        return found

    def scores(
        self, pictures: list[Pictures], _head: str, _answer: str
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """As strong as the prompt says."""
        texts = [self._asked(picture).request.prompt for picture in pictures]
        strengths = np.array([float(re.findall(r":([\d.]+)\)", text)[0]) for text in texts])
        odds = -strengths if self.lies else strengths
        return 1 / (1 + np.exp(-odds)), odds

    def _asked(self, picture: Pictures) -> Asked:
        return self.painter.asked[int(picture[0, 0, 0]) * 256 + int(picture[0, 0, 1])]

    def _answer(self, asked: Asked) -> dict[str, str]:
        right = {head.name: asked.expected.get(head.name, head.answers[0]) for head in HEADS}
        right |= {"arms": "2", "legs": "2"}
        for probe in AVOIDED:
            if asked.request.prompt == probe.prompt:
                right[probe.head] = self._avoided(probe.answer, probe.head, named=bool(asked.request.negative))
                return right
        return {name: _other(name, answer) for name, answer in right.items()} if self.lies else right

    def _avoided(self, answer: str, head: str, *, named: bool) -> str:
        return answer if self.lies or not named else _other(head, answer)


def _other(head: str, answer: str) -> str:
    return next(one for one in HEADS[INDEX[head]].answers if one != answer)


class AsPainted(Bench):
    """Takes what the model painted for the artist's own."""

    def drawn(self, what: Any) -> list[Pictures]:
        """The pretender's."""
        return [canvas.pixels for canvas in self.painter.paint(what, "drawn")]


def bench(*, lies: bool = False, amount: float = 0.05) -> Bench:
    """A bench without a network."""
    painter = Pretender(disobeys=lies)
    oracle: Any = Oracle(painter, lies)
    nothing: Any = None
    pretender: Any = painter
    return AsPainted(pretender, oracle, Accuracy(SHARES, SHARES), nothing, prompts=27, amount=amount)


@pytest.mark.parametrize("check", TARGETED)
def test_a_model_that_obeys_meets_every_target(check: Any) -> None:
    """And each part of the table is there."""
    section: Section = check(bench())
    verdicts = [line.passed for line in section.lines if line.target]
    assert verdicts
    assert all(verdicts)
    assert not section.missed
    text = document([section], weights="0" * 64, judge="1" * 64, device="cpu")
    assert section.title in text
    assert "99.0% / 99.0%" in text or check is checks_plain.sizes


@pytest.mark.parametrize("check", [check for check in TARGETED if check is not checks_plain.sizes])
def test_a_model_that_does_not_obey_meets_none(check: Any) -> None:
    """Not one of those that the check has."""
    section: Section = check(bench(lies=True))
    targeted = [line for line in section.lines if line.target]
    assert section.missed
    assert not any(line.passed for line in targeted)
    if check is checks.adherence:
        assert {line.figure.split(" ")[0] for line in targeted} == {"0.0%"}


def test_the_main_table_names_every_target_and_the_mistakes() -> None:
    """With the artist's own share beside it."""
    section = checks.adherence(bench())
    assert {line.name for line in section.lines if line.target} == set(TARGETS)
    assert all(line.artist == "100.0%" for line in section.lines if line.target)
    assert {f"no {head} where none is named" for head in LACKED} <= {line.name for line in section.lines}
    assert "without people: cat" in {line.name for line in section.lines}
    assert "mistakes" not in section.note
    assert "Most frequent mistakes: " in checks.adherence(bench(lies=True)).note


def test_sizes_between_may_not_be_much_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Than the documented ones."""
    told = Oracle._answer

    def between_lies(self: Oracle, asked: Asked) -> dict[str, str]:
        return told(replace(self, lies=asked.size in BETWEEN), asked)

    monkeypatch.setattr(Oracle, "_answer", between_lies)
    assert checks_plain.sizes(bench()).missed


def test_limbs_are_counted_by_judge_and_by_eye(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The count by eye holds for the weights it was made with."""
    counted = tmp_path / "counted.json"
    monkeypatch.setattr(checks_plain, "COUNTED", counted)
    assert "not counted yet" in checks_plain.limbs(bench(), tmp_path).lines[-1].figure
    assert (tmp_path / checks_plain.LIMB_SHEET).is_file()
    counted.write_text(json.dumps({Pretender.weights[:16]: {"pictures": 4, "right": 3}}), encoding="utf-8")
    section = checks_plain.limbs(bench(), tmp_path)
    assert [line.passed for line in section.lines if line.target] == [True, False]
    assert section.lines[-1].figure.startswith("75.0%")
    assert checks_plain.limbs(bench(lies=True), tmp_path).lines[2].passed is False
    assert "Look at numbers 1, 2, 3, 4." in checks_plain.limbs(bench(lies=True), tmp_path).note


def test_the_vae_is_measured_by_quality() -> None:
    """The shipped one's, on few pictures."""
    known = bench()
    section = checks_plain.reconstruction(replace(known, round_trip=RoundTrip(FOLDER), amount=0.01))
    assert [line.name for line in section.lines[:2]] == ["mean of all pictures", "19 of 20 pictures are above"]
    assert "`masterpiece`" in {line.name for line in section.lines}
    assert 20 < float(section.lines[0].figure.split()[0]) < 50


def test_a_part_of_the_benchmark_says_so() -> None:
    """A quick look is not passed off as the report."""
    known: Any = command
    parsed: Any = type("Parsed", (), {"quick": True})
    assert (
        known._part(parsed, 1, 9)
        == "Not the whole benchmark: a quick look with 15% of the pictures, 1 of 9 tables."
    )
    parsed.quick = False
    assert known._part(parsed, 9, 9) == ""
    assert "**Not all.**" in document([], weights="0", judge="1", device="cuda", part="Not all.")
    assert "painted on cuda" in document([], weights="0", judge="1", device="cuda")


def test_memory_is_this_processs_own() -> None:
    """More than Python itself, in bytes."""
    assert command._most_memory() > 20_000_000


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--judge", "nowhere.safetensors", "--model", str(FOLDER)], "nowhere.safetensors is missing: run"),
        (["train-judge", "--minutes", "0"], "minutes must be above 0"),
        (["train-judge", "--model", "nowhere"], "--model names a model folder"),
        (["train-judge", "--resume", "--checkpoint", "nowhere.pt"], "There is no checkpoint nowhere.pt"),
        (["--device", "cuda"], "There is no CUDA device"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On stderr, with exit status 2 and no traceback."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["benchmarks.adherence", *arguments])
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert command.main() == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
