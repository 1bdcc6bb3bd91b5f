"""`/privacy`: what is stored about members, for how long, and how to be forgotten."""

from __future__ import annotations

from typing import Any, Final

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.settings import Settings
from cogs.errors import guarded
from cogs.layouts import WORKING, layout
from cogs.text import trim
from cogs.who import Who, may
from cogs.words import say, translated

LINES: Final = {
    "users": "your Discord id and user name, once you have asked for a picture",
    "jobs,images,job_texts,posts,former_hashes": "each request: the prompt and options, its recipe and notes, when "
    "and in which channel, which messages show it, and the pictures themselves",
    "sources": "pictures that you hand in to start from",
    "favourites": "which pictures you have marked",
    "preferences,presets": "your own defaults and presets",
    "confirmations": "questions that wait for your answer, for a day",
    "bans": "whether you are banned, why and until when",
    "strikes": "warnings of moderators",
    "reviews": "pictures of yours that were withheld or reported, until moderators have decided",
    "reports": "which pictures you have reported, and why",
    "audit": "what moderators and the owner decided, about whom and why",
    "forgetting,doomed_files,takedowns": "that you want to be forgotten, until that is done",
}
"""What is stored, in plain words, by the tables that it is in. A test holds it against the schema."""
NOT_PERSONAL: Final = frozenset(
    {
        "guilds",
        "speeds",
        "keyvalue",
        "schema_versions",
        "policies",
        "word_rules",
        "broadcasts",
        "broadcast_servers",
    }
)
"""Tables that know no members: servers, settings of servers and roles, measurements."""


def privacy_text(settings: Settings) -> str:
    """All of it, with the periods that this instance keeps to."""
    lines = [say("### What this bot stores about you")]
    lines += [f"- {translated(text)}" for text in LINES.values()]
    lines.append(say("Nobody's messages are read, and nothing is sent anywhere but to Discord."))
    lines.append(say("**For how long**"))
    if settings.retention_days:
        lines.append(say("- files of pictures: {days} days, favourites for ever", days=settings.retention_days))
    else:
        lines.append(say("- files of pictures: until they are deleted"))
    if settings.retention_gb:
        lines.append(
            say("- at most {size} GB of files in all, the oldest going first", size=settings.retention_gb)
        )
    if settings.history_days:
        lines.append(
            say(
                "- requests that are over, with prompts, recipes and files: {days} days, except for favourites",
                days=settings.history_days,
            )
        )
    else:
        lines.append(say("- requests with prompts and recipes: until they are deleted"))
    if settings.audit_days:
        lines.append(say("- the log of moderators: {days} days", days=settings.audit_days))
    else:
        lines.append(say("- the log of moderators: until the owner of this bot deletes it"))
    lines.append(say("**How to get it, and how to be forgotten**"))
    lines.append(
        say(
            "`/export` sends you your pictures. Delete under a result deletes its pictures and their messages. "
            "`/forget-me` deletes everything of yours; what stays then is only what a ban needs, as long as it holds."
        )
    )
    return trim("\n".join(lines), 3900)


class Privacy(commands.Cog):
    """Tells members what is known of them, in general; what it is in particular shows `/forget-me` before it acts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @may(Who.EVERYBODY, banned_too=True)
    @app_commands.command(
        name="privacy", description="What is stored about you, how long, and how to be forgotten"
    )
    async def privacy(self, interaction: discord.Interaction[Any]) -> None:
        """Answer to the member only."""
        async with guarded(interaction, "showing what is stored"):
            view = layout(WORKING, ui.TextDisplay(privacy_text(self._settings)))
            await interaction.response.send_message(view=view, ephemeral=True)
