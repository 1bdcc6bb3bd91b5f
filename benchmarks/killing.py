"""Does every picture arrive exactly once, however often and wherever the bot is killed?

    python -m benchmarks.killing --times 100 --seed 1

A bot lives on one data folder through many short lives. In each it takes up what the one before has left, is asked
for a few more pictures, and is killed with SIGKILL at a step drawn by chance: before or after a request that Discord
takes, a commit of the database, or a file that is saved. What the simulated Discord has taken is written down in the
same moment and given to the next life's Discord, as the real one would still have it. In the end the last life is left
in peace, and every job must have been delivered by exactly one message. No model is needed: only painting is missing.

The check withholds a third of the pictures. Each life approves what waits for that, so that those join the others in
their message, and is killed in the midst of that as well.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from benchmarks.report import Row, show

if TYPE_CHECKING:
    from pipeline.classify import Classifier
    from tests.support.simcord_env import World

LIVES: Final = 10
"""Kills on one data folder, before it is looked at and a new one is begun."""
STEPS: Final = 80
"""The step at which a bot is killed is drawn from 1 to this; a life in peace has about as many."""
JOBS: Final = 2
PICTURES: Final = 2


class Fate:
    """Counts steps on whatever thread they happen, and ends the process at one of them."""

    def __init__(self, at: int, log: Path) -> None:
        self._left = at
        self._log = log
        self.lock = threading.RLock()
        """Held while Discord takes something and that is written down, so that no kill comes between the two."""

    def step(self, name: str) -> None:
        """One of the moments at which the process may die."""
        with self.lock:
            self._left -= 1
            if self._left == 0:
                with self._log.open("a") as log:
                    log.write(name + "\n")
                os.kill(os.getpid(), signal.SIGKILL)


def watched(fate: Fate, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """A method with a step before it and one after it."""

    def call(*args: Any, **kwargs: Any) -> Any:
        fate.step(f"before {name}")
        result = method(*args, **kwargs)
        fate.step(f"after {name}")
        return result

    return call


def watched_async(fate: Fate, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a coroutine function."""

    async def call(*args: Any, **kwargs: Any) -> Any:
        fate.step(f"before {name}")
        result = await method(*args, **kwargs)
        fate.step(f"after {name}")
        return result

    return call


def withholding() -> Classifier:
    """Takes a third of the colours for too much."""
    from pipeline.profiles.types import Rating
    from tests.support.scripted_classifier import ScriptedClassifier, sure

    made = ScriptedClassifier()
    made.answer = lambda pixels: sure(Rating.GENERAL if int(pixels[0, 0, 0]) % 3 else Rating.EXPLICIT)
    return made


async def approve(world: World) -> bool:
    """Release what waits for moderators. False when nothing did."""
    from cogs.mod.review_buttons import show_anew
    from db.audit import Entry
    from db.reviews import Decision

    reviewing = world.app.reviewing
    waiting, _ = await reviewing.waiting(world.guild.id)
    for review in waiting:
        entry = Entry(guild_id=world.guild.id, actor_id=1, actor_name="mod", action="review.approve")
        await reviewing.decide(review.id, Decision.APPROVE, entry)
        await show_anew(world.bot, world.bot, review.job_id)
    return bool(waiting)


async def live(data: Path, at: int, number: int) -> None:
    """One life: take up what is left, ask for more, and die at step `at`; 0 asks for nothing and ends by itself."""
    import bot.discord_bot
    from bot.pictures import Pictures
    from db.database import Database
    from tests.e2e.killed_bot import EarlyWorld
    from tests.support.scripted_engine import ScriptedEngine
    from tests.support.wire import Wire

    fate, accepted = Fate(at, data / "killed.log"), data / "accepted-by-discord.jsonl"
    request = Wire._request

    def taken(self: Wire, backend: Any, method: str, path: str, **kwargs: Any) -> Any:
        what = re.sub(r"\d{5,}", "one", path.rpartition("/")[2])
        name = f"{method} {what}{' with files' if kwargs.get('files') else ''}"
        fate.step(f"before {name}")
        with fate.lock:
            answer = request(self, backend, method, path, **kwargs)
            if kwargs.get("files") and isinstance(answer, dict) and answer.get("attachments"):
                names = [each["filename"] for each in answer["attachments"]]
                entry = {"message": int(answer["id"]), "channel": int(answer["channel_id"]), "files": names}
                with accepted.open("a") as log:
                    log.write(json.dumps(entry) + "\n")
                    log.flush()
                    os.fsync(log.fileno())
        fate.step(f"after {name}")
        return answer

    # This life's Discord does not know the commands of the one before.
    bot.discord_bot.TREE_KEY = f"commands of life {os.getpid()}"  # type: ignore[misc]
    Wire._request = taken  # type: ignore[method-assign]
    Database._commit = watched_async(fate, "a commit", Database._commit)  # type: ignore[method-assign]
    Pictures._save = watched(fate, "saving a file", Pictures._save)  # type: ignore[method-assign]
    world = EarlyWorld(data, lambda _: ScriptedEngine(), {}, withholding)
    world.accepted = accepted
    await world.open()
    for place in range(JOBS if at else 0):
        actor = (world.alice, world.bob)[place % 2]
        await world.imagine(actor, prompt=f"1girl, {number}", steps=3, seed=number * 10 + place, count=PICTURES)
    await world.finished(seconds=120.0)
    while await approve(world):
        await world.finished(seconds=120.0)
    await world.close()


def process(data: Path, at: int, number: int) -> subprocess.CompletedProcess[str]:
    """`live` in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.killing",
        "--live",
        str(data),
        "--at",
        str(at),
        "--seed",
        str(number),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def job_of(file: str) -> int:
    """The job that a posted file is of, whatever its revision."""
    found = re.match(r"tagbrush-(\d+)", file)
    return int(found[1]) if found else 0


def wrong_with(data: Path) -> list[str]:
    """What is not as it should be after the last life."""
    with closing(sqlite3.connect(data / "tagbrush.sqlite3")) as database:
        jobs = dict(database.execute("SELECT id, state FROM jobs").fetchall())
        lost = database.execute("SELECT count(*) FROM images WHERE state <> 'painted'").fetchone()[0]
    wrong = [f"job {job} is {state}" for job, state in jobs.items() if state != "delivered"]
    wrong += [f"{lost} pictures are not painted"] if lost else []
    log = data / "accepted-by-discord.jsonl"
    entries = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    last = {(entry["message"], job_of(entry["files"][0])): len(entry["files"]) for entry in entries}
    shown = Counter(job for _, job in last)
    wrong += [f"job {job} was posted {shown[job]} times" for job in jobs if shown[job] != 1]
    wrong += [f"job {job} shows {count} pictures" for (_, job), count in last.items() if count != PICTURES]
    return wrong


def main() -> int:
    """Run all lives and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--times", type=int, default=100, help="kills (default: 100)")
    parser.add_argument("--seed", type=int, default=1, help="decides when (default: 1)")
    parser.add_argument("--live", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--at", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.live is not None:
        asyncio.run(live(options.live, options.at, options.seed))
        return 0
    random, killed, jobs, wrong, where = Random(options.seed), 0, 0, list[str](), Counter[str]()
    began = time.monotonic()
    while killed < options.times:
        with tempfile.TemporaryDirectory(prefix="tagbrush-killing-") as folder:
            data = Path(folder)
            for number in range(min(LIVES, options.times - killed)):
                ended = process(data, random.randint(1, STEPS), number)
                killed += ended.returncode == -signal.SIGKILL
                if ended.returncode not in (0, -signal.SIGKILL):
                    wrong.append(f"a life ended with {ended.returncode}: {ended.stderr[-2000:]}")
            last = process(data, 0, 0)
            wrong += (
                [f"the last life ended with {last.returncode}: {last.stderr[-2000:]}"]
                if last.returncode
                else []
            )
            wrong += wrong_with(data)
            with closing(sqlite3.connect(data / "tagbrush.sqlite3")) as database:
                jobs += database.execute("SELECT count(*) FROM jobs").fetchone()[0]
            log = data / "killed.log"
            where.update(log.read_text().splitlines() if log.exists() else [])
        print(f"{killed} kills, {jobs} jobs, {len(wrong)} wrong", file=sys.stderr, flush=True)
    for text in wrong:
        print(text)
    moments = ", ".join(f"{name} {count}" for name, count in where.most_common())
    return show(
        "Killed at random (`benchmarks.killing`)",
        [
            Row("kills", str(killed), str(options.times), killed >= options.times),
            Row(
                "jobs, each delivered by exactly one message",
                f"{jobs} with {len(wrong)} wrong",
                "0 wrong",
                not wrong,
            ),
            Row("moments", moments),
            Row("took", f"{time.monotonic() - began:.0f} s"),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
