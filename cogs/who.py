"""Who may use a command, button, menu or form: declared where it is defined.

The declaration says what the code behind it asks for; `tests/cogs/test_who.py` walks through everything there is and
fails where one is missing; `test_every_command.py` and `test_every_button.py` try each as everybody there is.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, TypeVar

from discord import app_commands

EXTRA: Final = "who"
BANNED_TOO: Final = "banned-too"
Marked = TypeVar("Marked", app_commands.Command[Any, ..., Any], app_commands.ContextMenu)


class Who(StrEnum):
    """Who may. What somebody paints is besides always subject to the gate (`bot.moderation.gate`)."""

    EVERYBODY = "everybody"
    """Whoever may use the bot in that channel."""
    SEEING = "seeing"
    """Whoever may see the job that it belongs to: everybody, except for somebody else's private draft."""
    OWN = "own"
    """Everybody, and it reaches nothing but what is theirs."""
    AUTHOR = "author"
    """Only the member whose job, draft or question it is."""
    AUTHOR_OR_MODERATOR = "author or moderator"
    """They, and whoever may delete messages where it is shown."""
    MODERATOR = "moderator"
    """As Discord's integration settings say for commands, and by permission for buttons and forms."""
    OWNER = "owner"
    """Only the owner of this instance."""


OPEN_TO_BANNED: Final = frozenset(Who) - {Who.EVERYBODY, Who.SEEING}
"""What banned members keep: what is theirs, and what moderators among them do. What these paint the gate refuses."""


def may(who: Who, *, banned_too: bool = False) -> Callable[[Marked], Marked]:
    """Declare who may use the command below.

    Args:
        who: of all members.
        banned_too: whether it is open to those who are banned although it is for everybody.
    """

    def mark(command: Marked) -> Marked:
        command.extras[EXTRA] = who
        command.extras[BANNED_TOO] = banned_too
        return command

    return mark
