"""`/mod member`: one page on a member of this server."""

from __future__ import annotations

from typing import Any, Final

import discord
from discord import app_commands, ui

from bot.moderation.enforcement import Enforcement
from bot.moderation.policies import INSTANCE
from bot.moderation.quotas import Quotas, Standing
from cogs.access import origin_of_other
from cogs.errors import defer_privately, guarded
from cogs.fate import NOBODY
from cogs.layouts import WORKING, layout
from cogs.mod.audit_pages import line
from cogs.mod.strikes import strike_lines
from cogs.mod.subject import until_text
from cogs.quota import standing_lines
from cogs.text import plain, plural, trim
from cogs.who import Who, may
from cogs.words import say
from db.audit_search import Filter
from db.members import Summary

DECISIONS: Final = 8


def member_command(enforcement: Enforcement, quotas: Quotas) -> app_commands.Command[Any, ..., Any]:
    """A fresh `/mod member`."""

    @may(Who.MODERATOR)
    @app_commands.command(name="member", description="What there is to know of a member: jobs, strikes, bans")
    @app_commands.describe(member="Whom; also by id, for one who has left")
    async def member_page(interaction: discord.Interaction[Any], member: discord.User) -> None:
        """Show it to this moderator only; private drafts are counted and not shown."""
        async with guarded(interaction, "looking a member up"):
            await defer_privately(interaction)
            standing = await quotas.standing(origin_of_other(interaction, member))
            text = await _page(enforcement, interaction.guild_id or 0, member.id, standing)
            await interaction.edit_original_response(
                view=layout(WORKING, ui.TextDisplay(trim(text, 3900))), allowed_mentions=NOBODY
            )

    return member_page


async def _page(enforcement: Enforcement, guild_id: int, user_id: int, standing: Standing) -> str:
    sanctions = enforcement.sanctions
    strikes = await sanctions.strikes(guild_id, user_id)
    decided = await enforcement.search.before(guild_id, Filter(user_id=user_id), DECISIONS)
    lines = [f"### <@{user_id}>", *_jobs(await enforcement.members.summary(guild_id, user_id))]
    ban = sanctions.bans.of(guild_id, user_id)
    if ban is not None:
        lines.append(
            say("**Banned here**, {until}: {reason}", until=until_text(ban.until), reason=plain(ban.reason))
        )
    if sanctions.bans.of(INSTANCE, user_id) is not None:
        lines.append(say("**Banned in every server** by the owner of this bot."))
    if standing.quota:
        lines += [say("**What is left of their quota**"), *standing_lines(standing)]
    else:
        lines.append(say("No quota."))
    lines += strike_lines(user_id, strikes) if strikes else [say("No strikes.")]
    lines.append(say("**Decisions**") if decided else say("Nothing was ever decided about them here."))
    return "\n".join([*lines, *map(line, decided)])


def _jobs(summary: Summary) -> list[str]:
    if not summary.jobs or summary.first_at is None or summary.last_at is None:
        return [say("They have asked for nothing in this server.")]
    last = ", ".join(f"#{each}" for each in summary.last_public)
    lines = [
        say(
            "{jobs} with {pictures}, from <t:{first}:d> to <t:{last}:R>",
            jobs=plural(summary.jobs, "job"),
            pictures=plural(summary.pictures, "picture"),
            first=int(summary.first_at),
            last=int(summary.last_at),
        ),
        say(
            "{waiting} waiting or painting · {done} finished · {failed} failed · {cancelled} cancelled · "
            "{withheld} withheld · {deleted} deleted",
            waiting=summary.waiting,
            done=summary.delivered,
            failed=summary.failed,
            cancelled=summary.cancelled,
            withheld=summary.withheld,
            deleted=summary.deleted,
        ),
    ]
    return [*lines, say("The newest: {jobs}", jobs=last)] if last else lines
