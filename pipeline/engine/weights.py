"""Where a profile's weights are: the owner's path, the program, the cache or the hub. Needs no torch to look."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline import built_in
from pipeline.engine.hub import Cached, Hub
from pipeline.engine.hub_files import Wanted
from pipeline.engine.layout import INDEX, check_folder, variant_of
from pipeline.engine.single_file import check_file, fingerprint
from pipeline.errors import WeightsError
from pipeline.sentence import Sentence

if TYPE_CHECKING:
    from pipeline.profiles.types import Profile

Progress = Callable[[str, float | None], None]

_log: Final = logging.getLogger(__name__)


class WeightsState(StrEnum):
    """Where a profile's weights are."""

    LOCAL = "local"
    """At the owner's own path."""
    BUILT_IN = "built-in"
    """They come with the program."""
    CACHED = "cached"
    """Downloaded, whole."""
    PARTIAL = "partial"
    """A download has begun and goes on at first use."""
    DOWNLOADABLE = "downloadable"
    """Nothing is here yet; it is fetched at first use."""
    BROKEN = "broken"
    """Something is here and cannot be used."""


@dataclass(frozen=True, slots=True)
class WeightsStatus:
    """What `describe` found out: `where` is a path or `owner/name`, `text` a sentence for people."""

    profile: str
    state: WeightsState
    where: str
    text: str
    missing_bytes: int | None = None
    """Bytes still to download; None when that is not known without asking the hub."""

    @property
    def usable(self) -> bool:
        """Whether a picture could be painted now without the network."""
        return self.state in {WeightsState.LOCAL, WeightsState.BUILT_IN, WeightsState.CACHED}


@dataclass(frozen=True, slots=True)
class Found:
    """A checkpoint on this machine, its name in recipes, and the folder of another VAE to use, if any."""

    path: Path
    label: str
    vae: Path | None = None
    built_in: bool = False
    """Whether it came with the program, which knows how to get it back."""


class WeightsFinder:
    """Finds, and if need be fetches, the weights of profiles."""

    def __init__(
        self,
        *,
        cache_dir: Path,
        weights: Mapping[str, Path],
        built_in_folder: Path,
        hub: Hub,
        cancelled: Callable[[], bool],
    ) -> None:
        """See `pipeline.engine.store.ModelStore` for the arguments."""
        self._cache, self._weights, self._hub, self._cancelled = cache_dir, weights, hub, cancelled
        self._built_in = built_in_folder

    def find(
        self, profile: Profile, progress: Progress, cancelled: Callable[[], bool] = lambda: False
    ) -> Found:
        """The weights of a profile on this machine: the owner's, else the program's or the cache's, else fetched.

        Args:
            profile: whose.
            progress: told what is being done and the fraction of it, None where that cannot be known.
            cancelled: asked while downloading, beside the one given at the start.

        Raises:
            WeightsError: missing, broken, or not to be had.
            Cancelled: a download was stopped.
        """

        def stop() -> bool:
            return self._cancelled() or cancelled()

        found = self._find(profile, progress, stop)
        vae, label = self._find_vae(profile, progress, stop)
        return replace(found, label=found.label + label, vae=vae)

    def is_here(self, profile: Profile) -> bool:
        """Whether `find` would do without a download. Looks at names and sizes only.

        Raises:
            WeightsError: the profile's repository has an impossible name.
        """
        own = profile.id in self._weights or not profile.source.repo
        wanted = (None if own else _wanted(profile), _wanted_vae(profile))
        cached = [self._hub.cached(each) for each in wanted if each]
        return all(each is not None and not each.missing for each in cached)

    def describe(self, profile: Profile) -> WeightsStatus:
        """Where a profile's weights are, without loading them or asking the network."""
        path = self._weights.get(profile.id)
        try:
            if path:
                self._check_local(profile, path)
                return WeightsStatus(profile.id, WeightsState.LOCAL, str(path), f"Local weights in {path}.", 0)
            if not profile.source.repo:
                text = f"Comes with Tagbrush, version {self._check_built_in()}."
                return WeightsStatus(profile.id, WeightsState.BUILT_IN, str(self._built_in), text, 0)
            return self._describe_hub(profile)
        except WeightsError as error:
            where = str(path or profile.source.repo or self._built_in)
            return WeightsStatus(profile.id, WeightsState.BROKEN, where, error.text)

    def check_online(self, profile: Profile) -> WeightsStatus:
        """As `describe`, but asks the hub what a missing checkpoint takes.

        A hub that cannot be reached, or refuses, makes the state BROKEN with the reason.
        """
        status = self.describe(profile)
        if status.usable or status.state is WeightsState.BROKEN:
            return status
        try:
            self._hub.look_up(_wanted(profile))
            if vae := _wanted_vae(profile):
                self._hub.look_up(vae)
        except WeightsError as error:
            return WeightsStatus(profile.id, WeightsState.BROKEN, profile.source.repo, error.text)
        return self.describe(profile)

    def _describe_hub(self, profile: Profile) -> WeightsStatus:
        repo = profile.source.repo
        parts = [wanted for wanted in (_wanted(profile), _wanted_vae(profile)) if wanted]
        found = [self._hub.cached(wanted) for wanted in parts]
        known = [cached for cached in found if cached]
        if len(known) < len(parts):
            state = WeightsState.PARTIAL if any(cached.missing != cached.files for cached in known) else None
            text = f"Downloaded from {repo} at first use (an SDXL checkpoint takes about 7 GB)."
            return WeightsStatus(profile.id, state or WeightsState.DOWNLOADABLE, repo, text)
        missing = sum(cached.missing_bytes for cached in known)
        if any(cached.missing for cached in known):
            whole = sum(file.size for cached in known for file in cached.files)
            state = WeightsState.PARTIAL if missing < whole else WeightsState.DOWNLOADABLE
            text = (
                f"Downloaded from {repo} at first use: {missing / 1e9:.1f} of {whole / 1e9:.1f} GB are missing."
            )
            return WeightsStatus(profile.id, state, repo, text, missing)
        self._check_local(profile, known[0].checkpoint)
        text = f"Downloaded from {repo}, commit {known[0].commit[:12]}."
        return WeightsStatus(profile.id, WeightsState.CACHED, str(known[0].checkpoint), text, 0)

    def _check_local(self, profile: Profile, path: Path) -> None:
        path = _checkpoint_in(path)
        if path.is_dir():
            check_folder(path, variant_of(path, profile.source.variant))
        else:
            check_file(path, own_vae=not profile.source.vae_repo)

    def _check_built_in(self) -> str:
        """The version of the program's own checkpoint, after checking that it is whole."""
        try:
            check_folder(self._built_in)
            return built_in.version(self._built_in)
        except WeightsError as error:
            raise built_in.restorable(error) from error

    def _find(self, profile: Profile, progress: Progress, cancelled: Callable[[], bool]) -> Found:
        if path := self._weights.get(profile.id):
            path = _checkpoint_in(path)
            if path.is_dir():
                return Found(path, f"folder:{path.name}")
            check_file(path, own_vae=False)  # before hashing gigabytes of something else
            return Found(path, f"file:{path.name}@{fingerprint(path, self._cache, progress)}")
        if not profile.source.repo:
            return Found(self._built_in, f"miniature:{self._check_built_in()}", built_in=True)
        cached = self._hub.download(_wanted(profile), profile.name, progress, cancelled)
        return Found(cached.checkpoint, _hub_label(profile.source.repo, cached))

    def _find_vae(
        self, profile: Profile, progress: Progress, cancelled: Callable[[], bool]
    ) -> tuple[Path | None, str]:
        """The folder of the profile's own VAE and what to add to the weights' name, if it has one."""
        wanted = _wanted_vae(profile)
        if wanted is None:
            return None, ""
        try:
            cached = self._hub.download(
                wanted, Sentence("the VAE of {model}", model=profile.name), progress, cancelled
            )
        except WeightsError as error:
            if profile.id not in self._weights:
                raise
            # Local weights are for machines without the hub, too: their own VAE paints nearly the same, and the
            # weights' name in the recipe, without `+vae`, says which one it was.
            _log.warning("%s paints with its checkpoint's own VAE: %s", profile.name, error.text)
            return None, ""
        return cached.folder, f"+vae:{_hub_label(wanted.repo, cached)}"


def _checkpoint_in(path: Path) -> Path:
    """The diffusers folder or the file that an owner's path means; a folder around one file means the file."""
    if not path.exists():
        raise WeightsError(
            "The weights `{path}` do not exist: name a .safetensors file or a folder in diffusers layout.",
            path=path,
        )
    if path.is_dir() and not (path / INDEX).is_file():
        files = sorted(path.glob("*.safetensors"))
        if len(files) == 1:
            return files[0]
        if files:
            raise WeightsError(
                "The folder `{path}` holds several checkpoints ({files}): name one of them in the setting.",
                path=path,
                files=", ".join(file.name for file in files[:6]),
            )
        raise WeightsError(
            "The folder `{path}` holds no checkpoint: a .safetensors file or a folder in diffusers layout "
            "(with model_index.json) is needed; pickles (.ckpt, .bin) are not read.",
            path=path,
        )
    return path


def _wanted(profile: Profile) -> Wanted:
    source = profile.source
    return Wanted(source.repo, source.revision, source.file, source.variant)


def _wanted_vae(profile: Profile) -> Wanted | None:
    source = profile.source
    return Wanted(source.vae_repo, source.vae_revision, vae=True) if source.vae_repo else None


def _hub_label(repo: str, cached: Cached) -> str:
    return f"hub:{repo}@{cached.commit}"
