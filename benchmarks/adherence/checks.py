"""What the judge says about painted pictures: tags, weights, negative prompts, quality and year."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from benchmarks.adherence.attributes import HEADS, INDEX
from benchmarks.adherence.document import Line, Section, share_line
from benchmarks.adherence.figures import edge_width, rising, sharpness
from benchmarks.adherence.judge import Judge
from benchmarks.adherence.painter import Canvas, Painter
from benchmarks.adherence.prompts import (
    AVOIDED,
    STRENGTHS,
    WEIGHTED,
    Asked,
    Probe,
    adherence_prompts,
    negative_prompts,
    quality_pairs,
    weight_prompts,
    year_pairs,
)
from benchmarks.adherence.training import Accuracy

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
"""Least share of pictures that are right, by head; an expression is the mouth and whether the eyes are closed."""
OTHERS: Final = ("subject", "mouth", "closed eyes", "blush", "pose", "painting")
"""Heads that are reported without a target."""
EXPRESSION: Final = ("mouth", "closed eyes")
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
    prompts: int = 200
    amount: float = 1.0

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
    found = []
    for asked, said in zip(what, judge.answers([canvas.pixels for canvas in canvases]), strict=True):
        right = {head: said[head] == answer for head, answer in asked.expected.items()}
        if "mouth" in right:
            right["expression"] = all(right[head] for head in EXPRESSION if head in right)
        found.append(right)
    return found


def adherence(bench: Bench) -> Section:
    """The main table: what share of the pictures shows what the prompt says."""
    what = adherence_prompts(bench.prompts)
    right = verdicts(bench.judge, what, bench.painter.paint(what, "adherence"))
    lines = []
    for name in (*TARGETS, *OTHERS):
        heads = EXPRESSION if name == "expression" else (name,)
        said = [one[name] for one in right if name in one]
        lines.append(
            share_line(name, sum(said), len(said), target=TARGETS.get(name), judge=bench.of_judge(*heads))
        )
    worst = confusions(bench.judge, what, bench.painter.paint(what, "adherence"))
    note = (
        f"{len(what)} prompts, every one with a combination of hair colour, clothing colour and place that "
        "training never shows; default settings, nine sizes, full, shuffled and short prompts. The judge itself: "
        "how often it is right about the artist's own unseen pictures, as drawn / after the model's VAE."
    )
    return Section("Tags", tuple(lines), f"{note}\n\nMost frequent mistakes: {worst}." if worst else note)


def confusions(judge: Judge, what: Sequence[Asked], canvases: Sequence[Canvas], most: int = 8) -> str:
    """The most frequent wrong answers, as `asked -> seen (times)`."""
    counts: dict[tuple[str, str, str], int] = {}
    for asked, said in zip(what, judge.answers([canvas.pixels for canvas in canvases]), strict=True):
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
    """Whether a tag in the negative prompt stays out of the picture."""
    seeds = bench.count(24)
    lines, all_with, all_without = [], 0, 0
    for probe in AVOIDED:
        open_, avoided = negative_prompts(probe, seeds)
        canvases = bench.painter.paint([*open_, *avoided], f"negative prompt, {probe.tag}")
        shown = [
            said[probe.head] == probe.answer for said in bench.judge.answers([one.pixels for one in canvases])
        ]
        without, with_ = sum(shown[:seeds]), sum(shown[seeds:])
        all_without, all_with = all_without + without, all_with + with_
        lines.append(
            share_line(
                f"`{probe.tag}`, without it {without / seeds:.0%}",
                with_,
                seeds,
                judge=bench.of_judge(probe.head),
            )
        )
    total = seeds * len(AVOIDED)
    name = f"all, without it {all_without / total:.0%}"
    lines.append(share_line(name, all_with, total, most=AVOIDED_TARGET))
    note = (
        f"How often a tag's thing is there although the negative prompt names it, {seeds} seeds each; the prompt "
        "leaves it open. `Without it`: with the default negative prompt alone."
    )
    return Section("Negative prompt", tuple(lines), note)


def quality(bench: Bench) -> Section:
    """Whether `worst quality` is blurrier than `masterpiece`."""
    pairs = quality_pairs(bench.count(60))
    canvases = bench.painter.paint([asked for pair in pairs for asked in pair], "quality")
    best, worst = canvases[::2], canvases[1::2]

    def blurrier(measure: Callable[[Canvas], float]) -> int:
        return sum(measure(good) > measure(bad) for good, bad in zip(best, worst, strict=True))

    share = _told_apart(bench, "quality", best, worst)
    return Section(
        "Quality",
        (
            share_line(
                "`worst quality` is blurrier (variance of the Laplacian)",
                blurrier(lambda one: sharpness(one.pixels)),
                len(pairs),
                target=PAIRS_TARGET,
            ),
            share_line(
                "`worst quality` has wider edges", blurrier(lambda one: -edge_width(one.pixels)), len(pairs)
            ),
            share,
        ),
        f"{len(pairs)} pairs of pictures with the same prompt and seed.",
    )


def years(bench: Bench) -> Section:
    """Whether `oldest` and `newest` can be told apart."""
    pairs = year_pairs(bench.count(60))
    canvases = bench.painter.paint([asked for pair in pairs for asked in pair], "years")
    newest, oldest = canvases[::2], canvases[1::2]
    place = INDEX["year"]
    logits = bench.judge.logits([one.pixels for one in canvases])[place]
    lean = logits[:, HEADS[place].answers.index("newest")] - logits[:, HEADS[place].answers.index("oldest")]
    ordered = int((lean[::2] > lean[1::2]).sum())
    single = _told_apart(bench, "year", newest, oldest)
    return Section(
        "Year",
        (
            Line(
                single.name,
                single.figure,
                single.interval,
                single.judge,
                f"at least {PAIRS_TARGET:.0%}",
                _right(bench, "year", newest, oldest) >= PAIRS_TARGET * 2 * len(pairs),
            ),
            share_line("the newer of a pair is told", ordered, len(pairs)),
        ),
        f"{len(pairs)} pairs of pictures with the same prompt and seed.",
    )


def _right(bench: Bench, head: str, first: Sequence[Canvas], second: Sequence[Canvas]) -> int:
    one, other = HEADS[INDEX[head]].answers
    said = bench.judge.answers([canvas.pixels for canvas in (*first, *second)])
    wanted = [one] * len(first) + [other] * len(second)
    return sum(answer[head] == want for answer, want in zip(said, wanted, strict=True))


def _told_apart(bench: Bench, head: str, first: Sequence[Canvas], second: Sequence[Canvas]) -> Line:
    one, other = HEADS[INDEX[head]].answers
    return share_line(
        f"single pictures told apart, `{one}` from `{other}`",
        _right(bench, head, first, second),
        len(first) + len(second),
        judge=bench.of_judge(head),
    )
