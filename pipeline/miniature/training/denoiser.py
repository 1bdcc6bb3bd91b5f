"""Trains the UNet and both text encoders together, on cached latents and captions drawn anew at every use.

First at half the size, which is four times as fast and binds colours to things; then at full size. Everything
that happens by chance at a step follows from the seed and the step, so that a run that was stopped and went on
makes the same weights as one that was not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, Final

import torch
from torch import Tensor
from transformers import CLIPTokenizer

from pipeline.miniature.training import checkpoint, conditioning, noise
from pipeline.miniature.training.attention import FloatAttention, FloatAttnProcessor
from pipeline.miniature.training.examples import Batches
from pipeline.miniature.training.latents import LatentCache, Vae, cache_folder, cached_latents
from pipeline.miniature.training.models import Denoiser, build_denoiser, load_denoiser
from pipeline.miniature.training.optimizers import Ema, Optimizers, build_optimizers, rate_at
from pipeline.miniature.training.options import DenoiserOptions, identity
from pipeline.miniature.training.progress import Progress, Stopped, StopRequest
from pipeline.miniature.training.tokenizer import Vocabulary, miniature_vocabulary, write_tokenizers

CHECKPOINT: Final = "denoiser.pt"
"""What the checkpoint is called in the work folder."""
_CLIP: Final = 1.0
"""Largest norm of all gradients together."""
_SMOOTHING: Final = 0.98
"""Of the loss that is shown."""

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How often a run leaves traces. Nothing here changes the weights."""

    save_every: int = 250
    """Steps between two checkpoints."""
    sheet_minutes: float = 10.0
    """Minutes between two sheets of sample pictures; 0 for none. A sheet takes some 15 s."""
    workers: int = 2
    """Processes that draw the pictures."""

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ValueError: names the option and its range.
        """
        if self.save_every < 1:
            raise ValueError(f"save_every must be at least 1, not {self.save_every}.")
        if not 0 <= self.sheet_minutes < float("inf"):
            raise ValueError(f"sheet_minutes must be 0 or above, not {self.sheet_minutes}.")
        if self.workers < 0:
            raise ValueError(f"workers must be 0 or above, not {self.workers}.")


def train_denoiser(
    options: DenoiserOptions,
    vae: Vae,
    work_dir: Path,
    *,
    init_from: Path | None = None,
    resume: bool,
    report: Report,
    run_options: RunOptions | None = None,
) -> Denoiser:
    """Train UNet and text encoders.

    Args:
        options: how.
        vae: trained, its latents of unit deviation under SDXL's scaling factor.
        work_dir: where the latents, the checkpoint `denoiser.pt` and the sample sheets go.
        init_from: an exported model folder to start from, instead of fresh weights; not when resuming.
        resume: go on from the checkpoint.
        report: told how it goes, a line at a time.
        run_options: how often the run leaves traces.

    Returns:
        The averaged weights.

    Raises:
        Stopped: Ctrl+C or SIGTERM; the checkpoint is written.
        TrainingError: there is no checkpoint to go on from, or it or the model folder does not fit.
    """
    run_options = run_options or RunOptions()
    if options.device == "cpu":
        torch.set_num_threads(options.threads)
    work_dir.mkdir(parents=True, exist_ok=True)
    vae.requires_grad_(requires_grad=False).to(options.device)
    vocabulary = miniature_vocabulary(options.vocabulary_size)
    # What there is to go on from is looked at before thousands of pictures are drawn.
    state = checkpoint.load(work_dir / CHECKPOINT, run_identity(options, vae, work_dir)) if resume else None
    if init_from is not None and not resume:
        model = load_denoiser(init_from, options, vocabulary)
    else:
        model = build_denoiser(options, vocabulary)
    latents = cached_latents(
        vae, work_dir, seed=options.seed, count=options.pictures, workers=run_options.workers, say=report
    )
    run = DenoiserRun(options, model, latents, work_dir / CHECKPOINT, vocabulary)
    if state is not None:
        run.restore(state)
        report(f"Going on from step {run.done} of {options.steps}.")
    run.train(vae, report, run_options)
    return run.averaged()


class DenoiserRun:
    """The state of a training: weights, their average, optimizers and the step it is at."""

    def __init__(
        self,
        options: DenoiserOptions,
        model: Denoiser,
        latents: LatentCache,
        path: Path,
        vocabulary: Vocabulary,
    ) -> None:
        self._options, self.model, self._path = options, model, path
        self._identity = _identity(options, latents.folder)
        self._batches = Batches(options, latents)
        self._tokenizers = _tokenizers(vocabulary, options.vocabulary_size)
        self._alphas = noise.alphas_cumprod()
        self.done = 0
        for part in model.parts.values():
            part.to(options.device).train()
        model.unet.to(memory_format=torch.channels_last)
        self._float_attention = options.device == "cpu" and options.precision == "bf16"
        if self._float_attention:
            model.unet.set_attn_processor(FloatAttnProcessor())
        rates = {"unet": options.unet_learning_rate}
        self._optimizers = Optimizers([])
        self._emas: dict[str, Ema] = {}
        for name, part in model.parts.items():
            rate = rates.get(name, options.text_rate)
            self._optimizers += build_optimizers(part, options.optimizer, rate, None, options.weight_decay)
            self._emas[name] = Ema(part, options.ema_decay)
        self._weights = [weight for part in model.parts.values() for weight in part.parameters()]
        self._shown_loss: Tensor | None = None
        self._bare: Denoiser | None = None

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what a checkpoint of this run holds."""
        self.done = state["step"]
        for name, part in self.model.parts.items():
            part.load_state_dict(state["weights"][name])
            self._emas[name].load_state_dict(state["ema"][name])
        self._optimizers.load_state_dict(state["optimizers"])

    def save(self) -> None:
        """Write the checkpoint."""
        state = {
            "step": self.done,
            "weights": {name: part.state_dict() for name, part in self.model.parts.items()},
            "ema": {name: ema.state_dict() for name, ema in self._emas.items()},
            "optimizers": self._optimizers.state_dict(),
        }
        checkpoint.save(self._path, state, self._identity)

    def averaged(self) -> Denoiser:
        """A copy of the models with the averaged weights, to paint with."""
        if self._bare is None:
            vocabulary = miniature_vocabulary(self._options.vocabulary_size)
            self._bare = build_denoiser(self._options, vocabulary)
        for name, part in self._bare.parts.items():
            part.to(self._options.device).eval().requires_grad_(requires_grad=False)
            self._emas[name].copy_to(part)
        return self._bare

    def train(self, vae: Vae, report: Report, run_options: RunOptions) -> None:
        """Train up to the last step.

        Raises:
            Stopped: Ctrl+C or SIGTERM; the checkpoint is written.
        """
        options = self._options
        progress = Progress("denoiser", options.steps, self.done, report)
        sheet_at = monotonic() + 60 * run_options.sheet_minutes
        try:
            with StopRequest() as stop:
                while self.done < options.steps:
                    begun = monotonic()
                    self._show(self.train_step())
                    progress.step(lambda begun=begun: self._note(monotonic() - begun))  # type: ignore[misc]
                    last = self.done == options.steps
                    if stop.wanted or last or self.done % run_options.save_every == 0:
                        self.save()
                    if stop.wanted and not last:
                        raise Stopped(
                            f"Stopped after {self.done} of {options.steps} steps; resume to go on from there."
                        )
                    if run_options.sheet_minutes and (last or monotonic() >= sheet_at):
                        self._write_sheet(vae, report)
                        sheet_at = monotonic() + 60 * run_options.sheet_minutes
        finally:
            progress.close()

    def train_step(self) -> Tensor:
        """One step; returns its loss, as a tensor that need not be waited for."""
        options, step = self._options, self.done
        latents, captions, time_ids, counts = self._batches.batch(step)
        time_ids, counts = time_ids.to(options.device), counts.to(options.device)
        noised = noise.add_noise(
            latents.to(options.device),
            torch.Generator().manual_seed(_seed(options.seed, step)),
            offset=options.noise_offset,
            perturbation=options.input_perturbation,
            alphas=self._alphas,
        )
        ids = [conditioning.token_ids(tokenizer, captions).to(options.device) for tokenizer in self._tokenizers]
        self._optimizers.set_rate(rate_at(step, options.steps, options.warmup_fraction, options.decay_fraction))
        self._optimizers.zero_grad()
        total = torch.zeros((), device=options.device)
        parts = options.gradient_accumulation
        each = options.batch_size // parts
        for part in range(parts):
            cut = slice(part * each, (part + 1) * each)
            loss = self._loss(noised, [id_[cut] for id_ in ids], time_ids, counts, cut) / parts
            loss.backward()
            total += loss.detach()
        torch.nn.utils.clip_grad_norm_(self._weights, _CLIP, foreach=True)
        self._optimizers.step()
        for name, module in self.model.parts.items():
            self._emas[name].update(module)
        self.done += 1
        return total

    def _loss(
        self, noised: noise.Noised, ids: list[Tensor], time_ids: Tensor, counts: Tensor, cut: slice
    ) -> Tensor:
        options = self._options
        noisy, timesteps = noised.latents[cut], noised.timesteps[cut]
        noisy = noisy.contiguous(memory_format=torch.channels_last)
        with torch.autocast(options.device, torch.bfloat16, enabled=options.precision == "bf16"):
            with FloatAttention() if self._float_attention else nullcontext():
                conditions = conditioning.encode(self.model.texts, ids, time_ids[cut])
            predicted = conditioning.denoise(self.model.unet, noisy, timesteps, conditions)
        squares = (predicted.float() - noised.target[cut]).square()
        errors = (squares * counts[cut]).mean(dim=(1, 2, 3))
        alphas = self._alphas.to(options.device)
        weights = noise.loss_weights(timesteps, options.loss_weighting, options.min_snr_gamma, alphas)
        return (errors * weights).mean()

    def _show(self, loss: Tensor) -> None:
        # The loss at full size is another one: its mean starts anew.
        if self._shown_loss is None or self.done - 1 == self._batches.half_steps:
            self._shown_loss = loss
        else:
            self._shown_loss = _SMOOTHING * self._shown_loss + (1 - _SMOOTHING) * loss

    def _note(self, seconds: float) -> str:
        size = self._batches.size_at(self.done - 1)
        loss = float(self._shown_loss) if self._shown_loss is not None else 0.0
        return f"{size} size, loss {loss:.4f}, {self._options.batch_size / seconds:.1f} samples/s"

    def _write_sheet(self, vae: Vae, report: Report) -> None:
        from pipeline.miniature.training.sheet import write_sheet

        begun = monotonic()
        side = 128 if self._batches.size_at(self.done - 1) == "half" else 256
        path = self._path.parent / "sheets" / f"step-{self.done:06d}.png"
        write_sheet(path, vae, self.averaged(), self._tokenizers, side, self._options)
        report(f"Painted {path.name} in {monotonic() - begun:.0f} s.")


def run_identity(options: DenoiserOptions, vae: Vae, work_dir: Path) -> str:
    """What a checkpoint of these options, with this VAE and today's artist, belongs to."""
    return _identity(options, cache_folder(vae, work_dir, seed=options.seed, count=options.pictures))


def _identity(options: DenoiserOptions, latents: Path) -> str:
    """The options, and the pictures and the VAE that the latents were made with."""
    return json.dumps({**json.loads(identity(options)), "latents": latents.name}, sort_keys=True)


def _seed(seed: int, step: int) -> int:
    return int.from_bytes(hashlib.sha256(f"noise/{seed}/{step}".encode()).digest()[:7], "big")


def _tokenizers(vocabulary: Vocabulary, size: int) -> tuple[Any, Any]:
    """Both tokenizers, read back from what an exported model would ship."""
    del vocabulary
    with TemporaryDirectory() as folder:
        write_tokenizers(Path(folder), size)
        return (
            CLIPTokenizer.from_pretrained(Path(folder) / "tokenizer"),
            CLIPTokenizer.from_pretrained(Path(folder) / "tokenizer_2"),
        )
