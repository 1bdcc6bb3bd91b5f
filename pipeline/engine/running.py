"""One picture on its way: its latents, its noise, its scheduler, and how it takes a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import torch

from pipeline.engine.conditioning import Conditioning
from pipeline.engine.memory import vae_scale
from pipeline.engine.model import LoadedModel
from pipeline.engine.schedulers import build_scheduler, predicted_original
from pipeline.engine.source import Kept, Start, from_picture
from pipeline.errors import InvalidRequest
from pipeline.work import Work

_GUIDANCE_EMBEDDING_SCALE: Final = 1000.0
"""Latent consistency models were trained with guidance minus one, times this, as if it were a timestep."""


@dataclass(slots=True, eq=False)
class Running:
    """A picture among the running ones. All noise comes from `generator`, on the CPU, in the stock order.

    `tokens` is [passes, length, width], `pooled` [passes, width], `time_ids` [passes, 6] with the negative
    prompt's first where there are two passes; `latents` is [1, 4, h, w] in float32 whatever the model's
    precision, as diffusers rounds sigma products in half precision.
    """

    work: Work
    model: LoadedModel
    scheduler: Any
    generator: torch.Generator
    latents: torch.Tensor
    tokens: torch.Tensor
    pooled: torch.Tensor
    time_ids: torch.Tensor
    timestep_cond: torch.Tensor | None
    extra: dict[str, Any]
    started: float
    index: int = 0
    skipped: int = 0
    """Of the scheduler's steps: those before the one at which a given picture enters."""
    kept: Kept | None = None
    """What a mask keeps of a given picture."""
    original: torch.Tensor | None = None
    """Predicted x0 of the last step."""

    @property
    def steps(self) -> int:
        """How many UNet calls this picture takes."""
        return len(self.scheduler.timesteps) - self.skipped

    @property
    def done(self) -> bool:
        """Whether the latents are finished."""
        return self.index >= self.steps

    @property
    def passes(self) -> int:
        """Samples in the UNet call: 2 with guidance, else 1."""
        return int(self.tokens.shape[0])

    @property
    def shape(self) -> tuple[int, int]:
        """Latent height and width."""
        return int(self.latents.shape[-2]), int(self.latents.shape[-1])

    @property
    def timestep(self) -> float:
        """Where the next step starts, on the training scale."""
        return float(self.scheduler.timesteps[self.skipped + self.index])

    def sample(self) -> torch.Tensor:
        """The UNet's input for the next step, [passes, 4, h, w] in the model's dtype. Changes nothing."""
        timestep = self.scheduler.timesteps[self.skipped + self.index]
        scaled: torch.Tensor = self.scheduler.scale_model_input(self.latents, timestep)
        return scaled.to(self.model.dtype).expand(self.passes, -1, -1, -1)

    def advance(self, output: torch.Tensor) -> None:
        """Take the step with the UNet's output, [passes, 4, h, w]."""
        noise = output.float()
        if self.passes == 2:
            negative, positive = noise.chunk(2)
            noise = negative + self.work.recipe.guidance_scale * (positive - negative)
        timestep = self.scheduler.timesteps[self.skipped + self.index]
        stepped = self.scheduler.step(noise, timestep, self.latents, **self.extra)
        self.latents = stepped.prev_sample
        if self.kept is not None:
            after = self.scheduler.timesteps[self.skipped + self.index + 1 :]
            self.latents = self.kept.put_back(self.latents, self.scheduler, after[0] if len(after) else None)
        self.original = predicted_original(self.scheduler, stepped) if self.work.preview_every else None
        self.index += 1


def begin(
    work: Work, model: LoadedModel, conditioning: Conditioning, started: float, *, tiled: bool = False
) -> Running:
    """Set a picture up exactly as `StableDiffusionXLPipeline.__call__` does before its loop.

    One that starts from another picture as `StableDiffusionXLImg2ImgPipeline.__call__` does.

    Args:
        work: what to paint.
        model: the checkpoint.
        conditioning: the encoded prompts.
        started: when the picture joined, in the engine's clock.
        tiled: encode the picture that it starts from, if any, in tiles.

    Raises:
        InvalidRequest: a sampler, a number of steps, a size or a strength that cannot be painted.
    """
    recipe = work.recipe
    scale = vae_scale(model)
    unet: Any = model.unet
    if min(recipe.width, recipe.height) < scale or recipe.width % scale or recipe.height % scale:
        raise InvalidRequest(
            "A size of {width} x {height} cannot be painted: both sides must be multiples of {scale}.",
            width=recipe.width,
            height=recipe.height,
            scale=scale,
        )
    scheduler = build_scheduler(recipe.sampler, model.scheduler_config, recipe.steps)
    generator = torch.Generator("cpu").manual_seed(recipe.seed)
    if recipe.init_image:
        start = from_picture(model, recipe, work.source, scheduler, generator, work.mask, tiled=tiled)
    else:
        shape = (1, unet.config.in_channels, recipe.height // scale, recipe.width // scale)
        noise = torch.randn(shape, generator=generator)
        start = Start(noise.to(model.device) * scheduler.init_noise_sigma, 0)
    texts = (
        [conditioning.positive]
        if conditioning.negative is None
        else [conditioning.negative, conditioning.positive]
    )
    size = (recipe.height, recipe.width)
    accepted = scheduler.step.__code__.co_varnames[: scheduler.step.__code__.co_argcount]
    return Running(
        work=work,
        model=model,
        scheduler=scheduler,
        generator=generator,
        latents=start.latents,
        tokens=torch.cat([text.tokens for text in texts]).to(model.dtype),
        pooled=torch.cat([text.pooled for text in texts]).to(model.dtype),
        # Original size, crop position, target size.
        time_ids=torch.tensor([(*size, 0, 0, *size)] * len(texts), dtype=model.dtype, device=model.device),
        timestep_cond=_guidance_embedding(model, recipe.guidance_scale),
        extra={"generator": generator} if "generator" in accepted else {},
        started=started,
        skipped=start.skipped,
        kept=start.kept,
    )


def is_guided(model: LoadedModel, guidance_scale: float) -> bool:
    """Whether a picture needs the negative pass: not at 1 or less, nor where the UNet is told the guidance."""
    unet: Any = model.unet
    return guidance_scale > 1 and unet.config.time_cond_proj_dim is None


def _guidance_embedding(model: LoadedModel, guidance_scale: float) -> torch.Tensor | None:
    """[1, time_cond_proj_dim] for UNets distilled to take guidance as an input, else None.

    Equation 2 of "Latent Consistency Models" (https://arxiv.org/abs/2310.04378) with the sinusoidal embedding
    of diffusers' `get_guidance_scale_embedding`.
    """
    unet: Any = model.unet
    width = unet.config.time_cond_proj_dim
    if width is None:
        return None
    half = width // 2
    rates = torch.exp(
        torch.arange(half, dtype=torch.float32) * -(torch.log(torch.tensor(10000.0)) / (half - 1))
    )
    angles = (
        torch.tensor([guidance_scale - 1], dtype=torch.float32)[:, None] * _GUIDANCE_EMBEDDING_SCALE * rates
    )
    embedding = torch.cat([angles.sin(), angles.cos()], dim=1)
    return torch.nn.functional.pad(embedding, (0, width - embedding.shape[1])).to(model.device, model.dtype)
