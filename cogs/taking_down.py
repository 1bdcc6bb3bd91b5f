"""Removing the message that shows a job."""

from __future__ import annotations

import discord

from cogs.fate import TROUBLE
from db.jobs import Job


async def take_down(client: discord.Client, job: Job) -> bool:
    """Remove the job's message. True when it is gone, or there never was one."""
    if job.message_id is None:
        return True
    channel = client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)
    try:
        await channel.get_partial_message(job.message_id).delete()
    except discord.NotFound:
        return True
    except TROUBLE:
        return False
    return True
