"""Discord's documented limits of outgoing messages, forms and choices. Pure: a list of what it would refuse.

simcord enforces some of them; this is the one place where all are checked, whatever it does. `tests.support.wire` calls
it for every request of every simulated world, and a world with violations fails its test.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

MAX_CONTENT: Final = 2000
MAX_LAYOUT_TEXT: Final = 4000
MAX_COMPONENTS: Final = 40
MAX_ROWS: Final = 5
"""Rows of a message without Components V2, and of a form."""
MAX_BUTTONS: Final = 5
MAX_CUSTOM_ID: Final = 100
MAX_LABEL: Final = 80
MAX_OPTIONS: Final = 25
MAX_OPTION_TEXT: Final = 100
MAX_PLACEHOLDER: Final = 150
MAX_GALLERY: Final = 10
MAX_ALT: Final = 1024
MAX_FILES: Final = 10
MAX_FILE_BYTES: Final = 10 * 1024 * 1024
"""Bytes of a file in a server without boosts."""
MAX_TITLE: Final = 45
MAX_FORM_LABEL: Final = 45
MAX_FORM_DESCRIPTION: Final = 100
MAX_FIELD: Final = 4000
MAX_CHOICES: Final = 25
MAX_CHOICE: Final = 100
MAX_EMBEDS: Final = 10
MAX_EMBED_TEXT: Final = 6000
"""Of all embeds of a message together."""
EMBED_LIMITS: Final = {"title": 256, "description": 4096}
MAX_FIELDS: Final = 25
MAX_NONCE: Final = 25

LAYOUT: Final = 1 << 15
"""Flag of a message of Components V2."""
_ROW, _BUTTON, _SELECTS, _FIELD = 1, 2, frozenset({3, 5, 6, 7, 8}), 4
_TEXT, _THUMBNAIL, _GALLERY, _FILE, _LABEL = 10, 11, 12, 13, 18


def walk(components: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every component, nested ones included."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        for inner in (component.get("accessory"), component.get("component")):
            if inner:
                yield from walk([inner])


def units(text: object) -> int:
    """UTF-16 code units: never less than what Discord counts, whichever way it counts."""
    return len(str(text or "").encode("utf-16-le", "surrogatepass")) // 2


def violations(
    body: Mapping[str, Any],
    files: Mapping[str, int] | None = None,
    *,
    form: bool = False,
    file_bytes: int = MAX_FILE_BYTES,
) -> list[str]:
    """What Discord would refuse of one payload.

    Args:
        body: a message, a form or the answer of an autocomplete, as it is sent.
        files: names and sizes of what is attached.
        form: whether it is a form.
        file_bytes: bytes a file may have there.
    """
    components = list(walk(body.get("components") or []))
    found = list(_form(body, components)) if form else list(_message(body, components, files or {}, file_bytes))
    found += _components(components)
    found += _choices(body.get("choices") or [])
    return found


def _over(what: str, value: object, most: int) -> Iterator[str]:
    if units(value) > most:
        yield f"{what} of {units(value)} characters, {most} is the most: {str(value)[:40]!r}"


def _many(what: str, count: int, most: int) -> Iterator[str]:
    if count > most:
        yield f"{count} {what}, {most} is the most"


def _message(
    body: Mapping[str, Any], components: list[dict[str, Any]], files: Mapping[str, int], file_bytes: int
) -> Iterator[str]:
    yield from _over("content", body.get("content"), MAX_CONTENT)
    yield from _over("nonce", body.get("nonce"), MAX_NONCE)
    yield from _many("files", len(files), MAX_FILES)
    for name, size in files.items():
        if size > file_bytes:
            yield f"{name} has {size} bytes, {file_bytes} is the most"
    for attachment in body.get("attachments") or []:
        yield from _over("description of a file", attachment.get("description"), MAX_ALT)
    texts = [component for component in components if component.get("type") == _TEXT]
    total = sum(units(each.get("content")) for each in texts)
    if total > MAX_LAYOUT_TEXT:
        yield f"{total} characters of text in all, {MAX_LAYOUT_TEXT} is the most"
    yield from _many("components", len(components), MAX_COMPONENTS)
    if int(body.get("flags") or 0) & LAYOUT:
        yield from (
            f"`{part}` beside Components V2" for part in ("content", "embeds", "poll") if body.get(part)
        )
        shown = _shown(components)
        if shown != set(files):
            yield f"the message shows {sorted(shown)}, its files are {sorted(files)}"
    else:
        yield from _many("rows", len(body.get("components") or []), MAX_ROWS)
    yield from _embeds(body.get("embeds") or [])


def _shown(components: list[dict[str, Any]]) -> set[str]:
    """Names of the attached files that the components show."""
    media = [item["media"] for each in components for item in each.get("items") or []]
    media += [each["file"] for each in components if each.get("type") == _FILE]
    media += [each["media"] for each in components if each.get("type") == _THUMBNAIL]
    urls = [str(each["url"]) for each in media]
    return {url.removeprefix("attachment://") for url in urls if url.startswith("attachment://")}


def _embeds(embeds: list[dict[str, Any]]) -> Iterator[str]:
    yield from _many("embeds", len(embeds), MAX_EMBEDS)
    total = 0
    for embed in embeds:
        parts = [(name, embed.get(name), most) for name, most in EMBED_LIMITS.items()]
        parts.append(("footer", (embed.get("footer") or {}).get("text"), 2048))
        parts.append(("author", (embed.get("author") or {}).get("name"), 256))
        fields = embed.get("fields") or []
        yield from _many("fields of an embed", len(fields), MAX_FIELDS)
        parts += [("name of an embed's field", each.get("name"), 256) for each in fields]
        parts += [("value of an embed's field", each.get("value"), 1024) for each in fields]
        for name, value, most in parts:
            yield from _over(name, value, most)
            total += units(value)
    yield from _many("characters of all embeds", total, MAX_EMBED_TEXT)


def _form(body: Mapping[str, Any], components: list[dict[str, Any]]) -> Iterator[str]:
    yield from _over("title", body.get("title"), MAX_TITLE)
    yield from _over("custom id", body.get("custom_id"), MAX_CUSTOM_ID)
    yield from _many("rows", len(body.get("components") or []), MAX_ROWS)
    for each in components:
        if each.get("type") in {_LABEL, _FIELD}:
            yield from _over("label", each.get("label"), MAX_FORM_LABEL)
            yield from _over("description", each.get("description"), MAX_FORM_DESCRIPTION)
        if each.get("type") == _FIELD:
            most = min(int(each.get("max_length") or MAX_FIELD), MAX_FIELD)
            yield from _over("text of a field", each.get("value"), most)
            yield from _over("placeholder", each.get("placeholder"), MAX_OPTION_TEXT)


def _components(components: list[dict[str, Any]]) -> Iterator[str]:
    ids = [str(each["custom_id"]) for each in components if each.get("custom_id")]
    for name in ids:
        yield from _over("custom id", name, MAX_CUSTOM_ID)
    if len(set(ids)) < len(ids):
        yield f"a custom id twice among {sorted(ids)}"
    for each in components:
        kind, inner = each.get("type"), each.get("components") or []
        if kind == _ROW:
            yield from _row(inner)
        elif kind == _BUTTON:
            yield from _over("label of a button", each.get("label"), MAX_LABEL)
            if not each.get("label") and not each.get("emoji"):
                yield "a button without label and emoji"
        elif kind in _SELECTS:
            yield from _select(each)
        elif kind == _TEXT and not str(each.get("content") or "").strip():
            yield "a text display without text"
        elif kind == _GALLERY:
            yield from _gallery(each.get("items") or [])


def _select(menu: dict[str, Any]) -> Iterator[str]:
    yield from _over("placeholder", menu.get("placeholder"), MAX_PLACEHOLDER)
    yield from _many("options", len(menu.get("options") or []), MAX_OPTIONS)
    for option in menu.get("options") or []:
        for part in ("label", "value", "description"):
            yield from _over(f"{part} of an option", option.get(part), MAX_OPTION_TEXT)


def _gallery(items: list[dict[str, Any]]) -> Iterator[str]:
    yield from _many("pictures of a gallery", len(items), MAX_GALLERY)
    if not items:
        yield "a gallery without pictures"
    for item in items:
        yield from _over("alt text", item.get("description"), MAX_ALT)


def _row(inner: list[dict[str, Any]]) -> Iterator[str]:
    if not inner:
        yield "a row without components"
    yield from _many("buttons in a row", len(inner), MAX_BUTTONS)
    if len(inner) > 1 and any(each.get("type") in _SELECTS for each in inner):
        yield "a select menu that is not alone in its row"


def _choices(choices: list[dict[str, Any]]) -> Iterator[str]:
    yield from _many("choices", len(choices), MAX_CHOICES)
    for choice in choices:
        yield from _over("name of a choice", choice.get("name"), MAX_CHOICE)
        if isinstance(choice.get("value"), str):
            yield from _over("value of a choice", choice["value"], MAX_CHOICE)
        if not choice.get("name"):
            yield "a choice without a name"
