"""How long `/history` takes with a million pictures: `python -m benchmarks.history`.

The database is real, made once in a folder that is kept (`--folder`), with members whose numbers of pictures are as
uneven as they are on a server: the most eager of 2,000 has a fifth of all. Prompts are made of Danbooru's kind of
tags, a few of them in almost every prompt. Measured is what a member waits for in the database: one page, through the
queries and the connection that the bot uses, without pictures and Discord.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.report import Row, percentile, show
from bot.album import PAGE
from db.database import Database
from db.history import History, Wanted

MEMBERS: Final = 2000
GUILD: Final = 9
TARGET_MS: Final = 50.0
COMMON: Final = ("1girl", "solo", "smile", "long hair", "looking at viewer", "blue eyes", "school uniform")
PER_JOB: Final = 2


def prompts(rng: Random) -> Iterator[str]:
    """Prompts of eight tags, some in nearly all of them, most of them rare."""
    adjectives = ("green", "red", "gothic", "torn", "striped", "summer", "night", "winter", "glass", "old")
    rare = [f"{adjective} thing{number}" for number in range(300) for adjective in adjectives]
    while True:
        tags = rng.sample(COMMON, 4) + [rare[min(int(rng.paretovariate(0.6)), len(rare)) - 1] for _ in range(4)]
        yield ", ".join(tags)


def member_of(rng: Random) -> int:
    """A member, the first of whom paint most (Zipf's law, exponent about 1)."""
    return min(MEMBERS, int(rng.paretovariate(0.35)))


async def make(path: Path, images: int) -> None:
    """Fill a database with that many pictures."""
    async with Database.open(path):
        pass
    rng = Random(1)
    texts = prompts(rng)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    connection.execute("INSERT OR IGNORE INTO guilds VALUES (?, 'Guild', 0, 0)", (GUILD,))
    connection.executemany(
        "INSERT OR IGNORE INTO users VALUES (?, ?, 0, 0)", [(n, f"member {n}") for n in range(1, MEMBERS + 1)]
    )
    for job in range(1, images // PER_JOB + 1):
        user, prompt = member_of(rng), next(texts)
        connection.execute(
            "INSERT INTO jobs (id, origin, guild_id, user_id, channel_id, message_id, private, state, request, notes,"
            " created_at, rendered_at, delivered_at)"
            " VALUES (?, 'discord', ?, ?, 11, ?, 0, 'delivered', ?, '{}', ?, ?, ?)",
            (job, GUILD, user, 10**9 + job, json.dumps({"prompt": prompt}), *([1.7e9 + 60.0 * job] * 3)),
        )
        connection.execute(
            "INSERT INTO job_texts (rowid, owner, prompt) VALUES (?, ?, ?)", (job, f"u{user}", prompt)
        )
        connection.executemany(
            "INSERT INTO images (job_id, position, state, recipe, profile, prompt, negative_prompt, seed, width,"
            " height, steps, cost, file, sha256) VALUES (?, ?, 'painted', '{}', ?, ?, '', 1, 256, 256, 25, 1.0, ?, ?)",
            [
                (
                    job,
                    p,
                    ("miniature", "animagine-xl-4.0")[job % 2],
                    prompt,
                    f"{job}-{p}.png",
                    f"{job:060x}{p:04x}",
                )
                for p in range(PER_JOB)
            ],
        )
    connection.execute(
        "INSERT INTO favourites SELECT jobs.user_id, images.id, 0 FROM images JOIN jobs ON jobs.id = images.job_id"
        " WHERE images.id % 50 = 0"
    )
    connection.execute("COMMIT")
    connection.close()


async def measure(path: Path, rounds: int) -> list[tuple[str, list[float]]]:
    """Milliseconds of each kind of page, each for members and texts by chance."""
    rng = Random(2)
    texts = prompts(rng)
    found: dict[str, list[float]] = {}
    async with Database.open(path) as db:
        history = History(db)

        async def timed(name: str, user: int, wanted: Wanted, *, before: int = 0) -> int:
            begun = time.perf_counter()
            page = await history.page(user, GUILD, wanted, size=PAGE, before=before)
            found.setdefault(name, []).append(1000 * (time.perf_counter() - begun))
            return page.pictures[-1].image_id if page.pictures else 0

        for _ in range(rounds):
            for who, user in (("any member", member_of(rng)), ("the most eager", 1)):
                cursor = await timed(f"newest page, {who}", user, Wanted())
                if cursor:
                    await timed(f"an older page, {who}", user, Wanted(), before=max(2, cursor // 3))
                tags = next(texts).split(", ")
                await timed(f"a common word, {who}", user, Wanted(text=tags[0]))
                await timed(f"a rare word, {who}", user, Wanted(text=tags[-1]))
                await timed(f"three words, {who}", user, Wanted(text=f"{tags[0]} {tags[5]}"[:32]))
                await timed(f"words that begin so, {who}", user, Wanted(text="stri*"))
                await timed(f"no such word, {who}", user, Wanted(text="nowhere"))
                await timed(f"favourites, {who}", user, Wanted(favourites=True))
                await timed(f"one model, {who}", user, Wanted(profile="animagine-xl-4.0"))
    return list(found.items())


def main() -> int:
    """Make the database if it is missing, and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=Path(".benchmarks/history"))
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    path = given.folder / f"{given.images}.sqlite3"
    if not path.exists():
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        asyncio.run(make(part, given.images))
        part.replace(path)
    rows = []
    for name, times in asyncio.run(measure(path, given.rounds)):
        p99 = percentile(times, 0.99)
        figure = f"median {percentile(times, 0.5):.1f} ms, p99 {p99:.1f} ms, most {max(times):.1f} ms"
        rows.append(Row(name, figure, f"p99 under {TARGET_MS:.0f} ms", p99 < TARGET_MS))
    size = path.stat().st_size / 1e6
    return show(f"History of {given.images:,} pictures ({size:.0f} MB), {given.rounds} rounds", rows)


if __name__ == "__main__":
    sys.exit(main())
