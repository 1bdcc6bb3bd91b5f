"""Which models this installation has: the profiles, checked against the settings. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bot.settings import Settings, SettingsError
from pipeline.profiles import load_profiles
from pipeline.profiles.types import Profile


def read_profiles(settings: Settings) -> dict[str, Profile]:
    """All profiles, the owner's own included, checked against the settings.

    Raises:
        ProfileError: a data file is wrong.
        SettingsError: DEFAULT_PROFILE or a WEIGHTS_ setting names no profile, or its path does not exist.
    """
    profiles = load_profiles(settings.profiles_dir)
    if settings.default_profile not in profiles:
        raise SettingsError(
            "DEFAULT_PROFILE is `{given}`, and there is no such profile. Known ones: {known}.",
            given=settings.default_profile,
            known=", ".join(profiles),
        )
    known = {profile.weights_setting: profile for profile in profiles.values()}
    for name in settings.weights:
        if name not in known:
            raise SettingsError(
                "{name} belongs to no profile. Known weights settings: {known}.",
                name=name,
                known=", ".join(known),
            )
    own = local_weights(settings, profiles)
    return {
        p.id: replace(p, tokenizer=_tokenizer_in(own[p.id])) if p.id in own else p for p in profiles.values()
    }


def local_weights(settings: Settings, profiles: Mapping[str, Profile]) -> dict[str, Path]:
    """The owner's local weights by profile id."""
    return {
        p.id: settings.weights[p.weights_setting]
        for p in profiles.values()
        if p.weights_setting in settings.weights
    }


def _tokenizer_in(weights: Path) -> Path | None:
    """The tokenizer that local weights bring; none if they are a single file, which is read with CLIP's."""
    folder = weights / "tokenizer"
    return folder if folder.is_dir() else None
