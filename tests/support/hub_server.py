"""A small hub on 127.0.0.1: the file API that downloads need, for a folder of files, with faults on demand."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 10_000
"""Bytes from which a file counts as stored in LFS, with a SHA-256."""


@dataclass
class Hub:
    """What the server serves, what it does wrong, and what it was asked."""

    url: str
    repos: dict[str, Path]
    commits: dict[str, str] = field(default_factory=lambda: {"main": COMMIT})
    cut_after: dict[str, list[int]] = field(default_factory=dict)
    """File name -> after how many bytes to break the connection, once per entry."""
    polite: bool = False
    """Cut by announcing fewer bytes instead of breaking the connection."""
    damage: dict[str, int] = field(default_factory=dict)
    """File name -> how many times to send it with wrong bytes."""
    refuse: dict[str, tuple[int, str]] = field(default_factory=dict)
    """`api` or a file name -> HTTP status and error code to answer with."""
    busy: list[int] = field(default_factory=list)
    """Statuses to answer the next file requests with."""
    ignore_ranges: bool = False
    redirect: str = ""
    """Send downloads to this address instead, as the hub does with large files."""
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path and headers (lower case) of every request."""

    def ranges(self, name: str) -> list[str]:
        """The Range headers that requests for this file carried, in order; empty where there was none."""
        return [
            h.get("range", "") for _, path, h in self.requests if path.endswith(name) and "/resolve/" in path
        ]

    def downloads(self) -> list[str]:
        """Names of the files asked for, in order."""
        return [
            path.split("/resolve/")[1].split("/", 1)[1] for _, path, _ in self.requests if "/resolve/" in path
        ]


@contextmanager
def serve(repos: dict[str, Path]) -> Iterator[Hub]:
    """Run a hub with these repositories until the block ends."""
    hub = Hub("", repos)

    class Handler(_Handler):
        state = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="test-hub")
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def closed_port() -> str:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


class _Handler(BaseHTTPRequestHandler):
    state: Hub
    protocol_version = "HTTP/1.1"
    # Headers and body go out as two writes, which the algorithm would keep 40 ms apart.
    disable_nagle_algorithm = True

    def log_message(self, *args: Any) -> None:
        """Keep the test's output clean."""

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.state.requests.append(("GET", path, {k.lower(): v for k, v in self.headers.items()}))
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/(.+)", path):
            self._info(match[1], match[2])
        elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._file(*match.groups())
        else:
            self._fail(404, "")

    def _info(self, repo: str, revision: str) -> None:
        state = self.state
        if "api" in state.refuse:
            return self._fail(*state.refuse["api"])
        if repo not in state.repos:
            return self._fail(401, "RepoNotFound")
        if revision not in state.commits:
            return self._fail(404, "RevisionNotFound")
        folder = state.repos[repo]
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        siblings = [_sibling(str(path.relative_to(folder)), path.read_bytes()) for path in files]
        body = {"id": repo, "modelId": repo, "sha": state.commits[revision], "siblings": siblings}
        return self._send(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _file(self, repo: str, revision: str, name: str) -> None:
        state = self.state
        path = state.repos[repo] / name
        if state.busy:
            return self._fail(state.busy.pop(0), "")
        if name in state.refuse:
            return self._fail(*state.refuse[name])
        if revision not in state.commits.values() or not path.is_file():
            return self._fail(404, "EntryNotFound")
        if state.redirect:
            return self._send(302, b"", {"Location": state.redirect + self.path})
        content = path.read_bytes()
        if state.damage.get(name, 0) > 0:
            state.damage[name] -= 1
            content = bytes([content[0] ^ 1]) + content[1:]
        start, status, headers = 0, 200, {"ETag": f'"{name}"', "X-Repo-Commit": revision}
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked and not state.ignore_ranges:
            start, status = int(asked[1]), 206
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return self._send(status, content[start:], headers, state.cut_after.get(name))

    def _send(self, status: int, body: bytes, headers: dict[str, str], cuts: list[int] | None = None) -> None:
        cut = cuts.pop(0) if cuts else None
        announced = cut if cut is not None and self.state.polite else len(body)
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(announced))
        if cut is not None:
            # Said beforehand, as the client may keep a politely ended connection and meet its end in the next request.
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body[:cut])
        self.wfile.flush()
        if cut is not None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _fail(self, status: int, code: str) -> None:
        self._send(status, b"{}", {"X-Error-Code": code} if code else {})


def _sibling(name: str, content: bytes) -> dict[str, Any]:
    blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()
    entry: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": blob}
    if len(content) >= LARGE:
        sha256 = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"size": len(content), "sha256": sha256, "pointerSize": 134}
    return entry
