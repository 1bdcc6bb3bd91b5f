"""`/mod rule`: the words that this server blocks, and what it allows although it contains them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.moderation.rule_files import BrokenFile, Format, check_size, read_rules, write_rules
from bot.moderation.rule_test import Trial
from bot.moderation.word_rules import MAX_NOTE, WordRules
from cogs import suggestions
from cogs.access import origin_of
from cogs.downloads import fetch
from cogs.errors import defer_privately, guarded, whisper
from cogs.mod.acting import entry
from cogs.mod.page import Page, setting
from cogs.mod.rule_pages import line, page_view, trial_text
from cogs.text import CHOICE_LIMIT, CONTENT_LIMIT, clean, plural, shown, trim
from cogs.uploads import Upload
from cogs.who import Who, may
from cogs.words import say
from pipeline.errors import MemberError
from pipeline.safety.matcher import Kind, Rule
from pipeline.safety.patterns import MAX_LENGTH

if TYPE_CHECKING:
    from bot.app import App

AnyInteraction = discord.Interaction[Any]
_CHOICES: Final = 25


class RuleCommands(app_commands.Group):
    """The rules of this server, for its moderators."""

    def __init__(self, app: App, page: Page) -> None:
        super().__init__(name="rule", description="Words that are blocked in this server")
        self._words: WordRules = app.moderation.words
        self._trial = Trial(app.studio, app.moderation.words)
        page.add((), self._lines)

    def _lines(self, guild_id: int) -> Iterable[str]:
        count = len(self._words.of(guild_id))
        yield setting(say("Word rules"), plural(count, "rule") if count else None, say("none"))

    @may(Who.MODERATOR)
    @app_commands.command(
        name="add", description="Block a word or phrase, or allow one that a block would catch"
    )
    @app_commands.describe(
        word="As in: sword, or: sword* for all that begins so; ? is one letter",
        kind="What the rule does; block if you leave it out",
        note="What members are told when it refuses",
    )
    @app_commands.choices(
        kind=[
            Choice(name="block these words", value="block"),
            Choice(name="allow these words although a rule blocks a part of them", value="allow"),
        ]
    )
    async def add(
        self,
        interaction: AnyInteraction,
        word: app_commands.Range[str, 1, MAX_LENGTH],
        kind: str = "block",
        note: app_commands.Range[str, 1, MAX_NOTE] | None = None,
    ) -> None:
        """It holds from the answer on."""
        async with guarded(interaction, "adding a rule"):
            await defer_privately(interaction)
            what = entry(
                interaction, "rule.add", target=clean(word), details={"kind": kind, "note": note or ""}
            )
            rule = await self._words.add(word, Kind(kind), note or "", what)
            await whisper(interaction, say("From now on this holds: {rule}", rule=line(rule)))

    @may(Who.MODERATOR)
    @app_commands.command(name="remove", description="Take a rule away")
    @app_commands.describe(number="The rule's number; type a part of its words to find it")
    async def remove(self, interaction: AnyInteraction, number: int) -> None:
        """It holds no more from the answer on."""
        async with guarded(interaction, "removing a rule"):
            await defer_privately(interaction)
            rule = next((each for each in self._here(interaction) if each.number == number), None)
            what = entry(
                interaction,
                "rule.remove",
                target=clean(rule.pattern) if rule else "",
                details={"number": number, "kind": rule.kind.value, "note": rule.note} if rule else {},
            )
            # A number beyond what the database can hold is nobody's.
            await self._words.remove(number if 0 < number < 2**62 else 0, what)
            gone = line(rule) if rule else f"#{number}"
            await whisper(interaction, say("Removed: {rule}", rule=gone))

    @remove.autocomplete("number")
    async def _numbers(self, interaction: AnyInteraction, typed: str | int) -> list[Choice[int]]:
        wanted = str(typed).strip().lstrip("#").casefold()
        found = [r for r in self._here(interaction) if wanted in f"{r.number} {r.pattern.casefold()}"]
        found.sort(key=lambda rule: (str(rule.number) != wanted, -rule.number))
        return [
            Choice(
                name=trim(clean(f"#{rule.number} {rule.kind} {rule.pattern}"), CHOICE_LIMIT), value=rule.number
            )
            for rule in found[:_CHOICES]
        ]

    @may(Who.MODERATOR)
    @app_commands.command(name="list", description="All rules of this server, page by page")
    @app_commands.describe(text="Only rules with these letters")
    async def show(
        self, interaction: AnyInteraction, text: app_commands.Range[str, 1, 40] | None = None
    ) -> None:
        """The newest first."""
        async with guarded(interaction, "listing the rules"):
            await defer_privately(interaction)
            content, view = page_view(self._here(interaction), 0, text or "")
            await whisper(interaction, content, view)

    @may(Who.MODERATOR)
    @app_commands.command(name="test", description="Try a prompt against the rules, without painting")
    @app_commands.describe(
        prompt="A prompt as a member would type it",
        negative="Their negative prompt",
        model="The model to compose for",
    )
    @app_commands.autocomplete(model=suggestions.models)
    async def test(
        self, interaction: AnyInteraction, prompt: str, negative: str = "", model: str | None = None
    ) -> None:
        """Nothing is queued, and nobody else learns of it."""
        async with guarded(interaction, "testing the rules"):
            await defer_privately(interaction)
            result = await asyncio.to_thread(self._trial.run, origin_of(interaction), prompt, negative, model)
            await whisper(interaction, trim(trial_text(result), CONTENT_LIMIT))

    @may(Who.MODERATOR)
    @app_commands.command(name="import", description="Add the rules of a CSV or JSON lines file, all or none")
    @app_commands.describe(
        file="UTF-8, with the columns kind, pattern and note, as /mod rule export writes it",
        replace="Remove the rules that are not in the file",
    )
    async def take_in(
        self,
        interaction: AnyInteraction,
        file: discord.Attachment,
        replace: bool = False,  # noqa: FBT001, FBT002 - an option of the command
    ) -> None:
        """Its size is checked before it is downloaded."""
        async with guarded(interaction, "importing rules"):
            await defer_privately(interaction)
            check_size(file.size)
            data = await fetch(file)
            try:
                rules = await asyncio.to_thread(read_rules, data, file.filename)
            except BrokenFile as broken:
                await whisper(interaction, trim(_told(broken), CONTENT_LIMIT))
                return
            what = entry(
                interaction,
                "rule.import",
                target=clean(file.filename)[:100],
                details={"rules": len(rules), "replace": replace},
            )
            done = await self._words.take_in(rules, what, instead=replace)
            await whisper(
                interaction,
                say(
                    "Imported. New rules: {added}, changed: {changed}, removed: {removed}. They hold from now on.",
                    added=done.added,
                    changed=done.changed,
                    removed=done.removed,
                ),
            )

    @may(Who.MODERATOR)
    @app_commands.command(name="export", description="All rules of this server as a file")
    @app_commands.describe(form="CSV opens in a spreadsheet")
    @app_commands.rename(form="format")
    @app_commands.choices(form=[Choice(name="CSV", value="csv"), Choice(name="JSON lines", value="jsonl")])
    async def give_out(self, interaction: AnyInteraction, form: str = "csv") -> None:
        """What `/mod rule import` reads back."""
        async with guarded(interaction, "exporting rules"):
            await defer_privately(interaction)
            rules = self._here(interaction)
            if not rules:
                raise MemberError("This server has no rules yet. `/mod rule add` makes one.")
            data = await asyncio.to_thread(write_rules, rules, Format(form))
            name = f"rules-{interaction.guild_id}.{form}"
            await interaction.edit_original_response(
                content=say("Rules: {count}", count=len(rules)), attachments=[Upload(name, data).file("")]
            )

    def _here(self, interaction: AnyInteraction) -> tuple[Rule, ...]:
        return self._words.of(interaction.guild_id or 0)


def _told(broken: BrokenFile) -> str:
    lines = [say("Nothing was imported. Lines of the file that cannot be read: {count}.", count=broken.count)]
    lines += [
        say("Line {line}: {problem}", line=number, problem=shown(error.text)) for number, error in broken.lines
    ]
    if broken.count > len(broken.lines):
        lines.append("…")
    return "\n".join(lines)
