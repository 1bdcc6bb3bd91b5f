"""Counting the tokens of a prompt with the tokenizer that will read it, without torch or transformers.

SDXL's two text encoders share one vocabulary, CLIP's of 49,408 entries, and read 75 tokens at a time. Its merges
ship with the package (`data/clip_merges.txt.gz`, MIT), so that the count is exact before any download. The
built-in miniature has a smaller vocabulary of the same kind, in its own folder.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline import built_in
from pipeline.errors import WeightsError
from pipeline.prompt.grammar import Chunk, parse

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CHUNK_TOKENS: Final = 75
"""Tokens of a chunk beside its BOS and EOS."""
BOS: Final = "<|startoftext|>"
EOS: Final = "<|endoftext|>"
_SPLIT: Final = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


class TokenMeter:
    """Counts tokens. Cheap to make; a tokenizer is read at the first count and kept for all meters.

    Args:
        folder: a tokenizer folder of a checkpoint (`tokenizer.json`, or `vocab.json` beside `merges.txt`), such
            as `Profile.tokenizer`; None for CLIP's.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._tokenizer: Tokenizer | None = None

    def count(self, text: str) -> tuple[int, ...]:
        """Tokens used in each chunk of 75 that the prompt fills.

        Each weighted span is tokenised alone, and `BREAK` starts a new chunk, exactly as the engine
        conditions. A chunk without text counts 0.

        Returns:
            One number of 0 to 75 for each chunk, at least one.

        Raises:
            InvalidRequest: the prompt does not parse.
            WeightsError: the tokenizer folder cannot be read.
        """
        counts: list[int] = []
        for chunk in parse(text):
            full, rest = divmod(self._tokens(chunk), CHUNK_TOKENS)
            counts.extend([CHUNK_TOKENS] * full)
            if rest or not full:
                counts.append(rest)
        return tuple(counts)

    def ids(self, text: str) -> list[int]:
        """Token ids of literal text (no grammar), without BOS and EOS.

        Raises:
            WeightsError: the tokenizer folder cannot be read.
        """
        ids: list[int] = self._load().encode(text, add_special_tokens=False).ids
        return ids

    def _tokens(self, chunk: Chunk) -> int:
        encodings = self._load().encode_batch_fast([span.text for span in chunk], add_special_tokens=False)
        return sum(len(encoding.ids) for encoding in encodings)

    def _load(self) -> Tokenizer:
        if self._tokenizer is None:
            self._tokenizer = _clip_tokenizer() if self._folder is None else _folder_tokenizer(self._folder)
        return self._tokenizer


def clip_vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """CLIP's vocabulary (49,408 entries) and merges (48,894), as `CLIPTokenizer` takes them."""
    packed = files("pipeline.prompt").joinpath("data/clip_merges.txt.gz").read_bytes()
    merges: list[tuple[str, str]] = []
    for line in gzip.decompress(packed).decode("utf-8").splitlines():
        left, right = line.split(" ")
        merges.append((left, right))
    signs = _byte_signs()
    entries = [*signs, *(sign + "</w>" for sign in signs), *(left + right for left, right in merges), BOS, EOS]
    return {entry: index for index, entry in enumerate(entries)}, merges


def _byte_signs() -> list[str]:
    """The 256 printable signs that stand for bytes, in the order of OpenAI's `bytes_to_unicode`."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = 256 - len(printable)
    return [chr(code) for code in printable] + [chr(256 + index) for index in range(others)]


def _build(vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> Tokenizer:
    """A BPE tokenizer set up like transformers' `CLIPTokenizer` (a test compares the two)."""
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(
        models.BPE(
            vocab=vocabulary,
            merges=merges,
            continuing_subword_prefix="",
            end_of_word_suffix="</w>",
            fuse_unk=False,
            unk_token=EOS,
        )
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in (BOS, EOS)])
    return tokenizer


@cache
def _clip_tokenizer() -> Tokenizer:
    return _build(*clip_vocabulary())


@cache  # a failure is not kept: someone may mend the folder
def _folder_tokenizer(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        if (folder / "tokenizer.json").is_file():
            tokenizer = Tokenizer.from_str((folder / "tokenizer.json").read_text(encoding="utf-8"))
            # The file may say to cut or fill texts to 77 tokens.
            tokenizer.no_truncation()
            tokenizer.no_padding()
            return tokenizer
        vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
        lines = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()
        pairs = [line.split(" ") for line in lines if line and not line.startswith("#version")]
        return _build(vocabulary, [(left, right) for left, right in pairs])
    except Exception as error:  # the tokenizers library raises bare exceptions
        broken = WeightsError(
            "The tokenizer in {folder} cannot be read: `tokenizer.json`, or `vocab.json` and `merges.txt`, is "
            "missing or broken.",
            folder=folder,
        )
        raise (built_in.restorable(broken) if folder == built_in.tokenizer_folder() else broken) from error
