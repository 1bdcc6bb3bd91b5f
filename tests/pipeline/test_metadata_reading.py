"""Reading back how a picture was painted: ours exactly, A1111's as its own reader does, and nothing hostile hurts."""

from __future__ import annotations

import io
import struct
import time
import zlib
from dataclasses import replace

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pipeline.metadata import encode_png, parameters_text
from pipeline.metadata_reading import FoundSettings, of_recipe, parse_parameters, read_settings
from pipeline.recipe import MAX_SEED, Recipe
from pipeline.samplers import SAMPLERS
from tests.pipeline.test_metadata import PIXELS, RECIPE

FOREIGN = """masterpiece, 1girl, <lora:thing:0.8>,
(green hair:1.2), "quoted"
Negative prompt: lowres, bad hands,
worst quality
Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 1234567890, Size: 832x1216, Model hash: \
abc123, Model: animagineXLV31_v31, Hires prompt: "a, b: c", Version: v1.10.0"""


def png(*texts: tuple[str, str], compressed: bool = False, kind: str = "text") -> bytes:
    """A small picture with texts in it."""
    info = PngInfo()
    for key, text in texts:
        if kind == "text":
            info.add_text(key, text, zip=compressed)
        else:
            info.add_itxt(key, text, zip=compressed)
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_our_own_files_read_back(sampler: str) -> None:
    """Everything that was asked for, by the recipe and by the field's text alike."""
    recipe = replace(RECIPE, sampler=sampler)
    found = read_settings(encode_png(PIXELS, recipe))
    assert found == of_recipe(recipe)
    assert parse_parameters(parameters_text(recipe)) == found


@pytest.mark.parametrize(
    "prompt", ["a, b: c, d: e, f: g", '"quoted, Steps: 3', "line\nbreak", "日本語 🎨", "x" * 6000, "Seed: 1"]
)
def test_odd_prompts_read_back(prompt: str) -> None:
    """Whatever a prompt looks like, it stays one."""
    recipe = replace(RECIPE, prompt=prompt, negative_prompt="")
    found = parse_parameters(parameters_text(recipe))
    assert found == replace(of_recipe(recipe), prompt=" ".join(prompt.split()))


def test_an_enlarged_picture_names_the_size_it_was_painted_at() -> None:
    """The upscaler's is not one that a checkpoint paints."""
    found = of_recipe(replace(RECIPE, width=128, height=192, upscaler="realesr-animevideov3-x2"))
    assert (found.width, found.height) == (64, 96)


@pytest.mark.parametrize("kind", ["text", "itxt"])
@pytest.mark.parametrize("compressed", [False, True])
def test_a1111_s_files_are_read(kind: str, *, compressed: bool) -> None:
    """In every way that PNG has for texts."""
    assert read_settings(png(("parameters", FOREIGN), kind=kind, compressed=compressed)) == FoundSettings(
        source="A1111",
        prompt='masterpiece, 1girl, <lora:thing:0.8>,\n(green hair:1.2), "quoted"',
        negative="lowres, bad hands,\nworst quality",
        model="animagineXLV31_v31",
        sampler="DPM++ 2M Karras",
        steps=28,
        guidance=6.5,
        seed=1234567890,
        width=832,
        height=1216,
    )


def test_a_prompt_without_settings_is_a_prompt() -> None:
    """As A1111's own reader takes it."""
    found = parse_parameters("1girl, smile")
    assert found == FoundSettings(source="A1111", prompt="1girl, smile")


@pytest.mark.parametrize(
    "line",
    [
        "Steps: many, Sampler: Euler a, CFG scale: nan, Seed: -1, Size: big",
        f"Steps: 0, Sampler: Euler a, CFG scale: 1e999, Seed: {MAX_SEED + 1}, Size: 999999x1",
    ],
)
def test_numbers_that_are_none_are_left_out(line: str) -> None:
    """The prompt is still worth having."""
    assert parse_parameters(f"1girl\n{line}") == FoundSettings(
        source="A1111", prompt="1girl", sampler="Euler a"
    )


def test_a_damaged_recipe_falls_back_to_the_text() -> None:
    """One of both is enough."""
    found = read_settings(png(("tagbrush", '{"version": 99}'), ("parameters", FOREIGN)))
    assert found is not None
    assert found.source == "A1111"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n\xff\xff\xff\xfftEXtparameters\0a",
        b"\x89PNG\r\n\x1a\n" + chunk(b"zTXt", b"parameters\0\0nonsense"),
        b"\x89PNG\r\n\x1a\n" + chunk(b"iTXt", b"parameters"),
        b"\x89PNG\r\n\x1a\n" + chunk(b"zTXt", b"parameters\0\0" + zlib.compress(bytes(10**7))),
        b"\x89PNG\r\n\x1a\n" + chunk(b"tEXt", b"parameters\0" + b"a" * 100_000),
        b"\x89PNG\r\n\x1a\n" + chunk(b"tEXt", b"parameters\0"),
        b"\x89PNG\r\n\x1a\n" + chunk(b"tEXt", b"parameters\0 \n \n"),
        encode_png(PIXELS, RECIPE)[:60],
    ],
)
def test_what_says_nothing_is_nothing(data: bytes) -> None:
    """No picture, cut short, packed too tightly, too long, empty."""
    assert read_settings(data) is None


@pytest.mark.parametrize("text", ["a" * 32_000, "a:" * 16_000, 'a: "' * 8_000, "a: b, " * 5_000, "\n" * 30_000])
def test_no_text_takes_long(text: str) -> None:
    """Patterns that look ahead are a way to keep a thread busy."""
    before = time.perf_counter()
    parse_parameters(text)
    assert time.perf_counter() - before < 1


def test_millions_of_empty_pieces_are_not_walked() -> None:
    """A file of nothing but headers."""
    before = time.perf_counter()
    assert read_settings(b"\x89PNG\r\n\x1a\n" + chunk(b"teSt", b"") * 1_000_000) is None
    assert time.perf_counter() - before < 1


def test_a_recipe_s_own_words_are_the_same_as_its_text() -> None:
    """So that both kinds of file can be treated alike."""
    recipe = Recipe.from_json(RECIPE.to_json())
    assert of_recipe(recipe).sampler == "Euler a"
