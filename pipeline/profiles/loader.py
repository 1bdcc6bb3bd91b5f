"""Reads profiles from their data files and refuses a mistyped one with file, key and reason."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

from pipeline.errors import ProfileError
from pipeline.profiles.table import Table
from pipeline.profiles.types import (
    Bucket,
    Conditioning,
    Example,
    FreeSizes,
    Licence,
    NegativePreset,
    Profile,
    Range,
    Rating,
    RatingWords,
    Source,
    SpecialTag,
    TagKind,
    TagSide,
    YearRange,
)
from pipeline.prompt.ordering import SLOTS
from pipeline.samplers import SAMPLERS

DATA: Final = Path(__file__).parent / "data"
ORDER: Final = ("animagine-xl-4.0", "animagine-xl-3.0", "aidxl-0.8", "animeboys-xl", "miniature")
"""The built-in profiles, in the order members see them; the owner's own follow by file name."""
STEPS_LIMIT: Final = 150
SIDE_LIMIT: Final = 4096
_ID: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,49}")
_WEIGHTED: Final = re.compile(r"\((?P<tag>.+?)(:[0-9.]+)?\)")


def load_profiles(folder: Path | None = None) -> dict[str, Profile]:
    """All profiles by id: the built-in ones, then those of the owner's folder.

    Args:
        folder: a folder with more `.toml` files, or None. A file may replace a built-in profile by its id.

    Raises:
        ProfileError: a file cannot be read, is not TOML, or a key in it is missing, mistyped or out of range; or
            the folder is not there; or two files of one folder have the same id.
    """
    profiles = {name: load_profile(DATA / f"{name}.toml") for name in ORDER}
    if folder is None:
        return profiles
    if not folder.is_dir():
        raise ProfileError("PROFILES_DIR `{folder}` is not a folder.", folder=folder)
    own: dict[str, Path] = {}
    for file in sorted(folder.glob("*.toml")):
        profile = load_profile(file)
        if profile.id in own:
            raise ProfileError(
                "The profiles {first} and {second} both have the id `{id}`.",
                first=own[profile.id].name,
                second=file.name,
                id=profile.id,
            )
        own[profile.id] = file
        profiles[profile.id] = profile
    settings = {}
    for profile in profiles.values():
        other = settings.setdefault(profile.weights_setting, profile)
        if other is not profile:
            raise ProfileError(
                "The profiles `{first}` and `{second}` would share the setting {name}: rename one.",
                first=other.id,
                second=profile.id,
                name=profile.weights_setting,
            )
    return profiles


def load_profile(file: Path) -> Profile:
    """One profile.

    Raises:
        ProfileError: see `load_profiles`.
    """
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError("The profile {file} cannot be read: {reason}.", file=file, reason=error) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProfileError("The profile {file} is not valid TOML: {reason}.", file=file.name, reason=error) from error
    return _profile(Table(data, file.name))


def _profile(t: Table) -> Profile:
    profile_id = t.text("id")
    if not _ID.fullmatch(profile_id):
        raise t.fault("id", "it may hold small letters, digits, dots and hyphens, at most 50")
    samplers = _samplers(t, "samplers")
    sampler = t.choice("sampler", {s: s for s in samplers})
    recommended = _samplers(t, "recommended_samplers")
    if missing := [s for s in recommended if s not in samplers]:
        raise t.fault("recommended_samplers", f"`{missing[0]}` is not among `samplers`")
    free = _free_sizes(t.table("free_sizes")) if "free_sizes" in t else None
    t.take("free_sizes", dict, {})
    buckets = _buckets(t, free)
    tags = _tags(t)
    presets = tuple(_preset(p) for p in t.tables("negative_presets"))
    _unique(t, "negative_presets", [p.id for p in presets])
    profile = Profile(
        id=profile_id,
        name=t.text("name"),
        summary=t.text("summary"),
        author=t.text("author"),
        card_url=t.text("card_url", ""),
        licences=tuple(_licence(li) for li in t.tables("licences")),
        source=_source(t.table("source")),
        conditioning=t.choice("conditioning", {c.value: c for c in Conditioning}),
        samplers=samplers,
        sampler=sampler,
        recommended_samplers=recommended,
        steps=_range(t.table("steps"), 1, STEPS_LIMIT, whole=True),
        guidance_scale=_range(t.table("guidance_scale"), 0, 50),
        buckets=buckets,
        free_sizes=free,
        default_aspect=t.choice("default_aspect", {b.aspect: b.aspect for b in buckets}),
        tags=tags,
        years=_years(t.table("years")) if "years" in t else None,
        default_tags=t.texts("default_tags", []),
        tag_side=_sides(t),
        ratings=_ratings(t.table("ratings")),
        default_rating=t.choice("default_rating", {r.value: r for r in Rating}),
        negative_presets=presets,
        default_negative=t.text("default_negative", ""),
        template=_template(t),
        template_text=t.text("template_text", ""),
        examples=tuple(_example(e, samplers) for e in t.tables("examples")),
        advice=t.texts("advice", []),
        vram_gib=t.take("vram_gib", float, 8.0),
    )
    t.take("years", dict, {})
    t.done()
    _check_references(t, profile)
    return profile


def _check_references(t: Table, profile: Profile) -> None:
    if not profile.licences:
        raise t.fault("licences", "at least one licence is needed")
    known = {tag.tag for tag in profile.tags}
    for tag in profile.default_tags:
        found = _WEIGHTED.fullmatch(tag)
        if (found["tag"] if found else tag) not in known:
            raise t.fault("default_tags", f"`{tag}` is not among `tags`")
    bases = {p.id for p in profile.negative_presets if not p.addition}
    if profile.default_negative and profile.default_negative not in bases:
        raise t.fault("default_negative", f"`{profile.default_negative}` is none of the negative presets")


def _unique(t: Table, key: str, values: list[str]) -> None:
    if twice := [v for i, v in enumerate(values) if v in values[:i]]:
        raise t.fault(key, f"`{twice[0]}` stands there twice")


def _samplers(t: Table, key: str) -> tuple[str, ...]:
    names = t.texts(key)
    if not names:
        raise t.fault(key, "at least one sampler is needed")
    if unknown := [n for n in names if n not in SAMPLERS]:
        raise t.fault(key, f"`{unknown[0]}` is not a sampler; known ones are {', '.join(SAMPLERS)}")
    return names


def _range(t: Table, low: float, high: float, *, whole: bool = False) -> Range:
    kind = int if whole else float
    names = ("minimum", "maximum", "recommended_low", "recommended_high", "default")
    values = {name: float(t.take(name, kind)) for name in names}
    t.done()
    for name, value in values.items():
        if not low <= value <= high:
            raise t.fault(name, f"it must be from {low:g} to {high:g}")
    if not values["minimum"] <= values["recommended_low"] <= values["recommended_high"] <= values["maximum"]:
        raise t.fault("recommended_low", "minimum, recommended_low, recommended_high and maximum must rise")
    if not values["minimum"] <= values["default"] <= values["maximum"]:
        raise t.fault("default", "it must lie between minimum and maximum")
    return Range(**values)


def _side(t: Table, key: str, multiple: int = 8) -> int:
    value = t.take(key, int)
    if not multiple <= value <= SIDE_LIMIT or value % multiple:
        raise t.fault(key, f"it must be a multiple of {multiple} up to {SIDE_LIMIT}")
    return value


def _free_sizes(t: Table) -> FreeSizes:
    multiple = _side(t, "multiple")
    sizes = FreeSizes(multiple, _side(t, "minimum", multiple), t.take("area", int), t.take("tolerance", float))
    t.done()
    if not sizes.minimum**2 <= sizes.area <= SIDE_LIMIT**2:
        raise t.fault("area", "it must be between the square of `minimum` and that of the largest side")
    if not 0 <= sizes.tolerance < 1:
        raise t.fault("tolerance", "it must be at least 0 and below 1")
    return sizes


def _buckets(t: Table, free: FreeSizes | None) -> tuple[Bucket, ...]:
    buckets = []
    for number, entry in enumerate(t.take("buckets", list), start=1):
        key = f"buckets[{number}]"
        match entry:
            case [str(aspect), int(width), int(height), str(label)] if aspect.strip():
                bucket = Bucket(aspect, width, height, label)
            case _:
                raise t.fault(key, "it must be [aspect, width, height, label]")
        for side in (width, height):
            if isinstance(side, bool) or not 8 <= side <= SIDE_LIMIT or side % 8:
                raise t.fault(key, f"width and height must be multiples of 8 up to {SIDE_LIMIT}")
            if free and (side % free.multiple or side < free.minimum):
                raise t.fault(key, f"`free_sizes` allows multiples of {free.multiple} from {free.minimum} on")
        if free and abs(width * height / free.area - 1) > free.tolerance:
            raise t.fault(key, "its area is outside what `free_sizes` allows")
        buckets.append(bucket)
    if not buckets:
        raise t.fault("buckets", "at least one size is needed")
    _unique(t, "buckets", [b.aspect for b in buckets])
    return tuple(buckets)


def _tags(t: Table) -> tuple[SpecialTag, ...]:
    inner = Table(t.take("tags", dict, {}), t.file, "tags.")
    tags = [
        SpecialTag(tag, meaning, kind)
        for kind in TagKind
        if kind.value in inner
        for tag, meaning in inner.items(kind.value)
    ]
    inner.done()
    _unique(t, "tags", [tag.tag for tag in tags])
    return tuple(tags)


def _sides(t: Table) -> dict[TagKind, TagSide]:
    inner = t.table("tag_side")
    sides = {k: inner.choice(k.value, {s.value: s for s in TagSide}) for k in TagKind if k.value in inner}
    inner.done()
    return sides


def _ratings(t: Table) -> dict[Rating, RatingWords]:
    words = {}
    for rating in Rating:
        inner = t.table(rating.value)
        words[rating] = RatingWords(inner.texts("positive"), inner.texts("negative"))
        inner.done()
    t.done()
    return words


def _years(t: Table) -> YearRange:
    years = YearRange(t.take("first", int), t.take("last", int), t.text("pattern", "year {n}"))
    t.done()
    if not 1900 <= years.first <= years.last <= 2100:
        raise t.fault("first", "first and last must rise, between 1900 and 2100")
    if years.pattern.count("{n}") != 1 or re.search(r"[{}]", years.pattern.replace("{n}", "")):
        raise t.fault("pattern", "it must hold `{n}` once and no other braces")
    return years


def _template(t: Table) -> tuple[str, ...]:
    slots = t.texts("template", [])
    if unknown := [s for s in slots if s not in SLOTS]:
        raise t.fault("template", f"`{unknown[0]}` is not a slot; known ones are {', '.join(SLOTS)}")
    return slots


def _source(t: Table) -> Source:
    source = Source(
        repo=t.text("repo", ""),
        revision=t.text("revision", "main"),
        file=t.text("file", ""),
        variant=t.text("variant", ""),
        vae_repo=t.text("vae_repo", ""),
        vae_revision=t.text("vae_revision", "main"),
    )
    t.done()
    for key in ("repo", "vae_repo"):
        name = getattr(source, key)
        if name and not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
            raise t.fault(key, "a hub repository is written `owner/name`")
    if source.file and not source.file.endswith(".safetensors"):
        raise t.fault("file", "weights are read from .safetensors files only")
    return source


def _licence(t: Table) -> Licence:
    licence = Licence(t.text("name"), t.text("url"), t.text("remark", ""))
    t.done()
    return licence


def _preset(t: Table) -> NegativePreset:
    preset = NegativePreset(
        t.text("id"), t.text("name"), t.text("text"), t.text("meaning", ""), t.take("addition", bool, default=False)
    )
    t.done()
    return preset


def _example(t: Table, samplers: tuple[str, ...]) -> Example:
    example = Example(
        prompt=t.text("prompt"),
        negative_prompt=t.text("negative_prompt", ""),
        width=_side(t, "width"),
        height=_side(t, "height"),
        sampler=t.choice("sampler", {s: s for s in samplers}),
        steps=t.take("steps", int),
        guidance_scale=t.take("guidance_scale", float),
    )
    t.done()
    return example
