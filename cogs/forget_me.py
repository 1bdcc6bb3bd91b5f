"""`/forget-me`: everything of a member goes, after they have been told what that is."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.forgetting import Forgetter
from cogs.buttons import AnyInteraction, GuardedButton
from cogs.erasing import PACE_SECONDS, Erasing
from cogs.errors import defer_privately, guarded, whisper
from cogs.fate import NOBODY
from cogs.layouts import BROKEN, STOPPED, layout
from cogs.text import plural, shown, trim
from cogs.who import Who, may
from cogs.words import say, translated
from db.forgetting import KEPT, Belongings
from pipeline.errors import MemberError
from pipeline.queueing.eta import wording

if TYPE_CHECKING:
    from cogs.buttons import Front

_NOTHING: Final = "I know nothing of you, so there is nothing to forget."
TABLES: Final = {
    "favourites": "favourites",
    "confirmations": "unanswered questions",
    "preferences": "settings",
    "presets": "presets",
    "sources": "pictures handed in",
    "strikes": "warnings",
    "reports": "reports of pictures",
    "bans": "bans",
}
"""What the tables of `db.forgetting.OWNED` and `KEPT` are called."""
_STAYS: Final = (
    "What stays: the numbers of your jobs are never given out again, but nothing is behind them. How fast the models "
    "paint is known from all pictures together. Pictures that others painted on from yours are theirs, with the "
    "words in them; they lose the link to yours. Direct messages and answers that only you could see stay with you. "
    "Backups that the owner of this bot has made are not reached by this."
)


def _of(belongings: Belongings) -> list[str]:
    """What will be, or was, deleted, a line for each kind."""
    lines = [
        say(
            "- {jobs} in all servers, with prompts, recipes and everything noted about them",
            jobs=plural(belongings.jobs, "job"),
        ),
        say("- {files}", files=plural(belongings.pictures, "picture file")),
    ]
    lines += [
        say("- {rows} of your {table}", rows=plural(count, "row"), table=translated(TABLES.get(table, table)))
        for table, count in belongings.owned
    ]
    return [*lines, say("- your user name")]


def question_view(user_id: int, belongings: Belongings) -> ui.LayoutView:
    """What would go and what would stay, and the button that does it."""
    lines = [say("### Forget everything about you?"), say("This deletes for good:"), *_of(belongings)]
    if belongings.waiting:
        waiting = plural(belongings.waiting, "job")
        lines.append(say("{jobs} that still waits or runs is cancelled first.", jobs=waiting))
    if belongings.messages:
        lines.append(
            say(
                "Then I take down {messages} one after the other, which takes {time}. Where I can no longer look or "
                "delete, a message stays until a moderator removes it.",
                messages=plural(belongings.messages, "message"),
                time=shown(wording(belongings.messages * PACE_SECONDS)),
            )
        )
    lines += [
        say(_STAYS),
        *(
            f"{translated(TABLES.get(name, name)).capitalize()}: {translated(why)}"
            for name, why in KEPT.items()
        ),
    ]
    lines.append(say("**This cannot be undone.** `/export` gives you your pictures first."))
    return layout(BROKEN, ui.TextDisplay(trim("\n".join(lines), 3900)), ui.ActionRow(ForgetButton(user_id)))


class ForgetButton(GuardedButton, template=r"tb:forget:(?P<user>[0-9]{1,20})"):
    """Erases the member whose id it holds, when they press it themselves."""

    who = Who.AUTHOR
    doing = "forgetting you"

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        super().__init__(
            ui.Button(
                label=say("Delete everything of mine"),
                style=discord.ButtonStyle.danger,
                custom_id=f"tb:forget:{user_id}",
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["user"]))

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Write it down, put the answer in place of the question, erase, and say what was done."""
        if interaction.user.id != self.user_id:
            raise MemberError(
                "Only the member themselves can do that. `/forget-me` asks about your own pictures."
            )
        await interaction.response.defer()
        belongings = await front.forgetter.belongings(self.user_id)
        if belongings:
            await front.forgetter.begin(self.user_id)
            await _say(
                interaction,
                say("### Forgetting\nIt is written down and happens now, whatever comes between."),
            )
            # Shielded: the task is not this press's own, a second press waits for it too.
            erasing = asyncio.shield(front.erasing.erase(self.user_id))
            await front.studio.park(erasing, reason="a member is being erased")
        if not belongings:
            await _say(interaction, say("### Forgotten\nEverything of yours is already gone."))
        elif await front.forgetter.is_pending(self.user_id):
            await _say(
                interaction,
                say("### Not finished yet\nI could not erase everything now, and go on by myself."),
            )
        else:
            lines = [say("### Forgotten"), say("Deleted:"), *_of(belongings)]
            if belongings.messages:
                lines.append(
                    say("{messages} being taken down.", messages=plural(belongings.messages, "message"))
                )
            await _say(interaction, "\n".join(lines))


async def _say(interaction: AnyInteraction, text: str) -> None:
    try:
        await interaction.edit_original_response(
            view=layout(STOPPED, ui.TextDisplay(trim(text, 3900))), allowed_mentions=NOBODY
        )
    except discord.NotFound:  # the question was dismissed meanwhile
        await whisper(interaction, text)


class ForgetMe(commands.Cog):
    """Asks, and goes on after a start with what the last run has left."""

    def __init__(self, bot: commands.Bot, forgetter: Forgetter, erasing: Erasing) -> None:
        self._bot = bot
        self._forgetter = forgetter
        self._erasing = erasing
        self._task: asyncio.Task[None] | None = None

    async def cog_load(self) -> None:
        """Go on in the background when the connection is ready."""
        self._task = asyncio.get_running_loop().create_task(self._resume(), name="forgetting again")

    async def cog_unload(self) -> None:
        """Stop everything this cog runs."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._erasing.close()

    async def _resume(self) -> None:
        await self._bot.wait_until_ready()
        await self._erasing.resume()

    @may(Who.OWN)
    @app_commands.command(
        name="forget-me", description="Delete all your pictures and prompts for good, after a question"
    )
    async def forget_me(self, interaction: discord.Interaction[Any]) -> None:
        """Say what would go, for the member's eyes only. Works in direct messages, too, for who has left."""
        async with guarded(interaction, "looking up what I know of you"):
            await defer_privately(interaction)
            belongings = await self._forgetter.belongings(interaction.user.id)
            if not belongings:
                await whisper(interaction, say(_NOTHING))
                return
            view = question_view(interaction.user.id, belongings)
            await interaction.edit_original_response(view=view, allowed_mentions=NOBODY)
