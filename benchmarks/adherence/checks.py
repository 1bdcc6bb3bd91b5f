"""What the judge says about painted pictures: tags, weights, negative prompts, quality and year."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.adherence.accuracy import Accuracy
from benchmarks.adherence.attributes import HEADS, INDEX
from benchmarks.adherence.document import Line, Section, share_line
from benchmarks.adherence.figures import edge_width, rising, sharpness
from benchmarks.adherence.judge import Judge, Pictures
from benchmarks.adherence.painter import Canvas, Painter
from benchmarks.adherence.pictures import RoundTrip, as_bytes
from benchmarks.adherence.prompts import (
    AVOIDED,
    LACKED,
    STRENGTHS,
    WEIGHTED,
    Asked,
    Probe,
    adherence_prompts,
    negative_prompts,
    nobody_prompts,
    quality_pairs,
    weight_prompts,
    year_pairs,
)
from pipeline.miniature.artist.draw import draw

TARGETS: Final = {
    "hair colour": 0.98,
    "eye colour": 0.98,
    "head wear": 0.98,
    "place": 0.98,
    "light": 0.98,
    "framing": 0.98,
    "garment colour": 0.97,
    "hair style": 0.95,
    "garment": 0.95,
    "expression": 0.90,
}
"""Least share of pictures that are right, by head."""
OTHERS: Final = ("subject", "mouth", "closed eyes", "blush", "pose", "painting")
"""Heads that are reported without a target."""
EXPRESSION: Final = ("mouth", "closed eyes", "blush")
"""What an expression is made of: it is right when all of it is that the prompt speaks of."""
NOBODY_HEADS: Final = ("subject", "cat", "place", "light")
AVOIDED_TARGET: Final = 0.10
PAIRS_TARGET: Final = 0.95
SLACK: Final = 0.002
"""How far a mean probability may fall between two strengths: less than one picture in 60 changing by 0.12."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What every check needs. `amount` scales the number of pictures: 1 for the report, less for a quick look."""

    painter: Painter
    judge: Judge
    accuracy: Accuracy
    round_trip: RoundTrip
    prompts: int = 200
    amount: float = 1.0

    def drawn(self, what: Sequence[Asked]) -> list[Pictures]:
        """What the artist draws of the same scenes, after the model's VAE: the most that the judge can find right."""
        scenes = [(asked.scene, asked.size) for asked in what if asked.scene]
        return [self.round_trip(as_bytes(draw(scene, *size))[None])[0] for scene, size in scenes]

    def count(self, full: int, least: int = 2) -> int:
        """How many of `full` pictures this run takes."""
        return max(least, round(full * self.amount))

    def of_judge(self, *heads: str) -> str:
        """The judge's own accuracy for heads that must all be right, drawn pictures first, as it is printed."""
        parts = []
        for shares in (self.accuracy.drawn, self.accuracy.round_trip):
            product = 1.0
            for head in heads:
                product *= shares.get(head, float("nan"))
            if shares:
                parts.append(f"{product:.1%}")
        return " / ".join(parts)


def verdicts(judge: Judge, what: Sequence[Asked], canvases: Sequence[Canvas]) -> list[dict[str, bool]]:
    """For each picture, which of the heads its prompt speaks of are right; `expression` joins its parts."""
    return _right(what, judge.answers([canvas.pixels for canvas in canvases]))


def _right(what: Sequence[Asked], answers: Sequence[dict[str, str]]) -> list[dict[str, bool]]:
    found = []
    for asked, said in zip(what, answers, strict=True):
        right = {head: said[head] == answer for head, answer in asked.expected.items()}
        parts = [right[head] for head in EXPRESSION if head in right]
        if parts:
            right["expression"] = all(parts)
        found.append(right)
    return found


def adherence(bench: Bench) -> Section:
    """The main table: what share of the pictures shows what the prompt says."""
    what = adherence_prompts(bench.prompts)
    said = bench.judge.answers([canvas.pixels for canvas in bench.painter.paint(what, "adherence")])
    artist = bench.judge.answers(bench.drawn(what))
    right, own = _right(what, said), _right(what, artist)
    lines = []
    for name in (*TARGETS, *OTHERS):
        heads = EXPRESSION if name == "expression" else (name,)
        lines.append(_share(name, right, own, target=TARGETS.get(name), judge=bench.of_judge(*heads)))
    for head in LACKED:
        told, drawn = ([{head: not one[head]} for one in _lacking(head, what, all_)] for all_ in (said, artist))
        lines.append(
            _share(head, told, drawn, judge=bench.of_judge(head), title=f"no {head} where none is named")
        )
    empty = nobody_prompts(bench.count(27))
    said_empty = bench.judge.answers([canvas.pixels for canvas in bench.painter.paint(empty, "no humans")])
    right, own = _right(empty, said_empty), _right(empty, bench.judge.answers(bench.drawn(empty)))
    lines += [
        _share(head, right, own, judge=bench.of_judge(head), title=f"without people: {head}")
        for head in NOBODY_HEADS
    ]
    note = (
        f"{len(what)} prompts, every one with a combination of hair colour, clothing colour and place that "
        f"training never shows, and {len(empty)} without people; default settings, nine sizes, full, shuffled and "
        "short prompts. An expression is mouth, closed eyes and blush together. The artist's: the same scenes drawn "
        "by the artist, after the model's VAE. The judge itself: how often it is right about the artist's other "
        "unseen pictures, as drawn / after the VAE."
    )
    worst = _confusions([*what, *empty], [*said, *said_empty])
    return Section("Tags", tuple(lines), f"{note}\n\nMost frequent mistakes: {worst}." if worst else note)


def _lacking(head: str, what: Sequence[Asked], said: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return [one for asked, one in zip(what, said, strict=True) if head in asked.absent]


def _share(
    name: str,
    right: Sequence[Mapping[str, bool]],
    own: Sequence[Mapping[str, bool]],
    *,
    judge: str,
    target: float | None = None,
    title: str = "",
) -> Line:
    painted, drawn = ([one[name] for one in all_ if name in one] for all_ in (right, own))
    artist = fmean(drawn) if drawn else None
    return share_line(title or name, sum(painted), len(painted), target=target, judge=judge, artist=artist)


def _confusions(what: Sequence[Asked], answers: Sequence[dict[str, str]], most: int = 10) -> str:
    """The most frequent wrong answers, as `asked -> seen (times)`."""
    counts: dict[tuple[str, str, str], int] = {}
    for asked, said in zip(what, answers, strict=True):
        for head, answer in asked.expected.items():
            if said[head] != answer:
                key = (head, answer or "none", said[head] or "none")
                counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: -item[1])[:most]
    return ", ".join(f"{head}: {asked} → {seen} ({times})" for (head, asked, seen), times in ordered)


def weights(bench: Bench) -> Section:
    """Whether a higher weight makes a tag's thing likelier."""
    seeds = bench.count(12)
    probabilities: list[list[float]] = []
    scores: list[list[float]] = []
    lines = []
    for probe in WEIGHTED:
        chance, odds = _by_strength(bench, probe, seeds)
        probabilities.append(chance)
        scores.append(odds)
        lines.append(_series(f"`{probe.tag}`", chance, odds, bench.of_judge(probe.head)))
    chance = [fmean(column) for column in zip(*probabilities, strict=True)]
    odds = [fmean(column) for column in zip(*scores, strict=True)]
    passed = rising(chance, SLACK) and rising(odds)
    mean = _series("mean of all", chance, odds, "")
    lines.append(Line(mean.name, mean.figure, mean.interval, "", "rises at every step", passed))
    note = (
        f"One tag at the strengths {', '.join(map(str, STRENGTHS))}, {seeds} seeds each: mean probability that the "
        "judge gives it, and in brackets the mean log-odds, which do not saturate."
    )
    return Section("Weights", tuple(lines), note)


def _by_strength(bench: Bench, probe: Probe, seeds: int) -> tuple[list[float], list[float]]:
    prompts = weight_prompts(probe, seeds)
    flat = [asked for strength in STRENGTHS for asked in prompts[strength]]
    pictures = [canvas.pixels for canvas in bench.painter.paint(flat, f"weights, {probe.tag}")]
    chance, odds = bench.judge.scores(pictures, probe.head, probe.answer)
    parts = range(len(STRENGTHS))
    return (
        [float(chance[seeds * part : seeds * (part + 1)].mean()) for part in parts],
        [float(odds[seeds * part : seeds * (part + 1)].mean()) for part in parts],
    )


def _series(name: str, chance: Sequence[float], odds: Sequence[float], judge: str) -> Line:
    figures = " → ".join(f"{one:.2f} ({other:+.1f})" for one, other in zip(chance, odds, strict=True))
    return Line(name, figures, "", judge)


def negatives(bench: Bench) -> Section:
    """Whether a tag in the negative prompt goes from the pictures that showed it."""
    seeds = bench.count(32)
    lines, all_still, all_shown = [], 0, 0
    for probe in AVOIDED:
        open_, avoided = negative_prompts(probe, seeds)
        before = _showing(bench, probe, open_, "left open")
        again = [asked for asked, shown in zip(avoided, before, strict=True) if shown]
        still = sum(_showing(bench, probe, again, "in the negative prompt"))
        all_still, all_shown = all_still + still, all_shown + len(again)
        name = f"`{probe.tag}`, in {len(again)} of {seeds} without it"
        lines.append(share_line(name, still, len(again), judge=bench.of_judge(probe.head)))
    lines.append(share_line("all", all_still, all_shown, most=AVOIDED_TARGET))
    note = (
        f"Each prompt leaves a thing open, so that it turns up in some of {seeds} pictures. These are painted again "
        "from the same seeds with its tag in the negative prompt: how many show it still?"
    )
    return Section("Negative prompt", tuple(lines), note)


def _showing(bench: Bench, probe: Probe, what: Sequence[Asked], title: str) -> list[bool]:
    if not what:
        return []
    canvases = bench.painter.paint(what, f"{probe.tag}, {title}")
    said = bench.judge.answers([canvas.pixels for canvas in canvases])
    return [one[probe.head] == probe.answer for one in said]


def quality(bench: Bench) -> Section:
    """Whether `worst quality` is blurrier than `masterpiece`."""
    pairs = quality_pairs(bench.count(60))
    canvases = bench.painter.paint([asked for pair in pairs for asked in pair], "quality")
    best, worst = canvases[::2], canvases[1::2]

    def blurrier(measure: Callable[[Canvas], float]) -> int:
        return sum(measure(good) > measure(bad) for good, bad in zip(best, worst, strict=True))

    laplacian = blurrier(lambda one: sharpness(one.pixels))
    edges = blurrier(lambda one: -edge_width(one.pixels))
    name = "`worst quality` is blurrier (variance of the Laplacian)"
    return Section(
        "Quality",
        (
            share_line(name, laplacian, len(pairs), target=PAIRS_TARGET),
            share_line("`worst quality` has wider edges", edges, len(pairs)),
            _told_apart(bench, "quality", _lean(bench, "quality", canvases)),
        ),
        f"{len(pairs)} pairs of pictures with the same prompt and seed.",
    )


def years(bench: Bench) -> Section:
    """Whether `oldest` and `newest` can be told apart."""
    pairs = year_pairs(bench.count(60))
    canvases = bench.painter.paint([asked for pair in pairs for asked in pair], "years")
    lean = _lean(bench, "year", canvases)
    ordered = int((lean[::2] > lean[1::2]).sum())
    return Section(
        "Year",
        (
            _told_apart(bench, "year", lean, target=PAIRS_TARGET),
            share_line("the newer of a pair is told", ordered, len(pairs)),
        ),
        f"{len(pairs)} pairs of pictures with the same prompt and seed.",
    )


def _lean(bench: Bench, head: str, canvases: Sequence[Canvas]) -> NDArray[np.float32]:
    """How much likelier the judge finds the first of a head's two answers than the second, by picture."""
    logits = bench.judge.logits([one.pixels for one in canvases])[INDEX[head]]
    lean: NDArray[np.float32] = logits[:, 0] - logits[:, 1]
    return lean


def _told_apart(bench: Bench, head: str, lean: NDArray[np.float32], *, target: float | None = None) -> Line:
    """Pictures of the first answer and the second in turn, each judged by itself."""
    one, other = HEADS[INDEX[head]].answers
    right = int((lean[::2] > 0).sum() + (lean[1::2] <= 0).sum())
    name = f"single pictures told apart, `{one}` from `{other}`"
    return share_line(name, right, len(lean), target=target, judge=bench.of_judge(head))
