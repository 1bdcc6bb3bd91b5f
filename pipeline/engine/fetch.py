"""Fetches one file over HTTP, goes on where an earlier attempt stopped, and checks what arrived.

`huggingface_hub` 2.4 resumes within one call only: it downloads to a name of its own and deletes it on failure,
so a bot restarted in the middle of 7 GB would begin again, and it does not compare the file's hash. Its client,
addresses, headers and error types are used here; the copying is ours.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from pipeline.errors import Cancelled, WeightsError
from pipeline.sentence import Sentence

if TYPE_CHECKING:
    import httpx2

PART: Final = ".part"
"""Ending of a file that is not whole yet."""
_ATTEMPTS: Final = 6
"""Attempts in a row that bring nothing before giving up; any progress starts the count again."""
_LONGEST_WAIT: Final = 30.0
_CHUNK: Final = 1 << 20
_SECONDS_WITHOUT_DATA: Final = 30.0
_LOCK_PATIENCE: Final = 0.5
"""Seconds until it is asked again whether waiting for another download still makes sense."""
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses that are worth another attempt."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a repository. `sha256` is known for large files, `blob_id` (git's SHA-1) for the others."""

    name: str
    size: int
    sha256: str = ""
    blob_id: str = ""


class Damaged(Exception):
    """What arrived is not what the hub announced."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(reason)
        self.reason = reason


def fetch(
    url: str,
    file: RemoteFile,
    target: Path,
    *,
    headers: dict[str, str],
    arrived: Callable[[int], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Download `file` to `target`, through `target.part`, which a later call goes on with.

    Args:
        url: where it is.
        file: its size and hash, which are checked before `target` appears.
        target: where to put it; its folder must exist.
        headers: for the request, with the token if there is one. A redirect to another host drops the token.
        arrived: told the number of bytes of this file on disk, as it grows.
        cancelled: asked between chunks.
        sleep: waits some seconds between attempts.

    Raises:
        Cancelled: `cancelled` said so; the part stays.
        WeightsError: the file is not what the hub announced, or the disk is full.
        httpx2.HTTPError, OSError: the last failure, when attempts in a row brought nothing.
    """
    import httpx2

    part = target.with_name(target.name + PART)
    failures = damaged = 0
    while True:
        before = _size(part)
        try:
            _go_on(url, file, part, headers, arrived, cancelled)
            _check(part, file)
        except Damaged as error:
            part.unlink(missing_ok=True)
            damaged += 1
            if damaged > 1:
                raise WeightsError(
                    "`{name}` arrived damaged twice from {url} ({reason}): the hub or the mirror in "
                    "HF_ENDPOINT serves a broken file. Try again later, or download it by hand and name it in "
                    "the settings.",
                    name=file.name,
                    url=url,
                    reason=error.reason,
                ) from error
        except (httpx2.HTTPError, OSError) as error:
            if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise disk_full(target.parent, file.size - _size(part)) from error
            if not _may_pass(error):
                raise
            failures = 0 if _size(part) > before else failures + 1
            if failures >= _ATTEMPTS:
                raise
            sleep(min(_LONGEST_WAIT, 2.0**failures / 2))
        else:
            part.replace(target)
            return


def disk_full(folder: Path, needed: int) -> WeightsError:
    """The sentence for a disk without room for `needed` more bytes."""
    return WeightsError(
        "The disk of `{folder}` is too full for the weights: {needed:.1f} GB more are needed. Make room, or "
        "point DATA_DIR at another disk; the download goes on where it stopped.",
        folder=folder,
        needed=max(needed, 0) / 1e9,
    )


def _go_on(
    url: str,
    file: RemoteFile,
    part: Path,
    headers: dict[str, str],
    arrived: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> None:
    """One attempt: ask for what is missing and append it."""
    from huggingface_hub import get_session
    from huggingface_hub.utils import hf_raise_for_status  # type: ignore[attr-defined]

    have = _size(part)
    if have > file.size:
        part.unlink()
        have = 0
    if have == file.size and part.exists():
        return
    asked = headers | {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with get_session().stream("GET", url, headers=asked, timeout=_SECONDS_WITHOUT_DATA) as response:
        if response.status_code == 416:
            raise Damaged(Sentence("the server holds less than it announced"))
        if response.is_error:
            response.read()
        hf_raise_for_status(response)
        if have and not _continues(response, have):
            have = 0  # the server ignored the range and sends everything
        with part.open("ab" if have else "wb") as stream:
            # As they come: whole chunks of a chosen size would throw away what arrived before a cut.
            for chunk in response.iter_bytes():
                stream.write(chunk)
                have += len(chunk)
                if have > file.size:
                    raise Damaged(Sentence("more than the announced {size:,} bytes", size=file.size))
                arrived(have)
                if cancelled():
                    raise Cancelled("The download was cancelled; it goes on where it stopped.")
    if have < file.size:
        # A proxy that closes early and politely: the client saw no error, but bytes are missing.
        raise ConnectionError(f"{file.name} ended after {have:,} of {file.size:,} bytes")


def _continues(response: httpx2.Response, start: int) -> bool:
    return response.status_code == 206 and response.headers.get("Content-Range", "").startswith(
        f"bytes {start}-"
    )


def _check(part: Path, file: RemoteFile) -> None:
    """Compare hashes; the size is already right.

    Raises:
        Damaged: they differ.
    """
    if file.sha256:
        digest, wanted = hashlib.sha256(), file.sha256
    elif file.blob_id:
        # git names a file by the SHA-1 of this header and the content; it guards against damage only.
        digest, wanted = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False), file.blob_id
    else:
        return
    with part.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != wanted.lower():
        raise Damaged(Sentence("its hash is not the announced one"))


def _may_pass(error: Exception) -> bool:
    """Whether another attempt may succeed."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, HfHubHTTPError):
        return error.response.status_code in _PASSING
    return isinstance(error, (httpx2.TransportError, ConnectionError, TimeoutError))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@contextlib.contextmanager
def locked(
    path: Path, name: str, progress: Callable[[str, float | None], None], cancelled: Callable[[], bool]
) -> Iterator[None]:
    """Be alone with a repository's folder: whoever comes second waits, then finds everything there.

    Args:
        path: the lock file.
        name: what is downloaded, for the progress text.
        progress: hears now and then that it waits.
        cancelled: asked now and then; true ends the waiting.

    Raises:
        Cancelled: `cancelled` said so.
    """
    lock = FileLock(path)
    while True:
        try:
            lock.acquire(timeout=_LOCK_PATIENCE)
            break
        except Timeout:
            if cancelled():
                raise Cancelled("The download was cancelled while another one went on.") from None
            progress(Sentence("Waiting for another program that downloads {name}", name=name), None)
    try:
        yield
    finally:
        lock.release()
