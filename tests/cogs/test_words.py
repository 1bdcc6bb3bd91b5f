"""Every sentence in every language: nothing missing, nothing left over, the same fields."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands

from cogs.words import FOLDER, Words, languages, say, speak
from pipeline.profiles.loader import load_profiles
from tests.support.sentences import (
    ROOT,
    Text,
    has_words,
    joined,
    modules,
    sentences,
    texts_of,
    undecided,
    unsaid,
)
from tests.support.simcord_env import World, answer_of

LANGUAGES = sorted(file.stem for file in FOLDER.glob("*.json"))
UNSAID_MODULES = [file for file in modules() if file.is_relative_to(ROOT / "cogs")]
JOINED_ELSEWHERE = {
    "pipeline/engine/weights.py": "what `doctor` tells an owner",
    "pipeline/engine/inspect.py": "what `doctor` tells an owner",
    "pipeline/engine/fetch.py": "headers of HTTP and of git",
    "pipeline/metadata.py": "the field's own format, written into files",
    "pipeline/prompt/ordering.py": "a pattern",
    "pipeline/safety/folding.py": "patterns",
    "db/forgetting.py": "SQL",
}
"""Modules whose f-strings hold words that no member reads, and what they are."""
UNDECIDED = {
    "Sentence(self.template, **self.params)": "an error's, which was written out where it was raised",
    "Sentence(error.template, **error.values)": "the same of the database",
    "DatabaseError(sentence, name=name)": "out of a table",
    "Sentence(doing)": "what `tell` was told",
    "Sentence(words, n=number)": "one of `ESTIMATES`",
    "Sentence(remark)": "what a card says of its ratings",
    "Sentence(template, **values)": "read from JSON",
}
"""Templates that are not written out where a sentence is made of them, and where else they are."""


def fields(text: str) -> list[str]:
    """The open fields of a sentence. `{red|blue}` is an example of a prompt and none."""
    return sorted(re.findall(r"\{(\w+)(?::[^}]*)?\}", text))


def shown_by_discord(command: Any) -> set[str]:
    """Descriptions and choices of a command and what is below it."""
    found = {command.description} if getattr(command, "description", "") else set()
    for below in getattr(command, "commands", ()):
        found |= shown_by_discord(below)
    for parameter in getattr(command, "parameters", ()):
        found |= {str(parameter.description), *(choice.name for choice in parameter.choices)}
    if isinstance(command, app_commands.ContextMenu):
        found.add(command.name)
    # What is a tag of a model card, or a number, is the same in every language.
    return {text for text in found if " " in text}


@pytest.fixture
def spoken(world: World) -> set[str]:
    """All that is said anywhere."""
    found = set().union(*(sentences(file) for file in modules()))
    found |= set().union(*(texts_of(profile) for profile in load_profiles().values()))
    for kind in discord.AppCommandType:
        found |= set().union(*(shown_by_discord(each) for each in world.bot.tree.get_commands(type=kind)))
    return {text for text in found if has_words(text)}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_sentence_is_missing(spoken: set[str], language: str) -> None:
    """Add what is listed here to the language's file."""
    assert sorted(spoken - set(languages()[language])) == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_sentence_is_left_over(spoken: set[str], language: str) -> None:
    """One that is said no more, or was changed in the code alone."""
    assert sorted(set(languages()[language]) - spoken) == []


def test_no_text_is_joined_in_english() -> None:
    """An f-string with words in it is English for ever: it has to be a template in `say` or `Sentence`."""
    found = [each for file in modules() for each in joined(file)]
    assert [str(each) for each in found if each.place.partition(":")[0] not in JOINED_ELSEWHERE] == []


async def test_no_text_is_written_out_and_not_said(spoken: set[str]) -> None:
    """What stands in a message, on a button or in a form goes through `say`."""
    assert [str(each) for file in UNSAID_MODULES for each in unsaid(file, spoken)] == []


def test_every_template_is_written_out() -> None:
    """So that the files of languages can be held against the code."""
    found = [each for file in modules() for each in undecided(file)]
    assert [str(each) for each in found if each.text not in UNDECIDED] == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('f"Your {count} pictures"', joined),
        ('f"**Model** {name}"', joined),
        ('ui.Button(label="Reset")', partial(unsaid, spoken=set())),
        ('ui.Modal[Any](title=name or "Aspect")', partial(unsaid, spoken=set())),
        ('lines = ["Nothing to show."]', partial(unsaid, spoken=set())),
        ("MemberError(why)", undecided),
        ('Sentence("a" + name)', undecided),
    ],
)
def test_what_no_language_could_say_is_found(
    code: str, found: Callable[[Path], Iterator[Text]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests above would see each of these."""
    monkeypatch.setattr("tests.support.sentences.ROOT", tmp_path)
    (tmp_path / "some.py").write_text(f"{code}\n", encoding="utf-8")
    assert len(list(found(tmp_path / "some.py"))) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_same_fields(language: str) -> None:
    """So that nothing is lost, and nothing fails where it is shown."""
    wrong = {
        key for key, text in languages()[language].items() if fields(key) != fields(text) or not text.strip()
    }
    assert wrong == set()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_descriptions_fit_discord_s_hundred_characters(world: World, language: str) -> None:
    """It refuses all commands for one that is too long."""
    texts = set().union(*(shown_by_discord(command) for command in world.bot.tree.get_commands()))
    assert {text for text in texts if len(languages()[language].get(text, "")) > 100} == set()


def test_a_language_is_found_by_its_region_too() -> None:
    """And English is what remains."""
    for code, said in (
        ("ja", "実行しませんでした。"),
        ("ja-JP", "実行しませんでした。"),
        ("fr", "Not done."),
        (None, "Not done."),
    ):
        speak(code)
        assert say("Not done.") == said


async def test_command_names_stay_as_they_are(world: World) -> None:
    """Members of one server can tell each other what to type; descriptions are in their own language."""
    command = world.bot.tree.get_command("imagine")
    assert command is not None
    payload = await command.get_translated_payload(world.bot.tree, Words())
    assert payload.get("name_localizations", {}) == {}
    assert payload["description_localizations"]["ja"] == "プロンプトから絵を描きます"


async def test_a_member_is_told_in_their_language(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the bot has to say to them alone."""
    # simcord's members all speak English.
    read = discord.Interaction._from_data

    def japanese(interaction: discord.Interaction[Any], data: Any) -> None:
        data["locale"] = "ja"
        read(interaction, data)

    monkeypatch.setattr(discord.Interaction, "_from_data", japanese)
    result = await world.alice.slash(world.channel, "show", job="77")
    assert "このジョブはここでは見つかりません" in answer_of(result)


def test_a_new_language_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else has to be touched."""
    (tmp_path / "de.json").write_text(json.dumps({"Not done.": "Nicht ausgeführt."}), encoding="utf-8")
    monkeypatch.setattr("cogs.words.FOLDER", tmp_path)
    languages.cache_clear()
    try:
        speak(discord.Locale.german)
        assert say("Not done.") == "Nicht ausgeführt."
    finally:
        speak(None)  # looks the language up, so before the cache is emptied
        languages.cache_clear()
