"""`/mod review`: what waits for a decision, and in which channel it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.moderation.reviewing import CHANNEL, DEFAULT_HIDE_AFTER, HIDE_AFTER, MOST_HIDE_AFTER, Reviewing
from cogs.access import missing
from cogs.errors import defer_privately, guarded, whisper
from cogs.fate import NOBODY
from cogs.mod.acting import entry
from cogs.mod.desk import everybody_sees, review_file
from cogs.mod.page import Page, setting
from cogs.mod.review_view import closed_view, line, review_view
from cogs.text import CHOICE_LIMIT, plural, trim
from cogs.uploads import limit_of
from cogs.who import Who, may
from cogs.words import say
from pipeline.errors import MemberError

AnyInteraction = discord.Interaction[Any]
_CHOICES: Final = 25


class ReviewCommands(app_commands.Group):
    """The review queue of this server."""

    def __init__(self, reviewing: Reviewing, page: Page) -> None:
        super().__init__(name="review", description="Pictures that were withheld or reported")
        self._reviewing = reviewing
        page.add((CHANNEL, HIDE_AFTER), self._lines)

    def _lines(self, guild_id: int) -> Iterable[str]:
        channel, count = self._reviewing.channel(guild_id), self._reviewing.hide_after(guild_id)
        told = None if channel is None else f"<#{channel}>"
        yield setting(say("Channel for reviews"), told, say("none, they wait in `/mod review list`"))
        after = None if count == DEFAULT_HIDE_AFTER else str(count)
        yield setting(say("Reports that take a picture down"), after, str(DEFAULT_HIDE_AFTER))

    @may(Who.MODERATOR)
    @app_commands.command(name="channel", description="Where moderators get each withheld or reported picture")
    @app_commands.describe(channel="One that not everybody can see; leave it out to use the list only")
    async def channel(self, interaction: AnyInteraction, channel: discord.TextChannel | None = None) -> None:
        """Choose it, or none."""
        async with guarded(interaction, "choosing the channel for reviews"):
            await defer_privately(interaction)
            if channel is None:
                await self._reviewing.set_channel(
                    None, entry(interaction, "review.channel", target=say("none"))
                )
                await whisper(
                    interaction, say("Pictures wait in `/mod review list` from now on, and are posted nowhere.")
                )
                return
            _check(channel)
            await self._reviewing.set_channel(
                channel.id, entry(interaction, "review.channel", target=f"#{channel.name}")
            )
            await whisper(
                interaction,
                say("Withheld and reported pictures go to {channel} from now on.", channel=channel.mention),
            )

    @may(Who.MODERATOR)
    @app_commands.command(name="list", description="What waits for a decision, the oldest first")
    async def waiting(self, interaction: AnyInteraction) -> None:
        """Show it to this moderator only."""
        async with guarded(interaction, "reading the review queue"):
            await defer_privately(interaction)
            found, count = await self._reviewing.waiting(interaction.guild_id or 0)
            if not found:
                await whisper(interaction, say("Nothing waits for a decision."))
                return
            head = say(
                "{pictures} to decide about; `/mod review show` shows one.", pictures=plural(count, "picture")
            )
            await whisper(interaction, "\n".join([head, *(line(each) for each in found)]))

    @may(Who.MODERATOR)
    @app_commands.command(name="show", description="Look at one picture and decide; nobody else sees it")
    @app_commands.describe(number="The number of the review, as in the list")
    async def show(self, interaction: AnyInteraction, number: app_commands.Range[int, 1]) -> None:
        """Show it with its buttons to this moderator only."""
        async with guarded(interaction, "showing a picture for review"):
            await defer_privately(interaction)
            review = await self._reviewing.find(number, interaction.guild_id or 0)
            if review.state != "open":
                await interaction.edit_original_response(view=closed_view(review), allowed_mentions=NOBODY)
                return
            file = await review_file(self._reviewing, review, limit_of(interaction.guild, interaction))
            view = review_view(review, file.filename if file is not None else "")
            await interaction.edit_original_response(
                view=view, attachments=[file] if file is not None else [], allowed_mentions=NOBODY
            )

    @show.autocomplete("number")
    async def _numbers(self, interaction: AnyInteraction, typed: Any) -> list[Choice[Any]]:
        found, _ = await self._reviewing.waiting(interaction.guild_id or 0)
        named = [(say("{number}: job #{job}", number=each.id, job=each.job_id), each.id) for each in found]
        return [
            Choice(name=trim(name, CHOICE_LIMIT), value=number)
            for name, number in named[:_CHOICES]
            if str(typed or "") in str(number)
        ]

    @may(Who.MODERATOR)
    @app_commands.command(name="hide-after", description="After how many reports a picture is taken down")
    @app_commands.describe(count="Different members; until a moderator has looked, it is shown to nobody")
    async def hide_after(
        self, interaction: AnyInteraction, count: app_commands.Range[int, 1, MOST_HIDE_AFTER]
    ) -> None:
        """Choose it."""
        async with guarded(interaction, "choosing how many reports take a picture down"):
            await defer_privately(interaction)
            await self._reviewing.set_hide_after(
                count,
                entry(
                    interaction,
                    "report.hide_after",
                    details={"before": self._reviewing.hide_after(interaction.guild_id or 0), "after": count},
                ),
            )
            await whisper(
                interaction,
                say("A picture is taken down when {count} different members have reported it.", count=count),
            )


def _check(channel: discord.TextChannel) -> None:
    """Refuse a channel that would show to everybody what they must not see, or in which the bot cannot post.

    Raises:
        MemberError: it is one.
    """
    if everybody_sees(channel):
        raise MemberError(
            "Everybody can see {channel}, so withheld pictures must not be posted there. Choose a channel that "
            "@everyone cannot view.",
            channel=f"#{channel.name}",
        )
    if lacking := missing(channel.permissions_for(channel.guild.me), thread=False):
        raise MemberError(
            "I cannot post pictures in {channel}. Give me there: {names}.",
            channel=f"#{channel.name}",
            names=", ".join(lacking),
        )
