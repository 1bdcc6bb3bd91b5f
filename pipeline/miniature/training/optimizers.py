"""Muon for matrices and kernels, AdamW for the rest, the course of the learning rate, and averaged weights."""

from __future__ import annotations

import copy
import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

import torch
from torch import Tensor, nn

_MOMENTUM: Final = 0.95
_NEWTON_SCHULZ: Final = (3.4445, -4.7750, 2.0315)
"""Coefficients of the quintic iteration, from Keller Jordan's Muon."""
_ITERATIONS: Final = 5
_RMS: Final = 0.2
"""Size of AdamW's updates, which Muon's are scaled to ("Muon is scalable for LLM training", 2025)."""
_BETAS: Final = (0.9, 0.99)
_EDGES: Final = frozenset({"conv_in", "conv_out", "quant_conv", "post_quant_conv"})
"""Layers at the edges of a network, which Muon's author leaves to AdamW."""


def orthogonalised(matrices: Tensor) -> Tensor:
    """The nearest matrices whose singular values are all about 1 (0.7 to 1.2).

    Newton-Schulz iteration X <- (a + b A + c A^2) X with A = X X^T. As every step multiplies X from the left,
    A alone is iterated and the factors are collected, so that the long side takes part in two products
    instead of ten. float32, as A's small eigenvalues are lost in bfloat16.

    Args:
        matrices: float32, (batch, rows, columns).
    """
    if matrices.shape[1] > matrices.shape[2]:
        return orthogonalised(matrices.transpose(1, 2)).transpose(1, 2)
    a, b, c = _NEWTON_SCHULZ
    x = matrices / (torch.linalg.matrix_norm(matrices, keepdim=True) + 1e-7)
    gram = x @ x.mT
    unit = a * torch.eye(gram.shape[1], dtype=gram.dtype, device=gram.device)
    factors = unit
    for turn in range(_ITERATIONS):
        step = torch.baddbmm(gram, gram, gram, beta=b, alpha=c) + unit
        factors = step @ factors if turn else step
        if turn + 1 < _ITERATIONS:
            gram = step @ gram @ step
    turned: Tensor = factors @ x
    return turned


class Muon(torch.optim.Optimizer):
    """Momentum orthogonalised by Newton-Schulz, after Keller Jordan (kellerjordan.github.io/posts/muon, 2024).

    `torch.optim.Muon` takes matrices only; here a kernel counts as a matrix (out, in x height x width). Weights
    of one shape are orthogonalised together.
    """

    def __init__(self, params: Iterable[Tensor], lr: float, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step, with Nesterov momentum; weights without a gradient stay as they are."""
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            shapes: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is not None:
                    shapes[weight.shape].append(weight)
            for weights in shapes.values():
                self._step(weights, group["lr"], group["weight_decay"])
        return loss

    def _step(self, weights: list[Tensor], lr: float, weight_decay: float) -> None:
        gradients = [weight.grad.to(torch.float32, copy=True) for weight in weights if weight.grad is not None]
        for weight in weights:
            if "momentum" not in self.state[weight]:
                self.state[weight]["momentum"] = torch.zeros_like(weight, dtype=torch.float32)
        momenta = [self.state[weight]["momentum"] for weight in weights]
        torch._foreach_lerp_(momenta, gradients, 1 - _MOMENTUM)
        torch._foreach_lerp_(gradients, momenta, _MOMENTUM)
        updates = orthogonalised(torch.stack([value.flatten(1) for value in gradients]))
        size = _RMS * math.sqrt(max(updates.shape[1:]))
        if weight_decay:
            torch._foreach_mul_(weights, 1 - lr * weight_decay)
        shaped = list(updates.view(-1, *weights[0].shape).to(weights[0].dtype).unbind(0))
        torch._foreach_add_(weights, shaped, alpha=-lr * size)


class Optimizers:
    """Several optimizers that act as one, each with a base rate that one multiplier scales."""

    def __init__(self, parts: Iterable[torch.optim.Optimizer]) -> None:
        self._parts = list(parts)
        self._rates = [[group["lr"] for group in part.param_groups] for part in self._parts]

    def __add__(self, other: Optimizers) -> Optimizers:
        """Both together; call it before any `set_rate`."""
        return Optimizers([*self._parts, *other._parts])

    def set_rate(self, multiplier: float) -> None:
        """Set every learning rate to its base rate times this (from `rate_at`)."""
        for part, rates in zip(self._parts, self._rates, strict=True):
            for group, rate in zip(part.param_groups, rates, strict=True):
                group["lr"] = rate * multiplier

    def step(self) -> None:
        """One step of each."""
        for part in self._parts:
            part.step()

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for part in self._parts:
            part.zero_grad(set_to_none=True)

    def state_dict(self) -> list[dict[str, Any]]:
        """What `load_state_dict` takes; fit for a checkpoint."""
        return [part.state_dict() for part in self._parts]

    def load_state_dict(self, state: list[dict[str, Any]]) -> None:
        """Go on from a `state_dict` of the same optimizers."""
        for part, own in zip(self._parts, state, strict=True):
            # A copy, as an optimizer changes the tensors it was given.
            part.load_state_dict(copy.deepcopy(own))


def build_optimizers(
    module: nn.Module,
    kind: Literal["muon", "adamw"],
    learning_rate: float,
    adam_learning_rate: float | None = None,
    weight_decay: float = 0.0,
) -> Optimizers:
    """The optimizers of a network's trainable weights.

    Args:
        module: the network.
        kind: "muon" gives Muon the matrices and kernels, apart from embeddings and the first and last layers;
            everything else, and with "adamw" all there is, goes to AdamW (betas 0.9 and 0.99).
        learning_rate: of Muon; and of AdamW too, unless the next says otherwise or `kind` is "adamw".
        adam_learning_rate: of what AdamW trains beside Muon.
        weight_decay: decoupled, per unit of learning rate; only on weights of two or more dimensions.
    """
    embeddings = {id(part.weight) for part in module.modules() if isinstance(part, nn.Embedding)}
    muon: list[Tensor] = []
    matrices: list[Tensor] = []
    vectors: list[Tensor] = []
    for name, weight in module.named_parameters():
        if not weight.requires_grad:
            continue
        if weight.ndim < 2:
            vectors.append(weight)
        elif kind == "muon" and id(weight) not in embeddings and not _EDGES.intersection(name.split(".")):
            muon.append(weight)
        else:
            matrices.append(weight)
    adam_rate = learning_rate if kind == "adamw" or adam_learning_rate is None else adam_learning_rate
    groups = [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    parts: list[torch.optim.Optimizer] = [Muon(muon, learning_rate, weight_decay)] if muon else []
    groups = [group for group in groups if group["params"]]
    if groups:
        parts.append(torch.optim.AdamW(groups, lr=adam_rate, betas=_BETAS))
    return Optimizers(parts)


def rate_at(step: int, steps: int, warmup_fraction: float, decay_fraction: float) -> float:
    """The multiplier of the learning rate at a step, counted from 0: above 0, up to 1.

    It rises in a straight line over the first `warmup_fraction` of the steps, stays, and falls in a straight
    line towards 0 over the last `decay_fraction`.
    """
    warmup, decay = warmup_fraction * steps, decay_fraction * steps
    rising = (step + 1) / warmup if warmup else 1.0
    falling = (steps - step) / decay if decay else 1.0
    return max(0.0, min(1.0, rising, falling))


class Ema:
    """The exponential moving average of a network's weights.

    The decay starts low, at (1 + n) / (10 + n) after n updates, so that the first weights are soon forgotten.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._decay = decay
        self._updates = 0
        self._names = [name for name, _ in module.named_parameters()]
        self._mean = [weight.detach().clone() for weight in module.parameters()]

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Take in the weights after a step."""
        self._updates += 1
        decay = min(self._decay, (1 + self._updates) / (10 + self._updates))
        torch._foreach_lerp_(self._mean, [weight.detach() for weight in module.parameters()], 1 - decay)

    @torch.no_grad()
    def copy_to(self, module: nn.Module) -> None:
        """Give the network the averaged weights."""
        for weight, mean in zip(module.parameters(), self._mean, strict=True):
            weight.copy_(mean)

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes; fit for a checkpoint."""
        return {"updates": self._updates, "mean": dict(zip(self._names, self._mean, strict=True))}

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict` of the same network."""
        self._updates = state["updates"]
        for name, mean in zip(self._names, self._mean, strict=True):
            mean.copy_(state["mean"][name])
