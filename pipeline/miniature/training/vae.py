"""Trains the miniature's VAE, and makes its latents mean 0 and deviation 1 under SDXL's scaling factor."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, TypeAlias

import torch
import torch._dynamo.config as dynamo
from diffusers import AutoencoderKL
from diffusers.models.resnet import ResnetBlock2D
from torch import Tensor
from torch.nn import functional

from pipeline.engine.configs import sdxl_config
from pipeline.miniature.training import checkpoint
from pipeline.miniature.training.batches import Pictures, to_tensor
from pipeline.miniature.training.checkpoint import TrainingError
from pipeline.miniature.training.latents import artist_hash
from pipeline.miniature.training.optimizers import Ema, Optimizers, build_optimizers, rate_at
from pipeline.miniature.training.options import VaeOptions, identity
from pipeline.miniature.training.pictures import Picture, draw_pictures
from pipeline.miniature.training.progress import Progress, Stopped, StopRequest

_SAVE_EVERY: Final = 250
"""Steps between two checkpoints."""
_FOLD_PICTURES: Final = 720
"""Pictures whose latents are measured at the end; the same number of every bucket."""
_NORM_GROUPS: Final = 8
_FIRST_LOGVAR: Final = -8.0
"""Logarithm of the latents' variance before training: a deviation of 0.02."""
Vae: TypeAlias = Any
"""An `AutoencoderKL`, whose methods diffusers leaves untyped."""


def build_vae(options: VaeOptions) -> Vae:
    """A VAE with fresh weights that depend on the seed alone."""
    config = sdxl_config("vae/config.json") | {
        "block_out_channels": list(options.channels),
        "layers_per_block": options.layers_per_block,
        "latent_channels": options.latent_channels,
        "norm_num_groups": _NORM_GROUPS,
        "sample_size": 256,
        # The weights are small enough for float16: nothing overflows.
        "force_upcast": False,
    }
    with torch.random.fork_rng():
        torch.manual_seed(options.seed)
        vae: Vae = AutoencoderKL.from_config(config)
    _start_clear(vae, options)
    return vae


@torch.no_grad()
def _start_clear(vae: Vae, options: VaeOptions) -> None:
    """Begin with latents of mean 0 and deviation 1, nearly free of noise.

    At the usual start noise of deviation 1 drowns the latents' faint mean, and for thousands of steps nothing
    but the colour around a place is learnt.
    """
    channels, quant = options.latent_channels, vae.quant_conv
    quant.weight[channels:] = 0.0
    quant.bias[channels:] = _FIRST_LOGVAR
    # Soft patches of chance colours stand in for pictures.
    patches = torch.rand(16, 3, 8, 8, generator=torch.Generator().manual_seed(options.seed)) * 2 - 1
    pictures = functional.interpolate(patches, size=64, mode="bilinear")
    mean = vae.encode(pictures).latent_dist.mean
    deviation = mean.std((0, 2, 3)).clamp_min(1e-6)
    quant.weight[:channels] /= deviation[:, None, None, None]
    quant.bias[:channels] = (quant.bias[:channels] - mean.mean((0, 2, 3))) / deviation


def load_vae(folder: Path, options: VaeOptions) -> Vae:
    """A VAE with the weights of a folder in diffusers layout, in float32.

    Raises:
        TrainingError: the folder cannot be read, or holds a VAE of another size than the options ask for.
    """
    vae = build_vae(options)
    try:
        loaded = AutoencoderKL.from_pretrained(folder, dtype=torch.float32)
    except (OSError, ValueError, RuntimeError) as error:
        raise TrainingError(f"The VAE folder {folder} cannot be read: {error}") from error
    try:
        vae.load_state_dict(loaded.state_dict())
    except RuntimeError as error:
        raise TrainingError(f"{folder} holds a VAE of another size than the options ask for.") from error
    return vae


def vae_loss(painted: Tensor, wanted: Tensor, mean: Tensor, logvar: Tensor, options: VaeOptions) -> Tensor:
    """L1, squared error, L1 of the differences between neighbours, and the divergence from a unit normal.

    Args:
        painted: what the decoder made, (batch, 3, height, width).
        wanted: what it was made from, the same shape.
        mean: of the latents, (batch, latent channels, height / 8, width / 8).
        logvar: logarithm of their variance, the same shape.
        options: carry the weights of the parts.
    """
    error = painted.float() - wanted
    mean, logvar = mean.float(), logvar.float()
    edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    divergence = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
    return (
        error.abs().mean()
        + options.mse_weight * error.square().mean()
        + options.gradient_weight * edges
        + options.kl_weight * divergence
    )


def train_vae(
    options: VaeOptions,
    work_dir: Path,
    *,
    resume: bool,
    report: Callable[[str], None],
    workers: int = 2,
    init_from: Path | None = None,
) -> Vae:
    """Train the VAE, and write it to `work_dir / "vae"` in diffusers layout, float32.

    The same options give the same weights bit for bit on one kind of CPU, also when the run was stopped and
    went on: everything that happens by chance at a step follows from the seed and the step.

    Args:
        options: how.
        work_dir: where the checkpoint `vae.pt` and the finished VAE go; made when missing.
        resume: go on from the checkpoint.
        report: told how it goes, a line at a time.
        workers: processes that draw the pictures.
        init_from: a VAE's folder to start from, instead of fresh weights; not when resuming.

    Returns:
        The averaged weights, with the latents' statistics folded in.

    Raises:
        Stopped: Ctrl+C or SIGTERM; the checkpoint is written.
        TrainingError: there is no checkpoint to go on from, or it or the folder does not fit.
    """
    # Now, and not when hours of work are to be written there.
    work_dir.mkdir(parents=True, exist_ok=True)
    run = _Run(options, work_dir / "vae.pt", None if resume else init_from)
    if resume:
        run.load()
    if options.device == "cpu":
        torch.set_num_threads(options.threads)
    report(f"Drawing {options.pictures} pictures for the VAE.")
    pictures = Pictures(draw_pictures(range(options.pictures), options.seed, workers=workers))
    run.train(pictures, report)
    vae = run.averaged()
    fold_statistics(vae, pictures.sample(_FOLD_PICTURES), options.device)
    vae.save_pretrained(work_dir / "vae", safe_serialization=True)
    return vae


class _Run:
    """The state of a training: weights, their average, optimizers and the step it is at."""

    def __init__(self, options: VaeOptions, path: Path, init_from: Path | None) -> None:
        self._options, self._path = options, path
        # Another artist's pictures would be mixed in without a word.
        self._identity = json.dumps(json.loads(identity(options)) | {"artist": artist_hash()}, sort_keys=True)
        self._step = 0
        vae = load_vae(init_from, options) if init_from else build_vae(options)
        self._vae = vae.to(options.device)
        if options.compiled:
            _compile_blocks(self._vae)
        self._optimizers: Optimizers = build_optimizers(
            self._vae, "muon", options.learning_rate, options.adam_learning_rate
        )
        self._ema = Ema(self._vae, options.ema_decay)

    def load(self) -> None:
        state = checkpoint.load(self._path, self._identity)
        self._step = state["step"]
        self._vae.load_state_dict(state["weights"])
        self._optimizers.load_state_dict(state["optimizers"])
        self._ema.load_state_dict(state["ema"])

    def _save(self) -> None:
        state = {
            "step": self._step,
            "weights": self._vae.state_dict(),
            "optimizers": self._optimizers.state_dict(),
            "ema": self._ema.state_dict(),
        }
        checkpoint.save(self._path, state, self._identity)

    def averaged(self) -> Vae:
        """A VAE with the averaged weights, not compiled."""
        vae = build_vae(self._options).to(self._options.device)
        self._ema.copy_to(vae)
        return vae.eval()

    def train(self, pictures: Pictures, report: Callable[[str], None]) -> None:
        options = self._options
        progress = Progress("VAE", options.steps, self._step, report)
        self._vae.train()
        try:
            with StopRequest() as stop:
                while self._step < options.steps:
                    loss, squares = self._train_step(pictures)
                    progress.step(lambda loss=loss, squares=squares: _note(loss, squares))  # type: ignore[misc]
                    if stop.wanted or self._step % _SAVE_EVERY == 0 or self._step == options.steps:
                        self._save()
                    if stop.wanted and self._step < options.steps:
                        raise Stopped(
                            f"Stopped after {self._step} of {options.steps} steps; resume to go on from there."
                        )
        finally:
            progress.close()

    def _train_step(self, pictures: Pictures) -> tuple[Tensor, Tensor]:
        """One step; returns the loss and the mean squared error, as tensors that need not be waited for."""
        options, step = self._options, self._step
        rng = Random(f"vae/{options.seed}/{step}")  # noqa: S311
        side = options.crop_at(step)
        wanted = pictures.batch(rng, options.crop_batch(side), side).to(options.device)
        noise = torch.Generator().manual_seed(rng.getrandbits(62))
        with torch.autocast(options.device, torch.bfloat16, enabled=options.precision == "bf16"):
            latents = self._vae.encode(wanted).latent_dist
            mean, logvar = latents.mean, latents.logvar
            chance = torch.randn(mean.shape, generator=noise).to(mean)
            painted = self._vae.decode(mean + chance * (0.5 * logvar).exp()).sample
        loss = vae_loss(painted, wanted, mean, logvar, options)
        self._optimizers.set_rate(rate_at(step, options.steps, options.warmup_fraction, options.decay_fraction))
        self._optimizers.zero_grad()
        loss.backward()
        self._optimizers.step()
        self._ema.update(self._vae)
        self._step += 1
        return loss.detach(), (painted.detach().float() - wanted).square().mean()


def _note(loss: Tensor, squares: Tensor) -> str:
    # The range of -1 to 1 has a peak of 2.
    return f"loss {float(loss):.4f}, {float(-10 * torch.log10(squares / 4)):.1f} dB on this batch"


def _compile_blocks(vae: Vae) -> None:
    """Compile the residual blocks, each by itself.

    Not encoder and decoder as a whole: compiled so by torch 2.13, all of the decoder below its last upsampling
    gets no gradient.
    """
    # Blocks of one class share their compilations: one per block and size of crop.
    dynamo.recompile_limit = max(dynamo.recompile_limit, 64)
    for block in vae.modules():
        if isinstance(block, ResnetBlock2D):
            block.compile(dynamic=False)


@torch.no_grad()
def fold_statistics(vae: Vae, buckets: Iterable[Sequence[Picture]], device: str = "cpu") -> None:
    """Scale and shift the latents so that, times the scaling factor, each channel has mean 0 and deviation 1.

    The change goes into `quant_conv` and comes out again in `post_quant_conv`, two 1 x 1 convolutions, so that
    the pictures stay as they were, and everybody's code works with the standard factor.

    Args:
        vae: changed in place.
        buckets: pictures to measure, a list of one size each.
        device: where the VAE is.
    """
    factor = float(vae.config.scaling_factor)
    total = torch.zeros(vae.config.latent_channels, dtype=torch.float64)
    squares, count = total.clone(), 0
    for pictures in buckets:
        for at in range(0, len(pictures), 8):
            mode = vae.encode(to_tensor(pictures[at : at + 8]).to(device)).latent_dist.mode().double().cpu()
            total += mode.sum((0, 2, 3))
            squares += mode.square().sum((0, 2, 3))
            count += mode[:, 0].numel()
    mean = total / count
    scale = ((squares / count - mean.square()).clamp_min(1e-12).sqrt() * factor).to(device)
    mean = mean.to(device)
    channels = len(mean)
    quant, post = vae.quant_conv, vae.post_quant_conv
    weight, bias = quant.weight.double(), quant.bias.double()
    weight[:channels] /= scale[:, None, None, None]
    bias[:channels] = (bias[:channels] - mean) / scale
    bias[channels:] -= 2 * scale.log()
    quant.weight.copy_(weight)
    quant.bias.copy_(bias)
    weight = post.weight.double()
    post.bias.copy_(post.bias.double() + weight[:, :, 0, 0] @ mean)
    post.weight.copy_(weight * scale[None, :, None, None])
