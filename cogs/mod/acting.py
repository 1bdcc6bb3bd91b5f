"""Who decides, as the audit log knows them."""

from __future__ import annotations

from typing import Any, Final

import discord

from cogs.access import moderates
from db.audit import Entry
from pipeline.errors import MemberError

MAX_REASON: Final = 400
"""Characters of a reason, as Discord's own audit log takes fewer than 512."""
MODERATES: Final = discord.Permissions(moderate_members=True)
"""Whoever has these is a moderator. For commands Discord's integration settings may say otherwise."""


def entry(interaction: discord.Interaction[Any], action: str, **what: Any) -> Entry:
    """An entry of the audit log by whoever uses this command or button; `what` as in `Entry`."""
    return Entry(
        guild_id=interaction.guild_id or 0,
        actor_id=interaction.user.id,
        actor_name=interaction.user.name,
        action=action,
        **what,
    )


def check_moderator(interaction: discord.Interaction[Any]) -> None:
    """Refuse everybody else. For buttons and forms, which Discord lets anybody press who sees them.

    Raises:
        MemberError: they do not moderate this server.
    """
    if not moderates(interaction):
        raise MemberError("Only moderators can do this. It needs the permission Timeout Members.")
