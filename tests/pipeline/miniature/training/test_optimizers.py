"""Muon, the course of the learning rate, and averaged weights."""

from __future__ import annotations

import copy
import itertools
import math

import pytest
import torch
from torch import Tensor, nn

from pipeline.miniature.training.optimizers import (
    Ema,
    Muon,
    build_optimizers,
    orthogonalised,
    rate_at,
)


def _published(matrix: Tensor) -> Tensor:
    """Keller Jordan's `zeropower_via_newtonschulz5`, in float64 and without the collected factors."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix.double()
    x = x / x.norm()
    for _ in range(5):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


@pytest.mark.parametrize("shape", [(8, 8), (8, 72), (64, 16), (1, 9)])
def test_newton_schulz_is_the_published_one(shape: tuple[int, int]) -> None:
    """Collecting the factors changes nothing but the time."""
    matrices = torch.randn(3, *shape, generator=torch.Generator().manual_seed(1))
    found = orthogonalised(matrices)
    for given, orthogonal in zip(matrices, found, strict=True):
        wanted = _published(given.mT).mT if shape[0] > shape[1] else _published(given)
        torch.testing.assert_close(orthogonal.double(), wanted, atol=1e-3, rtol=0)
        values = torch.linalg.svdvals(orthogonal)
        assert 0.5 < float(values.median()) < 1.3
        assert float(values.max()) < 1.3


def test_a_matrix_of_rank_one_or_zero_does_no_harm() -> None:
    """Neither infinite nor large."""
    matrices = torch.stack([torch.ones(8, 20), torch.zeros(8, 20)])
    found = orthogonalised(matrices)
    assert found.isfinite().all()
    assert float(found.abs().max()) < 1


def test_a_step_of_muon_has_the_size_of_adams_for_matrices_and_kernels() -> None:
    """0.2 times the rate, on average."""
    torch.manual_seed(3)
    weights = [nn.Parameter(torch.randn(shape)) for shape in ((32, 64), (32, 8, 3, 3), (32, 64))]
    before = [weight.detach().clone() for weight in weights]
    for weight in weights:
        weight.grad = torch.randn_like(weight)
    Muon(weights, lr=0.1).step()
    for weight, old in zip(weights, before, strict=True):
        # 0.2 for an orthogonal matrix, a little off for the iteration's singular values of 0.7 to 1.2
        assert float((weight.detach() - old).square().mean().sqrt()) == pytest.approx(0.02, rel=0.25)


class _Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(3, 4, 3)
        self.words = nn.Embedding(10, 4)
        self.hidden = nn.Conv2d(4, 4, 3)
        self.norm = nn.GroupNorm(2, 4)
        self.frozen = nn.Linear(4, 4).requires_grad_(False)


def test_every_trainable_weight_has_one_optimizer_and_the_right_one() -> None:
    """Muon has the inner kernel alone."""
    network = _Network()
    for weight in network.parameters():
        weight.grad = torch.ones_like(weight)
    rates = {}
    for kind in ("muon", "adamw"):
        copied = copy.deepcopy(network)
        for weight in copied.parameters():
            weight.grad = torch.ones_like(weight)
        optimizers = build_optimizers(copied, kind, 0.5, 0.01)
        optimizers.step()
        rates[kind] = {
            name: float((after - before).detach().abs().max())
            for (name, before), after in zip(network.named_parameters(), copied.parameters(), strict=True)
        }
    assert rates["muon"].pop("hidden.weight") != pytest.approx(0.01, rel=0.1)
    assert rates["muon"].pop("frozen.weight") == rates["muon"].pop("frozen.bias") == 0
    assert list(rates["muon"].values()) == pytest.approx([0.01] * len(rates["muon"]), rel=0.01)
    assert rates["adamw"]["hidden.weight"] == pytest.approx(0.5, rel=0.01)
    assert rates["adamw"]["words.weight"] == pytest.approx(0.5, rel=0.01)


def _fit(
    steps: int, network: nn.Module, given: dict[str, object] | None = None
) -> tuple[float, dict[str, object]]:
    optimizers = build_optimizers(network, "muon", 0.02, 0.01, 0.001) + build_optimizers(
        nn.Linear(1, 1), "adamw", 1
    )
    if given:
        network.load_state_dict(given["network"])  # type: ignore[arg-type]
        optimizers.load_state_dict(given["optimizers"])  # type: ignore[arg-type]
    loss = torch.zeros(())
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(64, 8, generator=generator)
    y = torch.tanh(x @ torch.randn(8, 8, generator=generator))
    for step in range(steps):
        optimizers.set_rate(rate_at(step, 100, 0.1, 0.5))
        optimizers.zero_grad()
        loss = (network(x) - y).square().mean()
        loss.backward()
        optimizers.step()
    return loss.item(), {"network": network.state_dict(), "optimizers": optimizers.state_dict()}


def _mlp() -> nn.Module:
    torch.manual_seed(5)
    return nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 8))


def test_muon_and_adam_together_learn() -> None:
    """A small regression."""
    network = _mlp()
    first, _ = _fit(1, network)
    last, _ = _fit(100, network)
    assert last < first / 5


def test_optimizers_go_on_from_their_state_bit_for_bit() -> None:
    """The state stays as it was while others go on from it."""
    whole = _mlp()
    _, state = _fit(5, whole)
    state = copy.deepcopy(state)
    resumed = _mlp()
    _fit(5, whole, state)
    _fit(5, resumed, state)
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_rate_rises_stays_and_falls() -> None:
    """In straight lines, and never to 0."""
    course = [rate_at(step, 100, 0.1, 0.3) for step in range(100)]
    assert course[0] == pytest.approx(0.1)
    assert course[9:70] == [1.0] * 61
    assert all(later < earlier for earlier, later in itertools.pairwise(course[70:]))
    assert course[99] == pytest.approx(1 / 30)
    assert rate_at(0, 10, 0.0, 0.0) == rate_at(9, 10, 0.0, 0.0) == 1.0


def test_the_average_follows_and_forgets_the_start() -> None:
    """Also after going on from its state."""
    network = nn.Linear(2, 2)
    with torch.no_grad():
        network.weight.zero_()
    ema = Ema(network, 0.9)
    with torch.no_grad():
        network.weight.fill_(1.0)
    ema.update(network)
    averaged = copy.deepcopy(network)
    ema.copy_to(averaged)
    # decay (1 + 1) / (10 + 1) at the first update
    assert averaged.weight[0, 0].item() == pytest.approx(1 - 2 / 11)
    for _ in range(200):
        ema.update(network)
    other = Ema(nn.Linear(2, 2), 0.9)
    other.load_state_dict(copy.deepcopy(ema.state_dict()))
    other.copy_to(averaged)
    assert math.isclose(averaged.weight[0, 0].item(), 1.0, rel_tol=1e-5)
    ema.update(network)
    other.update(network)
    assert torch.equal(ema.state_dict()["mean"]["weight"], other.state_dict()["mean"]["weight"])
