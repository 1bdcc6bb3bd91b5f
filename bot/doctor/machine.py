"""Checks of this machine: Python, torch and device, memory, disk, database, weights."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import psutil

from bot.doctor.check import Check, fail, ok, warn
from bot.models import local_weights
from bot.settings import Settings
from db.database import Database
from db.errors import DatabaseError
from db.keyvalue import KeyValue
from pipeline.engine.hub import Hub
from pipeline.engine.store import ModelStore
from pipeline.engine.weights import WeightsState
from pipeline.errors import MemberError
from pipeline.profiles.types import Profile

GIB: Final = 1024**3
MINIMUM_PYTHON: Final = (3, 11)
TORCH: Final = "2.13.0"
"""The one version the pins are tested with (see requirements.in)."""


def check_python() -> Check:
    """Python 3.11 or newer."""
    text = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < MINIMUM_PYTHON:
        return fail("python", f"{text}: 3.11 or newer is needed.")
    return ok("python", text)


def check_torch() -> Check:
    """The pinned torch, and no torchvision beside it."""
    try:
        found = version("torch")
    except PackageNotFoundError:
        return fail(
            "torch", "torch is not installed: run `make demo` or `make run`, which install the requirements."
        )
    try:
        version("torchvision")
    except PackageNotFoundError:
        pass
    else:
        return fail("torch", "torchvision is installed and breaks transformers: `pip uninstall torchvision`.")
    if found.split("+")[0] != TORCH:
        return fail(
            "torch", f"torch is {found}, and exactly {TORCH} is needed: `pip install -r requirements.txt`."
        )
    return ok("torch", f"torch {found}")


def check_device(settings: Settings, profiles: Mapping[str, Profile]) -> Iterator[Check]:
    """Where pictures will be painted, and whether the default model fits."""
    from pipeline.engine.inspect import describe_device

    try:
        device = describe_device(settings.device)
    except MemberError as error:
        yield fail("device", error.text)
        return
    profile = profiles[settings.default_profile]
    if device.kind == "cpu":
        text = f"No GPU is used: {device.name}. "
        if not profile.source.repo:
            yield ok("device", text + "The miniature model paints in seconds here; the big ones need a GPU.")
        else:
            yield warn("device", text + f"{profile.name} will take many minutes for one picture.")
        return
    yield ok(
        "device", f"{device.kind}: {device.name}, {device.free / GIB:.1f} of {device.total / GIB:.1f} GiB free"
    )
    if device.total < profile.vram_gib * GIB:
        yield warn(
            "device",
            f"{profile.name} likes {profile.vram_gib:g} GiB; with less it moves parts to main memory and is slower.",
        )


def check_memory() -> Check:
    """Free main memory."""
    free = psutil.virtual_memory().available
    text = f"{free / GIB:.1f} GiB of main memory free"
    return (
        warn("memory", text + "; reading a big checkpoint wants about 8.")
        if free < 8 * GIB
        else ok("memory", text)
    )


def check_disk(settings: Settings) -> Check:
    """Free disk space where the data live."""
    folder = settings.data_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.absolute().parent
    free = shutil.disk_usage(folder).free
    text = f"{free / GIB:.1f} GiB free for {settings.data_dir}"
    if free < settings.min_free_mb * 1024**2:
        return fail(
            "disk", f"{text}: less than MIN_FREE_MB={settings.min_free_mb}, so nothing would be painted."
        )
    return warn("disk", f"{text}; one model takes about 7 GiB.") if free < 10 * GIB else ok("disk", text)


async def check_database(settings: Settings) -> Check:
    """The database opens, is whole and can be written."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        async with Database.open(settings.database) as database:
            await database.check()
            await KeyValue(database).set("doctor", "was here")
    except OSError as error:
        return fail("database", f"DATA_DIR `{settings.data_dir}` cannot be used: {error.strerror or error}.")
    except DatabaseError as error:
        return fail("database", error.text)
    return ok("database", f"{settings.database} can be written")


def check_weights(settings: Settings, profiles: Mapping[str, Profile]) -> Iterator[Check]:
    """For each profile: local, in the cache, or to be downloaded. The hub is asked about the default one."""
    store = ModelStore(
        profiles,
        cache_dir=settings.cache,
        weights=local_weights(settings, profiles),
        hub=Hub(settings.cache, endpoint=settings.hf_endpoint or None, token=settings.hf_token or None),
    )
    for profile in profiles.values():
        default = profile.id == settings.default_profile
        status = store.check_online(profile.id) if default else store.describe(profile.id)
        broken = fail if default else warn
        yield (broken if status.state is WeightsState.BROKEN else ok)(f"weights {profile.id}", status.text)
