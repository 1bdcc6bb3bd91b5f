"""Watches every request the bot sends to the simulated Discord, and enforces what simcord does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import simcord
from simcord import BackendError
from simcord.http import router

MAX_COMPONENTS = 40
MAX_LAYOUT_TEXT = 4000
MAX_FILES = 10
MAX_ALT = 256


@dataclass(frozen=True)
class Sent:
    """One request: when (virtual seconds), what, and the names and sizes of its files."""

    at: float
    method: str
    path: str
    body: dict[str, Any]
    files: dict[str, int]

    @property
    def is_message(self) -> bool:
        """Whether it creates or edits a message."""
        return self.method in {"POST", "PATCH"} and ("/messages" in self.path or "/webhooks" in self.path)

    @property
    def text(self) -> str:
        """Everything a member reads in it."""
        return "\n".join(
            [str(self.body.get("content") or "")]
            + [str(c["content"]) for c in walk(self.body.get("components") or []) if c.get("type") == 10]
        )


def walk(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every component, nested ones included."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        for inner in (component.get("accessory"), component.get("component")):
            if inner:
                yield from walk([inner])


def units(text: str) -> int:
    """UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Wire:
    """Stands between the bot and the simulated Discord.

    Attributes:
        sent: every request so far.
        violations: what the real Discord would have refused or what would have pinged somebody.
        upload_limit: bytes per file; more is answered with 413 / 40005.
        may_ping: ids of members who asked to be mentioned.
    """

    def __init__(self, env: simcord.Env) -> None:
        self.env = env
        self.sent: list[Sent] = []
        self.violations: list[str] = []
        self.upload_limit = 10 * 1024 * 1024
        self.may_ping: set[int] = set()
        self._nonces: dict[tuple[str, str], Any] = {}
        self._dispatch = router.dispatch

    def listen(self) -> None:
        """Take the place of simcord's router."""
        router.dispatch = self._request

    def leave(self) -> None:
        """Put simcord's router back."""
        router.dispatch = self._dispatch

    def forget_nonces(self) -> None:
        """As Discord does after some minutes."""
        self._nonces.clear()

    def messages(self) -> list[Sent]:
        """The requests that created or edited messages."""
        return [sent for sent in self.sent if sent.is_message]

    def _request(self, backend: Any, method: str, path: str, **kwargs: Any) -> Any:
        body = kwargs.get("json") if isinstance(kwargs.get("json"), dict) else {}
        assert isinstance(body, dict)
        files = {file.filename: _size(file) for file in kwargs.get("files") or []}
        now = self.env.backend.clock.elapsed
        self.sent.append(Sent(now, method, path, body, files))
        payload = body.get("data") or {} if path.endswith("/callback") else body
        is_form = path.endswith("/callback") and body.get("type") == 9
        checks_pings = method != "PUT" and "/commands" not in path and not is_form
        self._check(f"{method} {path}", payload, files, checks_pings=checks_pings)
        if any(size > self.upload_limit for size in files.values()):
            raise BackendError(413, 40005, "Request entity too large")
        nonce = (path, str(body["nonce"])) if body.get("enforce_nonce") else None
        if nonce in self._nonces:
            return self._nonces[nonce]
        if method == "GET" and path.endswith("/messages") and "after" in (kwargs.get("params") or {}):
            return self._history_after(backend, path, kwargs)
        answer = self._dispatch(backend, method, path, **kwargs)
        if nonce is not None:
            self._nonces[nonce] = answer
        return answer

    def _history_after(self, backend: Any, path: str, kwargs: dict[str, Any]) -> list[Any]:
        """The messages right after one, newest of them first: simcord gives the newest of the channel instead."""
        params = dict(kwargs["params"])
        after, limit, found = int(params.pop("after")), int(params.pop("limit", 50)), []
        while page := self._dispatch(backend, "GET", path, **{**kwargs, "params": {**params, "limit": 100}}):
            found += [message for message in page if int(message["id"]) > after]
            params["before"] = page[-1]["id"]
            if int(page[-1]["id"]) <= after:
                break
        return found[-limit:]

    def _check(self, where: str, body: dict[str, Any], files: dict[str, int], *, checks_pings: bool) -> None:
        def wrong(what: str) -> None:
            self.violations.append(f"{where}: {what}")

        components = list(walk(body.get("components") or []))
        if len(components) > MAX_COMPONENTS:
            wrong(f"{len(components)} components")
        if sum(units(str(c["content"])) for c in components if c.get("type") == 10) > MAX_LAYOUT_TEXT:
            wrong("more than 4,000 characters of text")
        if units(str(body.get("content") or "")) > 2000:
            wrong("more than 2,000 characters of content")
        items = [item for c in components for item in c.get("items") or []]
        if any(units(str(item.get("description") or "")) > MAX_ALT for item in items):
            wrong("alt text too long")
        shown = {str(item["media"]["url"]).removeprefix("attachment://") for item in items}
        shown |= {
            str(c["file"]["url"]).removeprefix("attachment://") for c in components if c.get("type") == 13
        }
        if components and shown != set(files):
            wrong(f"the message shows {sorted(shown)}, files are {sorted(files)}")
        if len(files) > MAX_FILES:
            wrong(f"{len(files)} files")
        ids = [str(c["custom_id"]) for c in components if c.get("custom_id")]
        if any(len(each) > 100 for each in ids) or len(set(ids)) < len(ids):
            wrong(f"custom ids too long or twice: {ids}")
        self._check_texts(wrong, body, components)
        if (components or body.get("content")) and checks_pings:
            mentions = body.get("allowed_mentions")
            pinged = mentions.get("users") or [] if isinstance(mentions, dict) else []
            others = {int(each) for each in pinged} - self.may_ping
            if not isinstance(mentions, dict) or mentions.get("parse") != [] or others:
                wrong(f"may ping: allowed_mentions is {mentions}")
        self._check_choices(wrong, body.get("choices"))

    @staticmethod
    def _check_texts(wrong: Any, body: dict[str, Any], components: list[dict[str, Any]]) -> None:
        """Labels of buttons (2) and rows of forms (18), the text in their fields (4), a form's title."""
        for c in components:
            kind, most = c.get("type"), {2: ("label", 80), 18: ("label", 45)}
            if kind in most and units(str(c.get(most[kind][0]) or "")) > most[kind][1]:
                wrong(f"label too long: {c}")
            if kind == 18 and units(str(c.get("description") or "")) > 100:
                wrong(f"description too long: {c}")
            if kind == 4 and units(str(c.get("value") or "")) > int(c.get("max_length") or 4000):
                wrong(f"the text of a field is too long: {c['custom_id']}")
        if units(str(body.get("title") or "")) > 45:
            wrong(f"title too long: {body['title']}")

    @staticmethod
    def _check_choices(wrong: Any, choices: list[dict[str, Any]] | None) -> None:
        if choices is None:
            return
        if len(choices) > 25:
            wrong(f"{len(choices)} choices")
        for choice in choices:
            if not 1 <= units(choice["name"]) <= 100 or units(str(choice["value"])) > 100:
                wrong(f"choice {choice}")


def _size(file: Any) -> int:
    position = file.fp.tell()
    size = int(file.fp.seek(0, 2))
    file.fp.seek(position)
    return size
