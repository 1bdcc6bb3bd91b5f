"""From a prompt to what the UNet reads: token embeddings and the pooled embedding.

Two modes, chosen by the profile:

- `stock`: what `StableDiffusionXLPipeline.encode_prompt` computes. Prompts that it cannot express (longer than
  75 tokens, weights, `BREAK`) become several chunks of 75 tokens, each padded to 77 as stock pads one.
- `lpw`: the rules of diffusers' community pipeline `lpw_stable_diffusion_xl`
  (https://github.com/huggingface/diffusers/blob/main/examples/community/lpw_stable_diffusion_xl.py).

In both, a token of weight w becomes `last + (token - last) * w`; `last` is the last position of its chunk.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Final

import torch
from transformers import CLIPTokenizer

from pipeline.engine.memory import keep_only
from pipeline.engine.model import LoadedModel
from pipeline.profiles.types import Conditioning as Mode
from pipeline.prompt.grammar import parse

CHUNK: Final = 75
"""Tokens of a prompt that fit into CLIP's 77 positions beside the begin and end tokens."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """One text: `tokens` is [1, length, width of both encoders], `pooled` is [1, width of encoder 2]."""

    tokens: torch.Tensor
    pooled: torch.Tensor


@dataclass(frozen=True, slots=True)
class Conditioning:
    """Both texts of a picture, of equal length; `negative` is None when there is no guidance."""

    positive: Embedding
    negative: Embedding | None


@dataclass(frozen=True, slots=True)
class _Tokens:
    """Up to 75 tokens without begin and end: ids for each tokenizer, and a weight for each token."""

    ids: tuple[int, ...] = ()
    ids_2: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()

    def padded(self, count: int, end: int, end_2: int) -> _Tokens:
        """The same tokens, followed by end tokens of weight 1 until there are `count`."""
        missing = max(0, count - len(self.ids))
        return _Tokens(
            self.ids + (end,) * missing, self.ids_2 + (end_2,) * missing, self.weights + (1.0,) * missing
        )


class Conditioner:
    """Encodes prompts, remembering the chunks it has encoded: negative prompts and quality tags repeat.

    The memory is exact (the key is the token ids) and lives as long as the model it was computed with.

    Args:
        remembered: chunks kept for each model, least recently used dropped first. A chunk of a full-size SDXL
            model is 77 x 2048 numbers, 0.3 MB in half precision.
    """

    def __init__(self, remembered: int = 96) -> None:
        self._remembered = remembered
        self._memories: weakref.WeakKeyDictionary[torch.nn.Module, OrderedDict[object, Embedding]] = (
            weakref.WeakKeyDictionary()
        )

    def forget(self) -> None:
        """Drop every remembered chunk, to free memory."""
        self._memories.clear()

    @torch.inference_mode()
    def encode(
        self, model: LoadedModel, prompt: str, negative: str | None, *, guided: bool = True
    ) -> Conditioning:
        """Encode both texts by the rules of the model's profile.

        Args:
            model: the checkpoint.
            prompt: final prompt, with weights and `BREAK`.
            negative: final negative prompt. Exactly as in diffusers, `""` is encoded like any other text, and
                only None (no negative prompt was given at all) becomes zeros where the checkpoint sets
                `force_zeros_for_empty_prompt`. The `lpw` pipeline knows no such zeros.
            guided: whether the negative text is needed; its length counts in `lpw` mode either way.

        Returns:
            Embeddings on the model's device, in the encoders' dtype.
        """
        lpw = model.profile.conditioning is Mode.LPW
        pairs = _pair(_split(model, prompt), _split(model, negative or ""))
        if lpw:
            pairs = [_equalise(model, *pair) for pair in pairs]
        positive = self._text(model, [pair[0] for pair in pairs], lpw=lpw)
        if not guided:
            return Conditioning(positive, None)
        if negative is None and model.force_zeros_for_empty_prompt and not lpw:
            zeros = Embedding(torch.zeros_like(positive.tokens), torch.zeros_like(positive.pooled))
            return Conditioning(positive, zeros)
        return Conditioning(positive, self._text(model, [pair[1] for pair in pairs], lpw=lpw))

    def _text(self, model: LoadedModel, chunks: Sequence[_Tokens], *, lpw: bool) -> Embedding:
        """Chunk after chunk; the pooled embedding of the first (stock) or the last (lpw)."""
        parts = [self._chunk(model, chunk, lpw=lpw) for chunk in chunks]
        tokens = parts[0].tokens if len(parts) == 1 else torch.cat([part.tokens for part in parts], dim=1)
        return Embedding(tokens, parts[-1 if lpw else 0].pooled)

    def _chunk(self, model: LoadedModel, chunk: _Tokens, *, lpw: bool) -> Embedding:
        ids = _framed(model.tokenizer, chunk.ids, padded=not lpw)
        ids_2 = _framed(model.tokenizer_2, chunk.ids_2, padded=not lpw)
        memory = self._memories.setdefault(model.text_encoder_2, OrderedDict())
        key = (ids, ids_2)
        found = memory.get(key)
        if found is None:
            found = memory[key] = _run_encoders(model, ids, ids_2)
            if len(memory) > self._remembered:
                memory.popitem(last=False)
        memory.move_to_end(key)
        if all(weight == 1.0 for weight in chunk.weights):
            return found
        return replace(found, tokens=_weighted(found.tokens, chunk.weights, half=lpw))


def _split(model: LoadedModel, text: str) -> list[_Tokens]:
    """The tokens of a text in chunks of 75 at most; `BREAK` starts a new one. No text, no chunk."""
    chunks = []
    for spans in parse(text):
        ids: list[int] = []
        ids_2: list[int] = []
        weights: list[float] = []
        for span in spans:
            of_span = _ids(model.tokenizer, span.text)
            ids += of_span
            ids_2 += _ids(model.tokenizer_2, span.text)
            weights += [span.weight] * len(of_span)
        chunks += [
            _Tokens(tuple(ids[at : at + CHUNK]), tuple(ids_2[at : at + CHUNK]), tuple(weights[at : at + CHUNK]))
            for at in range(0, len(ids), CHUNK)
        ]
    return chunks


def _ids(tokenizer: CLIPTokenizer, text: str) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=False, truncation=False, verbose=False).input_ids
    return ids


def _pair(prompt: list[_Tokens], negative: list[_Tokens]) -> list[tuple[_Tokens, _Tokens]]:
    """Chunk by chunk, with empty ones where a text is shorter; at least one pair."""
    return list(zip_longest(prompt, negative, fillvalue=_Tokens())) or [(_Tokens(), _Tokens())]


def _equalise(model: LoadedModel, prompt: _Tokens, negative: _Tokens) -> tuple[_Tokens, _Tokens]:
    """Both chunks with the token count of the longer.

    Without `BREAK` all chunks but the last of the longer text are full, so padding chunk by chunk is what lpw
    does: padding the shorter text with end tokens to the count of the longer, then cutting both.
    """
    count = max(len(prompt.ids), len(negative.ids))
    ends = (_special(model.tokenizer.eos_token_id), _special(model.tokenizer_2.eos_token_id))
    return prompt.padded(count, *ends), negative.padded(count, *ends)


def _framed(tokenizer: CLIPTokenizer, ids: tuple[int, ...], *, padded: bool) -> tuple[int, ...]:
    """With begin and end token, and padded to 77 with the tokenizer's own pad token if asked for."""
    framed = (_special(tokenizer.bos_token_id), *ids, _special(tokenizer.eos_token_id))
    if not padded:
        return framed
    return framed + (_special(tokenizer.pad_token_id),) * (CHUNK + 2 - len(framed))


def _special(token_id: object) -> int:
    if not isinstance(token_id, int):
        raise TypeError("this tokenizer lacks one of its begin, end and pad tokens")
    return token_id


def _run_encoders(model: LoadedModel, ids: tuple[int, ...], ids_2: tuple[int, ...]) -> Embedding:
    """SDXL reads the last hidden state but one of both encoders, and encoder 2's projected pooled output."""
    keep_only(model, model.text_encoder, model.text_encoder_2)
    first = model.text_encoder(torch.tensor([ids], device=model.device), output_hidden_states=True)
    second = model.text_encoder_2(torch.tensor([ids_2], device=model.device), output_hidden_states=True)
    tokens = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)
    return Embedding(tokens.to(model.text_encoder_2.dtype), second.text_embeds)


def _weighted(tokens: torch.Tensor, weights: tuple[float, ...], *, half: bool) -> torch.Tensor:
    """Move each token of weight w away from (w > 1) or towards (w < 1) the chunk's last position.

    lpw keeps its weights in float16 whatever the model's precision, so 1.1 is really 1.0996 there.
    """
    rest = tokens.shape[1] - 1 - len(weights)
    column = torch.tensor((1.0, *weights, *(1.0,) * rest), dtype=torch.float16 if half else torch.float32)
    factor = column.to(tokens.device, tokens.dtype)[None, :, None]
    last = tokens[:, -1:]
    return torch.where(factor == 1.0, tokens, last + (tokens - last) * factor)
