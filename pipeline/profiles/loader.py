"""Loads the profiles: those that ship with the program, and those of the owner's own folder."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
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


ORDER: Final = ("animagine-xl-4.0", "animagine-xl-3.0", "aidxl-0.8", "animeboys-xl", "miniature")
"""The built-in profiles, in the order in which members see them."""


def load_profiles(folder: Path | None = None) -> dict[str, Profile]:
    """All profiles by id: the built-in ones, then those of the owner's folder.

    Args:
        folder: a folder with more `*.toml` files, or None. A file there may replace a built-in profile by
            having its id.

    Returns:
        The profiles by id, the owner's after the built-in ones, in the order of their file names.

    Raises:
        ProfileError: the folder or a file cannot be read, a file is not TOML or wrong in some key, or two
            profiles share an id, a name or a setting. The text names file, key and reason.
    """
    paths = {name: DATA / f"{name}.toml" for name in ORDER}
    profiles = {name: load_profile(path) for name, path in paths.items()}
    own: dict[str, Path] = {}
    for path in _files(folder) if folder is not None else ():
        profile = load_profile(path)
        if first := own.get(profile.id):
            Table({}, str(path)).fail("id", f"`{profile.id}` is the id of {first.name}, too")
        own[profile.id] = paths[profile.id] = path
        profiles[profile.id] = profile
    _check_together(profiles, paths)
    return profiles


def _check_together(profiles: Mapping[str, Profile], paths: Mapping[str, Path]) -> None:
    names: dict[str, str] = {}
    settings: dict[str, str] = {}
    for profile in profiles.values():
        top = Table({}, str(paths[profile.id]))
        # A member may choose a model by its name, so it has to be the name of one.
        for name in {profile.id, profile.name.casefold()}:
            if (other := names.setdefault(name, profile.id)) != profile.id:
                top.fail("name", f"`{profile.name}` is what the profile `{other}` is called, too")
        # `a-b` and `a.b` would read their weights from the same setting.
        if (other := settings.setdefault(profile.weights_setting, profile.id)) != profile.id:
            top.fail("id", f"its setting {profile.weights_setting} would be that of `{other}`, too")


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
    if not folder.is_dir():
        raise ProfileError("PROFILES_DIR `{folder}` is not a folder.", folder=folder)
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
