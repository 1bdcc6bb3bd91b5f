"""Forgetting a member: their jobs, pictures, prompts, marks and name, and what then is left to take down."""

from __future__ import annotations

import logging
from typing import Final

from bot.errors import tell
from bot.handed_in import HandedIn
from bot.pictures import Pictures
from bot.studio import Studio
from db.errors import DatabaseError
from db.forgetting import Belongings, Forgetting, Takedown

log = logging.getLogger(__name__)

AT_ONCE: Final = 100
"""Jobs erased, files removed or messages read between two visits to the database."""


class Forgetter:
    """The use case of a member who wants to be forgotten. Speaks no Discord.

    `begin` makes it certain; `erase` does it and may be repeated at any time, by the next start at the latest.
    """

    def __init__(
        self, *, studio: Studio, forgetting: Forgetting, pictures: Pictures, handed_in: HandedIn
    ) -> None:
        self._studio = studio
        self._forgetting = forgetting
        self._pictures = pictures
        self._handed_in = handed_in

    async def belongings(self, user_id: int) -> Belongings:
        """What there is of a member."""
        return await self._forgetting.belongings(user_id)

    async def begin(self, user_id: int) -> None:
        """Write down that this member is to be forgotten; from here on it happens, whatever is killed.

        What they ask for after this is theirs again, and stays.
        """
        await self._forgetting.begin(user_id)

    async def pending(self) -> tuple[int, ...]:
        """Members whose erasing is not finished."""
        return await self._forgetting.pending()

    async def is_pending(self, user_id: int) -> bool:
        """Whether something of this member is still to be erased."""
        return user_id in await self._forgetting.pending()

    async def erase(self, user_id: int) -> None:
        """Cancel what waits or runs, then erase everything that `begin` has marked.

        Raises:
            DatabaseError: not now; it may be called again.
        """
        for job_id in await self._forgetting.unfinished(user_id):
            await self._studio.cancel(job_id)
        while await self._forgetting.erase_some(user_id, AT_ONCE):
            pass
        await self.sweep()
        await self._forgetting.compact()
        await self._forgetting.finish(user_id)
        # The member is named in the log until it is emptied once more.
        await self._forgetting.compact()
        log.info("a member was forgotten")

    async def resume(self) -> None:
        """Go on with what the last run has left. To be called before anything is recovered or painted."""
        try:
            for user_id in await self._forgetting.pending():
                await self.erase(user_id)
            await self.sweep()
        except DatabaseError as error:
            tell(error, "forgetting a member")

    async def sweep(self) -> None:
        """Take the files from the disk; those that cannot be removed now are tried again at every start."""
        after = ""
        while files := await self._sweep_some(after):
            after = files[-1]

    async def _sweep_some(self, after: str) -> tuple[str, ...]:
        # Somebody else may hand in the very same file at any moment, which is then not to go any more.
        async with self._handed_in.still:
            files = await self._forgetting.doomed_files(AT_ONCE, after)
            await self._forgetting.files_gone([each for each in files if await self._pictures.remove(each)])
        return files

    async def compact(self) -> None:
        """See to it that nothing of what was erased can be read from the database's files any more."""
        await self._forgetting.compact()

    # -- messages --------------------------------------------------------------------------------------------

    async def takedowns(self, after: int = 0) -> tuple[Takedown, ...]:
        """Messages that are to go, after one of them; at most `AT_ONCE`."""
        return await self._forgetting.takedowns(AT_ONCE, after)

    async def taken_down(self, message: Takedown) -> None:
        """It is gone."""
        await self._forgetting.taken_down(message.message_id)

    async def refused(self, message: Takedown) -> None:
        """Discord does not let it go; another start tries again, a few times."""
        await self._forgetting.refused(message.message_id)
