"""Loads the profiles: those that ship with the program, and those of the owner's own folder."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from pipeline.errors import ProfileError
from pipeline.profiles.build import build_profile
from pipeline.profiles.checks import check_profile
from pipeline.profiles.reader import Table
from pipeline.profiles.types import Profile

DATA: Final = Path(__file__).parent / "data"
MAX_BYTES: Final = 1_000_000
"""A profile has a few kilobytes; anything of this size is something else."""


def load_profiles(folder: Path | None = None) -> dict[str, Profile]:
    """Read every `*.toml` of the built-in folder and of `folder`.

    Args:
        folder: a further folder, where an owner describes models of their own; None for none.

    Returns:
        The profiles by id: the built-in ones in the order of their file names, then the owner's in that of
        theirs.

    Raises:
        ProfileError: a folder or file cannot be read, is not TOML, is wrong in some key, or an id is taken. The
            text names file, key and reason.
    """
    profiles: dict[str, Profile] = {}
    names: dict[str, str] = {}
    settings: dict[str, str] = {}
    for path in (*_files(DATA), *(_files(folder) if folder is not None else ())):
        profile = load_profile(path)
        top = Table({}, str(path))
        if profile.id in profiles:
            top.fail("id", f"`{profile.id}` is taken by another profile")
        # A member may choose a model by its name, so it has to be the name of one.
        if other := names.get(profile.name.casefold()):
            top.fail("name", f"`{profile.name}` is taken by the profile `{other}`")
        # `a-b` and `a.b` would read their weights from the same setting.
        if other := settings.get(profile.weights_setting):
            top.fail("id", f"`{profile.id}` has the same setting {profile.weights_setting} as `{other}`")
        profiles[profile.id] = profile
        names[profile.name.casefold()] = profile.id
        settings[profile.weights_setting] = profile.id
    return profiles


def load_profile(path: Path) -> Profile:
    """Read one profile file.

    Raises:
        ProfileError: see `load_profiles`.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ProfileError("The profile file {file} is larger than a profile can be.", file=path)
        text = path.read_bytes().decode()
        data = tomllib.loads(text)
    except OSError as error:
        raise ProfileError(
            "The profile file {file} cannot be read: {reason}.", file=path, reason=error.strerror or error
        ) from error
    except UnicodeDecodeError as error:
        raise ProfileError("The profile file {file} is not UTF-8 text.", file=path) from error
    except RecursionError as error:
        raise ProfileError("The profile file {file} is nested too deeply.", file=path) from error
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(
            "The profile file {file} is not valid TOML: {reason}.", file=path, reason=error
        ) from error
    top = Table(data, str(path))
    profile = build_profile(top)
    check_profile(profile, top)
    return profile


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(
            path for path in folder.iterdir() if path.suffix == ".toml" and not path.name.startswith(".")
        )
    except OSError as error:
        raise ProfileError(
            "The folder of profiles {folder} cannot be read: {reason}.",
            folder=folder,
            reason=error.strerror or error,
        ) from error
