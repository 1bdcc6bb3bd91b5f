"""Measures how well the miniature does what its tags say.

    python -m benchmarks.adherence                                  # everything; about half an hour on two cores
    python -m benchmarks.adherence --quick --only tags              # one table, few pictures
    python -m benchmarks.adherence --write docs/miniature-benchmark.md --sheets pictures/
    python -m benchmarks.adherence train-judge --minutes 12         # once; the weights are kept in the repository
                                                                    # Ctrl+C stops it, --resume goes on
    python -m benchmarks.adherence test-judge
    python -m benchmarks.adherence sheet --sheets docs/             # the nine aspects, for README and model card

Ends with status 1 when a target is missed. Painted pictures are kept in `.benchmarks/adherence`, by recipe and
by the weights' digest, so that a second run only judges.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.adherence import checks, checks_plain
from benchmarks.adherence.accuracy import known_accuracy, measure_judge, show_accuracy
from benchmarks.adherence.checks import Bench
from benchmarks.adherence.document import Section, document
from benchmarks.adherence.judge import WEIGHTS, digest, load_judge
from benchmarks.adherence.painter import CACHE, Painter
from benchmarks.adherence.pictures import RoundTrip
from benchmarks.adherence.prompts import adherence_prompts, nine_aspects
from benchmarks.adherence.sheet import contact_sheet
from benchmarks.adherence.training import (
    JudgeOptions,
    train_and_save,
)
from pipeline.built_in import FOLDER
from pipeline.errors import MemberError
from pipeline.miniature.training.checkpoint import TrainingError
from pipeline.miniature.training.progress import Stopped

QUICK = 0.15
"""Share of the pictures that a quick look paints."""
TIMED = 6
SHEETS = ("miniature", "miniature-card")
"""Names of the two sheets of nine aspects in `docs/`: the README's, and the model card's."""


def sections(arguments: argparse.Namespace) -> dict[str, Callable[[Bench], Section]]:
    """Every check by its name on the command line."""
    return {
        "tags": checks.adherence,
        "weights": checks.weights,
        "negative": checks.negatives,
        "quality": checks.quality,
        "year": checks.years,
        "sizes": checks_plain.sizes,
        "vae": checks_plain.reconstruction,
        "limbs": lambda bench: checks_plain.limbs(bench, arguments.sheets),
        "cost": checks_plain.cost,
    }


def measure(arguments: argparse.Namespace) -> int:
    """Run the checks, print and write the report."""
    painter = Painter(arguments.model, device=arguments.device, together=arguments.together)
    bench = Bench(
        painter,
        load_judge(arguments.judge, torch.device(arguments.device)),
        known_accuracy(arguments.judge, arguments.model),
        RoundTrip(arguments.model, torch.device(arguments.device)),
        prompts=max(9, round(arguments.prompts * QUICK)) if arguments.quick else arguments.prompts,
        amount=QUICK if arguments.quick else 1.0,
    )
    known = sections(arguments)
    done = []
    for name in arguments.only or known:
        began = time.monotonic()
        done.append(known[name](bench))
        print(done[-1].markdown(), flush=True)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        if arguments.write:
            # After every table, so that nothing is lost if a later one fails.
            text = document(
                done,
                weights=painter.weights,
                judge=digest([arguments.judge]),
                device=arguments.device,
                part=_part(arguments, len(done), len(known)),
            )
            arguments.write.parent.mkdir(parents=True, exist_ok=True)
            arguments.write.write_text(text, encoding="utf-8")
    return int(any(section.missed for section in done))


def _part(arguments: argparse.Namespace, done: int, known: int) -> str:
    """What a reader has to know when this is not the whole benchmark."""
    said = []
    if arguments.quick:
        said.append(f"a quick look with {QUICK:.0%} of the pictures")
    if done < known:
        said.append(f"{done} of {known} tables")
    return f"Not the whole benchmark: {', '.join(said)}." if said else ""


def sheet(arguments: argparse.Namespace) -> int:
    """Paint the nine aspects and write contact sheets: one for the README, one for the model card."""
    painter = Painter(arguments.model, device=arguments.device, together=arguments.together)
    arguments.sheets.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(SHEETS):
        what = nine_aspects(number)
        canvases = painter.paint(what, name)
        target = arguments.sheets / f"{name}.png"
        contact_sheet([canvas.pixels for canvas in canvases], checks_plain.captions_of(what)).save(target)
        print(target)
    return 0


def train(arguments: argparse.Namespace) -> int:
    """Train the judge and save it."""
    options = JudgeOptions(
        minutes=arguments.minutes,
        model=arguments.model,
        checkpoint=arguments.checkpoint,
        resume=arguments.resume,
        device=arguments.device,
        workers=arguments.workers,
    )
    train_and_save(options, arguments.judge)
    return 0


def test(arguments: argparse.Namespace) -> int:
    """Ask the judge about unseen pictures of the artist."""
    show_accuracy(measure_judge(load_judge(arguments.judge), arguments.model))
    return 0


def paint_one(arguments: argparse.Namespace) -> int:
    """Paint a few square pictures one after another with two threads; prints seconds and memory as JSON."""
    torch.set_num_threads(2)
    painter = Painter(arguments.model, together=1)
    asked = adherence_prompts(1)[0]
    seconds = []
    for seed in range(TIMED):
        recipe = painter.recipe(replace(asked, request=replace(asked.request, seed=seed)))
        seconds.append(painter.seconds_of(recipe))
    print(json.dumps({"seconds": seconds, "bytes": _most_memory()}))
    return 0


def _most_memory() -> int:
    """The most bytes this process ever held."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Not getrusage: Linux lets a process inherit the peak of the one that started it.
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.adherence", description=(__doc__ or "").splitlines()[0]
    )
    commands = {
        "measure": measure,
        "train-judge": train,
        "test-judge": test,
        "sheet": sheet,
        "paint-one": paint_one,
    }
    parser.add_argument("command", nargs="?", default="measure", choices=commands)
    parser.add_argument("--model", type=Path, default=FOLDER, help="model folder in diffusers layout")
    parser.add_argument("--judge", type=Path, default=WEIGHTS, help="the judge's weights")
    parser.add_argument("--prompts", type=_positive, default=200, help="pictures of the main table")
    parser.add_argument("--quick", action="store_true", help="a seventh of the pictures")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", choices=sections(argparse.Namespace()), help="some tables"
    )
    parser.add_argument("--write", type=Path, help="also write the report to this file")
    parser.add_argument("--sheets", type=Path, default=CACHE / "sheets", help="folder for contact sheets")
    parser.add_argument(
        "--device",
        default="cpu",
        choices=("cpu", "cuda"),
        help="time and memory are always those of the CPU",
    )
    parser.add_argument("--together", type=_positive, default=4, help="pictures painted together")
    parser.add_argument("--minutes", type=float, default=12.0, help="how long the judge trains")
    parser.add_argument("--workers", type=int, default=1, help="processes that draw while the judge trains")
    parser.add_argument(
        "--checkpoint", type=Path, default=CACHE / "judge-training.pt", help="of the judge's training"
    )
    parser.add_argument("--resume", action="store_true", help="go on with the judge's training")
    arguments = parser.parse_args()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        print("There is no CUDA device here: leave out --device, or give `cpu`.", file=sys.stderr)
        return 2
    try:
        return commands[arguments.command](arguments)
    except Stopped as stopped:
        print(stopped, file=sys.stderr)
        return 3
    except (FileNotFoundError, MemberError, TrainingError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
