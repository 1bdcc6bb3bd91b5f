"""The VAE's training: reproducible, resumable, and its latents come out at unit size."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL

from pipeline.miniature.training import pictures as pictures_module
from pipeline.miniature.training import vae as vae_module
from pipeline.miniature.training.batches import Pictures, to_pictures, to_tensor
from pipeline.miniature.training.checkpoint import TrainingError
from pipeline.miniature.training.options import VaeOptions
from pipeline.miniature.training.pictures import Picture
from pipeline.miniature.training.progress import Stopped
from pipeline.miniature.training.vae import fold_statistics, train_vae
from pipeline.miniature.training.vae_report import psnr, vae_report

SIZE = (64, 48)
OPTIONS = VaeOptions(
    steps=4,
    batch_size=2,
    channels=(8, 8, 16, 16),
    pictures=18,
    crop_schedule=((0.5, 32), (1.0, 0)),
    precision="fp32",
    threads=1,
)


def _gradient(seed: int, index: int, size: tuple[int, int] | None = None, *, held_out: bool = False) -> Picture:
    """A stand-in for the artist: soft gradients, quick to draw and easy to learn."""
    width, height = size or SIZE
    rng = np.random.default_rng([seed, index, int(held_out)])
    ends = rng.uniform(0, 255, (2, 2, 3))
    down = np.linspace(0, 1, height)[:, None, None]
    along = np.linspace(0, 1, width)[None, :, None]
    top, bottom = (ends[row, 0] * (1 - along) + ends[row, 1] * along for row in (0, 1))
    return (top * (1 - down) + bottom * down).astype(np.uint8)


@pytest.fixture(autouse=True)
def _quick_artist(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(pictures_module, "draw_picture", _gradient)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def _train(options: VaeOptions, folder: Path, *, resume: bool = False) -> dict[str, torch.Tensor]:
    weights = train_vae(options, folder, resume=resume, report=lambda _: None, workers=0).state_dict()
    return {name: value.clone() for name, value in weights.items()}


def _same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one.keys() | other.keys())


def test_the_same_options_give_the_same_weights_and_another_seed_others(tmp_path: Path) -> None:
    """And the folder holds just these weights."""
    first = _train(OPTIONS, tmp_path / "a")
    torch.rand(3)
    assert _same(first, _train(OPTIONS, tmp_path / "b"))
    assert not _same(first, _train(dataclasses.replace(OPTIONS, seed=1), tmp_path / "c"))
    loaded = AutoencoderKL.from_pretrained(tmp_path / "a" / "vae")
    assert _same(first, dict(loaded.state_dict()))
    assert loaded.config.scaling_factor == 0.13025
    assert loaded.config.force_upcast is False


def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit, after Ctrl+C between crops and whole pictures."""
    whole = _train(OPTIONS, tmp_path / "whole")
    batch = Pictures.batch
    calls = []

    def interrupted(self: Pictures, *given: object) -> torch.Tensor:
        calls.append(given)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return batch(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Pictures, "batch", interrupted)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Stopped, match="Stopped after 2 of 4 steps"):
        _train(OPTIONS, tmp_path / "parts")
    assert signal.getsignal(signal.SIGINT) is before
    assert _same(whole, _train(OPTIONS, tmp_path / "parts", resume=True))
    assert len(calls) == 4
    # Once more: nothing is left to train, and the result is the same.
    assert _same(whole, _train(OPTIONS, tmp_path / "parts", resume=True))
    with pytest.raises(TrainingError, match="seed is 0 there and 3 here"):
        _train(dataclasses.replace(OPTIONS, seed=3), tmp_path / "parts", resume=True)


def test_a_trained_vae_can_be_trained_on(tmp_path: Path) -> None:
    """Its weights are where the next run begins; one of another size, or none, is refused."""
    _train(OPTIONS, tmp_path / "first")
    last: dict[str, Any] = {"resume": False, "report": lambda _: None, "workers": 0}
    slow = dataclasses.replace(OPTIONS, steps=1, learning_rate=1e-9, adam_learning_rate=1e-9)
    again = train_vae(slow, tmp_path / "second", init_from=tmp_path / "first/vae", **last)
    first = AutoencoderKL.from_pretrained(tmp_path / "first/vae")
    for name, weight in again.state_dict().items():
        if not name.startswith(("quant_conv", "post_quant_conv")):  # statistics are folded into these
            torch.testing.assert_close(weight, first.state_dict()[name])
    wider = dataclasses.replace(slow, channels=(8, 8, 16, 24))
    with pytest.raises(TrainingError, match="another size"):
        train_vae(wider, tmp_path / "third", init_from=tmp_path / "first/vae", **last)
    with pytest.raises(TrainingError, match="cannot be read"):
        train_vae(slow, tmp_path / "third", init_from=tmp_path / "nowhere", **last)


def test_an_unusable_work_folder_is_refused_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not when the result is to be written there."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(vae_module, "draw_pictures", lambda *_, **__: pytest.fail("drew before it looked"))
    with pytest.raises(OSError, match="file"):
        _train(OPTIONS, tmp_path / "file" / "work")


def test_resuming_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    """Before any picture is drawn."""
    with pytest.raises(TrainingError, match="There is no checkpoint"):
        _train(OPTIONS, tmp_path, resume=True)


def test_the_latents_start_at_unit_size_and_nearly_without_noise() -> None:
    """Else the start takes thousands of steps."""
    with torch.no_grad():
        latents = vae_module.build_vae(OPTIONS).encode(to_tensor([_gradient(0, index) for index in range(24)]))
    assert 0.1 < float(latents.latent_dist.mean.std()) < 3
    assert float(latents.latent_dist.std.max()) < 0.02


def test_it_learns(tmp_path: Path) -> None:
    """The report is better than an untrained VAE's."""
    options = dataclasses.replace(OPTIONS, steps=40, crop_schedule=((1.0, 32),), precision="bf16")
    vae = train_vae(options, tmp_path, resume=False, report=lambda _: None, workers=0)
    report = vae_report(vae, 18, workers=0)
    untrained = vae_report(vae_module.build_vae(options), 18, workers=0)
    assert report.mean > untrained.mean + 1
    assert report.pictures == 18
    assert report.fifth_percentile <= report.mean
    assert len(report.by_bucket) == 9
    assert "fresh pictures" in next(report.lines())


def test_folding_gives_unit_latents_and_the_same_pictures() -> None:
    """From latents far from unit size."""
    torch.manual_seed(2)
    vae = vae_module.build_vae(OPTIONS)
    drawn = [_gradient(0, index) for index in range(24)]
    with torch.no_grad():
        # Far from unit size, and differently per channel.
        vae.quant_conv.weight[:4] *= torch.tensor([1.0, 10.0, 0.1, 3.0])[:, None, None, None]
        vae.quant_conv.bias[:4] += torch.tensor([1.0, -5.0, 0.0, 20.0])
        x = to_tensor(drawn)
        before = vae.encode(x).latent_dist
        painted = vae.decode(before.mean).sample
        fold_statistics(vae, [drawn[:5], drawn[5:]])
        after = vae.encode(x).latent_dist
        latents = after.mode() * vae.config.scaling_factor
        torch.testing.assert_close(latents.mean((0, 2, 3)), torch.zeros(4), atol=1e-3, rtol=0)
        torch.testing.assert_close(latents.std((0, 2, 3)), torch.ones(4), atol=1e-2, rtol=0)
        torch.testing.assert_close(vae.decode(after.mean).sample, painted, atol=1e-3, rtol=0)
        # The deviation of a latent shrinks or grows with it.
        ratio = (after.std / before.std).mean((0, 2, 3))
        wanted = after.mean.std((0, 2, 3)) / before.mean.std((0, 2, 3))
        torch.testing.assert_close(ratio, wanted, rtol=1e-3, atol=0)


def test_pictures_and_tensors_are_the_same_thing() -> None:
    """There and back."""
    drawn = [_gradient(0, index) for index in range(3)]
    tensor = to_tensor(drawn)
    assert tensor.shape == (3, 3, 48, 64)
    assert float(tensor.min()) >= -1
    assert float(tensor.max()) <= 1
    assert all(np.array_equal(one, other) for one, other in zip(drawn, to_pictures(tensor), strict=True))


def test_psnr_is_the_textbook_one() -> None:
    """Known cases."""
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)
    assert psnr(black, white) == 0
    assert psnr(black, black) == 100
    assert psnr(black, np.full_like(black, 16)) == pytest.approx(20 * np.log10(255 / 16))


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler, g++")
def test_compiled_blocks_learn_as_plain_ones_do() -> None:
    """Every weight gets the same gradient: compiled as a whole, half of the decoder would get none."""
    options = dataclasses.replace(OPTIONS, channels=(8, 8, 8, 8))
    shown = to_tensor([_gradient(0, index)[:32, :32] for index in range(2)])
    gradients = []
    for compiled in (False, True):
        vae = vae_module.build_vae(options)
        if compiled:
            vae_module._compile_blocks(vae)
        vae.decode(vae.encode(shown).latent_dist.mean).sample.square().mean().backward()
        gradients.append({name: weight.grad for name, weight in vae.named_parameters()})
    plain, fast = gradients
    # The latents' variance takes no part in this.
    assert all(gradient is not None and gradient.abs().sum() > 0 for gradient in plain.values())
    for name, gradient in plain.items():
        torch.testing.assert_close(fast[name], gradient, atol=1e-4, rtol=1e-3)
