"""What the owner of the instance sees of it at a glance."""

from __future__ import annotations

from dataclasses import dataclass

from bot.pictures import Pictures, Room
from bot.tally import Fault, Tally
from db.jobs import Jobs, JobState


@dataclass(frozen=True, slots=True)
class Overview:
    """A snapshot. `faults` were logged since the start, the newest of them are `newest`."""

    waiting: int
    running: int
    failed: int
    room: Room
    faults: int
    newest: tuple[Fault, ...]


class Overseer:
    """Collects it."""

    def __init__(self, jobs: Jobs, pictures: Pictures, tally: Tally) -> None:
        self._jobs = jobs
        self._pictures = pictures
        self._tally = tally

    async def look(self) -> Overview:
        """The snapshot.

        Raises:
            DatabaseError: the database is unusable.
        """
        counts = await self._jobs.counts()
        return Overview(
            waiting=counts[JobState.QUEUED],
            running=counts[JobState.RUNNING],
            failed=await self._jobs.failed_lately(),
            room=await self._pictures.room(),
            faults=self._tally.count,
            newest=tuple(self._tally.newest),
        )
