"""`kill -9` in the middle of jobs, a restart, and every job is finished exactly once."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.recipe import Recipe
from tests.e2e.killed_bot import JOBS, MOMENTS

ROOT = Path(__file__).parents[2]


def bot(data: Path, weights: Path, moment: str) -> subprocess.CompletedProcess[str]:
    """Run `killed_bot` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "tests.e2e.killed_bot", str(data), str(weights), moment],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


@pytest.mark.parametrize("moment", MOMENTS)
def test_every_job_is_finished_exactly_once(tmp_path: Path, miniature_folder: Path, moment: str) -> None:
    """Whatever had been done when the process died."""
    killed = bot(tmp_path, miniature_folder, moment)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert killed.stdout.count("queued") == JOBS
    again = bot(tmp_path, miniature_folder, "never")
    assert again.returncode == 0, again.stderr

    with closing(sqlite3.connect(tmp_path / "tagbrush.sqlite3")) as database:
        states = database.execute("SELECT state, count(*) FROM jobs GROUP BY state").fetchall()
        images = database.execute("SELECT id, state, file, recipe FROM images ORDER BY id").fetchall()
    assert states == [("delivered", JOBS)]
    assert [state for _, state, _, _ in images] == ["painted"] * (2 * JOBS)
    assert len({file for _, _, file, _ in images}) == 2 * JOBS
    for _, _, file, recipe in images:
        assert (tmp_path / "pictures" / file).is_file()
        assert Recipe.from_json(recipe).weights

    posted = [line for line in (killed.stdout + again.stdout).splitlines() if line.startswith("posted")]
    assert sorted(posted) == [f"posted {job}" for job in range(1, JOBS + 1)]
