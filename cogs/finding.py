"""A job that a member names by number or message link, if they may see it here."""

from __future__ import annotations

from typing import Any

import discord

from bot.afterwards import Afterwards
from bot.album import Album
from cogs.access import may_see, origin_of
from db.jobs import Job
from pipeline.errors import MemberError


async def find_finished(
    interaction: discord.Interaction[Any], album: Album, afterwards: Afterwards, name: str
) -> Job:
    """The finished job that a member names, painted or not.

    Raises:
        MemberError: none is meant, it is not known here, or it was posted where the member cannot look.
    """
    found = await album.find(name)
    if found is None:
        raise MemberError("No pictures of mine are known under this link.")
    job = await afterwards.finished(found, interaction.guild_id or 0, interaction.user.id)
    if not may_see(interaction, job.channel_id, job.user_id):
        # The same words as for a job that never was: numbers can be guessed.
        raise MemberError("This job is no longer known here. `/imagine` paints new pictures.")
    return job


async def find_painted(
    interaction: discord.Interaction[Any], album: Album, afterwards: Afterwards, name: str
) -> Job:
    """`find_finished`, with pictures that may be shown in this channel.

    Raises:
        MemberError: as `find_finished`, nothing of it was posted, or it must not be shown here.
    """
    job = await find_finished(interaction, album, afterwards, name)
    job = await afterwards.painted(job.id, job.guild_id, interaction.user.id)
    afterwards.check_rating(job, origin_of(interaction))
    return job
