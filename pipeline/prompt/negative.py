"""Composing the negative prompt: rating words to avoid, the preset, and the member's own."""

from __future__ import annotations

from collections.abc import Collection

from pipeline.errors import InvalidRequest
from pipeline.profiles.types import NegativePreset, Profile
from pipeline.prompt.normalise import key
from pipeline.prompt.tags import Item, Tag, key_of, text_of, without
from pipeline.prompt.vocabulary import items_of
from pipeline.sentence import Codes

NO_PRESET = "none"
"""The name that asks for no preset."""


def choose_presets(profile: Profile, wanted: str | None) -> tuple[NegativePreset, ...]:
    """The presets that a member's choice means.

    Args:
        profile: whose presets.
        wanted: None for the profile's default, `none` for none, otherwise ids or names joined by `+`
            (`heavy+flat`). When only additions are named, the default comes before them.

    Returns:
        At most one full preset, then additions.

    Raises:
        InvalidRequest: an unknown preset, or two full ones.
    """
    known = {name.lower(): preset for preset in profile.negative_presets for name in (preset.name, preset.id)}
    default = known.get(profile.default_negative.lower())
    names = [name.strip() for name in (wanted or "").split("+")] if wanted and wanted.strip() else []
    if not names:
        return (default,) if default else ()
    base: list[NegativePreset] = []
    additions: list[NegativePreset] = []
    for name in names:
        preset = known.get(name.lower())
        if preset is None and name.lower() != NO_PRESET:
            raise _unknown(profile, name)
        if preset is not None:
            group = additions if preset.addition else base
            if preset not in group:
                group.append(preset)
    if len(base) > 1:
        raise InvalidRequest(
            "The negative presets `{first}` and `{second}` exclude each other; choose one of them.",
            first=base[0].id,
            second=base[1].id,
        )
    if not base and default and NO_PRESET not in (name.lower() for name in names):
        base.append(default)
    return (*base, *additions)


def preset_items(
    preset: NegativePreset, present: Collection[str], prompt: Collection[str], keep: Collection[str]
) -> tuple[list[Item], list[str]]:
    """The part of a preset that is to be added.

    Args:
        preset: whose text.
        present: keys of what the negative prompt holds already.
        prompt: keys of the final prompt: a preset does not fight what the prompt asks for.
        keep: see `pipeline.prompt.normalise.tidy`.

    Returns:
        Items, and the texts that were left out for the prompt's sake.
    """
    fought: list[str] = []
    seen = set(present)

    def drop(tag: Tag) -> bool:
        name = key_of(tag)
        if name in seen:
            return True
        if name in prompt:
            fought.append(text_of(tag))
            return True
        seen.add(name)
        return False

    return without(items_of(preset.text, keep), drop), fought


def _unknown(profile: Profile, name: str) -> InvalidRequest:
    additions = [preset for preset in profile.negative_presets if preset.addition]
    bases = [preset for preset in profile.negative_presets if not preset.addition]
    known = Codes([*(preset.id for preset in profile.negative_presets), NO_PRESET])
    if bases and additions:
        return InvalidRequest(
            "{model} has no negative preset `{name}`. It has: {known}, and combinations such as `{both}`.",
            model=profile.name,
            name=key(name)[:60],
            known=known,
            both=f"{bases[0].id}+{additions[0].id}",
        )
    return InvalidRequest(
        "{model} has no negative preset `{name}`. It has: {known}.",
        model=profile.name,
        name=key(name)[:60],
        known=known,
    )
