"""What the bot says, in the language of whoever reads it.

The sentences in the code are English and are themselves the keys of the other languages: `cogs/languages/ja.json` maps
each of them to its Japanese. A language is one such file; what a file lacks is said in English.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Final

import discord
from discord import app_commands

FOLDER: Final = Path(__file__).parent / "languages"
ENGLISH: Final = "en"
_LANGUAGE: Final[ContextVar[str]] = ContextVar("language", default=ENGLISH)
# Names stay as they are everywhere, so that members of one server can tell each other what to type.
_NAMES: Final = frozenset(
    {
        app_commands.TranslationContextLocation.command_name,
        app_commands.TranslationContextLocation.group_name,
        app_commands.TranslationContextLocation.parameter_name,
    }
)

log = logging.getLogger(__name__)


@cache
def languages() -> Mapping[str, Mapping[str, str]]:
    """Every language there is a file of, by its code; read once."""
    found = {}
    for file in sorted(FOLDER.glob("*.json")):
        found[file.stem] = json.loads(file.read_text(encoding="utf-8"))
    return found


def speak(locale: discord.Locale | str | None) -> None:
    """From here on this task says everything in that language; in English if there is no file of it.

    Args:
        locale: Discord's code, such as `ja` or `es-ES`; of the member for what only they see, of the server for
            what everybody does.
    """
    code = str(locale or ENGLISH)
    known = languages()
    _LANGUAGE.set(next((each for each in (code, code.partition("-")[0]) if each in known), ENGLISH))


def translated(template: str) -> str:
    """A sentence in this task's language, its `{fields}` still open."""
    return languages().get(_LANGUAGE.get(), {}).get(template, template)


def say(template: str, /, **values: object) -> str:
    """A sentence in this task's language.

    Args:
        template: the English sentence, with `str.format` fields.
        values: fill them. Whatever members typed must be escaped already.
    """
    text = translated(template)
    return text.format(**values) if values else text


class Words(app_commands.Translator):
    """Descriptions and choices of the commands, for Discord to show in each member's language."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """The text in a language, None where it is said in English."""
        if context.location in _NAMES:
            return None
        return languages().get(str(locale), {}).get(string.message)
