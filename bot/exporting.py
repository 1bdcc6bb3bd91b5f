"""Taking pictures home: a member's own originals with their recipes, in parts that fit into a message."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import shutil
import tempfile
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Final

from bot.album import Album
from bot.comparing import label_of
from bot.export_part import ROOM, Entry, write_part
from bot.orders import Origin
from bot.pictures import DiskFull, Pictures
from bot.ratings import rating_of
from bot.studio import Studio
from db.history import History, Shown, Wanted
from db.jobs import Job
from pipeline.errors import MemberError
from pipeline.sentence import Sentence

MOST_PICTURES: Final = 1000
"""Of one export; what is beyond is asked for with the next one."""
MOST_PARTS: Final = 20
"""Messages of one export."""
AT_ONCE: Final = 2
"""Exports of all members that are being built; others wait."""
_PAGE: Final = 100
_MIB: Final = 1024 * 1024

GONE: Final = Sentence("no longer on the disk")
DELETED: Final = Sentence("deleted meanwhile")
RATED: Final = Sentence("rated above what may be shown in this channel")


class Export:
    """One export on its way: its pictures, and the parts as they are asked for."""

    def __init__(
        self, *, studio: Studio, pictures: Pictures, origin: Origin, shown: list[Shown], folder: Path
    ) -> None:
        self.parts = 0
        """Parts that were taken."""
        self.sent = 0
        """Pictures in them."""
        self.left_out: list[tuple[Sentence, Sentence]] = []
        """Pictures that are in no part, such as `#12 picture 1`, and why."""
        self._studio = studio
        self._pictures = pictures
        self._origin = origin
        self._shown = shown
        self._folder = folder
        self._next = 0
        self._job: Job | None = None
        self._chosen: list[Entry] = []
        self._skipped: list[tuple[Sentence, Sentence]] = []
        self._upcoming = 0

    @property
    def total(self) -> int:
        """Pictures that were found, as far as one export takes them."""
        return min(len(self._shown), MOST_PICTURES)

    @property
    def rest(self) -> int | None:
        """The number before which the rest of the jobs is, when a cap was reached; None when all is done."""
        return self._shown[self._next].job_id + 1 if self._next < len(self._shown) else None

    async def part(self, limit: int) -> Path | None:
        """Write the next part; None when there is nothing (more) for one.

        The same part again, when `took` was not called meanwhile: to be asked for with a smaller limit.

        Raises:
            DiskFull: there is no room for it.
        """
        if self.parts >= MOST_PARTS:
            return None
        self._chosen, self._upcoming, self._skipped = [], self._next, []
        room = limit - ROOM
        for place in range(self._next, self.total):
            entry = await self._entry(self._shown[place], limit)
            if entry is not None:
                if entry.room > room:
                    break
                room -= entry.room
                self._chosen.append(entry)
            self._upcoming = place + 1
        if not self._chosen:
            self.took()
            return None
        await self._pictures.check_space()
        target = self._folder / f"part-{self.parts + 1}.zip"
        try:
            gone = await self._pictures.work(partial(write_part, target, tuple(self._chosen)))
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull("The disk of this bot is full, so the export stops here.") from error
            raise
        for entry in gone:
            self._chosen.remove(entry)
            self._skipped.append((label_of(entry.job.id, entry.image.position), GONE))
        if not self._chosen:
            self.took()
            return await self.part(limit)
        return target

    def took(self) -> None:
        """The part has arrived: go on behind it."""
        self._next = self._upcoming
        self.left_out += self._skipped
        self.sent += len(self._chosen)
        self.parts += bool(self._chosen)
        self._chosen, self._skipped = [], []

    async def _entry(self, shown: Shown, limit: int) -> Entry | None:
        """The picture as it is now, or None with a note of why it is left out."""
        if self._job is None or self._job.id != shown.job_id:
            self._job = await self._studio.job(shown.job_id)
        job, name = self._job, label_of(shown.job_id, shown.position)
        image = next((each for each in job.images if each.id == shown.image_id), None) if job else None
        if job is None or image is None or job.deleted_at is not None:
            self._skipped.append((name, DELETED))
            return None
        profile = self._studio.profiles.get(image.profile)
        threshold = self._studio.threshold(self._origin)
        if rating_of(job, profile, threshold).level > self._studio.ceiling(self._origin).level:
            self._skipped.append((name, RATED))
            return None
        path = self._pictures.path(image.file or "")
        try:
            size = (await self._pictures.work(path.stat)).st_size
        except OSError:
            self._skipped.append((name, GONE))
            return None
        entry = Entry(job, image, path, size)
        if entry.room > limit - ROOM:
            why = Sentence("larger than the {limit} MB that Discord takes", limit=max(1, limit // _MIB))
            self._skipped.append((name, why))
            return None
        return entry


class Exporter:
    """Finds what is to be exported and lends a folder for the parts. Speaks no Discord."""

    def __init__(
        self, *, studio: Studio, album: Album, history: History, pictures: Pictures, folder: Path
    ) -> None:
        self._studio = studio
        self._album = album
        self._history = history
        self._pictures = pictures
        self._folder = folder
        self._members: set[int] = set()
        self._few = asyncio.Semaphore(AT_ONCE)

    async def clean(self) -> None:
        """Remove what a run that was killed has left."""
        await self._pictures.work(partial(shutil.rmtree, self._folder, ignore_errors=True))

    @contextlib.asynccontextmanager
    async def export(self, origin: Origin, wanted: Wanted, before: int = 0) -> AsyncIterator[Export]:
        """Find a member's own pictures in a guild, newest first; the parts' files are gone when the block ends.

        Args:
            origin: whose, and where they ask: what is rated above that place's ceiling is left out.
            wanted: the filters, as the history's.
            before: only jobs with smaller numbers; 0 for all.

        Raises:
            MemberError: nothing fits, or the member's last export is not done.
        """
        if origin.user_id in self._members:
            raise MemberError("Your last export is still on its way. Ask again when it is done.")
        self._members.add(origin.user_id)
        try:
            async with self._few:
                shown = await self._find(origin, wanted, before)
                if not shown:
                    raise MemberError(
                        "Nothing of yours in this server fits, so there is nothing to export. `/history` shows what "
                        "there is."
                    )
                folder = Path(await self._pictures.work(self._make_folder))
                try:
                    yield Export(
                        studio=self._studio,
                        pictures=self._pictures,
                        origin=origin,
                        shown=shown,
                        folder=folder,
                    )
                finally:
                    with contextlib.suppress(RuntimeError):  # the program ends; the next start removes it
                        await self._pictures.work(partial(shutil.rmtree, folder, ignore_errors=True))
        finally:
            self._members.discard(origin.user_id)

    def _make_folder(self) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        return tempfile.mkdtemp(dir=self._folder)

    async def _find(self, origin: Origin, wanted: Wanted, before: int) -> list[Shown]:
        cursor = await self._history.first_image(before) if before else 0
        for each in (wanted, self._album.begins(wanted)):
            if each is not None and (found := await self._own(origin, each, cursor)):
                return found
        return []

    async def _own(self, origin: Origin, wanted: Wanted, before: int) -> list[Shown]:
        """Favourites may be others' pictures: those are theirs to export."""
        found: list[Shown] = []
        # One more than is sent tells that there is a rest.
        while len(found) <= MOST_PICTURES:
            page = await self._history.page(origin.user_id, origin.guild_id, wanted, size=_PAGE, before=before)
            found += [shown for shown in page.pictures if shown.user_id == origin.user_id]
            if not page.older or not page.pictures:
                break
            before = page.pictures[-1].image_id
        return found
