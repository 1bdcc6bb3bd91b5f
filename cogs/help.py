"""`/help`."""

from __future__ import annotations

from typing import Any, Final

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.studio import Studio
from cogs.errors import guarded
from cogs.layouts import WORKING, layout
from cogs.text import trim
from cogs.who import Who, may
from cogs.words import say, translated
from pipeline.profiles.types import Profile

LINES: Final = (
    "### How to paint",
    "`/imagine prompt:` and a few tags, separated by commas: `1girl, solo, long hair, smile, cherry blossoms`.",
    "Everything else has a default from the model's card, and each option suggests what the model knows.",
    "**Writing prompts**",
    r"- `(smile:1.3)` weighs a tag more, `(smile:0.8)` less; `\(` and `\)` are plain brackets.",
    "- `BREAK` starts a new chunk. Long prompts are fine.",
    "- Names as on Danbooru work: `bishop_(chess)`.",
    r"- `{red|blue} hair` paints both, after asking you; `\{` is a plain brace. `seeds:100-107` paints a series.",
    "- `quality:none` and `negative_preset:none` add nothing; what was added is always shown under the pictures.",
    "**Your pictures**",
    "- Each shows its seed. The same seed with the same options paints the same picture again.",
    "- Cancel stops a job that waits or paints; moderators can do that too.",
    "- Reroll paints the same with new seeds, Edit opens it as a form, Details shows it all; anybody may press them.",
    "- `private:True` is a draft for your eyes, with a Share button; `notify:True` mentions you after a long wait.",
    "- A restart of the bot loses nothing: what was queued is painted, and posted once.",
    "**Commands**",
    "`/imagine` paints · `/inpaint` paints over a part, `/expand` around it · `/describe` tells how one was painted",
    "`/history` finds your pictures again, `/show` any of them, `/rerun` paints one again",
    "`/compare` two of them · `/export` sends you your originals · `/forget-me` deletes all there is of you",
    "`/queue` shows what waits · `/models` shows the models, their licences and examples",
    "`/quota` says what is left for you · `/privacy` what is stored about you",
    "`/settings` are your own defaults · `/preset save` keeps options under a name for `/imagine preset:`",
)


def help_view(default: Profile) -> ui.LayoutView:
    """The help, with the order of tags of the default model."""
    items: list[ui.Item[Any]] = [ui.TextDisplay("\n".join(translated(line) for line in LINES))]
    if default.template_text:
        head = say("**Order of tags for {name}**", name=default.name)
        items.append(ui.TextDisplay(trim(f"{head}\n{translated(default.template_text)}", 800)))
    return layout(WORKING, *items)


class Help(commands.Cog):
    """Explains the bot to a newcomer."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    @may(Who.EVERYBODY, banned_too=True)
    @app_commands.command(name="help", description="How to paint with this bot")
    async def help(self, interaction: discord.Interaction[Any]) -> None:
        """Answer to the member only."""
        async with guarded(interaction, "showing the help"):
            default = self._studio.profiles[self._studio.default_profile]
            await interaction.response.send_message(view=help_view(default), ephemeral=True)
