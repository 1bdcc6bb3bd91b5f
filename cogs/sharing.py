"""A private draft becomes everybody's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import discord

from bot.afterwards import Afterwards
from bot.drafts import Drafts
from bot.moderation.gate import Gate
from bot.moderation.rejudging import Rejudging
from bot.studio import Studio
from cogs.access import check_place, origin_of
from cogs.errors import whisper
from cogs.fate import Fate, fate_of
from cogs.layouts import message_link
from cogs.post import Post
from cogs.showing import originals
from cogs.taking_down import take_down
from cogs.text import alt
from cogs.uploads import LEVELS, limit_of, prepare, remark_of
from cogs.views import asked_prompt, result_view
from cogs.words import say
from db.jobs import Job
from pipeline.errors import MemberError
from pipeline.recipe import Recipe

_DELETED: Final = "These pictures were deleted meanwhile, so they are not shared."


class Sharing:
    """Posts drafts in the channel, each once."""

    def __init__(
        self, client: discord.Client, studio: Studio, afterwards: Afterwards, drafts: Drafts, gate: Gate
    ) -> None:
        self._client = client
        self._studio = studio
        self._afterwards = afterwards
        self._drafts = drafts
        self._gate = gate
        self._rejudging = Rejudging(gate, studio.profiles)

    async def share(self, interaction: discord.Interaction[Any], job_id: int) -> None:
        """Post a draft in the interaction's channel; from then on it is a job like any other.

        The interaction was deferred privately. Whoever presses twice is told where it is.

        Raises:
            MemberError: it is somebody else's, deleted, rated above what this channel shows, against a rule of the
                server, they may not paint here either, or the bot may not post.
            DatabaseError: it stays a draft.
        """
        check_place(interaction)
        self._gate.admit(origin_of(interaction))
        async with self._drafts.sharing(job_id):
            job = await self._afterwards.painted(job_id, interaction.guild_id or 0, interaction.user.id)
            if job.private:
                self._afterwards.check_rating(job, origin_of(interaction))
                for image in job.images:
                    # A rule may be younger than the draft.
                    await self._rejudging.check(job, Recipe.from_json(image.recipe), origin_of(interaction))
                job = await self._posted(interaction, job)
        link = message_link(say("in the channel"), job.guild_id, job.channel_id, job.message_id)
        await whisper(interaction, say("Everybody can see it now, {link}.", link=link))

    async def _posted(self, interaction: discord.Interaction[Any], draft: Job) -> Job:
        job = replace(
            draft, private=False, channel_id=interaction.channel_id or draft.channel_id, message_id=None
        )
        pictures = await originals(self._studio, job)
        parents = (await self._afterwards.lineage(job))[:1]
        post, level = Post(self._client, job), 0
        while True:
            uploads, used = await prepare(job.id, pictures, limit_of(interaction.guild, None), level)
            names, profile = [upload.name for upload in uploads], self._afterwards.profile_of(job)
            view = result_view(job, names, profile, remark_of(used), parents)
            try:
                message_id = await post.result(view, uploads, alt(asked_prompt(job)))
            except discord.HTTPException as error:
                if fate_of(error) is not Fate.TOO_LARGE or used + 1 >= len(LEVELS):
                    raise
                level = used + 1
            else:
                break
        job = replace(job, message_id=message_id)
        if not await self._drafts.shared(job.id, job.channel_id, message_id):
            await take_down(self._client, job)
            raise MemberError(_DELETED)
        try:
            self._gate.admit(origin_of(interaction))
        except MemberError:
            # Banned while it was being posted.
            await take_down(self._client, job)
            raise
        return job
