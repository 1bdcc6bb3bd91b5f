"""The live board: what is known right now about jobs in progress, and who wants to hear of changes.

It lives in memory and on the event loop only; the database is the truth. Only what changes at every step
(step, loading text) is here, because writing that down would be waste.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from bot.orders import Left
from pipeline.work import Preview

MAX_PREVIEWS: Final = 4
"""Previews kept of one job: as many as are shown as one picture."""


@dataclass(slots=True)
class LiveImage:
    """One picture in the engine."""

    job_id: int
    step: int = 0
    steps: int = 0
    position: int = 0
    """Its place among the pictures of its job, from 0."""


@dataclass(slots=True)
class LiveJob:
    """One job that waits or runs."""

    id: int
    guild_id: int
    user_id: int
    profile: str
    images: int
    done: int = 0
    finishing: int = 0
    """Pictures that have left the engine, and are being checked and written down."""
    note: str = ""
    """What the member should know now: a model is loading, the disk is full."""
    notices: tuple[str, ...] = ()
    """What stays worth knowing until the end, such as a change the out-of-memory ladder made."""
    previews: dict[int, Preview] = field(default_factory=dict)
    """The newest of each picture by its position, the longest unchanged first."""
    left: Left | None = None
    """What its member may still ask for, where that is limited."""
    event: asyncio.Event = field(default_factory=asyncio.Event)


class Board:
    """Live jobs and pictures by id."""

    def __init__(self) -> None:
        self._jobs: dict[int, LiveJob] = {}
        self.trouble = ""
        """What holds everybody up: the disk is full, the database is locked. Empty when all is well."""
        self.images: dict[int, LiveImage] = {}

    def open(
        self, job_id: int, guild_id: int, user_id: int, profile: str, images: int, done: int = 0
    ) -> LiveJob:
        """The live job, made when it is not there yet: `done` of its `images` pictures are finished."""
        return self._jobs.setdefault(job_id, LiveJob(job_id, guild_id, user_id, profile, images, done))

    def jobs(self) -> tuple[LiveJob, ...]:
        """All live jobs, oldest first."""
        return tuple(self._jobs.values())

    def set_trouble(self, text: str) -> None:
        """Tell everybody what holds them up, or that it is over."""
        if text != self.trouble:
            self.trouble = text
            self.all_changed(list(self._jobs))

    def running(self, job_id: int) -> bool:
        """Whether a picture of this job is in the engine or has left it."""
        live = self._jobs.get(job_id)
        return (live is not None and live.done + live.finishing > 0) or any(
            i.job_id == job_id for i in self.images.values()
        )

    def get(self, job_id: int) -> LiveJob | None:
        """The live job, or None when it is final."""
        return self._jobs.get(job_id)

    def steps_of(self, job_id: int) -> tuple[int, int]:
        """Steps done and steps in all of the job's pictures that are in the engine."""
        mine = [image for image in self.images.values() if image.job_id == job_id]
        return sum(i.step for i in mine), sum(i.steps for i in mine)

    def show(self, preview: Preview) -> None:
        """Keep the newest preview of a picture in the engine, and few of each job. Wakes nobody."""
        image = self.images.get(preview.id)
        live = None if image is None else self._jobs.get(image.job_id)
        if image is None or live is None:
            return
        live.previews.pop(image.position, None)
        live.previews[image.position] = preview
        while len(live.previews) > MAX_PREVIEWS:
            del live.previews[next(iter(live.previews))]

    def finish(self, job_id: int, pictures: int) -> None:
        """So many pictures more (or fewer, below zero) have left the engine and are not written down."""
        if live := self._jobs.get(job_id):
            live.finishing += pictures

    def hide(self, job_id: int, position: int) -> None:
        """A finished picture is withheld: what it looked like while it formed goes as well."""
        if live := self._jobs.get(job_id):
            live.previews.pop(position, None)

    def unshow(self, image_id: int) -> None:
        """Nothing will come of this picture: forget what it looked like."""
        image = self.images.get(image_id)
        if image is not None and (live := self._jobs.get(image.job_id)):
            live.previews.pop(image.position, None)

    def previews_of(self, live: LiveJob) -> tuple[Preview | None, ...]:
        """What a job's pictures look like now, by position, None where there is nothing yet; empty if nowhere.

        Of a job with many pictures those that changed last.
        """
        if not live.previews:
            return ()
        places = range(live.images) if live.images <= MAX_PREVIEWS else sorted(live.previews)
        return tuple(live.previews.get(place) for place in places)

    def changed(self, job_id: int) -> None:
        """Wake whoever follows this job."""
        if live := self._jobs.get(job_id):
            live.event.set()
            live.event = asyncio.Event()

    def guild_changed(self, guild_id: int) -> None:
        """Wake whoever follows a job of this guild: positions moved."""
        self.all_changed(job.id for job in list(self._jobs.values()) if job.guild_id == guild_id)

    def all_changed(self, job_ids: Iterable[int]) -> None:
        """Wake the followers of several jobs."""
        for job_id in job_ids:
            self.changed(job_id)

    def close(self, job_id: int) -> None:
        """The job is final: forget it and wake its followers a last time."""
        if live := self._jobs.pop(job_id, None):
            live.event.set()
        for image_id in [i for i, image in self.images.items() if image.job_id == job_id]:
            del self.images[image_id]
