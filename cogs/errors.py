"""The one place where a failure becomes an answer on Discord."""

from __future__ import annotations

import contextlib
import logging
import math
import string
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final, cast

import discord
from discord import app_commands

from bot.errors import tell
from bot.moderation.rooms import Channels
from bot.orders import PictureGone
from cogs.fate import TROUBLE
from cogs.text import CONTENT_LIMIT, clean, coded, plain, trim
from cogs.words import say, speak, translated
from db.errors import DatabaseError
from pipeline.errors import MemberError, Moment

if TYPE_CHECKING:
    from cogs.buttons import Front

log = logging.getLogger(__name__)

AnyInteraction = discord.Interaction[Any]


_PRIVATE: Final = "tagbrush.private"
"""Mark on an interaction whose deferred answer only the member sees."""


async def defer_privately(interaction: AnyInteraction) -> None:
    """Acknowledge within Discord's 3 seconds; what `whisper` says then is the answer."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    interaction.extras[_PRIVATE] = True


async def whisper(interaction: AnyInteraction, text: str, view: discord.ui.View | None = None) -> None:
    """Say something that only this member sees, whatever was answered before; `view` are buttons below it.

    A deferred public answer cannot turn private, and the first followup would go into it. So it is finished
    with two words, the member is told, and then it goes.
    """
    text = trim(clean(text), CONTENT_LIMIT)
    nobody = discord.AllowedMentions.none()
    buttons: dict[str, Any] = {} if view is None else {"view": view}
    if not interaction.response.is_done():
        await interaction.response.send_message(text, ephemeral=True, allowed_mentions=nobody, **buttons)
        return
    deferred = interaction.response.type is discord.InteractionResponseType.deferred_channel_message
    if deferred and interaction.extras.get(_PRIVATE):
        await interaction.edit_original_response(content=text, allowed_mentions=nobody, **buttons)
        return
    if deferred:
        await interaction.edit_original_response(content=say("Not done."), allowed_mentions=nobody)
    await interaction.followup.send(text, ephemeral=True, allowed_mentions=nobody, **buttons)
    if deferred:
        with contextlib.suppress(discord.NotFound):
            await interaction.delete_original_response()


def explain(error: BaseException, doing: str) -> tuple[str, str]:
    """`tell`, with the sentence fit for Discord and in this task's language: (sentence, reference id)."""
    _, reference = tell(error, doing)
    match error:
        case MemberError():
            return shown(error), reference
        case DatabaseError():
            text = say("{problem} (reference {reference})", problem=translated(error.text), reference=reference)
        case _:
            text = say(
                "Something went wrong on our side while {doing}. Please tell the server owner this reference: "
                "{reference}.",
                doing=translated(doing),
                reference=reference,
            )
    return text, reference


def shown(error: MemberError) -> str:
    """The sentence, in which no parameter can leave its code or be read as markdown.

    Parameters hold what members type: a backtick in one would end the code around it, and a link after that
    would be a live one in the bot's own words.
    """
    template = translated(error.template)
    if not error.params:
        return template
    parts, inside = [], False
    formatter = string.Formatter()
    for literal, name, spec, conversion in formatter.parse(template):
        parts.append(literal)
        inside ^= literal.count("`") % 2 == 1
        if name is None:
            continue
        value, _ = formatter.get_field(name, (), error.params)
        if isinstance(value, Moment):
            parts.append(f"<t:{math.ceil(value.at)}:R>")  # Discord shows it as "in 3 hours", in any language
            continue
        if isinstance(value, Channels):
            parts.append(", ".join(f"<#{each}>" for each in value.ids))
            continue
        text = format(formatter.convert_field(value, conversion), spec or "")
        parts.append(coded(text) if inside else plain(text))
    return "".join(parts)


async def refuse(interaction: AnyInteraction, error: BaseException, doing: str) -> None:
    """Tell the member what went wrong and log what is a fault of ours under the same reference id."""
    text, reference = explain(_sentence(error), doing)
    try:
        await whisper(interaction, text, _offered(error))
    except TROUBLE as trouble:
        # Nobody can be told any more: the interaction has expired or Discord is down.
        log.warning("reference %s could not be shown: %s", reference, trouble)


@contextlib.asynccontextmanager
async def guarded(interaction: AnyInteraction, doing: str) -> AsyncIterator[None]:
    """Around the body of every command and button: whatever is raised reaches the member as a sentence."""
    speak(interaction.locale)
    try:
        yield
    except Exception as error:  # noqa: BLE001 - this is the one place that answers for all of them
        await refuse(interaction, error, doing)


def _offered(error: BaseException) -> discord.ui.View | None:
    """The button that helps, where there is one."""
    if not isinstance(error, PictureGone):
        return None
    from cogs.restoring import restore_view  # every button needs this module

    return restore_view(error.job_id)


def _sentence(error: BaseException) -> BaseException:
    """What discord.py wraps, or says itself, as an error of our own family."""
    match error:
        case app_commands.CommandInvokeError():
            return error.original
        case app_commands.CommandSignatureMismatch() | app_commands.CommandNotFound():
            return MemberError("This command has just changed. Wait a minute, reload Discord and try again.")
        case app_commands.NoPrivateMessage():
            return MemberError("This works in a server's channels only, not in private messages.")
        case app_commands.CheckFailure():
            return MemberError("You may not use this here.")
        case app_commands.TransformerError():
            return MemberError("One of the options has a value that Discord could not read: choose it again.")
    return error


class Tree(app_commands.CommandTree[Any]):
    """A command tree whose errors are answered, also those raised outside a command's own body."""

    async def interaction_check(self, interaction: AnyInteraction, /) -> bool:
        """Speak the member's language from here on, also while an option is being completed; refuse who is banned."""
        speak(interaction.locale)
        if interaction.type is discord.InteractionType.autocomplete:
            return True
        try:
            cast("Front", interaction.client).door.check_command(interaction)
        except MemberError as error:
            await refuse(interaction, error, "running a command")
            return False
        return True

    async def on_error(self, interaction: AnyInteraction, error: app_commands.AppCommandError, /) -> None:
        """Answer an error that no command has answered."""
        if interaction.type is discord.InteractionType.autocomplete:
            log.error("autocomplete failed", exc_info=error)
            return
        await refuse(interaction, error, "running a command")
