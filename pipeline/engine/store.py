"""The models in memory: finds a profile's weights, loads them at first use and keeps the last few.

Importing this module, and `describe`, need no torch, so `doctor` can look without loading anything.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import built_in
from pipeline.engine.hub import Hub
from pipeline.engine.weights import Found, Progress, WeightsFinder, WeightsStatus
from pipeline.errors import InvalidRequest, WeightsError
from pipeline.sentence import Sentence

if TYPE_CHECKING:
    import torch

    from pipeline.engine.model import LoadedModel
    from pipeline.profiles.types import Profile


class ModelStore:
    """Profiles' models, loaded lazily, the least recently used one dropped first. Safe between threads."""

    def __init__(
        self,
        profiles: Mapping[str, Profile],
        *,
        cache_dir: Path,
        weights: Mapping[str, Path] | None = None,
        device: str = "auto",
        dtype: str = "auto",
        max_loaded: int = 1,
        hub: Hub | None = None,
        configs: Path | None = None,
        built_in_folder: Path | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Nothing is read yet.

        Args:
            profiles: by id.
            cache_dir: folder for downloads and what is made of them; may be deleted at any time.
            weights: the owner's local weights by profile id, a diffusers folder or a `.safetensors` file each;
                they go before the cache and the hub.
            device: setting, see `pipeline.engine.device.choose_device`.
            dtype: setting, see `pipeline.engine.device.choose_dtype`.
            max_loaded: models kept in memory, at least 1.
            hub: where missing weights come from; by default a `Hub` with the endpoint and token of the
                environment.
            configs: diffusers folder with the configs of one-file checkpoints; by default SDXL's.
            built_in_folder: checkpoint of the profiles that name no repository, with its `version.txt`; by
                default the one that comes with the program.
            cancelled: asked while downloading; true stops it, keeping what has arrived.
        """
        self._profiles = profiles
        self._cache = cache_dir
        self._device, self._dtype = device, dtype
        self._max_loaded = max(1, max_loaded)
        self._configs = configs
        self._finder = WeightsFinder(
            cache_dir=cache_dir,
            weights=dict(weights or {}),
            built_in_folder=built_in_folder or built_in.FOLDER,
            hub=hub or Hub(cache_dir),
            cancelled=cancelled,
        )
        self._loaded: OrderedDict[str, LoadedModel] = OrderedDict()
        # What `fetch` found and `get` has not loaded yet.
        self._fetched: dict[str, Found] = {}
        self._lock = threading.RLock()

    @property
    def loaded(self) -> tuple[str, ...]:
        """Ids of the profiles in memory, least recently used first."""
        return tuple(self._loaded)

    def get(
        self,
        profile_id: str,
        progress: Progress = lambda *_: None,
        *,
        in_use: Collection[str] = (),
        offloaded: bool = False,
    ) -> LoadedModel:
        """The model of a profile, ready to paint; found, fetched and loaded first if need be.

        Args:
            profile_id: a known id.
            progress: told what is being done and the fraction of it, None where that cannot be known.
            in_use: profiles that are being painted with. To drop one of these would free nothing, and it would
                be in memory twice at its next picture; so if all are in use, there is one more for a while.
            offloaded: leave its parts in main memory if it has to be loaded; for when it does not fit.

        Raises:
            InvalidRequest: no such profile.
            WeightsError: the weights are missing, broken or cannot be downloaded.
            DeviceError: the device of the settings is not there.
            Cancelled: a download was stopped.
        """
        with self._lock:
            if model := self._loaded.get(profile_id):
                self._loaded.move_to_end(profile_id)
                return model
            profile = self._profile(profile_id)
            from pipeline.engine.device import choose_device, choose_dtype

            device = choose_device(self._device)
            dtype = choose_dtype(device, self._dtype)
            found = self._fetched.get(profile_id) or self._finder.find(profile, progress)
            # Room is made before the next one is read: two SDXL models may not fit.
            while len(self._loaded) >= self._max_loaded and (idle := self._idle(in_use)):
                self.release(idle[0])
            progress(Sentence("Loading {name}", name=profile.name), None)
            try:
                model = self._load(profile, found, device, dtype, offloaded=offloaded)
            except WeightsError as error:
                self._fetched.pop(profile_id, None)  # look again next time: someone may have mended it
                if found.built_in:
                    raise built_in.restorable(error) from error
                raise
            self._fetched.pop(profile_id, None)
            self._loaded[profile_id] = model
            return model

    def is_here(self, profile_id: str) -> bool:
        """Whether `get` would do without a download. An unknown id is, so that `get` complains about it.

        Raises:
            WeightsError: the profile's repository has an impossible name.
        """
        if profile_id in self._loaded or profile_id in self._fetched or profile_id not in self._profiles:
            return True
        return self._finder.is_here(self._profiles[profile_id])

    def fetch(
        self,
        profile_id: str,
        progress: Progress = lambda *_: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Download what `get` needs, if it is not here. Other threads may load and paint meanwhile.

        Raises:
            InvalidRequest, WeightsError, DeviceError, Cancelled: see `get`.
        """
        from pipeline.engine.device import choose_device

        choose_device(self._device)  # not after gigabytes have come
        self._fetched[profile_id] = self._finder.find(self._profile(profile_id), progress, cancelled)

    def touch(self, profile_id: str) -> None:
        """Note that a model is used, so that it is not the next one dropped. Unknown ids are fine."""
        with self._lock:
            if profile_id in self._loaded:
                self._loaded.move_to_end(profile_id)

    def release_idle(self, in_use: Collection[str]) -> bool:
        """Forget every model but those in use, and give cached memory back to the device.

        Returns:
            Whether there were any.
        """
        from pipeline.engine.device import choose_device, free_cached_memory

        with self._lock:
            idle = self._idle(in_use)
            for profile_id in idle:
                self.release(profile_id)
            free_cached_memory(choose_device(self._device))
            return bool(idle)

    def release(self, profile_id: str) -> None:
        """Forget a model and give its memory back, as soon as nobody else holds it. Unknown ids are fine."""
        with self._lock:
            model = self._loaded.pop(profile_id, None)
            if model is None:
                return
            from pipeline.engine.device import free_cached_memory

            device = model.device
            del model
            free_cached_memory(device)

    def describe(self, profile_id: str) -> WeightsStatus:
        """Where a profile's weights are, without loading them, using torch or asking the network.

        Raises:
            InvalidRequest: no such profile.
        """
        return self._finder.describe(self._profile(profile_id))

    def check_online(self, profile_id: str) -> WeightsStatus:
        """As `describe`, but asks the hub what a missing checkpoint takes; for `doctor`.

        A hub that cannot be reached, or refuses, makes the state BROKEN with the reason.
        """
        return self._finder.check_online(self._profile(profile_id))

    def _idle(self, in_use: Collection[str]) -> list[str]:
        return [profile_id for profile_id in self._loaded if profile_id not in in_use]

    def _load(
        self, profile: Profile, found: Found, device: torch.device, dtype: torch.dtype, *, offloaded: bool
    ) -> LoadedModel:
        from pipeline.engine.configs import config_folder
        from pipeline.engine.loader import load_file, load_folder

        if found.path.is_dir():
            return load_folder(
                profile,
                found.path,
                weights=found.label,
                device=device,
                dtype=dtype,
                vae=found.vae,
                offloaded=offloaded,
            )
        return load_file(
            profile,
            found.path,
            configs=self._configs or config_folder(self._cache),
            weights=found.label,
            device=device,
            dtype=dtype,
            vae=found.vae,
            offloaded=offloaded,
        )

    def _profile(self, profile_id: str) -> Profile:
        try:
            return self._profiles[profile_id]
        except KeyError:
            raise InvalidRequest(
                "There is no model `{profile}`. Known models: {known}.",
                profile=profile_id,
                known=", ".join(self._profiles),
            ) from None
