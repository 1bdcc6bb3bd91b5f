"""Watches every request the bot sends to the simulated Discord, and enforces what simcord does not."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import Any

import simcord
from simcord import BackendError
from simcord.http import router

from tests.support.limits import MAX_FILE_BYTES, violations, walk

__all__ = ["Lost", "Sent", "Wire", "walk"]


@dataclass
class Lost:
    """A request whose answer never comes: before Discord has taken it, or after that."""

    method: str
    path: str
    taken: bool = False
    times: int = 1
    uploads: bool = False
    """Only those with files."""


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


class Wire:
    """Stands between the bot and the simulated Discord.

    Attributes:
        sent: every request so far.
        violations: what the real Discord would have refused or what would have pinged somebody.
        upload_limit: bytes per file; more is answered with 413 / 40005.
        may_ping: ids of members who asked to be mentioned.
        lost: requests that time out.
    """

    def __init__(self, env: simcord.Env) -> None:
        self.env = env
        self.sent: list[Sent] = []
        self.violations: list[str] = []
        self.upload_limit = MAX_FILE_BYTES
        self.may_ping: set[int] = set()
        self.lost: list[Lost] = []
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
        pings = method != "PUT" and "/commands" not in path and not is_form
        self._check(f"{method} {path}", payload, files, form=is_form, pings=pings)
        lost = next((each for each in self.lost if self._meets(each, method, path, files)), None)
        if lost is not None:
            lost.times -= 1
            if not lost.taken:
                raise TimeoutError
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
        if lost is not None:
            raise TimeoutError
        return answer

    @staticmethod
    def _meets(lost: Lost, method: str, path: str, files: dict[str, int]) -> bool:
        if lost.times <= 0 or (lost.uploads and not files):
            return False
        return lost.method in (method, "*") and fnmatch.fnmatch(path, lost.path)

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

    def _check(
        self, where: str, body: dict[str, Any], files: dict[str, int], *, form: bool, pings: bool
    ) -> None:
        # A file over the limit of this Discord is answered as the real one does, which the bot is to live through.
        found = violations(body, files, form=form, file_bytes=max(self.upload_limit, MAX_FILE_BYTES))
        if pings and (body.get("components") or body.get("content")):
            mentions = body.get("allowed_mentions")
            pinged = mentions.get("users") or [] if isinstance(mentions, dict) else []
            others = {int(each) for each in pinged} - self.may_ping
            if not isinstance(mentions, dict) or mentions.get("parse") != [] or others:
                found.append(f"may ping: allowed_mentions is {mentions}")
        self.violations += [f"{where}: {each}" for each in found]


def _size(file: Any) -> int:
    position = file.fp.tell()
    size = int(file.fp.seek(0, 2))
    file.fp.seek(position)
    return size
