"""The miniature's tokenizer: byte-level BPE of CLIP's kind, with a small vocabulary trained on the captions' words.

The format is CLIP's (https://github.com/openai/CLIP, `simple_tokenizer.py`): every byte has a printable sign, a
word's last sign carries `</w>`, and merges join signs. The training (Sennrich et al. 2016, "Neural Machine
Translation of Rare Words with Subword Units") is done here instead of by `tokenizers`, whose trainer breaks ties
in the order of a randomly seeded hash map: the same captions must always make the same files.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from pipeline.engine.configs import SDXL
from pipeline.miniature.training.captions import vocabulary
from pipeline.miniature.training.words import undrawn_words
from pipeline.prompt.tokens import BOS, EOS

SIZE: Final = 2048
"""Entries of the vocabulary, the 512 signs and the two special tokens included."""
LENGTH: Final = 77
"""Tokens that each text encoder reads, beginning and end included."""
_END: Final = "</w>"
_DRAWN_WEIGHT: Final = 1000
"""How much more often a word of the artist's vocabulary counts than an undrawn one, so that it is one token."""
_MERGEABLE: Final = re.compile(r"[^\W\d_]+|[^\s\w]+")
"""Words that BPE may join: CLIP splits digits into single tokens first."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A trained tokenizer: ids by entry, and the merges in order."""

    ids: dict[str, int]
    merges: tuple[tuple[str, str], ...]

    @property
    def end(self) -> int:
        """Id of the end token, the last of the vocabulary."""
        return self.ids[EOS]


def train_tokenizer(texts: Iterable[tuple[str, int]], size: int = SIZE) -> Vocabulary:
    """Train the merges.

    Args:
        texts: captions or tags, each with its weight; lower-cased here.
        size: entries wanted, 514 or more; fewer come out where the texts do not need as many.

    Returns:
        Signs of the 256 bytes, the same with `</w>`, the merges, then the start and the end token.

    Raises:
        ValueError: the size leaves no room for the signs.
    """
    signs = _byte_signs()
    entries = [*signs, *(sign + _END for sign in signs)]
    wanted = size - len(entries) - 2
    if wanted < 0:
        raise ValueError(
            f"A vocabulary of {size} entries is too small: {len(entries) + 2} are needed at least."
        )
    counts: Counter[str] = Counter()
    for text, weight in texts:
        for word in _MERGEABLE.findall(text.lower()):
            counts[word] += weight
    merges = _merges(counts, wanted)
    entries += [left + right for left, right in merges]
    # Two merges may make the same entry (`ab`+`c`, `a`+`bc`): it has one id.
    unique = dict.fromkeys([*entries, BOS, EOS])
    return Vocabulary({entry: index for index, entry in enumerate(unique)}, tuple(merges))


@cache
def miniature_vocabulary(size: int = SIZE) -> Vocabulary:
    """The vocabulary of the miniature, trained on the artist's tags and the undrawn words (a few seconds)."""
    texts = [(text, _DRAWN_WEIGHT) for text in vocabulary()] + [(text, 1) for text in undrawn_words()]
    return train_tokenizer(texts, size)


def write_tokenizers(folder: Path, size: int = SIZE) -> Vocabulary:
    """Write `tokenizer/` and `tokenizer_2/`, which `CLIPTokenizer.from_pretrained` and `TokenMeter` read.

    They differ in how they pad: the first with its end token, the second with `!`, as SDXL's do.

    Args:
        folder: where; made if missing.
        size: entries at most.

    Returns:
        What was written.
    """
    made = miniature_vocabulary(size)
    for name in ("tokenizer", "tokenizer_2"):
        here = folder / name
        here.mkdir(parents=True, exist_ok=True)
        (here / "vocab.json").write_text(json.dumps(made.ids, ensure_ascii=False) + "\n", encoding="utf-8")
        lines = ["#version: 0.2", *(" ".join(pair) for pair in made.merges), ""]
        (here / "merges.txt").write_text("\n".join(lines), encoding="utf-8")
        for settings in sorted((SDXL / name).glob("*.json")):
            (here / settings.name).write_bytes(settings.read_bytes())
    return made


def _merges(counts: Counter[str], wanted: int) -> list[tuple[str, str]]:
    table = _byte_table()
    words: list[list[str]] = []
    weights: list[int] = []
    for text in sorted(counts):
        spelled = [table[byte] for byte in text.encode("utf-8")]
        words.append([*spelled[:-1], spelled[-1] + _END])
        weights.append(counts[text])
    merges: list[tuple[str, str]] = []
    while len(merges) < wanted:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, weight in zip(words, weights, strict=True):
            for pair in pairwise(word):
                pairs[pair] += weight
        if not pairs:
            break
        # The commonest pair; of equals the first in the alphabet.
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = [_joined(word, best) if best[0] in word else word for word in words]
    return merges


def _joined(word: list[str], pair: tuple[str, str]) -> list[str]:
    joined: list[str] = []
    index = 0
    while index < len(word):
        if index + 1 < len(word) and (word[index], word[index + 1]) == pair:
            joined.append(word[index] + word[index + 1])
            index += 2
        else:
            joined.append(word[index])
            index += 1
    return joined


def _printable() -> list[int]:
    return [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]


@cache
def _byte_table() -> dict[int, str]:
    """The sign of each byte, as OpenAI's `bytes_to_unicode` gives it, in its order."""
    printable = _printable()
    table = {code: chr(code) for code in printable}
    others = [code for code in range(256) if code not in table]
    return table | {code: chr(256 + index) for index, code in enumerate(others)}


def _byte_signs() -> list[str]:
    return list(_byte_table().values())
