"""The one place where a failure becomes an answer on Discord."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final, cast

import discord
from discord import app_commands

from bot.errors import tell
from bot.orders import PictureGone
from cogs.fate import TROUBLE
from cogs.text import CONTENT_LIMIT, clean, shown, trim
from cogs.words import say, speak
from pipeline.errors import MemberError

if TYPE_CHECKING:
    from cogs.buttons import Front

log = logging.getLogger(__name__)

AnyInteraction = discord.Interaction[Any]


_PRIVATE: Final = "tagbrush.private"
"""Mark on an interaction whose deferred answer only the member sees."""
_TOLD: Final = "tagbrush.told"
"""Mark on one of these where `whisper` has put something into it."""


async def defer_privately(interaction: AnyInteraction) -> None:
    """Acknowledge within Discord's 3 seconds; what `whisper` says then is the answer.

    Does nothing when that has been done already, as `cogs.patience` may have.
    """
    if interaction.extras.get(_PRIVATE):
        return
    await interaction.response.defer(ephemeral=True, thinking=True)
    interaction.extras[_PRIVATE] = True


def awaits_whisper(interaction: AnyInteraction) -> bool:
    """Whether it was acknowledged for the member's eyes only, and nothing was said yet."""
    return bool(interaction.extras.get(_PRIVATE)) and not interaction.extras.get(_TOLD)


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
        interaction.extras[_TOLD] = True
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
    text, reference = tell(error, doing)
    return shown(text), reference


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
