"""What needs no judge, or more than a judge: sizes, the VAE, limbs, time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Final

from benchmarks.adherence.checks import TARGETS, Bench, verdicts
from benchmarks.adherence.document import Line, Section, share_line
from benchmarks.adherence.prompts import BETWEEN, Asked, adherence_prompts, between_prompts, full_body_prompts
from benchmarks.adherence.sheet import contact_sheet
from pipeline.miniature.training.pictures import BUCKETS
from pipeline.miniature.training.vae_report import vae_report

RECONSTRUCTION_TARGET: Final = 31.0
"""Decibels."""
SECONDS_TARGET: Final = 3.0
MEMORY_TARGET: Final = 1.0
"""GB, 10^9 bytes."""
BETWEEN_MARGIN: Final = 0.03
"""How much worse the sizes between may be judged than the documented ones."""
LIMB_SHEET: Final = "full-body.png"
LIMBS_TARGET: Final = 0.98
"""Of full-body pictures with two arms and two legs: one of 50 may be a matter of opinion."""
COUNTED: Final = Path(__file__).with_name("counted.json")
"""Counts by eye: for the first 16 digits of a model's digest, how many `pictures` and how many were `right`."""


def sizes(bench: Bench) -> Section:
    """Whether every documented size, and sizes between them, are painted alike."""
    main = adherence_prompts(bench.prompts)
    between = between_prompts(bench.count(8) * len(BETWEEN))
    lines, means = [], []
    for title, what, every in (("adherence", main, BUCKETS), ("sizes between", between, BETWEEN)):
        canvases = bench.painter.paint(what, title)
        right = verdicts(bench.judge, what, canvases)
        said_all: list[bool] = []
        for width, height in every:
            said = [
                answer
                for one, canvas in zip(right, canvases, strict=True)
                for name, answer in one.items()
                if name in TARGETS and (canvas.recipe.width, canvas.recipe.height) == (width, height)
            ]
            said_all += said
            kind = "documented" if every is BUCKETS else "between"
            lines.append(share_line(f"{width}x{height}, {kind}", sum(said), len(said)))
        means.append(fmean(said_all))
    documented, others = means
    lines.append(
        Line(
            "sizes between against documented ones",
            f"{others:.1%} against {documented:.1%}",
            target=f"at most {BETWEEN_MARGIN:.0%} worse",
            passed=others >= documented - BETWEEN_MARGIN,
        )
    )
    return Section("Sizes", tuple(lines), "Share of all answers with a target that are right.")


def reconstruction(bench: Bench) -> Section:
    """How much the VAE loses of the artist's pictures, by the training's own report."""
    report = vae_report(bench.round_trip.vae, bench.count(270, 18))
    target = f"at least {RECONSTRUCTION_TARGET:.0f} dB"
    mean = Line(
        "mean of all pictures",
        f"{report.mean:.2f} dB",
        target=target,
        passed=report.mean >= RECONSTRUCTION_TARGET,
    )
    others = [Line(f"`{name}`", f"{value:.2f} dB") for name, value in report.by_quality.items()]
    lowest = Line("19 of 20 pictures are above", f"{report.fifth_percentile:.2f} dB")
    return Section(
        "VAE",
        (mean, lowest, *others),
        f"{report.pictures} unseen pictures of the artist in all nine sizes and qualities, encoded and decoded.",
    )


def limbs(bench: Bench, folder: Path) -> Section:
    """Arms and legs of full-body pictures as the judge counts them, as a person counted, and a sheet to count on."""
    what = full_body_prompts(bench.count(50, 4))
    canvases = bench.painter.paint(what, "full body")
    folder.mkdir(parents=True, exist_ok=True)
    sheet = contact_sheet(
        [canvas.pixels for canvas in canvases], [asked.note for asked in what], columns=5, scale=2
    )
    sheet.save(folder / LIMB_SHEET)
    said = bench.judge.answers([canvas.pixels for canvas in canvases])
    two = {head: [answer[head] == "2" for answer in said] for head in ("arms", "legs")}
    both = [arms and legs for arms, legs in zip(two["arms"], two["legs"], strict=True)]
    odd = [str(number) for number, right in enumerate(both, 1) if not right]
    note = (
        f"{len(what)} full-body pictures, written at twice their size to {LIMB_SHEET}. The judge has seen the artist's "
        "people with one and three arms and legs, but none whose limbs melt or float: hence the count by eye, which "
        f"holds for the weights it was made with alone ({COUNTED.name})."
    )
    lines = [share_line(f"two {h}", sum(two[h]), len(what), judge=bench.of_judge(h)) for h in ("arms", "legs")]
    judge = bench.of_judge("arms", "legs")
    lines.append(share_line("two of each", sum(both), len(what), judge=judge, target=LIMBS_TARGET))
    lines.append(_counted(bench.painter.weights, len(what)))
    return Section("Limbs", tuple(lines), f"{note} Look at numbers {', '.join(odd)}." if odd else note)


def _counted(weights: str, pictures: int) -> Line:
    """What a person counted on the sheet of just these weights."""
    name = "two of each, counted by eye"
    counts = json.loads(COUNTED.read_text(encoding="utf-8")) if COUNTED.is_file() else {}
    found = counts.get(weights[:16])
    if found is None or found["pictures"] != pictures:
        return Line(name, "not counted yet for these weights", target=f"at least {LIMBS_TARGET:.0%}")
    return share_line(name, found["right"], pictures, target=LIMBS_TARGET)


def cost(bench: Bench) -> Section:
    """Time and memory of one picture in a fresh process with two threads."""
    command = [sys.executable, "-m", "benchmarks.adherence", "paint-one", "--model", str(bench.painter.model)]
    # What goes wrong there is said on this process's stderr.
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.strip().splitlines()[-1])
    seconds, gigabytes = median(found["seconds"]), found["bytes"] / 1e9
    first = found["seconds"][0]
    return Section(
        "Time and memory",
        (
            Line(
                "256 x 256, 25 steps, with guidance",
                f"{seconds:.2f} s (the first {first:.2f} s)",
                target=f"at most {SECONDS_TARGET:.0f} s",
                passed=seconds <= SECONDS_TARGET,
            ),
            Line(
                "most memory of the process",
                f"{gigabytes:.2f} GB",
                target=f"at most {MEMORY_TARGET:.0f} GB",
                passed=gigabytes <= MEMORY_TARGET,
            ),
        ),
        f"{len(found['seconds'])} pictures one after another in a process of their own, 2 threads, median.",
    )


def captions_of(what: Sequence[Asked]) -> list[str]:
    """What stands below the pictures of a sheet."""
    return [asked.note or asked.request.prompt for asked in what]
