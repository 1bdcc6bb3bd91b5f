"""The training of UNet and text encoders: reproducible, resumable, conditioned as the pipeline conditions."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline.miniature.training import conditioning
from pipeline.miniature.training.checkpoint import TrainingError
from pipeline.miniature.training.denoiser import (
    CHECKPOINT,
    DenoiserRun,
    RunOptions,
    run_identity,
    train_denoiser,
)
from pipeline.miniature.training.examples import Batches
from pipeline.miniature.training.export import averaged_from, export_model
from pipeline.miniature.training.latents import LatentCache, cached_latents
from pipeline.miniature.training.models import Denoiser, build_denoiser, load_denoiser
from pipeline.miniature.training.options import DenoiserOptions
from pipeline.miniature.training.pictures import BUCKETS
from pipeline.miniature.training.progress import Stopped
from pipeline.miniature.training.tokenizer import miniature_vocabulary
from tests.pipeline.miniature.training.conftest import quick_options

QUIET = RunOptions(save_every=1000, sheet_minutes=0, workers=0)
pytestmark = pytest.mark.usefixtures("quick_artist")


def train(options: DenoiserOptions, vae: Any, work: Path, **changes: Any) -> Denoiser:
    """A training without a word."""
    given: dict[str, Any] = {"resume": False, "report": lambda _: None, "run_options": QUIET}
    return train_denoiser(options, vae, work, **(given | changes))


def weights(model: Denoiser) -> dict[str, torch.Tensor]:
    """Every weight of the three models."""
    return {
        f"{name}/{key}": value.clone()
        for name, part in model.parts.items()
        for key, value in part.state_dict().items()
    }


def same(one: Denoiser, other: Denoiser) -> bool:
    """Whether two models agree bit for bit."""
    left, right = weights(one), weights(other)
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


def cache(vae: Any, work: Path, options: DenoiserOptions) -> LatentCache:
    """The latents of a training."""
    return cached_latents(vae, work, seed=options.seed, count=options.pictures, workers=0, say=lambda _: None)


def a_run(vae: Any, work: Path, options: DenoiserOptions) -> DenoiserRun:
    """A training that has not begun."""
    vocabulary = miniature_vocabulary(options.vocabulary_size)
    return DenoiserRun(
        options,
        build_denoiser(options, vocabulary),
        cache(vae, work, options),
        work / CHECKPOINT,
        vocabulary,
    )


def test_the_same_seed_gives_the_same_weights(vae: Any, work: Path) -> None:
    """Bit for bit; another seed gives others."""
    options = quick_options(steps=3)
    one, two = train(options, vae, work / "one"), train(options, vae, work / "two")
    assert same(one, two)
    assert not same(one, train(quick_options(steps=3, seed=1), vae, work / "three"))


@pytest.mark.parametrize("stopped_after", [1, 3])
def test_a_stopped_run_goes_on_bit_for_bit(
    vae: Any, work: Path, monkeypatch: pytest.MonkeyPatch, stopped_after: int
) -> None:
    """Stopped by SIGTERM in the first and in the second stage."""
    options = quick_options(steps=5, low_resolution_fraction=0.4, gradient_accumulation=2, optimizer="muon")
    whole = train(options, vae, work / "whole")
    original = DenoiserRun.train_step

    def stopping(self: DenoiserRun) -> torch.Tensor:
        loss = original(self)
        if self.done == stopped_after:
            os.kill(os.getpid(), signal.SIGTERM)
        return loss

    with monkeypatch.context() as patch:
        patch.setattr(DenoiserRun, "train_step", stopping)
        with pytest.raises(Stopped, match=f"after {stopped_after} of 5"):
            train(options, vae, work / "parts")
    assert same(whole, train(options, vae, work / "parts", resume=True))


def test_checkpoints_and_sheets_do_not_change_the_run(vae: Any, work: Path) -> None:
    """Looking at it does not touch what it becomes."""
    options = quick_options(steps=3, low_resolution_fraction=1)
    plain = train(options, vae, work / "plain")
    often = RunOptions(save_every=1, sheet_minutes=1e-6, workers=0)
    assert same(plain, train(options, vae, work / "often", run_options=often))
    sheets = sorted((work / "often" / "sheets").iterdir())
    assert [sheet.name for sheet in sheets] == ["step-000001.png", "step-000002.png", "step-000003.png"]


def test_foreign_checkpoints_are_refused(vae: Any, work: Path) -> None:
    """The sentence says what differs."""
    with pytest.raises(TrainingError, match="no checkpoint"):
        train(quick_options(), vae, work, resume=True)
    train(quick_options(steps=1), vae, work)
    with pytest.raises(TrainingError, match="learning_rate"):
        train(quick_options(unet_learning_rate=0.5), vae, work, resume=True)


def test_what_cannot_be_gone_on_from_is_refused_before_anything_is_drawn(vae: Any, work: Path) -> None:
    """Neither a missing checkpoint nor a folder without a model costs an hour of drawing."""
    for begin in ({"resume": True}, {"init_from": work / "nowhere"}):
        with pytest.raises(TrainingError):
            train(quick_options(), vae, work, **begin)
    assert not list(work.glob("*latents-*"))


def test_every_weight_but_what_sdxl_never_reads_gets_a_gradient(vae: Any, work: Path) -> None:
    """Text encoder 1 ends before its last layer."""
    run = a_run(vae, work, quick_options(caption_dropout=0, low_resolution_fraction=0))
    run.train_step()
    # conv_out starts at zero: nothing behind it moves at the first step.
    run.train_step()
    unmoved = {
        f"{name}/{key}"
        for name, part in run.model.parts.items()
        for key, weight in part.named_parameters()
        if weight.grad is None or not weight.grad.abs().sum()
    }
    last = {
        key for key in unmoved if "text_encoder/" in key and ("layers.1." in key or "final_layer_norm" in key)
    }
    assert last
    # A softmax does not see what is added to all keys alike.
    assert {key for key in unmoved - last if "k_proj.bias" not in key} == set()


def test_the_first_loss_is_that_of_saying_nothing(vae: Any, work: Path) -> None:
    """As the last layer starts at zero."""
    options = quick_options(batch_size=16, loss_weighting="none", noise_offset=0)
    assert float(a_run(vae, work, options).train_step()) == pytest.approx(1, abs=0.05)


def test_the_loss_falls(vae: Any, work: Path) -> None:
    """On twenty pictures, in eighty steps."""
    options = quick_options(
        steps=80,
        batch_size=8,
        loss_weighting="none",
        low_resolution_fraction=1,
        input_perturbation=0,
        noise_offset=0,
        unet_learning_rate=3e-3,
    )
    run = a_run(vae, work, options)
    losses = [float(run.train_step()) for _ in range(80)]
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])


def test_accumulated_parts_make_the_same_step(vae: Any, work: Path) -> None:
    """Up to rounding."""
    models = []
    for parts in (1, 2):
        options = quick_options(batch_size=4, gradient_accumulation=parts, optimizer="adamw")
        run = a_run(vae, work, options)
        loss = float(run.train_step())
        models.append((loss, {name: list(part.parameters()) for name, part in run.model.parts.items()}))
    assert models[0][0] == pytest.approx(models[1][0], rel=1e-5)
    for one, two in zip(models[0][1]["unet"], models[1][1]["unet"], strict=True):
        if one.grad is not None and two.grad is not None:
            torch.testing.assert_close(one.grad, two.grad, atol=1e-5, rtol=1e-3)


def test_half_size_comes_first(vae: Any, work: Path) -> None:
    """For its share of the steps."""
    options = quick_options(steps=10, low_resolution_fraction=0.3)
    batches = Batches(options, cache(vae, work, options))
    assert [batches.size_at(step) for step in range(10)] == ["half"] * 3 + ["full"] * 7


def test_time_ids_say_size_and_crop(vae: Any, work: Path) -> None:
    """In pixels, and only whole pictures at half size."""
    options = quick_options(steps=400, low_resolution_fraction=0.5)
    batches = Batches(options, cache(vae, work, options))
    sizes = {(height, width) for width, height in BUCKETS}
    cropped = 0
    for step in range(400):
        latents, captions, ids, counts = batches.batch(step)
        assert len(captions) == len(latents) == len(ids) == len(counts) == 2
        assert counts.shape[2:] == latents.shape[2:]
        height, width, top, left, shown_height, shown_width = map(int, ids[0])
        assert (shown_height, shown_width) == (latents.shape[2] * 8, latents.shape[3] * 8)
        factor = 2 if step < 200 else 1
        assert (height * factor, width * factor) in sizes
        assert 0 <= top <= height - shown_height
        assert 0 <= left <= width - shown_width
        if (shown_height, shown_width) != (height, width):
            cropped += 1
            assert step >= 200
        else:
            assert (top, left) == (0, 0)
    assert 8 <= cropped <= 35


def test_every_bucket_goes_through_the_unet() -> None:
    """Odd latent sizes, too."""
    options = quick_options()
    model = build_denoiser(options, miniature_vocabulary())
    texts = torch.zeros(1, 77, options.text_width + options.text_2_width)
    for width, height in (*BUCKETS, (152, 104), (104, 152), (184, 216)):
        ids = conditioning.time_ids((height, width), (0, 0), (height, width), 1)
        given = conditioning.Conditioning(texts, torch.zeros(1, options.text_2_width), ids)
        latents = torch.zeros(1, 4, height // 8, width // 8)
        with torch.no_grad():
            assert conditioning.denoise(model.unet, latents, torch.tensor([3]), given).shape == latents.shape


def test_conditions_are_the_pipelines(vae: Any, tmp_path: Path) -> None:
    """Texts, pooled text and time ids."""
    from diffusers import StableDiffusionXLPipeline

    options = quick_options()
    export_model(tmp_path / "model", vae, build_denoiser(options, miniature_vocabulary()), options)
    pipe: Any = StableDiffusionXLPipeline.from_pretrained(tmp_path / "model", dtype=torch.float32)
    text = ["1girl, red sweater", ""]
    texts, _, pooled, _ = pipe.encode_prompt(text, device="cpu", do_classifier_free_guidance=False)
    ids = [conditioning.token_ids(tokenizer, text) for tokenizer in (pipe.tokenizer, pipe.tokenizer_2)]
    ours = conditioning.encode(
        (pipe.text_encoder, pipe.text_encoder_2), ids, conditioning.time_ids((64, 96), (8, 16), (48, 32), 2)
    )
    torch.testing.assert_close(ours.texts, texts)
    torch.testing.assert_close(ours.pooled, pooled)
    theirs = pipe._get_add_time_ids((64, 96), (8, 16), (48, 32), torch.float32, options.text_2_width)
    assert ours.time_ids.tolist() == theirs.tolist() * 2


def test_averages_are_read_from_the_checkpoint(vae: Any, work: Path) -> None:
    """The same that the training returned."""
    options = quick_options(steps=2)
    model = train(options, vae, work)
    assert same(model, averaged_from(work / CHECKPOINT, run_identity(options, vae, work), options))


def test_a_model_folder_can_be_the_start(vae: Any, work: Path) -> None:
    """If its sizes are right."""
    options = quick_options(steps=1)
    first = train(options, vae, work)
    export_model(work / "model", vae, first, options, torch.float32)
    started = load_denoiser(work / "model", options, miniature_vocabulary())
    assert same(first, started)
    again = train(options, vae, work / "again", init_from=work / "model")
    assert not same(first, again)
    with pytest.raises(TrainingError, match="another size"):
        train(quick_options(text_2_width=32), vae, work / "other", init_from=work / "model")
    with pytest.raises(TrainingError, match="cannot be read"):
        train(options, vae, work / "none", init_from=work / "nothing")


@pytest.mark.parametrize(("name", "wrong"), [("save_every", 0), ("sheet_minutes", -1), ("workers", -1)])
def test_run_options_are_checked(name: str, wrong: float) -> None:
    """The sentence names the option."""
    with pytest.raises(ValueError, match=name):
        replace(RunOptions(), **{name: wrong})  # type: ignore[arg-type]
