"""One job's message: edited while the interaction lives, through the channel after that, new at last."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import discord

from cogs.fate import NOBODY, TROUBLE, Fate, fate_of
from cogs.uploads import Upload, prefix
from cogs.views import moved_view
from db.jobs import Job

log = logging.getLogger(__name__)

EDITABLE_FOR: Final = timedelta(minutes=55)
"""Discord limits edits of messages older than an hour (30046): from here on the result is a new message."""
HISTORY: Final = 300
"""Messages looked through, from each end, for a result that was posted but not written down."""
SKEW: Final = timedelta(minutes=10)
"""How far this machine's clock may be ahead of Discord's."""


class Post:
    """Where a job is shown. `message_id` is None until a message is known."""

    def __init__(
        self, client: discord.Client, job: Job, interaction: discord.Interaction[Any] | None = None
    ) -> None:
        self.message_id = job.message_id
        self._job = job
        self._client = client
        self._interaction = interaction
        self._channel = client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)
        self._lost = False

    def now(self, job: Job) -> None:
        """The job as it is by now: moderators may have changed what it shows."""
        self._job = job

    @property
    def interaction(self) -> discord.Interaction[Any] | None:
        """The interaction while its token lives (15 minutes)."""
        if self._interaction is not None and self._interaction.is_expired():
            self._interaction = None
        return self._interaction

    @property
    def _nonce(self) -> str:
        """Another one from each revision of what the job shows on: Discord must take that as well."""
        return f"tb{self._job.id}v{self._job.revision}" if self._job.revision else f"tb{self._job.id}"

    def _editable(self) -> bool:
        if self.message_id is None or self._lost:
            return False
        return discord.utils.utcnow() - discord.utils.snowflake_time(self.message_id) < EDITABLE_FOR

    async def open(self, view: discord.ui.LayoutView) -> int | None:
        """Show a job that has no message yet in a new one. Returns the message's id, to be remembered.

        Raises like `result`.
        """
        message = await self._channel.send(view=view, nonce=f"tb{self._job.id}o", allowed_mentions=NOBODY)
        self.message_id = message.id
        return message.id

    async def mention(self, text: str) -> None:
        """Mention the member, and nobody else, below the message: an edit, as most results are, notifies nobody.

        Raises like `result`.
        """
        author = discord.AllowedMentions(
            everyone=False, roles=False, replied_user=False, users=[discord.Object(self._job.user_id)]
        )
        below: dict[str, Any] = {}
        if self.message_id is not None:
            below["reference"] = discord.MessageReference(
                message_id=self.message_id, channel_id=self._job.channel_id, fail_if_not_exists=False
            )
        text, nonce = f"<@{self._job.user_id}> {text}", f"tb{self._job.id}m"
        await self._channel.send(text, nonce=nonce, allowed_mentions=author, **below)

    async def tell(self, text: str) -> None:
        """Name the member below the message, without notifying anybody. Raises like `result`."""
        below: dict[str, Any] = {}
        if self.message_id is not None:
            below["reference"] = discord.MessageReference(
                message_id=self.message_id, channel_id=self._job.channel_id, fail_if_not_exists=False
            )
        text, nonce = f"<@{self._job.user_id}> {text}", f"{self._nonce}t"
        await self._channel.send(text, nonce=nonce, allowed_mentions=NOBODY, **below)

    async def update(self, view: discord.ui.LayoutView, files: Sequence[discord.File] = ()) -> bool:
        """Show progress if that is possible. Never raises: the next update or the result says it all.

        Returns:
            Whether it is worth trying with files again; they may be too large here or not allowed.
        """
        before = self._interaction, self._lost
        try:
            shown = await self._edit(view, files)
        except TROUBLE as error:
            log.info("job %s: progress not shown: %s", self._job.id, error)
            return fate_of(error) is Fate.LATER
        if files and not shown:
            # That may be about the files: whether the message is gone tells an edit without.
            self._interaction, self._lost = before
        return shown

    async def _edit(self, view: discord.ui.LayoutView, files: Sequence[discord.File]) -> bool:
        """Edit the job's message. False when there is none that can be edited."""
        if not self._lost and (interaction := self.interaction) is not None:
            try:
                message = await interaction.edit_original_response(
                    view=view, attachments=files, allowed_mentions=NOBODY
                )
            except discord.HTTPException as error:
                if fate_of(error) is not Fate.ELSEWHERE:
                    raise
                self._interaction = None
                self._lost = error.code == 10008
                _rewind(files)
            else:
                self.message_id = message.id
                return True
        if not self._editable() or self.message_id is None:
            return False
        try:
            partial = self._channel.get_partial_message(self.message_id)
            await partial.edit(view=view, attachments=files, allowed_mentions=NOBODY)
        except discord.HTTPException as error:
            if fate_of(error) is not Fate.ELSEWHERE:
                raise
            self._lost = True
            _rewind(files)
            return False
        return True

    async def result(self, view: discord.ui.LayoutView, uploads: Sequence[Upload], description: str) -> int:
        """Post the pictures: into the job's message if possible, else as a new one. Returns the message's id.

        Raises:
            discord.HTTPException, aiohttp.ClientError, OSError: see `fate_of`.
        """
        files = [upload.file(description) for upload in uploads]
        if await self._edit(view, files) and self.message_id is not None:
            return self.message_id
        old = self.message_id
        # Discord drops a second message with this nonce, so a repeated attempt cannot post twice.
        message = await self._channel.send(view=view, files=files, nonce=self._nonce, allowed_mentions=NOBODY)
        self.message_id = message.id
        if old is not None and not self._lost:
            await self._retire(old)
        return message.id

    async def closing(self, view: discord.ui.LayoutView, *, insist: bool) -> None:
        """Show the end of a job without pictures: by edit, else as a new message if `insist`.

        Raises like `result`.
        """
        if not await self._edit(view, ()) and insist:
            old = self.message_id
            message = await self._channel.send(view=view, nonce=self._nonce, allowed_mentions=NOBODY)
            self.message_id = message.id
            if old is not None and self._job.revision and not self._lost:
                await self._retire(old)  # it shows what was taken down

    async def _retire(self, message_id: int) -> None:
        """The old message must not go on showing a progress bar."""
        try:
            await self._channel.get_partial_message(message_id).delete()
        except TROUBLE:
            try:
                await self._channel.get_partial_message(message_id).edit(view=moved_view(), attachments=[])
            except TROUBLE as error:
                log.info("job %s: the old message stays: %s", self._job.id, error)

    async def find_posted(self, job: Job) -> int | None:
        """The id of a message that already shows this job's pictures.

        Between posting and writing that down lies a moment in which the process can be killed. Then the
        message tells: its files carry the job's id in their names. It was sent at the earliest when the job was
        rendered, most likely right then, else by a later attempt and so lately.

        Args:
            job: as it is now in the database.

        Raises:
            aiohttp.ClientError, OSError, discord.DiscordServerError: Discord cannot be asked now.
        """
        try:
            if self.message_id is not None:
                message = await self._channel.fetch_message(self.message_id)
                if self._shows(message):
                    return message.id
        except (discord.NotFound, discord.Forbidden) as error:
            log.info("job %s: its message is gone: %s", job.id, error)
        try:
            return await search(self._client, self._channel, job)
        except (discord.NotFound, discord.Forbidden) as error:
            log.info("job %s: earlier messages cannot be read: %s", job.id, error)
        return None

    def _shows(self, message: discord.Message) -> bool:
        return shows(self._client, message, self._job)


def shows(client: discord.Client, message: discord.Message, job: Job) -> bool:
    """Whether it is a message of this bot's with that job's pictures, as they are now."""
    mine = client.user is not None and message.author.id == client.user.id
    begins = (prefix(job.id, job.revision), "SPOILER_" + prefix(job.id, job.revision))
    return mine and any(each.filename.startswith(begins) for each in message.attachments)


async def search(client: discord.Client, channel: discord.abc.Messageable, job: Job) -> int | None:
    """The id of a message in this channel that shows the job's pictures, if it was sent since they were painted."""
    moment = datetime.fromtimestamp(job.rendered_at or job.created_at, UTC) - SKEW
    after = discord.Object(discord.utils.time_snowflake(moment))
    for oldest_first in (True, False):
        seen = 0
        async for message in channel.history(limit=HISTORY, after=after, oldest_first=oldest_first):
            if shows(client, message, job):
                return message.id
            seen += 1
        if seen < HISTORY:  # that were all
            break
    return None


def _rewind(files: Sequence[discord.File]) -> None:
    for file in files:
        file.reset()
