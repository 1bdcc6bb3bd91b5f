"""The check of outgoing messages can fail: every limit, one step beyond it and right at it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import simcord

from tests.support.limits import LAYOUT, MAX_FILE_BYTES, violations
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import discord_world

Make = Callable[[int], tuple[dict[str, Any], dict[str, int], bool]]


def message(**body: Any) -> tuple[dict[str, Any], dict[str, int], bool]:
    """A message without files."""
    return body, {}, False


def layout(*components: dict[str, Any], files: dict[str, int] | None = None) -> Any:
    """A message of Components V2."""
    return {"components": list(components), "flags": LAYOUT}, files or {}, False


def button(number: int = 0, **more: Any) -> dict[str, Any]:
    """A button."""
    return {"type": 2, "style": 1, "label": "x", "custom_id": f"b{number}"} | more


def row(*inner: dict[str, Any]) -> dict[str, Any]:
    """A row."""
    return {"type": 1, "components": list(inner)}


def text(content: str) -> dict[str, Any]:
    """A text display."""
    return {"type": 10, "content": content}


def select(**more: Any) -> dict[str, Any]:
    """A select menu in its row."""
    return row({"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "a"}]} | more)


def gallery(count: int, description: str = "alt") -> Any:
    """A message with a gallery and its files."""
    names = [f"{number}.png" for number in range(count)]
    items = [{"media": {"url": f"attachment://{name}"}, "description": description} for name in names]
    return layout({"type": 12, "items": items}, files=dict.fromkeys(names, 1))


def form(title: str = "t", rows: int = 1, **field: Any) -> Any:
    """A form with fields."""
    inner = {"type": 4, "custom_id": "f", "style": 1} | field
    components = [
        {"type": 18, "label": "l", "component": inner | {"custom_id": f"f{number}"}} for number in range(rows)
    ]
    return {"title": title, "custom_id": "form", "components": components}, {}, True


def embed(**parts: Any) -> Any:
    """A message with one embed."""
    return message(embeds=[parts])


LIMITS: dict[str, tuple[int, Make]] = {
    "content": (2000, lambda n: message(content="x" * n)),
    "content in pairs of units": (1000, lambda n: message(content="\N{CHERRY BLOSSOM}" * n)),
    "text in all": (4000, lambda n: layout(text("x" * (n - 100)), text("y" * 100))),
    "components": (40, lambda n: layout(*(text("x") for _ in range(n)))),
    "nested components": (
        40,
        lambda n: layout({"type": 17, "components": [text("x") for _ in range(n - 1)]}),
    ),
    "buttons in a row": (5, lambda n: layout(row(*(button(each) for each in range(n))))),
    "rows": (5, lambda n: message(content="x", components=[row(button(each)) for each in range(n)])),
    "custom id": (100, lambda n: layout(row(button(custom_id="x" * n)))),
    "label": (80, lambda n: layout(row(button(label="x" * n)))),
    "options": (25, lambda n: layout(select(options=[{"label": "a", "value": "a"}] * n))),
    "option": (100, lambda n: layout(select(options=[{"label": "x" * n, "value": "a"}]))),
    "placeholder": (150, lambda n: layout(select(placeholder="x" * n))),
    "pictures": (10, lambda n: gallery(n)),
    "alt text": (1024, lambda n: gallery(1, "x" * n)),
    "alt text of a plain file": (1024, lambda n: message(attachments=[{"id": 0, "description": "x" * n}])),
    "files": (10, lambda n: ({}, {str(each): 1 for each in range(n)}, False)),
    "file size": (MAX_FILE_BYTES, lambda n: ({}, {"a.png": n}, False)),
    "nonce": (25, lambda n: message(content="x", nonce="1" * n)),
    "title of a form": (45, lambda n: form("x" * n)),
    "rows of a form": (5, lambda n: form(rows=n)),
    "text of a field": (4000, lambda n: form(value="x" * n)),
    "text of a shorter field": (50, lambda n: form(value="x" * n, max_length=50)),
    "choices": (25, lambda n: message(choices=[{"name": "a", "value": "a"}] * n)),
    "choice": (100, lambda n: message(choices=[{"name": "x" * n, "value": "a"}])),
    "value of a choice": (100, lambda n: message(choices=[{"name": "x", "value": "a" * n}])),
    "embeds": (10, lambda n: message(embeds=[{"title": "x"}] * n)),
    "embed's title": (256, lambda n: embed(title="x" * n)),
    "embed's description": (4096, lambda n: embed(description="x" * n)),
    "embed's fields": (25, lambda n: embed(fields=[{"name": "x", "value": "y"}] * n)),
    "embed's field": (1024, lambda n: embed(fields=[{"name": "x", "value": "y" * n}])),
    "embed's footer": (2048, lambda n: embed(footer={"text": "x" * n})),
    "embeds in all": (6000, lambda n: message(embeds=[{"description": "x" * (n // 2)}] * 2)),
}


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_is_kept_and_not_a_step_beyond(name: str) -> None:
    """What Discord documents passes, and one more does not."""
    most, make = LIMITS[name]
    body, files, is_form = make(most)
    assert violations(body, files, form=is_form) == []
    body, files, is_form = make(most + (2 if name == "embeds in all" else 1))
    assert violations(body, files, form=is_form) != []


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (layout(row(button(1), button(1))), "twice"),
        (layout(row()), "row without"),
        (layout(row(button(label="", emoji=None))), "without label"),
        (layout(text("  ")), "without text"),
        (layout({"type": 12, "items": []}), "without pictures"),
        (layout(row(button(), select()["components"][0])), "not alone"),
        (({"flags": LAYOUT, "content": "x", "components": [text("x")]}, {}, False), "beside Components V2"),
        (layout(text("x"), files={"lonely.png": 1}), "its files are"),
        (layout({"type": 13, "file": {"url": "attachment://missing.json"}}), "its files are"),
        (message(choices=[{"name": "", "value": "a"}]), "without a name"),
    ],
)
def test_what_else_discord_refuses(payload: Any, words: str) -> None:
    """Rules that are no numbers."""
    body, files, is_form = payload
    found = violations(body, files, form=is_form)
    assert any(words in each for each in found)


async def send_too_much(data: Path) -> None:
    """A world in which something too long is sent."""
    async with discord_world(data, make_engine=lambda _: ScriptedEngine()) as world:
        payload = {"content": "x" * 2001, "allowed_mentions": {"parse": []}}
        with contextlib.suppress(simcord.BackendError):
            path = f"/channels/{world.channel.id}/messages"
            world.wire._request(world.env.backend, "POST", path, json=payload)


async def test_a_world_that_sent_too_much_fails(tmp_path: Path) -> None:
    """The check is where every message passes, and leaving the world raises."""
    with pytest.raises(AssertionError, match="content of 2001 characters"):
        await send_too_much(tmp_path)
