"""Attention in float32 under autocast."""

from __future__ import annotations

import torch
from torch.nn import functional

from pipeline.miniature.training.attention import FloatAttention


def test_only_attention_leaves_bfloat16() -> None:
    """Its result is the float32 one, gradients included; other products stay as autocast has them."""
    query, key, value = (torch.randn(1, 2, 5, 8).bfloat16().requires_grad_() for _ in range(3))
    with torch.autocast("cpu", torch.bfloat16):
        usual = functional.scaled_dot_product_attention(query, key, value)
        with FloatAttention():
            found = functional.scaled_dot_product_attention(query, key, value=value)
            product = torch.ones(2, 2) @ torch.ones(2, 2)
    wanted = functional.scaled_dot_product_attention(query.float(), key.float(), value.float())
    assert (usual.dtype, found.dtype, product.dtype) == (torch.bfloat16, torch.float32, torch.bfloat16)
    assert torch.equal(found, wanted)
    found.sum().backward()
    assert query.grad is not None
