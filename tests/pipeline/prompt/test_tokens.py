"""The token meter against transformers' own CLIP tokenizer."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import WeightsError
from pipeline.prompt.tokens import TokenMeter, clip_vocabulary

transformers = pytest.importorskip("transformers")


METER = TokenMeter()


@cache
def reference() -> Any:
    """CLIPTokenizer on the shipped vocabulary."""
    vocabulary, merges = clip_vocabulary()
    return transformers.CLIPTokenizer(vocab=vocabulary, merges=merges)


def _ids(text: str) -> list[int]:
    ids: list[int] = reference()(text, add_special_tokens=False).input_ids
    return ids


_HARD = [
    "1girl, arima kana, oshi no ko, solo, upper body, v, smile, looking at viewer, outdoors, night",
    "Hello's WORLD they'll've 123 4th",
    ">_< ^_^ :3 \\m/ |_|",
    "東京 é e\u0301 İ ﬁ ﷺ 🀄 👨‍👩‍👧 \u3000 tab\tline\n",
    "<|endoftext|> a <|startoftext|>",
    "",
    "   ",
]


def test_the_vocabulary_is_clips() -> None:
    """49,408 entries, with the ids that every CLIP checkpoint uses."""
    vocabulary, merges = clip_vocabulary()
    assert len(vocabulary) == 49_408
    assert len(merges) == 48_894
    assert vocabulary["<|startoftext|>"] == 49_406
    assert vocabulary["<|endoftext|>"] == 49_407
    assert METER.ids("a photo of a cat") == [320, 1125, 539, 320, 2368]


@pytest.mark.parametrize("text", _HARD)
def test_ids_of_hard_texts(text: str) -> None:
    """Contractions, emoticons, ligatures, combining marks, emoji and special tokens."""
    assert METER.ids(text) == _ids(text)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=80))
def test_ids_of_any_text(text: str) -> None:
    """Whatever the text, the ids are those of transformers."""
    assert METER.ids(text) == _ids(text)


def test_ids_of_mixed_scripts() -> None:
    """Random signs of all planes."""
    rng = random.Random(1)
    ranges = [(32, 127), (32, 0x2FFF), (0x1F300, 0x1FAFF), (0x4E00, 0x9FFF)]
    for _ in range(200):
        text = "".join(chr(rng.randrange(*rng.choice(ranges))) for _ in range(50))
        assert METER.ids(text) == _ids(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (0,)),
        ("a photo of a cat", (5,)),
        ("a BREAK b c", (1, 2)),
        ("(a:1.2) b", (2,)),
        ("\\(a\\)", (3,)),
        ("cat " * 75, (75,)),
        ("cat " * 76, (75, 1)),
        ("cat " * 160 + "BREAK dog", (75, 75, 10, 1)),
    ],
)
def test_counts_for_each_chunk(text: str, expected: tuple[int, ...]) -> None:
    """Weights cost no tokens, BREAK starts a chunk, and 75 tokens fill one."""
    assert METER.count(text) == expected


def test_spans_are_tokenised_alone() -> None:
    """A weight in the middle of a word cuts it, as the pipelines do."""
    assert METER.count("sunshine") == (1,)
    assert METER.count("sun(shine:1.2)") == (2,)


def test_a_tokenizer_folder(tmp_path: Path) -> None:
    """A checkpoint's own vocabulary is used, in either file layout."""
    vocabulary, merges = clip_vocabulary()
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    lines = "\n".join(["#version: 0.2", *(" ".join(pair) for pair in merges)])
    (tmp_path / "merges.txt").write_text(lines, encoding="utf-8")
    assert TokenMeter(tmp_path).count("a photo of a cat") == (5,)
    saved = tmp_path / "saved"
    transformers.CLIPTokenizer(vocab=vocabulary, merges=merges).save_pretrained(str(saved))
    assert (saved / "tokenizer.json").is_file()
    assert TokenMeter(saved).count("a photo of a cat") == (5,)


@pytest.mark.parametrize("content", [None, "{", '{"a": 1}'])
def test_a_broken_folder_is_named(tmp_path: Path, content: str | None) -> None:
    """The sentence names the folder."""
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content, encoding="utf-8")
    with pytest.raises(WeightsError, match="cannot be read") as caught:
        TokenMeter(tmp_path).count("a")
    assert str(tmp_path) in caught.value.text


def test_no_torch_is_imported() -> None:
    """Composing and counting in a fresh interpreter leaves torch and transformers alone."""
    code = (
        "import sys; from pipeline.prompt import compose, tokens; tokens.TokenMeter().count('a'); "
        "print([name for name in ('torch', 'transformers', 'diffusers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
