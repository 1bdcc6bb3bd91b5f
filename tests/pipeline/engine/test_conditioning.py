"""Text conditioning: equal to the stock pipeline and to the lpw rules, written down here a second time."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
import torch

from pipeline.engine.conditioning import Conditioner, Conditioning
from pipeline.engine.model import LoadedModel

LONG = ", ".join(f"tag number {n} of a long prompt" for n in range(40))


def _stock_encoding(pipe: Any, prompt: str, negative: str | None) -> tuple[torch.Tensor, ...]:
    with torch.no_grad():
        found: tuple[torch.Tensor, ...] = pipe.encode_prompt(
            prompt=prompt, device="cpu", negative_prompt=negative, do_classifier_free_guidance=True
        )
    return found


def _tensors(found: Conditioning) -> tuple[torch.Tensor, ...]:
    assert found.negative is not None
    return found.positive.tokens, found.negative.tokens, found.positive.pooled, found.negative.pooled


def _assert_equal(left: tuple[torch.Tensor, ...], right: tuple[torch.Tensor, ...]) -> None:
    assert [t.shape for t in left] == [t.shape for t in right]
    assert all(torch.equal(a, b) for a, b in zip(left, right, strict=True))


def lpw_reference(
    model: LoadedModel, prompt: list[tuple[str, float]], negative: list[tuple[str, float]]
) -> tuple[torch.Tensor, ...]:
    """The rules of lpw_stable_diffusion_xl for spans that are parsed already, as plainly as can be."""
    found: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
    sides: dict[str, tuple[list[int], list[float]]] = {}
    for name, spans in (("prompt", prompt), ("negative", negative)):
        ids: list[int] = []
        weights: list[float] = []
        for text, weight in spans:
            new = model.tokenizer(text).input_ids[1:-1]
            ids, weights = ids + new, weights + [weight] * len(new)
        sides[name] = ids, weights
    most = max(len(ids) for ids, _ in sides.values())
    for name, (ids, weights) in sides.items():
        ids, weights = ids + [49407] * (most - len(ids)), weights + [1.0] * (most - len(weights))
        chunks = []
        for at in range(0, most, 75):
            framed = torch.tensor([[49406, *ids[at : at + 75], 49407]])
            with torch.no_grad():
                first = model.text_encoder(framed, output_hidden_states=True)
                second = model.text_encoder_2(framed, output_hidden_states=True)
            pooled = second[0]
            tokens = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)[0]
            for position, weight in enumerate(weights[at : at + 75], start=1):
                if weight != 1.0:
                    half = torch.tensor(weight, dtype=torch.float16)
                    tokens[position] = tokens[-1] + (tokens[position] - tokens[-1]) * half
            chunks.append(tokens[None])
        found[name] = torch.cat(chunks, dim=1), pooled
    return found["prompt"][0], found["negative"][0], found["prompt"][1], found["negative"][1]


@pytest.mark.parametrize(
    ("prompt", "negative"),
    [("1girl, green hair, sweater", "lowres, bad anatomy"), ("1girl", ""), ("", ""), ("GIRL  with\nhat", "x")],
)
def test_stock_is_the_stock_pipeline(model: LoadedModel, stock: Any, prompt: str, negative: str) -> None:
    """Short prompts without weights: bit-equal to `encode_prompt`, an empty negative prompt included."""
    _assert_equal(
        _tensors(Conditioner().encode(model, prompt, negative)), _stock_encoding(stock, prompt, negative)
    )


def test_escaped_brackets_are_literal(model: LoadedModel, stock: Any) -> None:
    r"""`\(chess\)` is encoded as `(chess)` is by the stock pipeline, which knows no escapes."""
    found = Conditioner().encode(model, r"bishop \(chess\)", "a")
    _assert_equal(_tensors(found), _stock_encoding(stock, "bishop (chess)", "a"))


@pytest.mark.parametrize("forced", [True, False])
def test_no_negative_prompt_at_all(model: LoadedModel, stock: Any, forced: bool) -> None:
    """None, unlike an empty text, becomes zeros where the checkpoint says so."""
    model.force_zeros_for_empty_prompt = forced
    stock.register_to_config(force_zeros_for_empty_prompt=forced)
    _assert_equal(_tensors(Conditioner().encode(model, "a cat", None)), _stock_encoding(stock, "a cat", None))


def test_a_full_chunk_is_still_stock(model: LoadedModel, stock: Any) -> None:
    """75 tokens fit; the stock pipeline truncates nothing."""
    prompt = " ".join(["cat"] * 75)
    _assert_equal(_tensors(Conditioner().encode(model, prompt, "a")), _stock_encoding(stock, prompt, "a"))


def test_long_prompts_become_chunks(model: LoadedModel, stock: Any) -> None:
    """Token 76 starts a second chunk, each is what stock makes of it, and pooled is the first one's."""
    first, second = " ".join(["cat"] * 75), "dog hat"
    found = Conditioner().encode(model, f"{first} {second}", "bad")
    parts = [_stock_encoding(stock, text, "bad")[0] for text in (first, second)]
    assert torch.equal(found.positive.tokens, torch.cat(parts, dim=1))
    assert torch.equal(found.positive.pooled, _stock_encoding(stock, first, "bad")[2])
    empty = _stock_encoding(stock, "", "bad")[0]
    assert found.negative is not None
    assert torch.equal(found.negative.tokens, torch.cat([_stock_encoding(stock, "bad", "a")[0], empty], dim=1))


def test_break_starts_a_chunk(model: LoadedModel, stock: Any) -> None:
    """The texts beside `BREAK` are encoded apart."""
    found = Conditioner().encode(model, "a cat BREAK a dog", "")
    parts = [_stock_encoding(stock, text, "")[0] for text in ("a cat", "a dog")]
    assert torch.equal(found.positive.tokens, torch.cat(parts, dim=1))


def test_stock_weights_move_tokens_from_the_last_position(model: LoadedModel, stock: Any) -> None:
    """`(bad:1.05)`: `last + (token - last) * 1.05`, the other tokens untouched."""
    plain = _stock_encoding(stock, "lowres, bad, text", "a")[0]
    found = Conditioner().encode(model, "lowres, (bad:1.05), text", "a").positive.tokens
    ids = model.tokenizer("lowres, bad, text").input_ids
    at = ids.index(model.tokenizer("bad").input_ids[1])
    expected = plain.clone()
    expected[:, at] = plain[:, -1] + (plain[:, at] - plain[:, -1]) * 1.05
    assert torch.allclose(found, expected, atol=1e-6)
    untouched = [n for n in range(77) if n != at]
    assert torch.equal(found[:, untouched], plain[:, untouched])


@pytest.mark.parametrize(
    ("prompt", "prompt_spans", "negative", "negative_spans"),
    [
        ("a cat, masterpiece", [("a cat, masterpiece", 1.0)], "bad", [("bad", 1.0)]),
        (
            "a (red:1.3) cat",
            [("a ", 1.0), ("red", 1.3), (" cat", 1.0)],
            "[bad] x",
            [("bad", 1 / 1.1), (" x", 1.0)],
        ),
        (LONG, [(LONG, 1.0)], "lowres", [("lowres", 1.0)]),
        ("a cat", [("a cat", 1.0)], f"({LONG})", [(LONG, 1.1)]),
        ("a cat", [("a cat", 1.0)], "", []),
    ],
)
def test_lpw_follows_the_community_pipeline(
    lpw_model: LoadedModel,
    prompt: str,
    prompt_spans: list[tuple[str, float]],
    negative: str,
    negative_spans: list[tuple[str, float]],
) -> None:
    """Padding with end tokens to the longer text, chunks of 75 the last unpadded, pooled of the last."""
    _assert_equal(
        _tensors(Conditioner().encode(lpw_model, prompt, negative)),
        lpw_reference(lpw_model, prompt_spans, negative_spans),
    )


def test_lpw_understands_break_and_nothing_at_all(lpw_model: LoadedModel) -> None:
    """Two things the community pipeline cannot: `BREAK` starts a chunk, and two empty texts are no error."""
    found = _tensors(Conditioner().encode(lpw_model, "a cat BREAK dog", "bad, worse, worst"))
    assert found[0].shape[1] == found[1].shape[1] == (5 + 2) + (1 + 2)
    assert Conditioner().encode(lpw_model, "", "").positive.tokens.shape[1] == 2


def test_without_guidance_the_negative_is_not_encoded(model: LoadedModel) -> None:
    """One text, one run of the encoders."""
    with patch.object(model.text_encoder, "forward", wraps=model.text_encoder.forward) as run:
        assert Conditioner().encode(model, "a cat", "bad", guided=False).negative is None
    assert run.call_count == 1


def test_repeated_chunks_are_remembered_exactly(model: LoadedModel) -> None:
    """The second prompt with the same negative prompt runs the encoders once; the numbers are the same."""
    conditioner = Conditioner()
    conditioner.encode(model, "a cat", "bad")
    with patch.object(model.text_encoder, "forward", wraps=model.text_encoder.forward) as run:
        warm = conditioner.encode(model, "a dog", "bad")
    assert run.call_count == 1
    _assert_equal(_tensors(warm), _tensors(Conditioner().encode(model, "a dog", "bad")))


def test_the_memory_is_bounded(model: LoadedModel) -> None:
    """The least recently used chunk goes first."""
    conditioner = Conditioner(remembered=2)
    for prompt in ("a", "b", "c"):
        conditioner.encode(model, prompt, None, guided=False)
    with patch.object(model.text_encoder, "forward", wraps=model.text_encoder.forward) as run:
        conditioner.encode(model, "c", None, guided=False)
        assert run.call_count == 0
        conditioner.encode(model, "a", None, guided=False)
    assert run.call_count == 1
