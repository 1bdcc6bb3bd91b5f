"""Where a private draft is shown: an answer that only its member sees, else a direct message."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

import discord

from bot.said import failure
from cogs.fate import NOBODY, TROUBLE, Fate, fate_of
from cogs.text import CONTENT_LIMIT, clean, shown, trim
from cogs.uploads import Upload, place_in, prefix
from cogs.withheld import remarks
from cogs.words import say
from db.jobs import Job

log = logging.getLogger(__name__)

_HISTORY: Final = 100
"""Direct messages looked through for a draft that was sent but not written down."""
_EXPIRED: Final = (
    "Your private draft #{job} of <#{channel}> is ready. Discord lets me answer a command for 15 minutes only, so it "
    "comes here. `/show job:{job}` in that server shows it with all its buttons, Share among them."
)
_UNREACHABLE: Final = (
    "<@{user}> your private draft #{job} is ready. Discord lets me answer a command for 15 minutes only, and I cannot "
    "write you a direct message. `/show job:{job}` shows it to you alone."
)
_WITHHELD: Final = "Your private draft #{job} of <#{channel}> is not shown. {why}"
_FAILED: Final = "Your private draft #{job} of <#{channel}> could not be painted: {error}"


class DraftPost:
    """Does for a private draft what `Post` does for a public job: nothing of it is shown in the channel.

    Discord forgets the member's own answers when the interaction expires or the bot restarts; then the pictures come
    as a direct message, and where that is closed a sentence in the channel says how to look at them.
    """

    def __init__(
        self,
        client: discord.Client,
        job: Job,
        interaction: discord.Interaction[Any] | None = None,
        *,
        fresh: bool = False,
    ) -> None:
        """Prepare. A `fresh` one of a batch needs an answer of its own."""
        self._client = client
        self._job = job
        self._interaction = interaction
        self._fresh = fresh
        self._answer_id: int | None = None
        self.message_id: int | None = None
        """Never known: only its member can see the answer."""
        self._direct = False
        self.sent: discord.Message | None = None
        """The direct message that shows the pictures, when they came that way just now."""

    def now(self, job: Job) -> None:
        """The job as it is by now: moderators may have changed what it shows."""
        self._job = job

    @property
    def interaction(self) -> discord.Interaction[Any] | None:
        """The interaction while its token lives (15 minutes)."""
        if self._interaction is not None and self._interaction.is_expired():
            self._interaction = None
        return self._interaction

    async def open(self, view: discord.ui.LayoutView) -> int | None:
        """Show a job of a batch in an answer of its own. There is no message id that another process could use."""
        if (interaction := self.interaction) is not None:
            message = await interaction.followup.send(
                view=view, ephemeral=True, wait=True, allowed_mentions=NOBODY
            )
            self._answer_id = message.id
        return None

    async def update(self, view: discord.ui.LayoutView, files: Sequence[discord.File] = ()) -> bool:
        """Show progress if that is possible. Never raises. Returns whether files are worth another try."""
        before = self._interaction
        try:
            shown = await self._edit(view, files)
        except TROUBLE as error:
            log.info("job %s: progress not shown: %s", self._job.id, error)
            return fate_of(error) is Fate.LATER
        if files and not shown:
            self._interaction = before  # that may be about the files: an edit without them tells
        return shown

    async def _edit(self, view: discord.ui.LayoutView, files: Sequence[discord.File]) -> bool:
        """Edit the answer. False when there is none any more."""
        if (interaction := self.interaction) is None:
            return False
        try:
            if self._answer_id is None and self._fresh:
                # The interaction's own answer belongs to the whole batch.
                message = await interaction.followup.send(
                    view=view, files=list(files), ephemeral=True, wait=True, allowed_mentions=NOBODY
                )
                self._answer_id = message.id
            elif self._answer_id is None:
                await interaction.edit_original_response(view=view, attachments=files, allowed_mentions=NOBODY)
            else:
                await interaction.followup.edit_message(
                    self._answer_id, view=view, attachments=files, allowed_mentions=NOBODY
                )
        except discord.HTTPException as error:
            if fate_of(error) is not Fate.ELSEWHERE:
                raise
            self._interaction = None
            return False
        return True

    async def result(
        self, view: discord.ui.LayoutView, uploads: Sequence[Upload], description: str
    ) -> int | None:
        """Show the pictures. Raises like `Post.result`."""
        if not await self._edit(view, [upload.file(description) for upload in uploads]):
            text = say(_EXPIRED, job=self._job.id, channel=self._job.channel_id)
            await self._write(text, uploads, description)
        return None

    async def closing(self, view: discord.ui.LayoutView, *, insist: bool) -> None:
        """Show the end of a job without pictures. Raises like `Post.closing`."""
        if not await self._edit(view, ()) and insist:
            withheld = " ".join(remarks(self._job))
            error = shown(failure(self._job)) or say("Something went wrong on our side.")
            text = say(_FAILED, job=self._job.id, channel=self._job.channel_id, error=error)
            if withheld:
                text = say(_WITHHELD, job=self._job.id, channel=self._job.channel_id, why=withheld)
            await self._write(trim(clean(text), CONTENT_LIMIT), (), "")

    async def tell(self, text: str) -> None:
        """Nothing besides: the pictures came as a direct message, or in an answer that they look at."""

    async def mention(self, text: str) -> None:
        """Notify the member by a direct message, which names no picture; not when they have just got one."""
        if not self._direct:
            draft = say(
                "Job #{job}, your private draft of <#{channel}>.",
                job=self._job.id,
                channel=self._job.channel_id,
            )
            text = f"{text} {draft}"
            direct = await self._client.create_dm(discord.Object(self._job.user_id))
            await direct.send(
                trim(clean(text), CONTENT_LIMIT), nonce=f"tb{self._job.id}m", allowed_mentions=NOBODY
            )

    async def _write(self, text: str, uploads: Sequence[Upload], description: str) -> None:
        """A direct message; where the member takes none, a sentence in the channel that says nothing of the draft."""
        try:
            direct = await self._client.create_dm(discord.Object(self._job.user_id))
            hidden = {image.position for image in self._job.images if image.check_state == "spoiler"}
            files = [upload.file(description, spoiler=place_in(upload.name) in hidden) for upload in uploads]
            nonce = f"tb{self._job.id}d{self._job.revision or ''}"
            sent = await direct.send(text, files=files, nonce=nonce, allowed_mentions=NOBODY)
            self._direct = True
            self.sent = sent if uploads else None
        except discord.HTTPException as error:
            if fate_of(error) is not Fate.ELSEWHERE or error.status == 401:
                raise
            log.info("job %s: no direct message: %s", self._job.id, error)
            channel = self._client.get_partial_messageable(self._job.channel_id, guild_id=self._job.guild_id)
            await channel.send(
                say(_UNREACHABLE, user=self._job.user_id, job=self._job.id) if uploads else _told(self._job),
                nonce=f"tb{self._job.id}p",
                allowed_mentions=NOBODY,
            )

    async def find_posted(self, job: Job) -> int | None:
        """The id of a direct message that already shows the pictures.

        Raises:
            aiohttp.ClientError, OSError, discord.DiscordServerError: Discord cannot be asked now.
        """
        if self.interaction is not None:
            return None  # the answer is edited, which can be done twice
        try:
            direct = await self._client.create_dm(discord.Object(job.user_id))
            async for message in direct.history(limit=_HISTORY):
                begins = (prefix(job.id, job.revision), "SPOILER_" + prefix(job.id, job.revision))
                if any(a.filename.startswith(begins) for a in message.attachments):
                    self._direct = True
                    return message.id
        except (discord.NotFound, discord.Forbidden) as error:
            log.info("job %s: direct messages cannot be read: %s", job.id, error)
        return None


def _told(job: Job) -> str:
    return say("<@{user}> your private draft #{job} could not be painted.", user=job.user_id, job=job.id)
