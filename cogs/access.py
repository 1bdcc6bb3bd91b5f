"""May the bot post here, and may this member do that? Asked before anything is queued. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import discord

from bot.orders import Origin
from cogs.text import shown
from db.jobs import Job
from pipeline.errors import MemberError
from pipeline.sentence import Sentence

NEEDED: Final = {
    "view_channel": Sentence("View Channel"),
    "send_messages": Sentence("Send Messages"),
    "embed_links": Sentence("Embed Links"),
    "attach_files": Sentence("Attach Files"),
    "read_message_history": Sentence("Read Message History"),
}
"""Permissions without which the pictures could not be posted later, when the interaction has expired, or not
be found again after a crash and so be posted twice."""


class NotHere(MemberError):
    """The bot cannot post in this channel."""


def missing(permissions: discord.Permissions, *, thread: bool) -> tuple[Sentence, ...]:
    """Names of the permissions the bot lacks."""
    needed = dict(NEEDED)
    if thread:
        del needed["send_messages"]
        needed["send_messages_in_threads"] = Sentence("Send Messages in Threads")
    return tuple(name for flag, name in needed.items() if not getattr(permissions, flag))


def check_place(interaction: discord.Interaction[Any]) -> None:
    """Refuse a place where the result could not be posted.

    Raises:
        NotHere: no server, or the bot lacks a permission; the text names it.
    """
    if interaction.guild_id is None or interaction.channel_id is None:
        raise NotHere("Pictures are painted in a server's channels only, not in private messages.")
    thread = isinstance(interaction.channel, discord.Thread)
    if lacking := missing(interaction.app_permissions, thread=thread):
        raise NotHere(
            "I cannot post pictures in this channel, so nothing was queued. "
            "A moderator can give me here: {names}.",
            names=", ".join(map(shown, lacking)),
        )


def origin_of(interaction: discord.Interaction[Any]) -> Origin:
    """Who asks, and from where, as the use cases know it. Call `check_place` first."""
    channel, member = interaction.channel, interaction.user
    is_nsfw = getattr(channel, "is_nsfw", None)
    joined = member.joined_at if isinstance(member, discord.Member) else None
    return Origin(
        kind="discord",
        guild_id=interaction.guild_id or 0,
        guild_name=interaction.guild.name if interaction.guild else "",
        channel_id=interaction.channel_id or 0,
        user_id=interaction.user.id,
        user_name=interaction.user.name,
        nsfw_channel=bool(is_nsfw and is_nsfw()),
        parent_id=channel.parent_id if isinstance(channel, discord.Thread) else 0,
        role_ids=roles_of(member),
        joined_at=joined.timestamp() if joined else None,
        moderates=moderates(interaction),
    )


def origin_of_other(interaction: discord.Interaction[Any], member: discord.User | discord.Member) -> Origin:
    """Another member of the same server, as if they asked in this channel."""
    joined = member.joined_at if isinstance(member, discord.Member) else None
    return replace(
        origin_of(interaction),
        user_id=member.id,
        user_name=member.name,
        role_ids=roles_of(member),
        joined_at=joined.timestamp() if joined else None,
        moderates=isinstance(member, discord.Member) and _moderates(member.guild_permissions),
    )


def roles_of(member: discord.User | discord.Member) -> frozenset[int]:
    """The ids of a member's roles, without the one that everybody has."""
    if not isinstance(member, discord.Member):
        return frozenset()
    return frozenset(role.id for role in member.roles if role.id != member.guild.id)


def moderates(interaction: discord.Interaction[Any]) -> bool:
    """Whether this member moderates the server: they may time members out, or manage the server."""
    return _moderates(interaction.permissions)


def _moderates(permissions: discord.Permissions) -> bool:
    return permissions.moderate_members or permissions.manage_guild or permissions.administrator


def may_manage(interaction: discord.Interaction[Any], job: Job) -> bool:
    """The author may, and members who may delete messages where the job is shown."""
    if interaction.user.id == job.user_id:
        return True
    return _permissions(interaction, job.channel_id).manage_messages


def may_see(interaction: discord.Interaction[Any], channel_id: int, author_id: int) -> bool:
    """Whether this member could look at a job where it was posted: it is theirs, or the channel is open to them."""
    if author_id == interaction.user.id or channel_id == interaction.channel_id:
        return True
    permissions = _permissions(interaction, channel_id)
    return permissions.view_channel and permissions.read_message_history


def _permissions(interaction: discord.Interaction[Any], channel_id: int) -> discord.Permissions:
    """The member's permissions in a channel of this server; none where the channel is not known any more."""
    if channel_id == interaction.channel_id:
        return interaction.permissions
    channel = interaction.guild.get_channel_or_thread(channel_id) if interaction.guild else None
    if channel is None or not isinstance(interaction.user, discord.Member):
        return discord.Permissions.none()
    if isinstance(channel, discord.Thread) and channel.is_private():
        # Who is in a private thread is not known without asking; there its own messages have to be used.
        return discord.Permissions.none()
    return channel.permissions_for(interaction.user)
