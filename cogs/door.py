"""Who comes in: banned members are told so, and those who were warned hear of it at their next visit."""

from __future__ import annotations

import logging
from typing import Any

import discord

from bot.errors import tell
from bot.moderation.bans import Bans
from bot.moderation.sanctions import Sanctions
from cogs.fate import NOBODY, TROUBLE
from cogs.text import CONTENT_LIMIT, plain, trim
from cogs.who import BANNED_TOO, EXTRA, OPEN_TO_BANNED, Who
from cogs.words import say
from db.errors import DatabaseError
from db.strikes import Strike

log = logging.getLogger(__name__)

AnyInteraction = discord.Interaction[Any]


class Door:
    """Asked at every command, menu and button, before anything is done."""

    def __init__(self, bans: Bans, sanctions: Sanctions) -> None:
        self._bans = bans
        self._sanctions = sanctions

    def check(self, interaction: AnyInteraction, who: Who) -> None:
        """Refuse a banned member what is not theirs.

        Raises:
            Banned: with why and until when.
        """
        if who not in OPEN_TO_BANNED:
            self._bans.check(interaction.guild_id or 0, interaction.user.id)

    def check_command(self, interaction: AnyInteraction) -> None:
        """The same for a command or the menu of a message; one that is not known is for everybody.

        Raises:
            Banned: with why and until when.
        """
        extras = interaction.command.extras if interaction.command is not None else {}
        if not extras.get(BANNED_TOO):
            self.check(interaction, extras.get(EXTRA, Who.EVERYBODY))

    async def remind(self, interaction: AnyInteraction) -> None:
        """After the answer: what a moderator has warned them of and they do not know yet. Never raises."""
        guild_id, user_id = interaction.guild_id or 0, interaction.user.id
        if not self._sanctions.owes(guild_id, user_id) or not interaction.response.is_done():
            return
        try:
            strikes = await self._sanctions.untold(guild_id, user_id)
            if strikes:
                text = warning(strikes, interaction.guild.name if interaction.guild else "")
                await interaction.followup.send(text, ephemeral=True, allowed_mentions=NOBODY)
            await self._sanctions.told(guild_id, user_id, strikes)
        except DatabaseError as error:
            tell(error, "telling a member of a warning")
        except TROUBLE as error:
            log.info("a member was not told of a warning yet: %s", error)


def warning(strikes: tuple[Strike, ...], server: str) -> str:
    """What a warned member reads. It names no moderator."""
    lines = [say("**A warning from the moderators of {server}**", server=plain(server))]
    lines += [f"- {plain(trim(each.reason, 600))}" for each in strikes[-3:]]
    lines.append(say("It is a strike. Several of them lead to a ban from using me there."))
    return trim("\n".join(lines), CONTENT_LIMIT)
