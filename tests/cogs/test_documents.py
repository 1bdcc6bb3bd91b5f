"""What the documents name exists."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.support.simcord_env import World

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
COMMAND = re.compile(r"`/([a-z][a-z-]*(?: [a-z][a-z-]*)*)(?: [a-z_]+:[^`]*)?`")
SIBLINGS = re.compile(r"`(/[a-z][a-z -]*)`((?:, `[a-z][a-z-]*`)+)")
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)")


def commands_in(text: str) -> set[str]:
    """Every command that is named, also as in: `/mod ban add`, `remove`."""
    found = set(COMMAND.findall(text))
    for first, others in SIBLINGS.findall(text):
        group = first.removeprefix("/").rpartition(" ")[0]
        found |= {f"{group} {name}".strip() for name in re.findall(r"`([a-z-]+)`", others)}
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
async def test_every_command_that_is_named_exists(world: World, document: Path) -> None:
    """Groups such as `/mod` as well."""
    # The owner's are in the tree only where a control server is set.
    owner = world.bot._owner
    commands = (*world.bot.tree.walk_commands(), owner, *owner.walk_commands())
    known = {command.qualified_name for command in commands}
    text = await asyncio.to_thread(document.read_text, "utf-8")
    assert commands_in(text) - known == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_linked_exists(document: Path) -> None:
    """Pictures as well."""
    linked = LINK.findall(document.read_text("utf-8"))
    assert [link for link in linked if not (document.parent / link).exists()] == []


def test_a_command_that_is_not_there_is_found() -> None:
    """The reading is not blind."""
    text = "`/mod ban add`, `remove` and `/imagine preset:`; `/mod`, not `a/b` or `mod`"
    assert commands_in(text) == {"mod ban add", "mod ban remove", "imagine", "mod"}
