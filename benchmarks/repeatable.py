"""Whether two trainings of the miniature from the same seed give the same weights.

    python -m benchmarks.repeatable                     # 200 steps of VAE and denoiser, twice; some 5 minutes
    python -m benchmarks.repeatable --batch-size 32     # with the shipped run's batches: some 25 minutes

The networks are those of the shipped model, in bfloat16 with two threads; only batches and the number of pictures
are smaller, unless asked for otherwise. Each training is a process of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import Row, show

PARTS = ("vae", "unet", "text_encoder", "text_encoder_2")


def train(work: Path, steps: int, batch: int, pictures: int, seed: int) -> None:
    """Run both trainings as a person would."""
    own = [
        "--vae-steps",
        str(steps),
        "--vae-pictures",
        str(pictures),
        "--vae-batch-size",
        str(max(1, batch // 4)),
    ]
    own += ["--denoiser-steps", str(steps), "--denoiser-pictures", str(pictures)]
    own += ["--denoiser-batch-size", str(batch), "--vae-seed", str(seed), "--denoiser-seed", str(seed)]
    command = [sys.executable, "-m", "pipeline.miniature.training", "all", "--work", str(work), *own]
    subprocess.run([*command, "--sheet-minutes", "0"], check=True, stdout=subprocess.DEVNULL)


def digests(model: Path) -> dict[str, str]:
    """SHA-256 of each part's weights, by folder."""
    return {
        part: hashlib.sha256(next((model / part).glob("*.safetensors")).read_bytes()).hexdigest()
        for part in PARTS
    }


def main() -> int:
    """Train twice and compare."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.repeatable")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--pictures", type=int, default=270)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    found, began = [], time.monotonic()
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder:
            train(Path(folder), given.steps, given.batch_size, given.pictures, given.seed)
            found.append(digests(Path(folder) / "model"))
    one, other = found
    rows = [
        Row(part, f"{one[part][:16]} and {other[part][:16]}", "equal", one[part] == other[part])
        for part in PARTS
    ]
    rows.append(Row("both trainings", f"{time.monotonic() - began:.0f} s"))
    how = f"{given.steps} steps, batches of {given.batch_size}, {given.pictures} pictures, seed {given.seed}"
    return show(f"Two trainings: {how}", rows)


if __name__ == "__main__":
    sys.exit(main())
