"""A real database file for each test, and jobs to put into it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from db.database import Database
from db.jobs import Job, Jobs, NewImage, NewJob

NewJobs = Callable[..., NewJob]


class Clock:
    """Unix seconds that stand still until a test moves them."""

    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        """The time."""
        return self.time


@pytest.fixture
def clock() -> Clock:
    """The injected clock."""
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is made."""
    return tmp_path / "tagbrush.sqlite3"


@pytest.fixture
async def db(path: Path, clock: Clock) -> AsyncIterator[Database]:
    """An open, empty database."""
    async with Database.open(path, clock, busy_seconds=0.05) as database:
        yield database


@pytest.fixture
def jobs(db: Database) -> Jobs:
    """The queries on it."""
    return Jobs(db)


def new_image(seed: int = 1, *, cost: float = 2.5, prompt: str = "1girl") -> NewImage:
    """A picture to be painted."""
    return NewImage(
        recipe=f'{{"seed": {seed}}}',
        profile="miniature",
        prompt=prompt,
        negative_prompt="lowres",
        seed=seed,
        width=256,
        height=256,
        steps=20,
        cost=cost,
    )


def new_job(
    *,
    images: int = 1,
    user: int = 7,
    guild: int = 9,
    origin: str = "discord",
    user_name: str = "Mia",
    prompt: str = "1girl",
    cost: float = 2.5,
    cap_user: int = 100,
    cap_guild: int = 1000,
) -> NewJob:
    """A request to be queued."""
    return NewJob(
        origin=origin,
        guild_id=guild,
        guild_name="Guild",
        channel_id=11,
        user_id=user,
        user_name=user_name,
        private=False,
        request='{"asked": true}',
        notes="{}",
        images=tuple(new_image(seed, prompt=prompt, cost=cost) for seed in range(images)),
        pending_cap_user=cap_user,
        pending_cap_guild=cap_guild,
    )


async def paint(jobs: Jobs, image_id: int) -> Job:
    """Take a picture from queued to painted."""
    assert await jobs.image_started(image_id)
    return await jobs.image_painted(
        image_id,
        file=f"{image_id}.png",
        sha256="ab" * 32,
        seconds=1.5,
        weights="hub:x",
        recipe='{"done": true}',
    )
