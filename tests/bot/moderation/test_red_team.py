"""The list of prompts that ask for more than a general picture, through the real studio: none may get through."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from bot.app import App
from bot.orders import LOCAL, Origin
from db.audit import Entry
from pipeline.errors import InvalidRequest, MemberError
from pipeline.prompt.above import Above
from pipeline.prompt.grammar import parse
from pipeline.prompt.permutations import expand, read
from pipeline.request import ImagineRequest

DATA: Final = Path(__file__).parents[2] / "data"
PROFILES: Final = ("animagine-xl-4.0", "animagine-xl-3.0")
WHO: Final = Entry(guild_id=1, actor_id=9, actor_name="mod", action="ceiling.above")
# Its own, so that this looks at prompts with other eyes than the code that it tests.
_LOOKALIKES: Final = str.maketrans("аеорсухіѕɴᴜᴅᴇ01345$@", "aeopcyxisnudeoieassa")


@dataclass(frozen=True)
class Attempt:
    """A line of the list."""

    word: str
    prompt: str
    options: dict[str, Any]


def attempts() -> Iterator[Attempt]:
    """The whole list."""
    for line in (DATA / "above_ceiling.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        word, prompt, *rest = line.split("\t")
        options: dict[str, Any] = {}
        for each in rest[0].split("; ") if rest else ():
            name, value = each.split("=", 1)
            options[name] = (value,) if name in {"quality", "styles"} else value
        yield Attempt(word, prompt.replace("⏎", "\n"), options)


def letters(text: str) -> str:
    """Nothing but plain letters, so that no sign hides a word."""
    spelled = unicodedata.normalize("NFKD", text).casefold().translate(_LOOKALIKES)
    return "".join(sign for sign in unicodedata.normalize("NFC", spelled) if sign.isalpha())


def literal(prompt: str) -> str:
    """What the text encoders read, without weights and brackets."""
    return "".join(span.text for chunk in parse(prompt) for span in (*chunk,))


def harmless() -> list[str]:
    """Prompts of everyday tags, many with words that hold others."""
    return (DATA / "harmless.txt").read_text(encoding="utf-8").splitlines()


async def asked(
    app: App, member: Origin, attempt: Attempt, profile: str
) -> tuple[list[str], list[MemberError]]:
    """The positive prompts that would reach the engine, and the refusals."""
    prompts: list[str] = []
    refusals: list[MemberError] = []
    for text in expand(read(attempt.prompt)):
        try:
            planned = await app.studio.planned(
                member, ImagineRequest(prompt=text, profile=profile, **attempt.options)
            )
        except MemberError as error:
            refusals.append(error)
        else:
            prompts += [recipe.prompt for recipe in planned.recipes]
    return prompts, refusals


def test_the_list_is_long_enough() -> None:
    """And no line of it stands there twice."""
    every = [(each.prompt, *each.options.items()) for each in attempts()]
    assert len(every) >= 400
    assert len(set(every)) == len(every)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("above", Above)
async def test_nothing_above_the_ceiling_reaches_the_engine(
    app: App, member: Origin, profile: str, above: Above
) -> None:
    """In a general channel, whether moderators want it refused or moved."""
    await app.moderation.ceilings.set_above(above, WHO)
    reached, refused = [], 0
    for attempt in attempts():
        prompts, refusals = await asked(app, member, attempt, profile)
        refused += bool(refusals)
        reached += [
            (attempt, prompt) for prompt in prompts if letters(attempt.word) in letters(literal(prompt))
        ]
        if above is Above.REFUSE and len(list(expand(read(attempt.prompt)))) == 1:
            assert refusals, attempt
    total = len(list(attempts()))
    print(f"{profile}, {above.value}: {len(reached)} of {total} reached the engine, {refused} were refused")
    assert reached == []


async def test_without_a_ceiling_the_words_are_seen(app: App) -> None:
    """At the owner's command line, or this would find nothing anywhere."""
    seen = total = 0
    for attempt in attempts():
        if not attempt.options:
            prompts, _ = await asked(app, LOCAL, attempt, PROFILES[0])
            total += 1
            seen += any(letters(attempt.word) in letters(literal(prompt)) for prompt in prompts)
    assert seen >= 0.9 * total


@pytest.mark.parametrize("profile", PROFILES)
async def test_harmless_prompts_are_painted(app: App, member: Origin, profile: str) -> None:
    """At most one in a hundred is refused."""
    refused = []
    for prompt in harmless():
        try:
            await app.studio.planned(member, ImagineRequest(prompt=prompt, profile=profile))
        except InvalidRequest as error:
            refused.append((prompt, error.text))
    print(f"{profile}: {len(refused)} of {len(harmless())} harmless prompts were refused")
    assert len(harmless()) >= 150
    assert len(refused) <= len(harmless()) / 100, refused
