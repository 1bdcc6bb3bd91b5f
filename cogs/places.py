"""The place where a job is shown, for what happens there when nobody is asking: delivering, previews.

A ceiling may have been lowered since the pictures were asked for, the channel may have stopped being age-restricted,
and the member may have lost the role that allowed more. So it is looked at again at the very end.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

import discord

from bot.afterwards import Afterwards
from bot.orders import Origin
from cogs.access import roles_of
from cogs.layouts import STOPPED, layout
from cogs.text import shown
from cogs.words import say
from db.jobs import Job
from pipeline.errors import MemberError
from pipeline.profiles.types import Rating

log = logging.getLogger(__name__)

_ABOVE: Final = (
    "These pictures are rated `{rating}`, and by now the most in this channel is `{ceiling}`, so they are not "
    "shown."
)


async def check_shown(
    client: discord.Client, afterwards: Afterwards, job: Job, shown: Job
) -> MemberError | None:
    """Why pictures may not be shown where a job is shown, if they may not.

    Args:
        client: knows the channel and the member, or asks Discord.
        afterwards: knows ratings and ceilings.
        job: what was asked for, and so where. Of a private draft it is the channel that it was asked for in.
        shown: whose pictures they are; another job where it brings back that one's.

    Raises:
        discord.DiscordServerError, OSError: Discord cannot be asked now.
    """
    origin = Origin(
        kind=job.origin,
        guild_id=job.guild_id,
        guild_name="",
        channel_id=job.channel_id,
        user_id=job.user_id,
        user_name="",
        private=job.private,
    )
    rating = afterwards.rating(shown, origin)
    if rating is Rating.GENERAL:  # as most are, and may be shown everywhere
        return None
    ceiling = afterwards.ceiling(await _place(client, origin))
    if rating.level <= ceiling.level:
        return None
    log.info("job %s is above the ceiling of its channel by now", job.id)
    return MemberError(_ABOVE, rating=rating.value, ceiling=ceiling.value)


async def _place(client: discord.Client, origin: Origin) -> Origin:
    """What Discord knows of the channel and the member now; the strictest of what it does not know any more."""
    guild = client.get_guild(origin.guild_id)
    channel = guild.get_channel_or_thread(origin.channel_id) if guild else None
    if channel is None:
        try:
            fetched = await client.fetch_channel(origin.channel_id)
        except (discord.NotFound, discord.Forbidden, discord.InvalidData):
            return origin
        if not isinstance(fetched, discord.abc.GuildChannel | discord.Thread):
            return origin
        channel = fetched
    member = guild.get_member(origin.user_id) if guild else None
    if member is None and guild is not None:
        try:
            member = await guild.fetch_member(origin.user_id)
        except (discord.NotFound, discord.Forbidden):
            member = None
    is_nsfw = getattr(channel, "is_nsfw", None)
    return replace(
        origin,
        nsfw_channel=bool(is_nsfw and is_nsfw()),
        parent_id=channel.parent_id if isinstance(channel, discord.Thread) else 0,
        role_ids=roles_of(member) if member is not None else frozenset(),
    )


def not_shown_view(job: Job, why: MemberError) -> discord.ui.LayoutView:
    """A plain sentence in place of the pictures; the prompt is not shown, as it may say the same."""
    lines = [say("### Not shown"), shown(why.text), f"-# #{job.id} · <@{job.user_id}>"]
    return layout(STOPPED, discord.ui.TextDisplay("\n".join(lines)))
