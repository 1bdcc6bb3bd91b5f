"""How a PNG file was painted, read back: our recipe, or A1111's `parameters` text. Decodes no pixels. Pure.

What is read was written by anybody: lengths are bounded, and whatever does not fit is left out.
"""

from __future__ import annotations

import contextlib
import math
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipeline.errors import InvalidRequest
from pipeline.metadata import PARAMETERS_KEY, RECIPE_KEY
from pipeline.recipe import MAX_SEED, Recipe
from pipeline.samplers import SAMPLERS

MAX_TEXT: Final = 32_768
"""Bytes of one text: five times the longest prompt that Discord lets a member type."""
MAX_CHUNKS: Final = 20_000
"""A file of 25 MB in Pillow's pieces of 64 kB has 400."""
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_MAX_LINE: Final = 4_000
_SETTING: Final = re.compile(r'\s*(\w[\w \-/]{0,40}):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
_SIZE: Final = re.compile(r"([0-9]{1,5})x([0-9]{1,5})")
_NEGATIVE: Final = "Negative prompt:"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSettings:
    """What a file says of how it was painted. None, 0 or empty is what it does not say.

    Attributes:
        source: `Tagbrush` or `A1111`.
        prompt: the final one, with all that was added to it.
        negative: likewise.
        model: as the file calls it; a profile's id in ours.
        sampler: as the field calls it.
        steps: denoising steps.
        guidance: scale.
        seed: 0 to `MAX_SEED`.
        width: in pixels, as the checkpoint painted it.
        height: likewise.
    """

    source: str
    prompt: str
    negative: str = ""
    model: str = ""
    sampler: str = ""
    steps: int | None = None
    guidance: float | None = None
    seed: int | None = None
    width: int = 0
    height: int = 0


def read_settings(data: bytes) -> FoundSettings | None:
    """What a file says of how it was painted; None when it says nothing, or is no PNG file."""
    texts = dict(_texts(data))
    if RECIPE_KEY in texts:
        with contextlib.suppress(InvalidRequest):
            return of_recipe(Recipe.from_json(texts[RECIPE_KEY]))
    return parse_parameters(texts[PARAMETERS_KEY]) if PARAMETERS_KEY in texts else None


def of_recipe(recipe: Recipe) -> FoundSettings:
    """A recipe in the field's words."""
    width, height = recipe.painted_size
    return FoundSettings(
        source="Tagbrush",
        prompt=recipe.prompt,
        negative=recipe.negative_prompt,
        model=recipe.profile,
        sampler=SAMPLERS[recipe.sampler].name if recipe.sampler in SAMPLERS else recipe.sampler,
        steps=recipe.steps,
        guidance=recipe.guidance_scale,
        seed=recipe.seed,
        width=width,
        height=height,
    )


def parse_parameters(text: str) -> FoundSettings | None:
    """A1111's `parameters` text, as its own `parse_generation_parameters` reads it; None when nothing is in it.

    Lines of prompt, then lines of negative prompt after the words that begin it, then one line of settings.
    """
    lines = text[:MAX_TEXT].strip().splitlines()
    settings: dict[str, str] = {}
    if lines:
        # Bounded, because the pattern looks ahead from every place.
        found = _SETTING.findall(lines[-1][:_MAX_LINE])
        if len(found) >= 3:
            settings = {name: value.strip().strip('"') for name, value in found}
            lines.pop()
    prompt: list[str] = []
    negative: list[str] = []
    current = prompt
    for line in (each.strip() for each in lines):
        if line.startswith(_NEGATIVE):
            current = negative
            line = line.removeprefix(_NEGATIVE).strip()
        current.append(line)
    asked = "\n".join(prompt).strip()
    if not asked and not settings:
        return None
    size = _SIZE.fullmatch(settings.get("Size", ""))
    schedule = settings.get("Schedule type", "")
    sampler = settings.get("Sampler", "")
    if schedule and schedule not in {"Automatic", "Normal"} and schedule not in sampler:
        sampler = f"{sampler} {schedule}"  # newer versions name both apart
    return FoundSettings(
        source="Tagbrush" if settings.get("Version") == "Tagbrush" else "A1111",
        prompt=asked,
        negative="\n".join(negative).strip(),
        model=settings.get("Model", ""),
        sampler=sampler,
        steps=_whole(settings.get("Steps", ""), 1, 10_000),
        guidance=_real(settings.get("CFG scale", "")),
        seed=_whole(settings.get("Seed", ""), 0, MAX_SEED),
        width=int(size[1]) if size else 0,
        height=int(size[2]) if size else 0,
    )


def _whole(text: str, low: int, high: int) -> int | None:
    if not re.fullmatch(r"[0-9]{1,12}", text):
        return None
    return int(text) if low <= int(text) <= high else None


def _real(text: str) -> float | None:
    with contextlib.suppress(ValueError):
        value = float(text)
        return value if math.isfinite(value) and 0 <= value <= 1000 else None
    return None


def _texts(data: bytes) -> Iterator[tuple[str, str]]:
    """The texts of a PNG file by keyword, in whichever of the three ways each is written."""
    if not data.startswith(_SIGNATURE):
        return
    at = len(_SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        body = slice(at + 8, at + 8 + length)
        at += 12 + length
        if kind == b"IEND":
            return
        if kind in {b"tEXt", b"zTXt", b"iTXt"} and length <= MAX_TEXT and body.stop <= len(data):
            key, _, rest = data[body].partition(b"\0")
            if (text := _text(kind, rest)) is not None:
                yield key.decode("latin-1"), text


def _text(kind: bytes, rest: bytes) -> str | None:
    if kind == b"tEXt":
        # The standard says Latin-1; A1111 writes UTF-8 here in places.
        with contextlib.suppress(UnicodeDecodeError):
            return rest.decode()
        return rest.decode("latin-1")
    if kind == b"zTXt":
        found = _unpacked(rest[1:])
        return None if found is None else found.decode("latin-1")
    packed, rest = rest[:1] == b"\1", rest[2:]
    _, _, rest = rest.partition(b"\0")  # the language
    _, _, rest = rest.partition(b"\0")  # the keyword in it
    found = _unpacked(rest) if packed else rest
    return None if found is None else found.decode("utf-8", "replace")


def _unpacked(data: bytes) -> bytes | None:
    """Decompressed, unless that is too long or damaged: a few bytes can stand for gigabytes."""
    opened = zlib.decompressobj()
    try:
        found = opened.decompress(data, MAX_TEXT + 1)
    except zlib.error:
        return None
    return found if len(found) <= MAX_TEXT else None
