"""Downloads checkpoints from a hub repository into the cache, once, at a commit that then stays.

Layout of the cache: `hub/owner--name/pins.json` says which commit a revision was at the first download and
which files it needs; `hub/owner--name/<commit>/` holds them in the repository's own layout. Looking into the
cache needs neither the network nor torch.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from pipeline.engine.fetch import PART, RemoteFile, disk_full, fetch, locked
from pipeline.engine.hub_files import Wanted, choose_files
from pipeline.errors import WeightsError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

Progress = Callable[[str, float | None], None]

_REPO: Final = re.compile(r"[\w.-]+/[\w.-]+")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_SPARE: Final = 200_000_000
"""Bytes to leave free on the disk beside the weights."""


@dataclass(frozen=True, slots=True)
class Cached:
    """What the cache knows of a repository at a revision."""

    folder: Path
    commit: str
    files: tuple[RemoteFile, ...]

    @property
    def missing(self) -> tuple[RemoteFile, ...]:
        """Files that are not there, or not whole."""
        return tuple(file for file in self.files if _size(self.folder / file.name) != file.size)

    @property
    def missing_bytes(self) -> int:
        """Bytes still to download; parts count."""
        here = {file: max(0, _size(self.folder / (file.name + PART))) for file in self.missing}
        return sum(file.size - min(file.size, part) for file, part in here.items())

    @property
    def checkpoint(self) -> Path:
        """The diffusers folder, or the single file."""
        if any(file.name.endswith(".json") for file in self.files):
            return self.folder
        return self.folder / self.files[0].name


class Hub:
    """A hub and the cache of what came from it."""

    def __init__(
        self,
        cache: Path,
        *,
        endpoint: str | None = None,
        token: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        """Nothing is opened or asked yet.

        Args:
            cache: folder that may be deleted at any time, at the price of downloading again.
            endpoint: address of the hub; by default HF_ENDPOINT, else the public hub.
            token: access token; by default HF_TOKEN, else the one of `hf auth login`.
            sleep: waits some seconds between attempts.
            free_bytes: free space on the disk of a folder.
        """
        self._cache = cache / "hub"
        # huggingface_hub reads HF_ENDPOINT once, when it is imported, which may be before .env is read.
        self._endpoint = endpoint or os.environ.get("HF_ENDPOINT") or None
        self._token = token
        self._sleep = sleep
        self._free_bytes = free_bytes

    def cached(self, wanted: Wanted) -> Cached | None:
        """What is in the cache, whole or in part, or None if nothing was ever fetched."""
        entry = self._pins(wanted.repo).get(_key(wanted))
        try:
            files = tuple(RemoteFile(**file) for file in entry["files"]) if entry else ()
            commit = str(entry["commit"]) if entry else ""
        except (TypeError, KeyError):
            return None  # written by something else: ask the hub again
        if not files or not _COMMIT.fullmatch(commit) or not all(map(_is_safe, (file.name for file in files))):
            return None
        return Cached(self._folder(wanted.repo) / commit, commit, files)

    def look_up(self, wanted: Wanted) -> Cached:
        """Ask the hub what there is, and write the commit and the file list down. Downloads nothing.

        Raises:
            WeightsError: no such repository, revision or file, no access, no connection, or pickles only.
        """
        known = self.cached(wanted)
        if known:
            return known
        from huggingface_hub.errors import HFValidationError

        from pipeline.engine.hub_errors import explained

        with explained(wanted.repo, wanted.revision, self._address):
            try:
                info = self._api().model_info(
                    wanted.repo, revision=wanted.revision, files_metadata=True, timeout=30
                )
            except HFValidationError as error:
                raise WeightsError(
                    "`{repo}` is not a repository: write owner/name.", repo=wanted.repo
                ) from error
        files = {
            item.rfilename: RemoteFile(
                item.rfilename,
                item.size or 0,
                item.lfs.sha256 if item.lfs else "",
                "" if item.lfs else item.blob_id or "",
            )
            for item in info.siblings or ()
        }
        chosen = tuple(files[name] for name in choose_files(files, wanted))
        commit = info.sha or ""
        if not _COMMIT.fullmatch(commit) or not all(_is_safe(file.name) for file in chosen):
            raise WeightsError(
                "{address} did not answer as a hub does: check HF_ENDPOINT.", address=self._address
            )
        self._pin(wanted, commit, chosen)
        return Cached(self._folder(wanted.repo) / commit, commit, chosen)

    def download(
        self,
        wanted: Wanted,
        name: str,
        progress: Progress = lambda *_: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Cached:
        """Everything wanted, in the cache: at once if it is there, else fetched, going on with earlier parts.

        Args:
            wanted: what.
            name: what to call it in progress texts.
            progress: told a text and the fraction done, about once per percent.
            cancelled: asked often while it downloads.

        Raises:
            WeightsError: see `look_up`; also a full disk, a broken file, a connection that stays away.
            Cancelled: `cancelled` said so; what has arrived stays.
        """
        known = self.cached(wanted)
        if known and not known.missing:
            return known
        home = self._folder(wanted.repo)
        try:
            home.mkdir(parents=True, exist_ok=True)
            with locked(home / ".lock", name, progress, cancelled):
                progress(f"Asking {self._address} for {name}", None)
                found = self.look_up(wanted)
                self._fetch_missing(found, wanted, name, progress, cancelled)
        except OSError as error:
            raise WeightsError(
                "The cache folder `{folder}` cannot be written ({reason}): check its permissions and the disk.",
                folder=home,
                reason=error.strerror or error,
            ) from error
        return found

    def _fetch_missing(
        self, found: Cached, wanted: Wanted, name: str, progress: Progress, cancelled: Callable[[], bool]
    ) -> None:
        from huggingface_hub import hf_hub_url
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

        from pipeline.engine.hub_errors import explained

        todo = found.missing
        need = found.missing_bytes
        if need and self._free_bytes(self._cache) < need + _SPARE:
            raise disk_full(self._cache, need)
        total = sum(file.size for file in found.files)
        done = total - sum(file.size for file in todo)
        report = _Report(f"Downloading {name}", total, progress)
        for file in todo:
            target = found.folder / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            url = hf_hub_url(wanted.repo, file.name, revision=found.commit, endpoint=self._endpoint)
            with explained(wanted.repo, wanted.revision, self._address):
                fetch(
                    url,
                    file,
                    target,
                    headers=build_hf_headers(token=self._token, library_name="tagbrush"),
                    arrived=lambda size, before=done: report(before + size),  # type: ignore[misc]
                    cancelled=cancelled,
                    sleep=self._sleep,
                )
            done += file.size
            report(done)

    @property
    def _address(self) -> str:
        return self._endpoint or "https://huggingface.co"

    def _api(self) -> HfApi:
        from huggingface_hub import HfApi

        return HfApi(endpoint=self._endpoint, token=self._token)

    def _folder(self, repo: str) -> Path:
        if not _REPO.fullmatch(repo) or ".." in repo:
            raise WeightsError("`{repo}` is not a repository: write owner/name.", repo=repo)
        return self._cache / repo.replace("/", "--")

    def _pins(self, repo: str) -> dict[str, Any]:
        try:
            data = json.loads((self._folder(repo) / "pins.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return data if isinstance(data, dict) else {}

    def _pin(self, wanted: Wanted, commit: str, files: Iterable[RemoteFile]) -> None:
        """Write down the commit that a revision resolved to, for good."""
        pins = self._pins(wanted.repo)
        pins[_key(wanted)] = {"commit": commit, "files": [asdict(file) for file in files]}
        home = self._folder(wanted.repo)
        home.mkdir(parents=True, exist_ok=True)
        fresh = home / "pins.new"
        fresh.write_text(json.dumps(pins, indent=1), encoding="utf-8")
        fresh.replace(home / "pins.json")


class _Report:
    """Progress in whole percents: hundreds of chunks, at most a hundred messages."""

    def __init__(self, text: str, total: int, progress: Progress) -> None:
        self._text, self._total, self._progress, self._percent = text, max(total, 1), progress, -1

    def __call__(self, done: int) -> None:
        percent = done * 100 // self._total
        if percent != self._percent:
            self._percent = percent
            self._progress(f"{self._text}: {_size_words(done, self._total)}", done / self._total)


def _key(wanted: Wanted) -> str:
    parts = (wanted.revision, wanted.file, wanted.variant, "vae" if wanted.vae else "", *wanted.files)
    return "|".join(parts).rstrip("|")


def _is_safe(name: str) -> bool:
    """Whether a file name from the network stays inside its folder."""
    path = PurePosixPath(name)
    return (
        bool(path.parts)
        and not path.is_absolute()
        and ".." not in path.parts
        and "\\" not in name
        and ":" not in name
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _size_words(done: int, total: int) -> str:
    unit, name = (1e9, "GB") if total >= 1e9 else (1e6, "MB")
    return f"{done / unit:.1f} of {total / unit:.1f} {name}"
